"""Access tokens that we issue: what they say, how long they live, which key signs and reads them."""

import json
import tracemalloc
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import Role
from bukhindor.ports.secrets import AccessTokens
from tests.adapters.crypto.access_token_scenes import (
    AUDIENCE,
    CLAIMS,
    HEADER,
    ISSUER,
    KEY,
    NOW,
    PAYLOAD,
    SECRETS,
    forged,
    server,
)
from tests.makers import make_key_ring

OTHER_SECRETS = SecretKeys([b"quite another secret of 32 characters"])


LATER = NOW + timedelta(hours=2)


def ring_of(*keys: SigningKey, secrets: SecretKeys = SECRETS, cache_size: int = 100) -> SignedAccessTokens:
    tokens = SignedAccessTokens(ISSUER, [AUDIENCE], AUDIENCE, secrets, cache_size=cache_size)
    tokens.use(make_key_ring(*keys, now=NOW))
    return tokens


def new_key(at: datetime = NOW, secrets: SecretKeys = SECRETS) -> SigningKey:
    return Es256SigningKeyMaker(secrets).make(at)


def header_of(token: str) -> dict[str, object]:
    part = token.partition(".")[0]
    header = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(header, dict)
    return header


def payload_of(token: str) -> object:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def kids_that_sign(tokens: AccessTokens) -> object:
    return header_of(tokens.issue(CLAIMS))["kid"]


def test_what_was_issued_is_read_again() -> None:
    tokens: AccessTokens = server()

    assert tokens.can_sign()
    assert tokens.read(tokens.issue(CLAIMS), NOW) == CLAIMS


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_read_again(role: Role) -> None:
    claims = replace(CLAIMS, role=role)

    assert server().read(server().issue(claims), NOW) == claims


def test_a_token_says_what_other_services_need_and_nothing_personal() -> None:
    """JWT-12; the bytes of the header must stay what they are, or a new release signs everybody out."""
    token = server().issue(CLAIMS)

    decoded = jwt.decode(token, ECKey.import_key(dict(KEY.public_jwk)), algorithms=["ES256"])

    assert decoded.claims == PAYLOAD
    assert token.partition(".")[0] == forged().partition(".")[0]
    assert header_of(token) == HEADER


def test_parts_of_seconds_are_cut_off() -> None:
    fraction = timedelta(microseconds=999_999)
    claims = replace(CLAIMS, issued_at=NOW + fraction, expires_at=CLAIMS.expires_at + fraction)

    assert server().read(server().issue(claims), NOW) == CLAIMS


@pytest.mark.parametrize(
    ("moment", "lives"),
    [
        (NOW - timedelta(days=1), True),
        (NOW - timedelta(seconds=15), True),
        (NOW, True),
        (CLAIMS.expires_at, True),
        (CLAIMS.expires_at + timedelta(seconds=9), True),
        (CLAIMS.expires_at + timedelta(seconds=9, microseconds=999_999), True),
        (CLAIMS.expires_at + timedelta(seconds=10), False),
        (CLAIMS.expires_at + timedelta(seconds=11), False),
        (CLAIMS.expires_at + timedelta(days=36500), False),
    ],
    ids=str,
)
def test_a_token_lives_until_its_expiry_and_ten_seconds(moment: datetime, lives: bool) -> None:
    """JWT-07, REL-16, also when the signature is known from before. A token that seems to come from the future was
    issued by a server whose clock is ahead, or before this one's clock was set back.
    """
    tokens = server()
    token = tokens.issue(CLAIMS)

    for _ in range(2):
        assert (tokens.read(token, moment) is not None) is lives
    assert tokens.read(token, NOW) == CLAIMS
    assert (tokens.read(token, moment) is not None) is lives


def test_a_server_without_a_key_does_not_sign_or_read() -> None:
    tokens = SignedAccessTokens(ISSUER, [AUDIENCE], AUDIENCE, SECRETS)

    assert not tokens.can_sign()
    assert tokens.read(forged(), NOW) is None
    assert not tokens.knows_key_of(forged())
    with pytest.raises(RuntimeError, match="no key"):
        tokens.issue(CLAIMS)


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies() -> None:
    """JWT-15."""
    tokens = ring_of(KEY)
    old_token = tokens.issue(CLAIMS)
    newer = new_key(NOW + timedelta(hours=1))

    tokens.use(make_key_ring(newer, KEY.retired(LATER), now=LATER))

    assert kids_that_sign(tokens) == newer.kid
    assert tokens.read(old_token, NOW) == CLAIMS
    assert tokens.read(tokens.issue(CLAIMS), NOW) == CLAIMS


def test_a_key_that_left_the_ring_reads_nothing_more_even_what_it_read_before() -> None:
    """JWT-15."""
    newer = new_key(NOW + timedelta(hours=1))
    tokens = ring_of(KEY)
    old_token = tokens.issue(CLAIMS)
    assert tokens.read(old_token, NOW) == CLAIMS
    tokens.use(make_key_ring(newer, KEY.retired(LATER), now=LATER))
    new_token = tokens.issue(CLAIMS)
    assert tokens.read(new_token, NOW) == CLAIMS

    tokens.use(make_key_ring(newer, now=LATER))

    assert tokens.read(old_token, NOW) is None
    assert not tokens.knows_key_of(old_token)
    assert tokens.read(new_token, NOW) == CLAIMS


