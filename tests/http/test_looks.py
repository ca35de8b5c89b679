"""/account/assets/…, /favicon.ico and /: what makes the pages those of a product"""

import re
import struct

import httpx
import pytest

from bukhindor.domain.product import Logo, Product
from bukhindor.web.pages.looks import asset_address
from tests.http.service import Service

SQUARE = Logo(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle r="9"/></svg>', "image/svg+xml")
WIDE = Logo(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 32"><circle r="9"/></svg>', "image/svg+xml")
UNSIZED = Logo(b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>', "image/svg+xml")
FOR_BROWSERS = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def png(width: int, height: int) -> Logo:
    """The beginning of a picture, which is all that the pages read of it."""
    return Logo(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height), "image/png")


async def page_of(service: Service) -> str:
    return (await service.ask("GET", "/account/reset-password")).text


async def looks_of(service: Service, pattern: str) -> httpx.Response:
    """The file that a page asks for under the address that matches."""
    (found,) = set(re.findall(rf'"(/account/assets/{pattern}\?v=[0-9a-f]+)"', await page_of(service)))
    return await service.ask("GET", found)


def assert_kept(answer: httpx.Response, media_type: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_browser_may_keep_the_files_of_a_page(service: Service) -> None:
    for name in ("page.css", "product.css"):
        answer = await looks_of(service, name)
        assert_kept(answer, "text/css; charset=utf-8")
        assert not re.search(r"url\(|@import", answer.text)


@pytest.mark.parametrize("version", ["", "?v=", "?v=000000000000", "?v=%22"])
async def test_a_file_of_another_version_is_not_kept_long(service: Service, version: str) -> None:
    """While a new release replaces an old one, a page of the one may ask the other for a file."""
    answer = await service.ask("GET", f"/account/assets/page.css{version}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=300")


async def test_the_page_wears_the_color_of_the_product(service: Service) -> None:
    assert "--accent: #1a56db;" in (await looks_of(service, "product.css")).text


async def test_an_address_changes_with_the_content() -> None:
    """Else browsers would show the old color for a year."""
    blue, red = Product(), Product(color="#b91c1c")
    assert asset_address(blue, "product.css") != asset_address(red, "product.css")
    assert asset_address(blue, "icon.svg") != asset_address(red, "icon.svg")
    assert asset_address(blue, "page.css") == asset_address(red, "page.css")


async def test_without_a_logo_the_initial_stands_for_the_product(service: Service) -> None:
    answer = await looks_of(service, "icon.svg")
    assert_kept(answer, "image/svg+xml")
    assert ">B</text>" in answer.text
    assert (await service.ask("GET", "/favicon.ico")).content == answer.content
    assert (await service.ask("GET", "/account/assets/logo")).status_code == 404


async def test_an_icon_opened_by_itself_runs_nothing(service: Service) -> None:
    for path in ("/favicon.ico", "/account/assets/icon.svg"):
        policy = (await service.ask("GET", path)).headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "sandbox"} <= set(policy)
        assert not [one for one in policy if one.startswith("script-src")]


@pytest.mark.parametrize(
    "name", ["..%2frendering.py", "page.html", "landing.html", "PAGE.CSS", "page.css.map", "assets", "words.py"]
)
async def test_no_other_file_is_one_of_a_page(service: Service, name: str) -> None:
    """WEB-11"""
    answer = await service.ask("GET", f"/account/assets/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"


async def test_in_development_the_first_page_leads_on(service: Service) -> None:
    answer = await service.ask("GET", "/", headers={"accept-language": "ru"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'lang="ru"' in answer.text
    links = re.findall(r'<a href="([^"]*)"', answer.text)
    assert links == ["/docs", "/dev/mailbox", "/health/ready"]
    assert [(await service.ask("GET", link)).status_code for link in links] == [200, 200, 200]


@pytest.mark.parametrize("path", ["/nothing", "/reset-password", "/dev/nothing", "/favicon.png"])
async def test_a_person_who_is_lost_sees_a_page(service: Service, path: str) -> None:
    answer = await service.ask("GET", path, headers=FOR_BROWSERS)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Bukhindor" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/v1/nothing", "/api/nothing", "/health/x", "/.well-known/x"])
async def test_a_program_that_is_lost_reads_a_problem(service: Service, path: str) -> None:
    """ERR-01: whatever it accepts."""
    answer = await service.ask("GET", path, headers=FOR_BROWSERS)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json; charset=utf-8")
