"""IOS_APP_IDS, ANDROID_APPS, PASSKEY_RP_ID and PASSKEY_ORIGINS."""

import pytest

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.apps import AppSettings
from bukhindor.domain.client_app import AndroidApp

ONES, TWOS = ":".join(["11"] * 32), ":".join(["F2"] * 32)
ORIGIN_OF_ONES = "android:apk-key-hash:ERERERERERERERERERERERERERERERERERERERERERE"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET": "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD",
    "SMTP_URL": "smtp://mail.example.com",
    "MAIL_FROM": "no-reply@example.com",
    "PUBLIC_URL": "https://api.example.com",
}


def apps(**variables: str) -> AppSettings:
    return Settings.read(variables, None).apps


def problem_of(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(variables, None)
    (problem,) = refused.value.problems
    assert "; for example " in problem
    assert problem.isprintable()
    return problem


def test_without_settings_there_are_no_apps_and_passkeys_are_for_the_public_address() -> None:
    found = apps(PUBLIC_URL="https://api.example.com:8443/accounts")
    assert (found.client_apps.ios, found.client_apps.android) == ((), ())
    assert found.relying_party.id == "api.example.com"
    assert found.relying_party.origins == ("https://api.example.com:8443",)
    assert apps(PUBLIC_URL="http://[::1]:8080").relying_party.id == "::1"


def test_the_app_on_the_web_and_the_apps_on_android_may_use_passkeys() -> None:
    found = apps(
        PUBLIC_URL="https://api.example.com",
        APP_URL="https://app.example.com/account",
        ANDROID_APPS=f"com.example.app={ONES}",
    )
    assert found.relying_party.origins == ("https://api.example.com", "https://app.example.com", ORIGIN_OF_ONES)
    assert apps(APP_URL="myapp://account").relying_party.origins == ("http://localhost:8080",)


def test_identifiers_of_ios_apps_are_listed() -> None:
    found = apps(IOS_APP_IDS="A1B2C3D4E5.com.example.app, A1B2C3D4E5.com.example.app-beta,")
    assert found.client_apps.ios == ("A1B2C3D4E5.com.example.app", "A1B2C3D4E5.com.example.app-beta")


@pytest.mark.parametrize(
    "value",
    ["com.example.app", "a1b2c3d4e5.com.example.app", "A1B2C3D4E5.", "A1B2C3D4E5.com..app", "A1B2C3D4E5.*",
     "A1B2C3D4E5.com.example.app,,A1B2C3D4E5.x", f"A1B2C3D4E5.{'x' * 200}", "A1B2C3D4E5.com/x"],
)  # fmt: skip
def test_what_is_no_identifier_of_an_ios_app_is_refused(value: str) -> None:
    assert problem_of(IOS_APP_IDS=value).startswith("IOS_APP_IDS: ")


@pytest.mark.parametrize("spelling", [ONES, ONES.replace(":", ""), TWOS.lower(), TWOS.lower().replace(":", "")])
def test_fingerprints_are_read_in_every_spelling(spelling: str) -> None:
    (app,) = apps(ANDROID_APPS=f"com.example.app={spelling}").client_apps.android
    assert app.fingerprints[0] in (ONES, TWOS)


def test_an_app_may_have_several_fingerprints_and_there_may_be_several_apps() -> None:
    found = apps(ANDROID_APPS=f"com.example.app={ONES},{TWOS}, com.example.beta={TWOS},com.example.app={ONES}")
    assert found.client_apps.android == (
        AndroidApp("com.example.app", (ONES, TWOS)),
        AndroidApp("com.example.beta", (TWOS,)),
    )


@pytest.mark.parametrize(
    "value",
    [ONES, f"app={ONES}", f"com.example.1app={ONES}", "com.example.app", "com.example.app=",
     f"com.example.app={ONES}:11",
     f"com.example.app={ONES[:-3]}", f"com.example.app={ONES.replace(':', '-')}", "com.example.app=" + "G" * 64,
     f"{'a.' * 101}a={ONES}"],
)  # fmt: skip
def test_what_is_no_android_app_is_refused(value: str) -> None:
    assert problem_of(ANDROID_APPS=value).startswith("ANDROID_APPS: ")


@pytest.mark.parametrize(
    "value",
    ["https://example.com", "example.com:443", "com", "127.0.0.1", "example.com.", "-a.example.com", "exam_ple.com",
     "пример.рф", f"{'a.' * 130}com"],
)  # fmt: skip
def test_what_is_no_domain_name_is_no_relying_party(value: str) -> None:
    assert problem_of(PASSKEY_RP_ID=value, PUBLIC_URL="https://api.example.com").startswith("PASSKEY_RP_ID: ")


def test_a_relying_party_without_a_page_of_its_own_is_refused() -> None:
    problem = problem_of(PASSKEY_RP_ID="example.org", PUBLIC_URL="https://api.example.com")
    assert "no page of https://api.example.com is at example.org or below it" in problem
    assert problem.endswith("for example api.example.com")
    assert apps(PASSKEY_RP_ID="Example.com", PUBLIC_URL="https://api.example.com").relying_party.id == "example.com"


def test_origins_are_pages_and_android_apps() -> None:
    found = apps(PASSKEY_ORIGINS=f"https://App.example.com:443,http://localhost:3000,{ORIGIN_OF_ONES}")
    assert found.relying_party.origins == ("https://app.example.com", "http://localhost:3000", ORIGIN_OF_ONES)


@pytest.mark.parametrize(
    "value", ["http://app.example.com", "android:apk-key-hash:abc", "ios:bundle-id:x", "https://app.example.com/x", "*"]
)
def test_what_is_no_origin_of_passkeys_is_refused(value: str) -> None:
    assert problem_of(PASSKEY_ORIGINS=value).startswith("PASSKEY_ORIGINS: ")


def test_production_has_passkeys_on_https_pages_only() -> None:
    problem = problem_of(**PRODUCTION, PASSKEY_ORIGINS="https://api.example.com,http://localhost:3000")
    assert problem.startswith("PASSKEY_ORIGINS: http://localhost:3000 is not https")
    assert Settings.read(PRODUCTION, None).apps.relying_party.id == "api.example.com"
