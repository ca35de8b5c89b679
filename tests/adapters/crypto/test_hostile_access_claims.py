"""Access tokens whose header and signature are the server's own, and whose claims are not what it would write."""

import json

import pytest

from tests.adapters.crypto.access_token_scenes import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    NOW,
    PAYLOAD,
    SECONDS,
    changed,
    forged,
    refused,
    server,
)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECONDS - 11},
        {"exp": SECONDS - 10},
        {"exp": None},
        {"exp": "2099"},
        {"exp": str(SECONDS + 900)},
        {"exp": True},
        {"exp": -1},
        {"exp": 0},
        {"exp": [SECONDS + 900]},
        {"exp": {}},
        {"exp": SECONDS + 900.0},
        {"exp": SECONDS + 900.5},
        {"exp": 10**12},
        {"exp": 10**30},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": None},
        {"iat": "yesterday"},
        {"iat": float(SECONDS)},
        {"iat": False},
        {"nbf": SECONDS + 3600},
        {"nbf": SECONDS + 11},
        {"nbf": "later"},
    ],
    ids=str,
)
def test_times_are_whole_numbers_and_hold_now(claims: dict[str, object]) -> None:
    """JWT-07."""
    assert refused(changed(**claims))


@pytest.mark.parametrize("written", ["1e400", "1.9e12", "-0", "1893499200e0", "0x7fffffff", "null", "1_893_499_200"])
def test_a_number_written_in_another_way_is_no_time(written: str) -> None:
    """JWT-07."""
    payload = json.dumps(dict(PAYLOAD)).replace(str(SECONDS + 900), written)

    assert refused(forged(payload=payload.encode()))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECONDS - 9},
        {"iat": SECONDS + 3600},
        {"nbf": SECONDS + 10},
        {"nbf": 0},
        {"scope": "x", "email": {"a": 1}},
    ],
    ids=str,
)
def test_times_within_the_leeway_and_unknown_claims_are_accepted(claims: dict[str, object]) -> None:
    assert not refused(changed(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.com"},
        {"iss": ISSUER + "/"},
        {"iss": ISSUER[:-1]},
        {"iss": ISSUER.upper()},
        {"iss": [ISSUER]},
        {"iss": ""},
        {"iss": None},
        {"aud": "other"},
        {"aud": AUDIENCE + "x"},
        {"aud": AUDIENCE[:-1]},
        {"aud": ["other"]},
        {"aud": ["other", AUDIENCE + "x"]},
        {"aud": {"value": AUDIENCE}},
        {"aud": []},
        {"aud": None},
    ],
    ids=str,
)
def test_a_token_of_another_issuer_or_audience_is_refused(claims: dict[str, object]) -> None:
    """JWT-09: equal strings, no parts and no lists."""
    assert refused(changed(**claims))


def test_servers_of_another_issuer_or_audience_refuse_our_tokens() -> None:
    """JWT-09."""
    assert server(issuer="https://staging.example.com").read(forged(), NOW) is None
    assert server(audience="other").read(forged(), NOW) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": "1"},
        {"sub": 1},
        {"sub": str(CLAIMS.user_id).upper()},
        {"sub": CLAIMS.user_id.hex},
        {"sub": f"{{{CLAIMS.user_id}}}"},
        {"sub": f"urn:uuid:{CLAIMS.user_id}"},
        {"sub": f"{CLAIMS.user_id}\n"},
        {"sid": None},
        {"sid": "x"},
        {"sid": [str(CLAIMS.session_id)]},
        {"gen": None},
        {"gen": 0},
        {"gen": -1},
        {"gen": 1.0},
        {"gen": True},
        {"gen": "1"},
        {"gen": 2**32},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 65},
        {"role": None},
        {"role": "root"},
        {"role": "Admin"},
        {"role": ["admin"]},
    ],
    ids=str,
)
def test_claims_of_another_type_or_form_are_refused(claims: dict[str, object]) -> None:
    """JWT-08: what another purpose may sign lacks or spells at least one of these differently."""
    assert refused(changed(**claims))


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{", b'{"x":' + b"[" * 1200, b'"x"'])
def test_a_signed_payload_that_is_no_object_of_claims_is_refused(payload: bytes) -> None:
    """JWT-13: deep nesting too."""
    assert refused(forged(payload=payload))
