"""What the browser is sent to, codes, and revocation (IDP-06; RFC 9700, RFC 7636, RFC 7009)."""

import json
import logging
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from bukhindor.adapters.oidc.client_secret import LIFE, AppleClientSecret
from bukhindor.domain.errors import InvalidAuthorizationCode, ProviderUnavailable
from bukhindor.domain.identity import AppleKey, ProviderGrant
from tests.adapters.oidc.conftest import Stage
from tests.makers import T0
from tests.oidc_provider.keys import SigningKey, apple_key_file, ec, rsa, unpacked
from tests.oidc_provider.provider import ANDROID, DISCOVERY, KEYS, REVOKE, SECRET, TEAM, TOKEN, WEB, Response

CALLBACK = "https://accounts.example.com/callback?a=b"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def begin(stage: Stage, **changes: Any) -> tuple[str, dict[str, str]]:
    """Where the browser is sent to, and the parameters of the query."""
    url = await stage.adapter(**changes).authorization_url(
        redirect_uri=CALLBACK, state="s&t", nonce="n", code_challenge=CHALLENGE
    )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query, strict_parsing=True))


async def code_of_page(stage: Stage) -> str:
    """The code that the page of the provider sends back."""
    url = await stage.adapter().authorization_url(redirect_uri=CALLBACK, state="s", nonce="n", code_challenge=CHALLENGE)
    response = stage.own.respond("GET", url.removeprefix(stage.own.issuer), {}, b"")
    return parse_qs(urlsplit(dict(response.headers)["Location"]).query)["code"][0]


async def test_the_browser_is_sent_to_the_provider_with_a_challenge_a_state_and_a_nonce(stage: Stage) -> None:
    assert await begin(stage) == (
        f"{stage.own.issuer}/authorize",
        {
            "response_type": "code",
            "client_id": WEB,
            "redirect_uri": CALLBACK,
            "scope": "openid email profile",
            "state": "s&t",
            "nonce": "n",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        },
    )
    assert stage.own.asked == [DISCOVERY, KEYS]


async def test_apple_is_asked_for_a_form_when_it_is_to_tell_a_name_or_an_address(apple: Stage) -> None:
    _, query = await begin(apple)
    assert query["response_mode"] == "form_post"
    assert query["scope"] == "openid email name"
    _, query = await begin(apple, scopes=("openid",))
    assert "response_mode" not in query


async def test_an_endpoint_with_a_query_keeps_it(stage: Stage) -> None:
    stage.own.discovery["authorization_endpoint"] = "https://a.example/auth?tenant=7"
    where, query = await begin(stage, scopes=("email",))
    assert where == "https://a.example/auth"
    assert query["tenant"] == "7"
    assert query["scope"] == "openid email"


@pytest.mark.parametrize(
    "methods", [None, ["client_secret_basic"], ["client_secret_post"], ["private_key_jwt", "client_secret_post"]]
)
async def test_a_code_is_redeemed_once_with_the_secret_as_discovery_says(
    general: Stage, methods: list[str] | None
) -> None:
    general.own.discovery["token_endpoint_auth_methods_supported"] = methods
    code, adapter = await code_of_page(general), general.adapter()
    redeemed = await adapter.redeem(code, redirect_uri=CALLBACK, code_verifier=VERIFIER)
    assert (await adapter.verify(redeemed.id_token, "n")).subject == "subject-1"
    assert (redeemed.refresh_token, redeemed.subject) == (f"refresh-{WEB}", "subject-1")
    assert redeemed.id_token not in repr(redeemed)
    with pytest.raises(InvalidAuthorizationCode):
        await adapter.redeem(code, redirect_uri=CALLBACK, code_verifier=VERIFIER)


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "w" * 43}, {"code_verifier": None}, {"redirect_uri": "https://other.example"}]
)
async def test_a_code_belongs_to_its_verifier_and_its_redirect(stage: Stage, changes: dict[str, Any]) -> None:
    code = await code_of_page(stage)
    asked = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
    with pytest.raises(InvalidAuthorizationCode):
        await stage.adapter().redeem(code, **asked)


async def test_a_code_of_a_native_sheet_belongs_to_its_client(apple: Stage) -> None:
    adapter = apple.adapter()
    redeemed = await adapter.redeem(
        apple.own.code_for(ANDROID), redirect_uri=None, code_verifier=None, client_id=ANDROID
    )
    assert redeemed.refresh_token == f"refresh-{ANDROID}"
    with pytest.raises(InvalidAuthorizationCode):
        await adapter.redeem(apple.own.code_for(ANDROID), redirect_uri=None, code_verifier=None)


async def test_a_public_client_sends_its_id_alone(stage: Stage) -> None:
    sent: list[bytes] = []
    ordinary = stage.own.respond

    def listen(method: str, target: str, headers: Any, body: bytes) -> Response:
        sent.append(body)
        return ordinary(method, target, headers, body)

    stage.own.respond = listen  # type: ignore[method-assign]
    with pytest.raises(ProviderUnavailable):
        await stage.adapter(client_secret=None).redeem("c", redirect_uri=None, code_verifier=VERIFIER)
    assert dict(parse_qsl(sent[-1].decode())) == {
        "grant_type": "authorization_code",
        "code": "c",
        "code_verifier": VERIFIER,
        "client_id": WEB,
    }


