"""Cookies, requests of other sites, and the headers that browsers obey"""

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, PUBLIC_URL, Person, Service

HTTPS = "https://api.example.com"


def cookie(person: Person, name: str = "access_token") -> dict[str, str | bytes]:
    return {"cookie": f"theme=dark; {name}={person.access_token}; other=1"}


async def test_a_sign_in_sets_a_cookie_that_scripts_can_not_read(service: Service) -> None:
    """WEB-01: the access token and the device proof, and never the refresh token."""
    answer = await service.log_in(service.people.user.email)
    value, proof = answer.headers.get_list("set-cookie")
    token = answer.json()["user"]["access_token"]
    assert value == f"access_token={token}; Max-Age=900; Path=/; HttpOnly; SameSite=Lax"
    assert len(value) < 4096
    assert proof.startswith("device_proof=")
    assert answer.json()["user"]["refresh_token"] not in value + proof


async def test_over_https_the_cookie_belongs_to_this_host_alone(start_service: StartService) -> None:
    """WEB-01"""
    service = await start_service(public_url=HTTPS)
    answer = await service.log_in(service.people.user.email)
    lines = answer.headers.get_list("set-cookie")
    assert [line.partition("=")[0] for line in lines] == ["__Host-access_token", "__Host-device_proof"]
    assert [line.partition("; ")[2] for line in lines] == [
        f"Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax; Secure" for seconds in (900, 365 * 86_400)
    ]
    token = answer.json()["user"]["access_token"]
    assert (await service.get("/auth/me", headers={"cookie": f"__Host-access_token={token}"})).status_code == 200
    assert (await service.get("/auth/me", headers={"cookie": f"access_token={token}"})).status_code == 401


