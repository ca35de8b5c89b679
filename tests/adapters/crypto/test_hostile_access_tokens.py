"""Access tokens of a hostile form; most are signed with the server's own key, so only the form betrays them."""

import hashlib
import hmac
import json
import time
import tracemalloc
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from tests.adapters.crypto.access_token_scenes import (
    CLAIMS,
    HEADER,
    KEY,
    NOW,
    PAYLOAD,
    SECONDS,
    encoded,
    forged,
    own_private_key,
    refused,
    server,
    stranger,
)

GENUINE = forged()
HEADER_PART, PAYLOAD_PART, SIGNATURE_PART = GENUINE.split(".")
FULL_SIGNATURE = encoded(b"\xff" * 64)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_the_forger_of_these_tests_would_be_believed_with_an_honest_token() -> None:
    assert server().read(GENUINE, NOW) == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, "ES384", "RS256", "es256", 1, ["ES256"]])
@pytest.mark.parametrize("signature", ["", SIGNATURE_PART], ids=["no signature", "a signature"])
def test_another_algorithm_is_refused(alg: object, signature: str) -> None:
    """JWT-01."""
    header = {**HEADER, "alg": alg}

    assert refused(f"{encoded(header)}.{PAYLOAD_PART}.{signature}")
    assert refused(forged(header))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "null",
        HEADER_PART,
        f"{HEADER_PART}.{PAYLOAD_PART}",
        f"{HEADER_PART}.{PAYLOAD_PART}.",
        f"{HEADER_PART}..{SIGNATURE_PART}",
        f".{PAYLOAD_PART}.{SIGNATURE_PART}",
        f"{GENUINE}.",
        f".{GENUINE}",
        f"{GENUINE}.{SIGNATURE_PART}",
        f"{HEADER_PART}.{PAYLOAD_PART}.{encoded(bytes(64))}",
        f"{HEADER_PART}.{PAYLOAD_PART}.{FULL_SIGNATURE}",
        f"{HEADER_PART}.A.{SIGNATURE_PART}",
        GENUINE.encode().hex(),
    ],
    ids=lambda token: f"{len(token)} characters",
)
def test_a_token_in_parts_is_refused(token: str) -> None:
    """JWT-01."""
    assert refused(token)


def test_the_public_key_is_no_shared_secret() -> None:
    """JWT-02: HS256 under every spelling of the public key, with the key's name in the header."""
    public = own_private_key().public_key()
    spellings = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(dict(KEY.public_jwk)).encode(),
        KEY.kid.encode(),
        b"",
        b"secret",
    ]
    for spelling in spellings:
        for secret in (spelling, spelling + b"\n", b"\n" + spelling, spelling.strip()):
            for header in (HEADER_PART, encoded({**HEADER, "alg": "HS256"})):
                signed = f"{header}.{PAYLOAD_PART}"
                mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
                assert refused(f"{signed}.{encoded(mac)}")
                assert refused(f"{signed}.{encoded(mac + mac)}")


def test_keys_in_the_header_are_ignored() -> None:
    """JWT-03: no key of a header is used or fetched."""
    attacker = stranger()
    jwk = ECKey.import_key(attacker.public_key()).as_dict(private=False)
    for extra in (
        {"jwk": jwk},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"x5u": "http://127.0.0.1:9/cert.pem"},
        {"x5c": [b64encode(b"certificate").decode()]},
        {},
    ):
        header = {**HEADER, **extra}
        assert refused(forged(header, key=attacker))
        assert refused(forged({**header, "kid": "attacker"}, key=attacker))
        assert not extra or refused(forged(header))


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "' OR 1=1--",
        "\x00",
        KEY.kid + "\x00",
        KEY.kid.lower(),
        " " + KEY.kid,
        "x" * 65536,
        "unknown",
        "",
        [KEY.kid],
        {"kid": KEY.kid},
        7,
        None,
    ],
    ids=lambda kid: repr(kid).lower().replace(KEY.kid.lower(), "kid")[:20],
)
def test_the_name_of_a_key_is_only_compared(kid: object) -> None:
    """JWT-04."""
    token = forged({**HEADER, "kid": kid})
    started = time.thread_time()

    assert refused(token)
    assert not server().knows_key_of(token)
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "crit": ["x"]},
        {**HEADER, "crit": ["exp"], "exp": SECONDS + 900},
        {**HEADER, "crit": []},
        {**HEADER, "b64": False, "crit": ["b64"]},
        {**HEADER, "b64": False},
        {**HEADER, "zip": "DEF"},
        {**HEADER, "cty": "JWT"},
        {**HEADER, "typ": "JWT"},
        {**HEADER, "typ": "AT+JWT"},
        {**HEADER, "typ": "application/at+jwt"},
        {"alg": "ES256", "kid": KEY.kid},
        {"typ": "at+jwt", "alg": "ES256"},
        {"kid": KEY.kid, "alg": "ES256", "typ": "at+jwt"},
        json.dumps(HEADER).encode(),
        json.dumps(HEADER, separators=(",", ":")).encode()[:-1] + b',"alg":"none"}',
        b'{"alg":"none",' + json.dumps(HEADER, separators=(",", ":")).encode()[1:],
        b"null",
        b"[]",
        b"\xff",
        b"{" * 1000,
    ],
    ids=lambda header: str(header).replace(KEY.kid, "kid")[:60],
)
def test_a_header_is_ours_to_the_byte_or_refused(header: bytes | dict[str, object]) -> None:
    """JWT-05, JWT-08 and JWT-14: correctly signed, with a header that we would not write."""
    assert refused(forged(header))


