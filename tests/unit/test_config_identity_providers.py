"""OIDC_PROVIDERS and the variables of each provider."""

from pathlib import Path

import pytest

from bukhindor.config import ConfigurationError, Settings
from bukhindor.domain.identity import AppleKey, ProviderSettings

GOOGLE = {"OIDC_PROVIDERS": "google", "OIDC_GOOGLE_CLIENT_IDS": "web, ios"}
APPLE = {"OIDC_PROVIDERS": "apple", "OIDC_APPLE_CLIENT_IDS": "com.example.app"}
KEYCLOAK = {
    "OIDC_PROVIDERS": "keycloak",
    "OIDC_KEYCLOAK_CLIENT_IDS": "app",
    "OIDC_KEYCLOAK_ISSUER": "https://id.example.com/realms/team",
}


def providers(environ: dict[str, str]) -> tuple[ProviderSettings, ...]:
    return Settings.read(environ, None).identities.providers


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(environ, None)
    return list(refused.value.problems)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "AuthKey.p8"
    path.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    return path


def test_without_the_setting_there_are_no_providers() -> None:
    assert providers({}) == ()


def test_google_and_apple_need_no_issuer() -> None:
    (google,) = providers(GOOGLE)
    assert (google.issuer, google.label, google.client_ids) == ("https://accounts.google.com", "Google", ("web", "ios"))
    assert (google.client_secret, google.scopes, google.trusts_amr) == (None, ("openid", "email", "profile"), False)
    (apple,) = providers(APPLE)
    assert (apple.issuer, apple.scopes, apple.apple_key) == (
        "https://appleid.apple.com", ("openid", "email", "name"), None,
    )  # fmt: skip


def test_any_other_provider_has_an_issuer_of_its_own() -> None:
    secret = {"OIDC_KEYCLOAK_CLIENT_SECRET": "s3cret", "OIDC_KEYCLOAK_TRUST_AMR": "true"}
    (keycloak,) = providers(
        KEYCLOAK | secret | {"OIDC_KEYCLOAK_LABEL": "Team ID", "OIDC_KEYCLOAK_SCOPES": "openid email"}
    )
    assert (keycloak.name, keycloak.label, keycloak.issuer) == (
        "keycloak", "Team ID", "https://id.example.com/realms/team",
    )  # fmt: skip
    assert (keycloak.client_secret, keycloak.trusts_amr, keycloak.scopes) == ("s3cret", True, ("openid", "email"))


def test_no_secret_is_shown(key_file: Path) -> None:
    settings = Settings.read(
        KEYCLOAK
        | APPLE
        | {
            "OIDC_PROVIDERS": "keycloak,apple",
            "OIDC_KEYCLOAK_CLIENT_SECRET": "s3cret",
            "OIDC_APPLE_TEAM_ID": "A1B2C3D4E5",
            "OIDC_APPLE_KEY_ID": "F6G7H8I9J0",
            "OIDC_APPLE_PRIVATE_KEY_FILE": str(key_file),
        },
        None,
    )
    shown = repr(settings) + repr(settings.identities)
    assert "s3cret" not in shown
    assert "c2VjcmV0" not in shown
    assert settings.identities.providers[1].apple_key == AppleKey("A1B2C3D4E5", "F6G7H8I9J0", key_file.read_text())


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OIDC_PROVIDERS": "exchange"}, "is not a name of up to twenty letters"),
        ({"OIDC_PROVIDERS": "a/b"}, "is not a name of up to twenty letters"),
        ({"OIDC_PROVIDERS": "google"}, "OIDC_GOOGLE_CLIENT_IDS: without a client id no token can be for this service"),
        (GOOGLE | {"OIDC_GOOGLE_CLIENT_IDS": "a b"}, "is not a client id of visible ASCII characters"),
        (GOOGLE | {"OIDC_GOOGLE_SCOPES": "email"}, "openid is missing"),
        (GOOGLE | {"OIDC_GOOGLE_SCOPES": 'openid,"'}, "is not a scope (RFC 6749 section 3.3)"),
        (GOOGLE | {"OIDC_GOOGLE_LABEL": "x" * 41}, "is not a name of at most 40 visible characters"),
        (KEYCLOAK | {"OIDC_KEYCLOAK_ISSUER": ""}, "OIDC_KEYCLOAK_ISSUER: this provider is not known here"),
        (KEYCLOAK | {"OIDC_KEYCLOAK_ISSUER": "id.example.com"}, "is not an address such as https://id.example.com"),
        (KEYCLOAK | {"OIDC_KEYCLOAK_ISSUER": "https://id.example.com?a=b"}, "without a query"),
        (KEYCLOAK | {"OIDC_KEYCLOAK_ISSUER": "http://id.example.com"}, "is not https"),
        (APPLE | {"OIDC_APPLE_TEAM_ID": "short"}, "is not an id of ten capital letters and digits"),
        (
            APPLE | {"OIDC_APPLE_TEAM_ID": "A1B2C3D4E5"},
            "OIDC_APPLE_KEY_ID: Apple's key needs its team",
        ),
        (
            APPLE | {"OIDC_APPLE_PRIVATE_KEY_FILE": "/nowhere.p8"},
            "/nowhere.p8 can't be read (No such file",
        ),
        (APPLE | {"OIDC_APPLE_PRIVATE_KEY_FILE": __file__}, "is not the key file that Apple offers for download"),
    ],
)
def test_a_value_that_can_not_be_used_stops_the_start(environ: dict[str, str], said: str) -> None:
    assert any(said in problem for problem in problems(environ))


def test_plain_http_is_for_loopback_in_development_only() -> None:
    local = KEYCLOAK | {"OIDC_KEYCLOAK_ISSUER": "http://127.0.0.1:4000"}
    assert providers(local)[0].issuer == "http://127.0.0.1:4000"
    found = problems(local | {"ENVIRONMENT": "production"})
    assert any(
        "OIDC_KEYCLOAK_ISSUER: http://127.0.0.1:4000 is not https, production needs it" in each for each in found
    )