async def test_https_is_demanded_of_browsers_where_it_is_offered(start_service: StartService) -> None:
    """WEB-06: on refusals too."""
    service = await start_service(public_url=HTTPS)
    for path in ("/health", "/nowhere", "/api/v1/auth/me"):
        answer = await service.ask("GET", path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_without_https_it_is_not_demanded(service: Service) -> None:
    assert "strict-transport-security" not in (await service.ask("GET", "/health")).headers


async def test_a_refresh_renews_the_cookie(service: Service) -> None:
    answer = await service.refresh(service.people.user)
    assert answer.headers["set-cookie"].startswith(f"access_token={answer.json()['user']['access_token']};")


async def test_the_cookie_signs_in(service: Service) -> None:
    answer = await service.get("/auth/me", headers=cookie(service.people.user))
    assert (answer.status_code, answer.json()["id"]) == (200, service.people.user.id)


@pytest.mark.parametrize(
    "others", ["a=[x]; {}", "a=\x80; {}", "a b; {}", '"; {}', "a=\\; {}; b=", "{};", " {} ;x", "access_token=old; {}"]
)
async def test_other_cookies_do_not_hide_ours(service: Service, others: str) -> None:
    """RFC 6265: what another program of the same site has set may have any form."""
    user = service.people.user
    header = others.format(f"access_token={user.access_token}").encode("latin-1")
    assert (await service.get("/auth/me", headers={"cookie": header})).json()["id"] == user.id


async def test_cookies_on_several_lines_are_one(service: Service) -> None:
    """RFC 9113 section 8.2.3: HTTP/2 splits them, and not every proxy joins them."""
    user = service.people.user
    lines = [("cookie", 'prefs={"a": 1}'), ("cookie", f"access_token={user.access_token}"), ("cookie", "other=1")]
    answer = await service.get("/auth/me", headers=lines)
    assert answer.json()["id"] == user.id


async def test_two_different_authorizations_are_refused(service: Service) -> None:
    """JWT-16: which of them a server takes would be chance. Where anyone may call, they do not matter."""
    people = service.people
    lines = [("authorization", f"Bearer {person.access_token}") for person in (people.user, people.other)]
    assert_problem(await service.get("/auth/me", headers=lines), 400, "different_authorizations")
    assert_problem(await service.post("/auth/logout", headers=lines), 400, "different_authorizations")
    assert (await service.get("/auth/me", headers=[lines[0], lines[0]])).status_code == 200
    lines.append(("content-type", "application/json"))
    assert (await service.log_in(people.user.email, headers=lines)).status_code == 200


async def test_the_header_wins_over_the_cookie_good_or_bad(service: Service) -> None:
    """JWT-16"""
    people = service.people
    answer = await service.get("/auth/me", by=people.user, headers=cookie(people.admin))
    assert answer.json()["id"] == people.user.id
    answer = await service.get("/auth/me", by="a.b.c", headers=cookie(people.admin))
    assert_problem(answer, 401, "invalid_token")


@pytest.mark.parametrize(
    "raw",
    [
        "access_token=",
        "access_token",
        "=x",
        ";;;",
        "access_token=a.b.c",
        'access_token="',
        "$Version=1; $Path=/",
        "x.access_token=y",
        "\x01=1",
        "a=b" * 3000,
    ],
)
async def test_a_cookie_that_is_no_token_signs_no_one_in(service: Service, raw: str) -> None:
    answer = await service.get("/auth/me", headers={"cookie": raw})
    assert_problem(answer, 401, answer.json()["error_code"])
    assert (await service.log_in(service.people.user.email, headers={"cookie": raw})).status_code == 200


FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"origin": "http://localhost:8080.evil.example"},
    {"origin": "http://localhost:9090"},
    {"origin": "https://localhost:8080"},
    {"origin": "https://app.example.com", "host": "app.example.com"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": PUBLIC_URL},
    {"sec-fetch-site": ""},
    {"referer": PUBLIC_URL},
    {"origin": "http://["},
    {"origin": "https://[::1"},
    {"origin": "http://", "host": ""},
    {"origin": f"{PUBLIC_URL}/"},
    {"origin": "//localhost:8080"},
    {"origin": "ftp://localhost:8080"},
    {"origin": "http://evil@localhost:8080"},
    {"origin": "http://local\thost:8080"},
    {"origin": f"{PUBLIC_URL}, https://evil.example"},
]
OWN: list[dict[str, str]] = [
    {"sec-fetch-site": "same-origin"},
    {"origin": PUBLIC_URL},
    {"origin": "http://app.example.com", "host": "app.example.com"},
    {"origin": "http://app.example.com", "host": "App.example.com:80"},
    {"origin": "http://[::1]:8080", "host": "[::1]:8080"},
]
UNSAFE = [
    ("PATCH", "/auth/me", {"name": "Hacked"}), ("POST", "/auth/logout", None), ("POST", "/auth/logout-all", None),
    ("POST", "/auth/change-password", {"current_password": PASSWORD, "new_password": "scarlet-heron-77"}),
    ("DELETE", "/auth/me", {"password": PASSWORD}),
    ("POST", "/auth/change-email", {"new_email": "evil@example.com", "password": PASSWORD}),
    ("DELETE", "/auth/sessions/{session_id}", None), ("PUT", "/users/{id}", {"name": "Hacked"}),
    ("DELETE", "/users/{id}", None),
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_cookie_acts_for_no_other_site(service: Service, headers: dict[str, str]) -> None:
    """WEB-02"""
    user = service.people.user
    for method, path, body in UNSAFE:
        address = "/api/v1" + path.format(id=user.id, session_id=user.session_id)
        answer = await service.ask(method, address, body, headers=cookie(user) | headers)
        assert_problem(answer, 403, "cross_site_request")
    assert (await service.get("/auth/me", by=user)).json()["name"] == user.name
    assert (await service.log_in(user.email)).status_code == 200


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_a_cookie_acts_for_its_own_site(service: Service, headers: dict[str, str]) -> None:
    """WEB-02: behind a front end's proxy, Host names the front end."""
    answer = await service.patch("/auth/me", {"name": "New"}, headers=cookie(service.people.user) | headers)
    assert (answer.status_code, answer.json()["name"]) == (200, "New")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": HTTPS}, 200),
        ({"origin": "https://app.example.com", "host": "app.example.com"}, 200),
        ({"origin": "https://app.example.com", "host": "app.example.com:443"}, 200),
        ({"origin": "https://app.example.com:8443", "host": "app.example.com:8443"}, 200),
        ({"origin": "http://app.example.com", "host": "app.example.com"}, 403),
        ({"origin": "http://api.example.com"}, 403),
        ({"origin": "https://app.example.com:8443", "host": "app.example.com"}, 403),
    ],
)
async def test_a_page_in_clear_is_another_site_than_the_same_host_over_https(
    start_service: StartService, headers: dict[str, str], status: int
) -> None:
    """WEB-02: an attacker on the way can write it."""
    service = await start_service(public_url=HTTPS)
    user = service.people.user
    own = headers | {"cookie": f"__Host-access_token={(await service.signed_in(user)).access_token}"}
    assert (await service.patch("/auth/me", {"name": "New"}, headers=own)).status_code == status


