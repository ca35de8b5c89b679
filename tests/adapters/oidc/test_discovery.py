"""When a provider is asked for its metadata and keys, and what of them is believed (IDP-04, IDP-05)."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from bukhindor.adapters.http.outbound import Answer
from bukhindor.adapters.oidc.discovery import look
from bukhindor.adapters.oidc.outbound import Unusable
from bukhindor.domain.errors import InvalidIdToken, ProviderUnavailable
from tests.adapters.oidc.conftest import Stage
from tests.oidc_provider.keys import ec, rsa
from tests.oidc_provider.provider import DISCOVERY, KEYS, Response

BOTH = [DISCOVERY, KEYS]
BROKEN = Response(500)


async def test_nothing_is_asked_before_the_first_call(stage: Stage) -> None:
    stage.adapter()
    assert stage.own.asked == []


async def test_fifty_first_tokens_cause_one_fetch(stage: Stage) -> None:
    adapter = stage.adapter()
    await asyncio.gather(*(adapter.verify(stage.own.id_token(), "n") for _ in range(50)))
    assert stage.own.asked == BOTH


async def test_a_new_key_is_found_at_once_and_by_one_fetch(stage: Stage) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    stage.timer.now += 60
    stage.own.keys = [rsa("k2"), rsa("k1")]
    await asyncio.gather(*(adapter.verify(stage.own.id_token(), "n") for _ in range(50)))
    assert stage.own.asked == BOTH * 2
    await adapter.verify(stage.own.id_token(rsa("k1")), "n")


async def test_unknown_kids_cause_a_fetch_a_minute_at_most(stage: Stage) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    for _ in range(3):
        results = await asyncio.gather(
            *(adapter.verify(stage.own.id_token(header={"kid": f"x{n}"}), "n") for n in range(50)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {InvalidIdToken}
        stage.timer.now += 29
    assert stage.own.asked == BOTH
    stage.timer.now += 1
    with pytest.raises(InvalidIdToken):
        await adapter.verify(stage.own.id_token(header={"kid": "x"}), "n")
    assert stage.own.asked == BOTH * 2


async def test_a_token_that_cannot_be_right_causes_no_fetch(stage: Stage) -> None:
    with pytest.raises(InvalidIdToken):
        await stage.adapter().verify(stage.own.id_token(aud="stranger.example"), "n")
    assert stage.own.asked == []


async def test_old_keys_are_kept_while_a_refresh_fails(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    stage.timer.now += 60
    stage.own.instead[KEYS] = BROKEN
    # Whether there is such a key can't be known now, or for the rest of the minute.
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await adapter.verify(stage.own.id_token(rsa("k2")), "n")
    assert stage.own.asked == BOTH * 2
    await adapter.verify(stage.own.id_token(), "n")
    assert f"identity provider google is unavailable: {stage.own.issuer}/keys answers with status 500" in caplog.text


async def test_keys_that_a_provider_withdraws_are_not_used(stage: Stage) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    stage.own.keys = [rsa("k2")]
    stage.timer.now += 3601
    await adapter.verify(stage.own.id_token(rsa("k1")), "n")
    await _until(stage, BOTH * 2)
    with pytest.raises(InvalidIdToken):
        await adapter.verify(stage.own.id_token(rsa("k1")), "n")


async def test_what_is_an_hour_old_is_fetched_while_it_is_used(stage: Stage) -> None:
    """A refresh that fails is retried a minute later; no one waits for it."""
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    stage.own.instead[DISCOVERY] = BROKEN
    stage.timer.now += 3601
    for _ in range(20):
        await adapter.verify(stage.own.id_token(), "n")
        await asyncio.sleep(0.005)
    await _until(stage, [*BOTH, DISCOVERY])
    stage.timer.now += 60
    await adapter.verify(stage.own.id_token(), "n")
    await _until(stage, [*BOTH, DISCOVERY, DISCOVERY])


async def test_keys_of_more_than_a_day_are_not_used(stage: Stage) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")
    stage.own.instead[DISCOVERY] = BROKEN
    stage.timer.now += 24 * 3600 + 1
    with pytest.raises(ProviderUnavailable):
        await adapter.verify(stage.own.id_token(), "n")
    del stage.own.instead[DISCOVERY]
    stage.timer.now += 5
    await adapter.verify(stage.own.id_token(), "n")


async def test_a_provider_that_is_away_is_asked_again_after_five_seconds(stage: Stage) -> None:
    adapter = stage.adapter()
    stage.own.instead[DISCOVERY] = BROKEN
    for _ in range(10):
        with pytest.raises(ProviderUnavailable):
            await adapter.verify(stage.own.id_token(), "n")
    assert stage.own.asked == [DISCOVERY]
    del stage.own.instead[DISCOVERY]
    stage.timer.now += 5
    await adapter.verify(stage.own.id_token(), "n")


async def test_a_client_that_gives_up_leaves_the_fetch_to_the_others(stage: Stage) -> None:
    adapter = stage.adapter()
    impatient = asyncio.create_task(adapter.verify(stage.own.id_token(), "n"))
    patient = asyncio.create_task(adapter.verify(stage.own.id_token(), "n"))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert stage.own.asked == BOTH


METADATA: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://accounts.example"}, "calls itself https://accounts.example, and not"),
    "no issuer": ({"issuer": None}, "calls itself nothing"),
    "an issuer of control characters": ({"issuer": "\n"}, "calls itself nothing"),
    "no key set": ({"jwks_uri": None}, "no usable jwks_uri"),
    "no token endpoint": ({"token_endpoint": None}, "no usable token_endpoint"),
    "no authorization endpoint": ({"authorization_endpoint": 7}, "no usable authorization_endpoint"),
    "a script": ({"authorization_endpoint": "javascript:alert(1)"}, "no usable authorization_endpoint"),
    "a file": ({"jwks_uri": "file:///etc/passwd"}, "no usable jwks_uri"),
    "a fragment": ({"token_endpoint": "https://a.example/#b"}, "no usable token_endpoint"),
    "a name and a password": ({"token_endpoint": "https://a:b@a.example/"}, "no usable token_endpoint"),
    "a line break": ({"token_endpoint": "https://a.example/\r\nx"}, "no usable token_endpoint"),
    "no port": ({"jwks_uri": "https://a.example:x/"}, "no usable jwks_uri"),
    "no host": ({"jwks_uri": "https:///keys"}, "no usable jwks_uri"),
    "an address of two thousand letters": ({"jwks_uri": "https://a.example/" + "a" * 2000}, "no usable jwks_uri"),
    "http": ({"revocation_endpoint": "http://a.example/"}, "revocation_endpoint is not https"),
    "shared secrets only": ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "with none of ES256, EdDSA"),
    "a key set in a private network": ({"jwks_uri": "https://10.0.0.1/keys"}, "not one that may be asked"),
    "a key set where clouds keep secrets": ({"jwks_uri": "https://169.254.169.254/"}, "not one that may be asked"),
}


@pytest.mark.parametrize(("changes", "why"), METADATA.values(), ids=METADATA.keys())
async def test_metadata_that_is_not_right_is_not_used(
    stage: Stage, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], why: str
) -> None:
    stage.own.discovery |= changes
    with pytest.raises(ProviderUnavailable):
        await stage.adapter().verify(stage.own.id_token(), "n")
    assert why in caplog.text
    assert stage.own.asked == [DISCOVERY]


GOOD = rsa("k1").public
UNUSABLE: dict[str, list[Any]] = {
    "no key": [],
    "a list of texts": ["key"],
    "an encryption key": [{**GOOD, "use": "enc"}],
    "a key that may not verify": [{**GOOD, "key_ops": ["encrypt"]}],
    "a key for another algorithm": [{**GOOD, "alg": "RS512"}],
    "a key for a list of algorithms": [{**GOOD, "alg": ["RS256"]}],
    "a weak key": [rsa("k1", bits=1024).public],
    "a key that would take seconds": [{**GOOD, "n": "_" * 4000}],
    "a secret": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}],
    "a private key": [rsa("k1").private],
    "a key on another curve": [ec("k1", "P-384").public],
    "a point that is on no curve": [{**ec("k1").public, "x": "AAAA"}],
    "a key without a kind": [{"kid": "k1"}],
    "a kind that is a list": [{**GOOD, "kty": ["RSA"]}],
    "a modulus that is no text": [{**GOOD, "n": 7}],
    "an exponent of one": [{**GOOD, "e": "AQ"}],
    "a kid that is a number": [{**GOOD, "kid": 1}],
}


@pytest.mark.parametrize("key_set", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_keys_that_are_not_right_are_left_out(stage: Stage, key_set: list[Any]) -> None:
    stage.own.key_set = key_set
    with pytest.raises(ProviderUnavailable):
        await stage.adapter().verify(stage.own.id_token(), "n")
    stage.own.key_set = [*key_set, rsa("k5").public]
    await stage.adapter().verify(stage.own.id_token(rsa("k5")), "n")


@pytest.mark.parametrize("content", [{"keys": {}}, {}, [], "keys", None])
async def test_a_key_set_of_another_form_is_none(stage: Stage, content: object) -> None:
    stage.own.instead[KEYS] = Response.of(content)
    with pytest.raises(ProviderUnavailable):
        await stage.adapter().verify(stage.own.id_token(), "n")


async def test_a_slash_at_the_end_of_an_issuer_is_part_of_it(stage: Stage) -> None:
    stage.own.issuer += "/"
    await stage.adapter().verify(stage.own.id_token(), "n")
    assert stage.own.asked[0] == DISCOVERY


APPLE, MOVED = "https://appleid.apple.com", "https://account.apple.com"


@dataclass
class Web:
    """What is at which address; everything else is missing."""

    documents: dict[str, object]
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str, *, is_named_by_operator: bool) -> Answer:
        self.asked.append(url)
        if url not in self.documents:
            return Answer(302, "text/html", b"")
        return Answer(200, "application/json", json.dumps(self.documents[url]).encode())

    async def post(
        self, url: str, form: Any, *, is_named_by_operator: bool, authorization: str | None = None
    ) -> Answer:
        raise AssertionError


def document(host: str, issuer: str) -> dict[str, str]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{host}/auth/authorize",
        "token_endpoint": f"{host}/auth/token",
        "jwks_uri": f"{host}/auth/keys",
    }


async def test_apple_is_found_when_its_documents_move_as_they_did_in_2025() -> None:
    keys = {"keys": [rsa("k1").public]}
    moved = Web({MOVED + DISCOVERY: document(MOVED, MOVED), f"{MOVED}/auth/keys": keys})
    assert (await look(moved, APPLE))[0].token_endpoint == f"{MOVED}/auth/token"
    assert moved.asked == [APPLE + DISCOVERY, MOVED + DISCOVERY, f"{MOVED}/auth/keys"]

    renamed = Web({APPLE + DISCOVERY: document(APPLE, MOVED), f"{APPLE}/auth/keys": keys})
    assert (await look(renamed, APPLE))[0].token_endpoint == f"{APPLE}/auth/token"
    assert renamed.asked == [APPLE + DISCOVERY, f"{APPLE}/auth/keys"]


async def test_the_first_failure_is_reported_of_an_issuer_with_two_hosts() -> None:
    nowhere = Web({})
    with pytest.raises(Unusable, match=f"{APPLE}{DISCOVERY} answers with status 302"):
        await look(nowhere, APPLE)
    assert nowhere.asked == [APPLE + DISCOVERY, MOVED + DISCOVERY]


async def test_no_other_issuer_has_a_second_host() -> None:
    issuer = "https://id.example"
    nowhere = Web({MOVED + DISCOVERY: document(MOVED, MOVED)})
    with pytest.raises(Unusable):
        await look(nowhere, issuer)
    assert nowhere.asked == [issuer + DISCOVERY]
    with pytest.raises(Unusable, match="calls itself"):
        await look(Web({APPLE + DISCOVERY: document(APPLE, issuer)}), APPLE)


async def test_a_refusal_has_a_reason_that_repeats_nothing_of_the_token(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = stage.own.id_token(aud="stranger.example")
    with pytest.raises(InvalidIdToken) as refused:
        await stage.adapter().verify(token, "n")
    assert refused.value.reason == "it is for a client that is not among the client ids of the provider"
    assert refused.value.__cause__ is None
    assert token not in caplog.text
    assert "stranger" not in caplog.text


async def _until(stage: Stage, asked: list[str]) -> None:
    for _ in range(200):
        if stage.own.asked == asked:
            break
        await asyncio.sleep(0.01)
    assert stage.own.asked == asked
    # The response is still to be read.
    await asyncio.sleep(0.05)
