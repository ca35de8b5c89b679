"""/account/…: where mailed links lead. Opening a page changes nothing; only its button does."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from bukhindor.domain.errors import BukhindorError, InvalidInput, RateLimited
from bukhindor.domain.one_time_token import LinkToken
from bukhindor.domain.origin import Language, Origin
from bukhindor.domain.password import Password
from bukhindor.ports import Clock, RateLimiter
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.call import Call
from bukhindor.web.errors import STATUS_OF, NoSuchEndpoint, UnsupportedMediaType, headers_for
from bukhindor.web.exchange import Exchange
from bukhindor.web.landing_words import OPEN_IN_APP, PAGES, TYPE_THE_CODE, PageWords
from bukhindor.web.mailbox_proof import parse_proof
from bukhindor.web.operation import carry_out, read_body
from bukhindor.web.rate_limits import within
from bukhindor.web.routes import GUESSES
from bukhindor.web.settings import WebSettings
from bukhindor.web.use_cases import UseCases
from bukhindor.web.wording import worded

_ASSETS = Path(__file__).parent / "assets"
_PAGE = Template((_ASSETS / "account.html").read_text("utf-8"))
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {"content-security-policy": _POLICY, "cross-origin-opener-policy": "same-origin"}

LitestarRequest = Request[Any, Any, Any]


def landing_handlers(
    use_cases: UseCases, settings: WebSettings, limiter: RateLimiter, clock: Clock
) -> list[HTTPRouteHandler]:
    @get("/account/account.css", sync_to_thread=True)
    def style(request: LitestarRequest) -> Response[bytes]:
        Exchange.of(request.scope).route = "/account/account.css"
        content = (_ASSETS / "account.css").read_bytes()
        return Response(content, media_type="text/css", headers={"cache-control": "public, max-age=86400"})

    @get("/account/{page:str}", sync_to_thread=False)
    def show(request: LitestarRequest) -> Response[str]:
        exchange = Exchange.of(request.scope)
        words = _words(request, exchange.language)
        token = request.query_params.get("token", "")
        return _answer(200, exchange.language, words.title, _form(words, request, token, settings, exchange.language))

    @post("/account/{page:str}", status_code=200)
    async def act(request: LitestarRequest) -> Response[str]:
        exchange = Exchange.of(request.scope)
        words = _words(request, exchange.language)
        fields = await _form_fields(request, exchange)
        # A browser has no device id to tell, and nothing here has checked what stands in that header.
        call = Call(settings, exchange, {}, clock.now())
        origin = replace(call.origin, device_id=None)
        try:
            page = request.path_params["page"]

            def work() -> Awaitable[str]:
                return carry_out(
                    lambda: _act_on(use_cases, call, page, words, fields, origin), settings.request_timeout
                )

            done = await within(limiter, (GUESSES,), exchange.client_ip, work, LinkToken(fields.get("token", "")))
        except BukhindorError as refusal:
            exchange.error_code = refusal.code
            if isinstance(refusal, RateLimited):
                await use_cases.of(AuditLog).record_limit(refusal, None, origin, f"POST {exchange.route}")
            form = _form(words, request, fields.get("token", ""), settings, exchange.language)
            content = f'<p class="error">{escape(_reason(refusal, exchange.language))}</p>{form}'
            status, headers = STATUS_OF[type(refusal)], headers_for(refusal)
            return _answer(status, exchange.language, words.title, content, headers)
        return _answer(200, exchange.language, words.title, f"<p>{escape(done)}</p>")

    return [style, show, act]


async def _act_on(
    use_cases: UseCases, call: Call, page: str, words: PageWords, fields: dict[str, str], origin: Origin
) -> str:
    """What there is to say then."""
    proof = parse_proof(fields.get("token", ""), None, None)
    password = fields.get("password", "")
    if page == "reset-password":
        device_proof = await use_cases.of(PasswordReset).confirm(proof, Password.parse(password), origin)
        # A form of another site may carry that site's own link, and would put its proof in the place of ours.
        if call.exchange.headers.get("sec-fetch-site", "same-origin") == "same-origin":
            call.set_device_proof_cookie(device_proof)
    elif page == "verify-email":
        known = Password.parse(password) if password else None
        if not await use_cases.of(EmailVerification).confirm(proof, origin, password=known):
            return words.done_without_password
    else:
        await use_cases.of(EmailChange).confirm(proof, origin)
    return words.done


def _words(request: LitestarRequest, language: Language) -> PageWords:
    page = request.path_params["page"]
    if page not in PAGES:
        raise NoSuchEndpoint
    Exchange.of(request.scope).route = f"/account/{page}"
    return PAGES[page][language]


async def _form_fields(request: LitestarRequest, exchange: Exchange) -> dict[str, str]:
    media_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType
    body = (await read_body(request)).decode("latin-1")
    try:
        return {name: values[0] for name, values in parse_qs(body, errors="strict", max_num_fields=10).items()}
    except ValueError:
        return {}


def _form(words: PageWords, request: LitestarRequest, token: str, settings: WebSettings, language: Language) -> str:
    page = request.path_params["page"]
    parts = [f"<p>{escape(words.explanation)}</p>", f'<form method="post" action="/account/{quote(page)}">']
    parts.append(f'<input type="hidden" name="token" value="{escape(token)}">')
    if words.password:
        parts.append(
            f"<label>{escape(words.password)}"
            '<input type="password" name="password" maxlength="128" autocomplete="new-password"></label>'
            f'<p class="note">{escape(words.note)}</p>'
        )
    parts.append(f"<button>{escape(words.button)}</button></form>")
    if settings.app_url:
        link = f"{settings.app_url}/{quote(page)}?{urlencode({'token': token})}"
        parts.append(f'<a class="button" href="{escape(link)}">{escape(OPEN_IN_APP[language])}</a>')
    parts.append(f'<p class="note">{escape(TYPE_THE_CODE[language])}</p>')
    return "".join(parts)


def _reason(refusal: BukhindorError, language: Language) -> str:
    if isinstance(refusal, InvalidInput):
        return " ".join(worded(error.code, error.message, language) for error in refusal.errors)
    return worded(refusal.code, refusal.detail, language)


def _answer(
    status: int, language: Language, title: str, content: str, headers: Mapping[str, str] = MappingProxyType({})
) -> Response[str]:
    page = _PAGE.substitute(language=language, title=escape(title), content=content)
    return Response(page, status_code=status, media_type="text/html", headers={**_HEADERS, **headers})
