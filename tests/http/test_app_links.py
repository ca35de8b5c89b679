"""/.well-known/…: the files by which iOS, Android and browsers learn which apps and pages belong to this service."""

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import Service

APPLE, ANDROID, PASSKEYS = (
    f"/.well-known/{name}" for name in ("apple-app-site-association", "assetlinks.json", "webauthn")
)
IOS_APPS = "A1B2C3D4E5.com.example.app,A1B2C3D4E5.com.example.beta"
ONES, TWOS = ":".join(["11"] * 32), ":".join(["F2"] * 32)


async def test_ios_apps_open_the_pages_of_accounts_and_share_passkeys(start_service: StartService) -> None:
    service = await start_service(ios_app_ids=IOS_APPS, public_url="https://example.com/accounts")
    answer = await service.ask("GET", APPLE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "applinks": {"details": [{"appIDs": IOS_APPS.split(","), "components": [{"/": "/accounts/account/*"}]}]},
        "webcredentials": {"apps": IOS_APPS.split(",")},
    }


async def test_android_apps_open_links_and_share_passkeys(start_service: StartService) -> None:
    service = await start_service(android_apps=f"com.example.app={ONES},{TWOS.lower()},com.example.beta={TWOS}")
    answer = await service.ask("GET", ANDROID)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    relation = ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"]
    assert answer.json() == [
        {
            "relation": relation,
            "target": {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": prints,
            },
        }
        for package, prints in (("com.example.app", [ONES, TWOS]), ("com.example.beta", [TWOS]))
    ]


async def test_browsers_learn_which_pages_on_other_domains_may_use_passkeys(start_service: StartService) -> None:
    service = await start_service(
        public_url="https://api.example.com",
        passkey_rp_id="example.com",
        passkey_origins="https://api.example.com,https://example.org,https://example.net",
    )
    answer = await service.ask("GET", PASSKEYS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"origins": ["https://example.org", "https://example.net"]}


@pytest.mark.parametrize("path", [APPLE, ANDROID, PASSKEYS])
async def test_a_file_without_content_is_not_there(service: Service, path: str) -> None:
    assert_problem(await service.ask("GET", path), 404, "not_found")


@pytest.mark.parametrize("path", [APPLE, ANDROID])
async def test_a_file_may_be_kept_for_an_hour(start_service: StartService, path: str) -> None:
    service = await start_service(ios_app_ids=IOS_APPS, android_apps=f"com.example.app={ONES}")
    first = await service.ask("GET", path, headers={"accept": "text/html", "authorization": "Bearer x"})
    assert (first.status_code, first.headers["cache-control"]) == (200, "public, max-age=3600")
    assert "set-cookie" not in first.headers
    again = await service.ask("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
