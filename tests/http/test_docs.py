"""/docs and /openapi.json"""

import re

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import Service


async def test_the_page_comes_whole_from_here(service: Service) -> None:
    """WEB-07: works with the network cut, and runs no script but ours."""
    page = await service.ask("GET", "/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r"https?://|<script>|\son\w+=|<style", page.text)
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 3
    for link in links:
        assert (await service.ask("GET", link if link.startswith("/") else f"/{link}")).status_code == 200


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("docs.js", "text/javascript; charset=utf-8"),
        ("docs.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ],
)
async def test_its_files_are_served_with_their_type(service: Service, name: str, media_type: str) -> None:
    """ERR-06"""
    answer = await service.ask("GET", f"/docs/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in answer.headers["cache-control"]
    assert answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/docs/..%2fopenapi.py", "/docs/%2e%2e/routes.py", "/docs/..\\routes.py", "/docs/%2fetc%2fpasswd", "/docs/.git",
        "/docs/.env", "/docs/swagger-ui-bundle.js.map", "/docs/docs.html", "/docs/swagger-ui.css%00.png", "/.env",
        "/.git/config", "/static/../../etc/passwd", "/metrics", "/debug", "/schema", "/schema/openapi.json",
        "/dev", "/dev/mail", "/dev/mailbox/1", "/account/../routes.py", "/reset-password",
        "/console", "/admin",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(service: Service, path: str) -> None:
    """WEB-11, ERR-05"""
    assert_problem(await service.ask("GET", path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/account/x", "/account/account.html", "/account/assets/page.css/x", "/account/assets/page.html"]
)
async def test_an_unknown_page_is_answered_with_a_page(service: Service, path: str) -> None:
    answer = await service.ask("GET", path, headers={"accept-language": "ru"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "По этому адресу ничего нет." in answer.text


async def test_the_range_of_a_file_is_not_cut_into_pieces(service: Service) -> None:
    """WEB-11"""
    ranges = "bytes=" + ",".join("0-" for _ in range(10_000))
    answer = await service.ask("GET", "/docs/docs.js", headers={"range": ranges})
    assert answer.status_code == 200


async def test_the_description_is_served_as_json(service: Service) -> None:
    answer = await service.ask("GET", "/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json()["servers"] == [{"url": "/"}]


async def test_the_description_holds_no_secret(service: Service) -> None:
    """CFG-03"""
    text = (await service.ask("GET", "/openapi.json")).text
    assert str(service.settings.store.data_dir) not in text
    assert service.settings.accounts.jwt_secrets[0].decode() not in text


async def test_the_documentation_can_be_switched_off(start_service: StartService) -> None:
    service = await start_service(docs="off")
    for path in ("/docs", "/docs/docs.js", "/openapi.json"):
        assert_problem(await service.ask("GET", path), 404, "not_found")
    assert "/docs" not in (await service.ask("GET", "/")).text
