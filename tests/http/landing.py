"""Links of mails, opened and pressed as a browser does."""

import re
from urllib.parse import urlencode, urlsplit

import httpx

from tests.http.answers import assert_safe_headers
from tests.http.service import PASSWORD, Proof, Service, tokens_in

NEW = "scarlet-heron-77"
FORM = "application/x-www-form-urlencoded"
PAGES = ("reset-password", "verify-email", "change-email")
HOSTILE = [
    '"><script>alert(1)</script>', "'><svg onload=alert(1)>", "</form><form action=//evil.example>",
    "javascript:alert(1)", "$content", "${title}", "a" * 4000, "\u202e", "я", "\x00", "%", "a&b=c#d",
]  # fmt: skip


async def show(service: Service, link: str, method: str = "GET") -> httpx.Response:
    """Open a link as a mail program would."""
    parts = urlsplit(link)
    return await service.ask(method, f"{parts.path}?{parts.query}")


async def link_of(service: Service, page: str) -> Proof:
    """The mail that leads the user of the service, or a new one, to a page."""
    user = service.people.user
    if page == "reset-password":
        await service.post("/auth/reset-password", {"email": user.email})
        return await service.proof(user.email)
    if page == "change-email":
        await service.post("/auth/change-email", {"new_email": "moved@example.com", "password": PASSWORD}, by=user)
        return await service.proof("moved@example.com")
    await service.post("/auth/register", {"name": "Nina", "email": "nina@example.com", "password": PASSWORD})
    return await service.proof("nina@example.com")


async def is_verified(service: Service, password: str) -> bool:
    """Whether Nina, who can sign in with this password, has proved her address."""
    tokens = tokens_in(await service.log_in("nina@example.com", password))
    return bool((await service.get("/auth/me", by=tokens)).json()["email_verified"])


async def press(service: Service, page: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    """Press the button of a page."""
    sent = {"content-type": FORM} | (headers or {})
    return await service.ask("POST", f"/account/{page}", content=urlencode(fields).encode(), headers=sent)


def assert_harmless_page(answer: httpx.Response, status: int = 200) -> str:
    """Assert that it is a page that runs nothing and loads nothing from elsewhere; its text."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = set(answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'",
    }  # fmt: skip
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert_safe_headers(answer)
    loaded = re.findall(r'<(?:img|script|link)\b[^>]* (?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(re.fullmatch(r"/favicon\.ico|/account/assets/[a-z.]+\?v=[0-9a-f]{12}", one) for one in loaded)
    bare = re.sub(r'"[^"]*"', '""', answer.text)
    assert not re.search(r"<script>|<svg|<iframe|\son\w+=|style=|http-equiv", bare, re.IGNORECASE)
    return answer.text