async def test_a_cookie_reads_for_every_site_but_only_its_own_site_sees_the_response(service: Service) -> None:
    """WEB-02, WEB-03, WEB-04"""
    headers = cookie(service.people.user) | {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = await service.get("/auth/me", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/logout"), ("POST", "/auth/logout-all"), ("DELETE", "/auth/sessions/{session_id}")],
)
async def test_signing_out_removes_the_cookie_and_nothing_of_other_sites(
    service: Service, method: str, path: str
) -> None:
    """SES-01: the second time, too. Clear-Site-Data would take the cookies of every sister site."""
    user = service.people.user
    answer = await service.ask(method, "/api/v1" + path.format(session_id=user.session_id), by=user)
    assert answer.status_code == 200
    assert "clear-site-data" not in answer.headers
    assert answer.headers["set-cookie"] == "access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert not await service.works(user)
    assert (await service.refresh(user)).status_code == 401
    again = await service.post("/auth/logout", by=user)
    assert (again.status_code, again.headers["set-cookie"]) == (200, answer.headers["set-cookie"])


async def test_an_administrator_who_ends_all_of_their_own_sessions_is_signed_out(service: Service) -> None:
    admin, user = service.people.admin, service.people.user
    answer = await service.delete(f"/users/{user.id}/sessions", by=admin)
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    answer = await service.delete(f"/users/{admin.id}/sessions", by=admin)
    assert (answer.status_code, answer.headers["set-cookie"].partition(";")[0]) == (200, "access_token=")


async def test_signing_others_out_has_the_browser_forget_nothing(service: Service) -> None:
    user = service.people.user
    other = await service.signed_in(user)
    for answer in (
        await service.delete(f"/auth/sessions/{other.session_id}", by=user),
        await service.post("/auth/logout-all", {"keep_current": True}, by=user),
    ):
        assert answer.status_code == 200
        assert not {"clear-site-data", "set-cookie"} & set(answer.headers)


@pytest.mark.parametrize(
    "path",
    ["/auth/logout", "/auth/logout-all", "/auth/verify-email/confirm?token=x", "/auth/reset-password/confirm?token=x",
     "/auth/change-email/confirm?token=x", "/auth/reset-password?email=uma@example.com"],
)  # fmt: skip
async def test_reading_does_nothing(service: Service, path: str) -> None:
    """WEB-03, RST-10"""
    answer = await service.get(path, headers=cookie(service.people.user))
    assert_problem(answer, 405, "method_not_allowed")
    assert await service.works(service.people.user)


@pytest.mark.parametrize("path", ["/auth/me/x.css", "/auth/me;x.js", "/auth/me.css", "/auth/me/export/x.css"])
async def test_no_personal_answer_passes_for_a_file(service: Service, path: str) -> None:
    """WEB-10"""
    answer = await service.get(path, headers=cookie(service.people.user))
    assert_problem(answer, 404, "not_found")
    assert service.people.user.email not in answer.text


async def test_a_token_in_the_header_acts_from_anywhere(service: Service) -> None:
    """WEB-02: no page of another site can send it."""
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = await service.patch("/auth/me", {"name": "New"}, by=service.people.user, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_no_form_signs_anyone_in(service: Service, media_type: str) -> None:
    """WEB-02: login by another site's form."""
    content = f'{{"email": "uma@example.com", "password": "{PASSWORD}", "x": "="}}'.encode()
    answer = await service.post("/auth/login", content=content, headers={"content-type": media_type})
    assert_problem(answer, 415, "unsupported_media_type")
    assert "set-cookie" not in answer.headers