WRONG: dict[str, tuple[Response, str]] = {
    "a client that is refused": (Response.of({"error": "invalid_client"}, 401), "client id and secret, or team, key"),
    "a client without the right": (Response.of({"error": "unauthorized_client"}, 400), "it refuses this client"),
    "another error": (Response.of({"error": "server_error"}, 400), "status 400 and server_error"),
    "an error that is no text": (Response.of({"error": {"code": 7}}, 400), "it answers with status 400"),
    "an error of control characters": (Response.of({"error": "a\nb"}, 400), "it answers with status 400"),
    "an error that is no JSON": (Response(400, b"<html>", "text/html"), "it answers with status 400"),
    "a failure": (Response(500), "it answers with status 500"),
    "a redirect": (Response(302, headers=(("Location", "http://127.0.0.1:1/"),)), "it answers with status 302"),
    "no ID token": (Response.of({"access_token": "a"}), "the scope openid is needed"),
    "an ID token that is no text": (Response.of({"id_token": 7}), "the scope openid is needed"),
    "a page": (Response(200, b"<html>", "text/html"), "not JSON"),
    "garbage": (Response(200, b"{"), "not JSON"),
    "a list": (Response(200, b"[]"), "not a JSON object"),
    "more than anyone needs": (Response(200, b'{"a":"' + b"x" * 300_000 + b'"}'), "longer than 256 KiB"),
}


@pytest.mark.parametrize(("response", "why"), WRONG.values(), ids=WRONG.keys())
async def test_another_answer_to_a_code_says_nothing_of_the_code(
    stage: Stage, caplog: pytest.LogCaptureFixture, response: Response, why: str
) -> None:
    stage.own.instead[TOKEN] = response
    with pytest.raises(ProviderUnavailable) as unavailable:
        await stage.adapter().redeem("c", redirect_uri=None, code_verifier=None)
    assert why in unavailable.value.reason
    assert f"identity provider google is unavailable: {unavailable.value.reason}" in caplog.text
    assert SECRET not in caplog.text


async def test_a_refresh_token_that_is_none_is_left_out(stage: Stage) -> None:
    for refresh_token in (None, 7, "", "r" * 20_000):
        stage.own.instead[TOKEN] = Response.of({"id_token": "a.b.c", "refresh_token": refresh_token})
        redeemed = await stage.adapter().redeem("c", redirect_uri=None, code_verifier=None)
        assert (redeemed.refresh_token, redeemed.subject) == (None, None)


async def test_our_access_is_withdrawn(apple: Stage) -> None:
    await apple.adapter().revoke(ProviderGrant(ANDROID, "refresh-1"))
    assert apple.own.revoked == ["refresh-1"]
    assert apple.own.asked[-1] == REVOKE


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_token"])
async def test_what_is_withdrawn_already_is_no_failure(stage: Stage, error: str) -> None:
    stage.own.instead[REVOKE] = Response.of({"error": error}, 400)
    await stage.adapter().revoke(ProviderGrant(WEB, "r"))


async def test_a_provider_that_cannot_withdraw_is_not_asked(stage: Stage) -> None:
    stage.own.discovery["revocation_endpoint"] = None
    await stage.adapter().revoke(ProviderGrant(WEB, "r"))
    assert stage.own.asked == [DISCOVERY, KEYS]


async def test_a_withdrawal_that_fails_can_be_repeated(stage: Stage) -> None:
    stage.own.instead[REVOKE] = Response(503)
    with pytest.raises(ProviderUnavailable):
        await stage.adapter().revoke(ProviderGrant(WEB, "r"))
    stage.own.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    del stage.own.instead[REVOKE]
    with pytest.raises(ProviderUnavailable):
        await stage.adapter(client_secret="wrong").revoke(ProviderGrant(WEB, "r"))
    assert stage.own.revoked == []


async def test_callbacks_name_the_issuer_where_discovery_says_so(stage: Stage, general: Stage) -> None:
    assert not await stage.adapter().requires_issuer()
    assert await general.adapter().requires_issuer()


def test_the_secret_of_apple_is_made_from_the_key_and_kept_for_five_minutes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = ec("AK1")
    secret = AppleClientSecret(AppleKey(TEAM, "AK1", apple_key_file(key)), "https://appleid.apple.com")
    first = secret.of(WEB, T0)
    header, payload, _ = first.split(".")
    issued = int(T0.timestamp())
    assert json.loads(unpacked(header)) == {"alg": "ES256", "kid": "AK1"}
    assert json.loads(unpacked(payload)) == {
        "iss": TEAM,
        "iat": issued,
        "exp": issued + 600,
        "aud": "https://appleid.apple.com",
        "sub": WEB,
    }
    assert secret.of(ANDROID, T0) != first
    assert secret.of(WEB, T0 + timedelta(minutes=4, seconds=59)) == first
    assert secret.of(WEB, T0 + timedelta(minutes=5)) != first
    # The clock was set back: what was made in the future is not sent.
    assert secret.of(WEB, T0 - LIFE) != first
    assert first not in caplog.text


@pytest.mark.parametrize("key", [rsa("AK1"), ec("AK1", "P-384"), None], ids=["RSA", "P-384", "no key"])
async def test_another_key_than_apples_is_explained(
    apple: Stage, caplog: pytest.LogCaptureFixture, key: SigningKey | None
) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" if key is None else apple_key_file(key)
    adapter = apple.adapter(apple_key=AppleKey(TEAM, "AK1", pem))
    with pytest.raises(ProviderUnavailable):
        await adapter.redeem("c", redirect_uri=None, code_verifier=None)
    assert "the key file of Apple holds" in caplog.text
    assert TOKEN not in apple.own.asked