def test_another_public_key_under_the_same_name_reads_nothing_of_the_first() -> None:
    tokens = ring_of(KEY)
    token = tokens.issue(CLAIMS)
    assert tokens.read(token, NOW) == CLAIMS

    tokens.use(make_key_ring(replace(KEY, public_jwk={**new_key().public_jwk, "kid": KEY.kid}), now=LATER))

    assert tokens.read(token, NOW) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_the_oldest_key_that_is_not_retired_signs_in_whatever_order_they_come(order: Sequence[int]) -> None:
    """It has been published for the longest time."""
    keys = [new_key(NOW - timedelta(hours=hour)) for hour in range(3)]
    keys[2] = keys[2].retired(NOW)

    tokens = ring_of(*(keys[place] for place in order))

    assert kids_that_sign(tokens) == keys[1].kid


def test_a_key_that_no_secret_opens_still_verifies() -> None:
    sealed_elsewhere = new_key(NOW + timedelta(hours=1), OTHER_SECRETS)
    elsewhere = ring_of(sealed_elsewhere, secrets=OTHER_SECRETS)

    tokens = ring_of(sealed_elsewhere, KEY)

    assert kids_that_sign(tokens) == KEY.kid
    assert tokens.read(elsewhere.issue(CLAIMS), NOW) == CLAIMS


def test_with_only_sealed_or_retired_keys_nothing_can_be_signed() -> None:
    tokens = ring_of(new_key(secrets=OTHER_SECRETS), KEY.retired(NOW))

    assert not tokens.can_sign()
    assert tokens.read(forged(), NOW) == CLAIMS


def test_a_key_on_another_curve_is_refused_and_the_ring_stays() -> None:
    tokens = server()
    p384 = ECKey.generate_key("P-384").as_dict(private=False)
    odd = replace(KEY, kid="odd", public_jwk={name: str(value) for name, value in p384.items()})

    with pytest.raises(Exception, match="P-256"):
        tokens.use(make_key_ring(odd, now=LATER))

    assert tokens.read(tokens.issue(CLAIMS), NOW) == CLAIMS


def test_the_key_that_a_token_names_is_reported_without_checking_it() -> None:
    tokens = server()
    token = tokens.issue(CLAIMS)

    assert tokens.knows_key_of(token)
    assert tokens.knows_key_of(token[:-5])
    assert not tokens.knows_key_of(ring_of(new_key()).issue(CLAIMS))
    for nonsense in ("", ".", "..", "x", "\x00", token + "x" * 4096, "." + token):
        assert not tokens.knows_key_of(nonsense)


def test_only_the_tokens_used_last_are_remembered() -> None:
    """The memory is bounded however many tokens are genuine; forgetting one changes nothing but the time."""
    tokens = ring_of(KEY, cache_size=2)
    issued = [tokens.issue(replace(CLAIMS, generation=number)) for number in range(1, 6)]

    for _ in range(2):
        read = [tokens.read(token, NOW) for token in issued]
        assert [claims.generation for claims in read if claims] == [1, 2, 3, 4, 5]


def test_genuine_tokens_do_not_fill_the_memory() -> None:
    """300 remembered tokens would take about 400 KB."""
    tokens = ring_of(KEY, cache_size=2)
    tokens.read(tokens.issue(CLAIMS), NOW)
    tracemalloc.start()
    for number in range(1, 301):
        assert tokens.read(tokens.issue(replace(CLAIMS, generation=number)), NOW) is not None
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 100_000


def test_a_server_may_remember_nothing() -> None:
    tokens = ring_of(KEY, cache_size=0)
    token = tokens.issue(CLAIMS)

    assert tokens.read(token, NOW) == tokens.read(token, NOW) == CLAIMS


def test_keys_and_tokens_are_not_printed() -> None:
    tokens = server()
    token = tokens.issue(CLAIMS)
    tokens.read(token, NOW)

    assert token not in repr(tokens)
    assert repr(KEY.sealed_private_key) not in repr(KEY)


def test_a_token_for_several_services_names_all_of_them_and_reads_here() -> None:
    """RFC 9068 section 2.2: `client_id` is required, and `aud` may be a list."""
    tokens = SignedAccessTokens(ISSUER, [AUDIENCE, "https://api.example.com"], "flutter-app", SECRETS)
    tokens.use(make_key_ring(KEY, now=NOW))
    token = tokens.issue(CLAIMS)
    assert payload_of(token) == {**PAYLOAD, "aud": [AUDIENCE, "https://api.example.com"], "client_id": "flutter-app"}
    assert tokens.read(token, NOW) == CLAIMS
    assert server().read(token, NOW) == CLAIMS


def test_custom_claims_stand_beside_ours() -> None:
    tokens = server()
    token = tokens.issue(CLAIMS, {"plan": "gold", "https://hasura.io/jwt/claims": {"x-hasura-role": "user"}})
    assert payload_of(token) == {**PAYLOAD, "plan": "gold", "https://hasura.io/jwt/claims": {"x-hasura-role": "user"}}
    assert tokens.read(token, NOW) == CLAIMS


def test_a_token_of_an_earlier_release_counts_as_signed_in_when_it_was_issued() -> None:
    """For its fifteen minutes after an update; the session in the store decides about dangerous acts."""
    older = {name: value for name, value in PAYLOAD.items() if name not in ("auth_time", "amr", "acr")}
    claims = server().read(forged(payload=older), NOW)
    assert claims is not None
    assert (claims.authenticated_at, claims.methods) == (NOW, ())


def test_a_method_of_a_later_release_is_left_out() -> None:
    claims = server().read(forged(payload={**PAYLOAD, "amr": ["face", "pwd"]}), NOW)
    assert claims is not None
    assert claims.methods == (Method.PASSWORD,)
