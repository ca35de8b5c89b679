"""PUBLIC_URL with a path, behind a proxy that strips it: every address in a response leads back through the proxy."""

import re
from urllib.parse import urlencode

import pytest

from bukhindor.config import Settings
from tests.http.conftest import StartService
from tests.http.service import Service, segment, tokens_in

PUBLIC_URL = "https://example.com/accounts"
ADDRESSES = re.compile(r'(?:src|href|action)="([^"]+)"')


@pytest.fixture
async def below(start_service: StartService) -> Service:
    return await start_service(public_url=PUBLIC_URL)


async def assert_leads_back(service: Service, page: str) -> None:
    """Every address on the page, through the proxy, is one of the service."""
    found = [address.replace("&amp;", "&") for address in ADDRESSES.findall(page)]
    assert len(found) >= 3
    for address in found:
        assert address.startswith("/accounts/")
        answer = await service.ask("GET", address.removeprefix("/accounts"))
        assert answer.status_code != 404, address


async def test_tokens_name_the_whole_address_as_their_issuer(below: Service) -> None:
    tokens = tokens_in(await below.log_in(below.people.user.email))

    assert segment(tokens.access_token, 1)["iss"] == PUBLIC_URL
    discovered = (await below.ask("GET", "/.well-known/openid-configuration")).json()
    assert discovered["issuer"] == PUBLIC_URL
    assert discovered["jwks_uri"] == f"{PUBLIC_URL}/.well-known/jwks.json"
    assert (await below.ask("GET", "/openapi.json")).json()["servers"] == [{"url": PUBLIC_URL}]


async def test_cookies_go_to_this_path_only(below: Service) -> None:
    """RFC 6265bis section 4.1.3.2: a name with __Host- would need the path /."""
    answer = await below.log_in(below.people.user.email)
    cookies = dict(header.split("=", 1) for header in answer.headers.get_list("set-cookie"))
    token = cookies["__Secure-access_token"].partition(";")[0]

    assert all("; Path=/accounts; " in cookie and cookie.endswith("; Secure") for cookie in cookies.values())
    signed_in = {"cookie": f"__Secure-access_token={token}"}
    assert (await below.get("/auth/me", headers=signed_in)).status_code == 200
    own_page = signed_in | {"origin": "https://example.com"}
    signed_out = await below.post("/auth/logout", headers=own_page)
    assert signed_out.status_code == 200
    assert "__Secure-access_token=; Max-Age=0; Path=/accounts;" in signed_out.headers["set-cookie"]


async def test_mailed_links_and_pages_lead_back_through_the_proxy(below: Service) -> None:
    await below.post("/auth/reset-password", {"email": below.people.user.email})
    proof = await below.proof(below.people.user.email)
    assert proof.link.startswith(f"{PUBLIC_URL}/account/reset-password?token=")

    address = proof.link.removeprefix(PUBLIC_URL)
    await assert_leads_back(below, (await below.ask("GET", address)).text)
    form = urlencode({"token": proof.token, "password": "a long and quite new one"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "https://example.com"}
    done = await below.ask("POST", address.partition("?")[0], content=form, headers=headers)
    assert done.status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/", "/dev/mailbox"])
async def test_developer_pages_lead_back_through_the_proxy(start_service: StartService, path: str) -> None:
    service = await start_service(public_url="http://localhost/accounts")
    page = await service.ask("GET", path, headers={"host": "localhost"})

    assert page.status_code == 200
    addresses = [address for address in ADDRESSES.findall(page.text) if not address.startswith("http")]
    assert addresses
    assert all(address.startswith("/accounts/") for address in addresses)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://Example.com:443/accounts/", "https://example.com/accounts"),
        ("https://example.com/a/b", "https://example.com/a/b"),
        ("https://example.com/", "https://example.com"),
    ],
)
def test_the_path_has_one_spelling(given: str, shown: str) -> None:
    assert str(Settings.read({"PUBLIC_URL": given}, None).server.public_url) == shown
