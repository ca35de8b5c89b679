"""ID tokens that are right: what they say, and what it costs to verify them (IDP-02, IDP-03)."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from time import perf_counter
from typing import Any

import pytest

from bukhindor.adapters.oidc.id_token import LEEWAY, MAX_AGE, Refused, accept, read_token
from bukhindor.domain.errors import InvalidIdToken
from bukhindor.domain.identity import IdentityClaims
from tests.adapters.oidc.conftest import Stage
from tests.makers import address
from tests.oidc_provider.keys import SigningKey, ec, ed, rsa
from tests.oidc_provider.provider import ANDROID, DISCOVERY, KEYS, WEB


async def test_a_token_of_google_says_who_it_is(stage: Stage) -> None:
    token = stage.own.id_token()
    claims = await stage.adapter().verify(token, "n")
    assert claims == IdentityClaims(
        provider="google",
        issuer=stage.own.issuer,
        subject="subject-1",
        audience=WEB,
        email=address("ann@gmail.example"),
        is_email_verified=True,
        is_private_email=False,
        name="Ann",
        amr=(),
        token_hash=sha256(token.rpartition(".")[0].encode()).digest(),
        expires_at=stage.clock.now().replace(microsecond=0) + MAX_AGE + LEEWAY,
    )


async def test_a_token_of_apple_says_who_it_is_in_texts(apple: Stage) -> None:
    claims = await apple.adapter().verify(apple.own.id_token(), "n")
    assert claims.email == address("a1b2c3@privaterelay.appleid.com")
    assert claims.is_email_verified
    assert claims.is_private_email
    assert claims.name is None
    plain = await apple.adapter().verify(
        apple.own.id_token(email="ann@icloud.example", email_verified="false", is_private_email="false"), "n"
    )
    assert not plain.is_email_verified
    assert not plain.is_private_email


async def test_a_token_of_another_provider_names_its_methods(general: Stage) -> None:
    assert (await general.adapter().verify(general.own.id_token(), "n")).amr == ("pwd", "otp")
    amr: Any = ["otp", 7, "x" * 65, *["pwd"] * 100]
    assert (await general.adapter().verify(general.own.id_token(amr=amr), "n")).amr == ("otp", *["pwd"] * 17)
    assert (await general.adapter().verify(general.own.id_token(amr="otp"), "n")).amr == ()


async def test_only_apple_vouches_for_a_relay_address(general: Stage) -> None:
    relay = "a1b2c3@privaterelay.appleid.com"
    claims = await general.adapter().verify(general.own.id_token(email=relay, is_private_email=True), "n")
    assert claims.email == address(relay)
    assert not claims.is_email_verified
    assert not claims.is_private_email


@pytest.mark.parametrize(
    ("changes", "email", "is_verified"),
    [
        ({"email_verified": False}, "ann@gmail.example", False),
        ({"email_verified": "True"}, "ann@gmail.example", False),
        ({"email_verified": 1}, "ann@gmail.example", False),
        ({"email_verified": None}, "ann@gmail.example", False),
        ({"email": " Ann@Gmail.Example "}, "ann@gmail.example", True),
        ({"email": "ann@ПРИМЕР.example"}, "ann@пример.example", True),
        ({"email": "ａnn@gmail.example"}, None, False),
        ({"email": "ann@gma\u0131l.example"}, "ann@gma\u0131l.example", True),
        ({"email": "\u0131nn@gmail.example"}, None, False),
        ({"email": "\u0130nn@gmail.example"}, None, False),
        ({"email": "\u212aann@gmail.example"}, None, False),
        ({"email": "ann@gma\u0130l.example"}, None, False),
        ({"email": "ann@gmａil.example"}, None, False),
        ({"email": "ann\uff20gmail.example"}, None, False),
        ({"email": "ann@gmail\u2024example"}, None, False),
        ({"email": "no address"}, None, False),
        ({"email": ["ann@gmail.example"]}, None, False),
        ({"email": None}, None, False),
    ],
)
async def test_an_address_is_verified_if_the_provider_says_so(
    stage: Stage, changes: dict[str, Any], email: str | None, is_verified: bool
) -> None:
    claims = await stage.adapter().verify(stage.own.id_token(**changes), "n")
    assert claims.email == (None if email is None else address(email))
    assert claims.is_email_verified is is_verified


@pytest.mark.parametrize("name", [None, "", "  ", "A\nB", "n" * 201, 7, ["Ann"]])
async def test_a_name_that_is_none_is_left_out(stage: Stage, name: object) -> None:
    assert (await stage.adapter().verify(stage.own.id_token(name=name), "n")).name is None


NONCE = "a nonce, ü"
NONCES = {
    "plain": NONCE,
    "hexadecimal": sha256(NONCE.encode()).hexdigest(),
    "base64url": urlsafe_b64encode(sha256(NONCE.encode()).digest()).decode().rstrip("="),
    "base64url with padding": urlsafe_b64encode(sha256(NONCE.encode()).digest()).decode(),
}


@pytest.mark.parametrize("sent", NONCES.values(), ids=NONCES.keys())
async def test_the_nonce_is_plain_or_hashed(stage: Stage, sent: str) -> None:
    await stage.adapter().verify(stage.own.id_token(nonce=sent), NONCE)
    with pytest.raises(InvalidIdToken):
        await stage.adapter().verify(stage.own.id_token(nonce=sent), NONCE + "x")
    with pytest.raises(InvalidIdToken):
        await stage.adapter().verify(stage.own.id_token(nonce=""), "")


@pytest.mark.parametrize("make", [rsa, lambda kid: rsa(kid, "PS256"), ec, ed], ids=["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_algorithm_that_discovery_names_is_accepted(
    stage: Stage, make: Callable[[str], SigningKey]
) -> None:
    stage.own.keys = [make("k9"), make("k8")]
    for key in stage.own.keys:
        await stage.adapter().verify(stage.own.id_token(key), "n")


async def test_a_token_without_kid_is_for_the_only_key(stage: Stage) -> None:
    await stage.adapter().verify(stage.own.id_token(header={"kid": None}), "n")


async def test_headers_that_change_nothing_are_ignored(stage: Stage) -> None:
    await stage.adapter().verify(stage.own.id_token(header={"x5t": "thumb", "typ": None, "extra": 1}), "n")


@pytest.mark.parametrize(
    ("changes", "audience"),
    [
        ({"aud": ANDROID, "azp": None}, ANDROID),
        # Android's sheet: the token is for the web client, which the server is, and the app asked for it.
        ({"aud": WEB, "azp": ANDROID}, WEB),
        ({"aud": [WEB]}, WEB),
        ({"aud": [WEB, ANDROID], "azp": ANDROID}, ANDROID),
    ],
)
async def test_any_of_our_clients_may_be_the_audience(stage: Stage, changes: dict[str, Any], audience: str) -> None:
    assert (await stage.adapter().verify(stage.own.id_token(**changes), "n")).audience == audience


async def test_the_times_have_a_leeway_and_an_end(stage: Stage) -> None:
    """A use is remembered for a minute longer than this server accepts the token: others have slower clocks."""
    adapter, now = stage.adapter(), int(stage.clock.now().timestamp())
    for changes in ({"exp": now - 59}, {"iat": now + 60}, {"iat": now - 599}, {"nbf": now + 60}, {"exp": now + 0.5}):
        token = stage.own.id_token(**changes)
        claims = await adapter.verify(token, "n")
        step = claims.expires_at - LEEWAY - stage.clock.now()
        assert timedelta() < step <= MAX_AGE + LEEWAY
        stage.clock.advance(step)
        with pytest.raises(InvalidIdToken):
            await adapter.verify(token, "n")
        stage.clock.advance(-step)


@pytest.mark.parametrize(
    ("issuer", "other"),
    [
        ("https://accounts.google.com", "accounts.google.com"),
        ("https://appleid.apple.com", "https://account.apple.com"),
    ],
)
def test_google_and_apple_have_two_names(stage: Stage, issuer: str, other: str) -> None:
    settings = replace(stage.own.settings, issuer=issuer)
    for name in (issuer, other):
        token = read_token(stage.own.id_token(iss=name))
        assert accept(token, settings, "n", stage.clock.now()).issuer == issuer
    for name in (f"{issuer}/", f"{other}/", "https://issuer.example"):
        with pytest.raises(Refused):
            accept(read_token(stage.own.id_token(iss=name)), settings, "n", stage.clock.now())


async def test_two_tokens_of_one_sign_in_have_hashes_of_their_own(stage: Stage) -> None:
    adapter = stage.adapter()
    first, second = [await adapter.verify(stage.own.id_token(jti=jti), "n") for jti in ("a", "b")]
    assert first.token_hash != second.token_hash


async def test_a_second_signature_of_a_token_is_the_same_token(stage: Stage) -> None:
    """ECDSA: a holder of the signature (r, s) can write (r, n - s)."""
    stage.own.keys = [ec("k1")]
    adapter = stage.adapter()
    first, second = stage.own.id_token(), stage.own.id_token()
    assert first != second
    assert (await adapter.verify(first, "n")).token_hash == (await adapter.verify(second, "n")).token_hash


async def test_a_token_is_verified_in_less_than_30_ms_and_without_a_request(stage: Stage) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    assert stage.own.asked == [DISCOVERY, KEYS]
    tokens = [stage.own.id_token(jti=str(number)) for number in range(50)]
    began = perf_counter()
    for token in tokens:
        await adapter.verify(token, "n")
    assert (perf_counter() - began) / len(tokens) < 0.03
    assert stage.own.asked == [DISCOVERY, KEYS]