def test_other_serialisations_and_oversized_tokens_are_refused_quickly() -> None:
    """JWT-13."""
    flattened = {"protected": HEADER_PART, "payload": PAYLOAD_PART, "signature": SIGNATURE_PART}
    hostile = [
        ".".join(["eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiemlwIjoiREVGIn0", "", "A" * 16, "A" * 1000, "A" * 22]),
        json.dumps(flattened),
        json.dumps({"payload": PAYLOAD_PART, "signatures": [flattened]}),
        "A" * 1_000_000,
        "." * 1_000_000,
        f"{HEADER_PART}.{'A' * 1_000_000}.{SIGNATURE_PART}",
        forged(payload={**PAYLOAD, "padding": "x" * 3000}),
    ]
    tokens = server()
    tracemalloc.start()
    started = time.thread_time()

    answers = [tokens.read(token, NOW) for token in hostile]

    assert time.thread_time() - started < 0.5
    assert tracemalloc.get_traced_memory()[1] < 10 * 1024 * 1024
    tracemalloc.stop()
    assert answers == [None] * len(hostile)


def test_every_other_spelling_of_a_genuine_token_is_refused() -> None:
    """JWT-14: padding, the other alphabet, white space, and spare bits of the last character."""
    aliases = {SIGNATURE_PART[:-1] + letter for letter in ALPHABET} - {SIGNATURE_PART}
    spellings = [
        *(f"{HEADER_PART}.{PAYLOAD_PART}.{alias}" for alias in aliases),
        GENUINE + "=",
        GENUINE + "==",
        f"{HEADER_PART}=.{PAYLOAD_PART}.{SIGNATURE_PART}",
        f"{HEADER_PART}.{PAYLOAD_PART}==.{SIGNATURE_PART}",
        GENUINE.replace("-", "+").replace("_", "/") + "+",
        *(f"{space}{GENUINE}" for space in " \n\t\x00"),
        *(f"{GENUINE}{space}" for space in " \n\t\x00"),
        GENUINE.replace(".", " . "),
        GENUINE.replace(".", "\uff0e"),
        GENUINE.replace("e", "\uff45", 1),
        GENUINE + "\ud800",
    ]
    for spelling in spellings:
        assert refused(spelling)


def test_no_character_of_a_genuine_token_can_be_changed() -> None:
    """JWT-14: nothing is read as a different subject."""
    tokens = server()
    for position, letter in enumerate(GENUINE):
        other = "B" if letter == "A" else "A"
        assert tokens.read(GENUINE[:position] + other + GENUINE[position + 1 :], NOW) is None


def test_signatures_of_other_keys_curves_and_encodings_are_refused() -> None:
    signed = f"{HEADER_PART}.{PAYLOAD_PART}".encode()
    der = own_private_key().sign(signed, ECDSA(SHA256()))
    p384 = generate_private_key(SECP384R1()).sign(signed, ECDSA(SHA256()))

    assert refused(forged(key=stranger()))
    for signature in (der, der[:64], p384[:64], p384):
        assert refused(f"{signed.decode()}.{encoded(signature)}")


@given(st.one_of(st.text(), st.text(alphabet=ALPHABET + ".", max_size=300).map(f"{HEADER_PART}.".__add__)))
def test_no_text_makes_reading_fail(text: str) -> None:
    tokens = server()

    assert tokens.read(text, NOW) is None
    assert tokens.knows_key_of(text) is (text.partition(".")[0] == HEADER_PART)
