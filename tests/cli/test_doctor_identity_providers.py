"""bukhindor doctor and providers of identities: each mistake of their settings, and the words that name it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.oidc_provider.keys import apple_key_file, ec, rsa
from tests.oidc_provider.provider import (
    ANDROID,
    DISCOVERY,
    KEYS,
    SECRET,
    TEAM,
    TOKEN,
    WEB,
    OwnProvider,
    Response,
    running,
)
from tests.servers.processes import free_port

pytestmark = pytest.mark.usefixtures("unhurried")

CALLBACK = "http://localhost:8080/api/v1/auth/identities/keycloak/callback"
KEY_ID = "F6G7H8I9J0"


def lines_of(bukhindor: Command, name: str = "keycloak") -> list[str]:
    """What the check found, one line each."""
    result = bukhindor("doctor", "--json")
    assert result.stderr == ""
    found = [each for each in json.loads(result.stdout)["checks"] if each["check"] == f"provider {name}"]
    assert all(each["advice"] for each in found if each["state"] != "ok")
    return [f"{each['state']} {each['found']}. {each['advice']}" for each in found]


@pytest.fixture
def keycloak(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnProvider]:
    with running("general") as own:
        monkeypatch.setenv("OIDC_PROVIDERS", "keycloak")
        monkeypatch.setenv("OIDC_KEYCLOAK_ISSUER", own.issuer)
        monkeypatch.setenv("OIDC_KEYCLOAK_CLIENT_IDS", f"{WEB},{ANDROID}")
        monkeypatch.setenv("OIDC_KEYCLOAK_CLIENT_SECRET", SECRET)
        yield own


@pytest.fixture
def apple(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OwnProvider]:
    with running("apple") as own:
        own.apple_key = ec(KEY_ID)
        (tmp_path / "key.p8").write_text(apple_key_file(own.apple_key))
        monkeypatch.setenv("OIDC_PROVIDERS", "apple")
        monkeypatch.setenv("OIDC_APPLE_ISSUER", own.issuer)
        monkeypatch.setenv("OIDC_APPLE_CLIENT_IDS", f"{WEB},{ANDROID}")
        monkeypatch.setenv("OIDC_APPLE_TEAM_ID", TEAM)
        monkeypatch.setenv("OIDC_APPLE_KEY_ID", KEY_ID)
        monkeypatch.setenv("OIDC_APPLE_PRIVATE_KEY_FILE", str(tmp_path / "key.p8"))
        yield own


def test_nothing_is_said_or_asked_where_there_is_no_provider(bukhindor: Command) -> None:
    result = bukhindor("doctor", "--json")
    assert not [each for each in json.loads(result.stdout)["checks"] if each["check"].startswith("provider")]


def test_a_good_provider_is_named_with_its_callback(bukhindor: Command, keycloak: OwnProvider) -> None:
    assert lines_of(bukhindor) == [
        f"ok {keycloak.issuer} is reached, names itself so, and has 1 key to verify. ",
        f"ok it knows this service as {WEB}; its callback is {CALLBACK}. ",
    ]
    assert keycloak.asked == [DISCOVERY, KEYS, TOKEN]


def test_a_public_client_has_nothing_to_prove(
    bukhindor: Command, keycloak: OwnProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OIDC_KEYCLOAK_CLIENT_SECRET")
    keycloak.keys = [rsa("k1"), ec("k2")]
    assert lines_of(bukhindor) == [f"ok {keycloak.issuer} is reached, names itself so, and has 2 keys to verify. "]
    assert keycloak.asked == [DISCOVERY, KEYS]


def test_a_wrong_secret_is_found(bukhindor: Command, keycloak: OwnProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_KEYCLOAK_CLIENT_SECRET", "another secret")
    line = lines_of(bukhindor)[-1]
    assert line.startswith(f"problem {WEB}: it refuses this client (invalid_client)")
    assert "Copy client id and secret once more from the page of the client there" in line
    assert bukhindor("doctor").exit_code == 1


@pytest.mark.parametrize(
    ("response", "line"),
    [
        (Response.of({"error": "redirect_uri_mismatch"}, 400), "warning it doesn't say whether it knows this service"),
        (Response.of({"id_token": "a.b.c"}), "problem web.example: it gives tokens for a code that it never made"),
    ],
)
def test_another_answer_to_a_code_is_reported(
    bukhindor: Command, keycloak: OwnProvider, response: Response, line: str
) -> None:
    keycloak.instead[TOKEN] = response
    assert lines_of(bukhindor)[-1].startswith(line)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://id.example.com/"}, "OIDC_KEYCLOAK_ISSUER to exactly that, every slash"),
    "a template of tenants": ({"issuer": "https://login.example/{tenantid}/v2.0"}, "Name one tenant in OIDC_KEYCLOAK"),
    "no issuer": ({"issuer": None}, "Show this to those who run Keycloak"),
    "no algorithm": ({"id_token_signing_alg_values_supported": ["HS256"]}, "Show this to those who run Keycloak"),
    "http": ({"token_endpoint": "http://id.example.com/token"}, "its token_endpoint is not https. Show this"),
}


@pytest.mark.parametrize(("changes", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_document_that_is_not_right_is_reported(
    bukhindor: Command, keycloak: OwnProvider, changes: dict[str, Any], words: str
) -> None:
    keycloak.discovery |= changes
    (line,) = lines_of(bukhindor)
    assert line.startswith("problem ")
    assert words in line


def test_keys_that_are_not_usable_are_reported(bukhindor: Command, keycloak: OwnProvider) -> None:
    keycloak.key_set = [rsa("k1", bits=1024).public]
    (line,) = lines_of(bukhindor)
    assert line.startswith("problem its key set has no usable key. Show this to those who run Keycloak")


def test_a_provider_that_is_not_there_is_reported(
    bukhindor: Command, keycloak: OwnProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("OIDC_KEYCLOAK_ISSUER", nowhere)
    (line,) = lines_of(bukhindor)
    assert line.startswith(f"problem {nowhere}{DISCOVERY}: no connection. Open that address in a browser")


def test_a_page_in_place_of_discovery_is_reported(bukhindor: Command, keycloak: OwnProvider) -> None:
    keycloak.instead[DISCOVERY] = Response(200, b"<html>", "text/html")
    (line,) = lines_of(bukhindor)
    assert "is not JSON. Open that address in a browser; if it is wrong, correct OIDC_KEYCLOAK_ISSUER" in line


def test_apple_knows_every_client_by_the_key(bukhindor: Command, apple: OwnProvider) -> None:
    first, *others = lines_of(bukhindor, "apple")
    assert first.startswith(f"ok {apple.issuer} is reached")
    assert [line.partition(";")[0] for line in others] == [
        f"ok it knows this service as {client_id}" for client_id in (WEB, ANDROID)
    ]


def test_another_key_of_apple_is_found(bukhindor: Command, apple: OwnProvider) -> None:
    apple.apple_key = ec(KEY_ID)
    line = lines_of(bukhindor, "apple")[-1]
    assert line.startswith(f"problem {ANDROID}: it refuses this client (invalid_client)")
    assert "Compare OIDC_APPLE_TEAM_ID, _KEY_ID and the key file with developer.apple.com" in line


def test_a_key_file_with_another_kind_of_key_is_reported(
    bukhindor: Command, apple: OwnProvider, tmp_path: Path
) -> None:
    (tmp_path / "key.p8").write_text(apple_key_file(rsa("k1")))
    lines = lines_of(bukhindor, "apple")
    assert lines[0].startswith("problem the key file of Apple holds a key of another kind than EC on P-256. Download")
    assert [line.partition(" ")[0] for line in lines] == ["problem", "ok"]


def test_apple_without_a_key_is_a_warning(
    bukhindor: Command, apple: OwnProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEAM_ID", "KEY_ID", "PRIVATE_KEY_FILE"):
        monkeypatch.delenv(f"OIDC_APPLE_{name}")
    monkeypatch.setenv("OIDC_APPLE_CLIENT_IDS", f"{TEAM}.com.example.app")
    first, second, third = lines_of(bukhindor, "apple")
    assert first == (
        f"problem {TEAM}.com.example.app in OIDC_APPLE_CLIENT_IDS begins with the team."
        " Write com.example.app: Apple's tokens name the bundle id alone"
    )
    assert second.startswith("warning without a key only native sheets work")
    assert third.startswith("ok ")


def test_client_ids_of_google_are_recognised(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with running("google") as own:
        monkeypatch.setenv("OIDC_PROVIDERS", "google")
        monkeypatch.setenv("OIDC_GOOGLE_ISSUER", own.issuer)
        monkeypatch.setenv("OIDC_GOOGLE_CLIENT_IDS", "1-a.apps.googleusercontent.com,com.example.app")
        first, second, _ = lines_of(bukhindor, "google")
        assert first.startswith("problem com.example.app in OIDC_GOOGLE_CLIENT_IDS is not a client id of Google")
        assert second.startswith("warning without a client secret only native sheets work")
        monkeypatch.setenv("OIDC_GOOGLE_CLIENT_SECRET", "wrong")
        assert "from console.cloud.google.com" in lines_of(bukhindor, "google")[-1]
