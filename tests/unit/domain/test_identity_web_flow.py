"""What is remembered of a sign-in at another provider, and which browser and app it is for."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.identity import IdentityClaims
from bukhindor.domain.identity_web_flow import (
    CODE_LIFE,
    FLOW_LIFE,
    AppState,
    CodeChallenge,
    CodeVerifier,
    Destination,
    ProvenIdentity,
    ProviderAnswer,
    WebFlow,
    browser_mark,
)
from tests.makers import T0

# RFC 7636 appendix B.
VERIFIER = CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
BROWSER = "b" * 43
SESSION = UUID(int=7)
HERE = Destination(redirect_uri="com.example.app:/signed-in", challenge=CHALLENGE)
FLOW = WebFlow(
    provider="google", destination=HERE, secret=bytes(32), browser=browser_mark(BROWSER), expires_at=T0 + FLOW_LIFE
)
CLAIMS = IdentityClaims(
    provider="google",
    issuer="https://accounts.google.com",
    subject="1",
    audience="web",
    email=None,
    is_email_verified=False,
    is_private_email=False,
    name=None,
    amr=(),
    token_hash=bytes(32),
    expires_at=T0,
)
IDENTITY = ProvenIdentity(
    claims=CLAIMS, name=None, grant=None, challenge=CHALLENGE, session_id=None, expires_at=T0 + CODE_LIFE
)


def test_the_challenge_is_that_of_the_standard() -> None:
    assert VERIFIER.challenge == CHALLENGE
    assert CodeChallenge.parse(CHALLENGE) == CHALLENGE
    assert VERIFIER not in repr(VERIFIER)


@given(st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True))
def test_every_verifier_has_a_challenge(text: str) -> None:
    challenge = CodeVerifier.parse(text).challenge
    assert CodeChallenge.parse(challenge) == challenge


@pytest.mark.parametrize("raw", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "+", "a" * 42 + "\n", "я" * 43])
def test_what_no_challenge_can_be_is_refused(raw: str) -> None:
    """RFC 7636 section 4.2; a challenge is never the verifier itself, as with the method `plain` of 44 characters."""
    with pytest.raises(InvalidValue, match="43 characters"):
        CodeChallenge.parse(raw)


@pytest.mark.parametrize("raw", ["", "a" * 42, "a" * 129, "a" * 43 + "/", "a" * 43 + "\n", "я" * 43])
def test_what_no_verifier_can_be_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValue, match="43 to 128"):
        CodeVerifier.parse(raw)


@pytest.mark.parametrize("raw", ["a" * 501, "a\nb", "a\x7f", "привет"])
def test_a_state_that_could_break_an_address_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValue, match="visible"):
        AppState.parse(raw)
    assert AppState.parse(" {}&#") == " {}&#"


def test_nonce_and_verifier_are_of_one_sign_in() -> None:
    other = replace(FLOW, secret=bytes(31) + b"1")
    assert len({FLOW.nonce, FLOW.verifier, other.nonce, other.verifier}) == 4
    assert CodeVerifier.parse(FLOW.verifier) == FLOW.verifier
    assert FLOW.mark != other.mark
    assert len(FLOW.mark) == 32
    assert repr(bytes(32)) not in repr(FLOW)


def test_a_response_fits_its_provider_its_browser_and_its_time() -> None:
    last = T0 + FLOW_LIFE - timedelta(microseconds=1)
    assert FLOW.fits("google", BROWSER, last)
    assert not FLOW.fits("google", BROWSER, T0 + FLOW_LIFE)
    assert not FLOW.fits("apple", BROWSER, T0)
    assert not FLOW.fits("google", "c" * 43, T0)
    assert not FLOW.fits("google", None, T0)


def test_an_identity_is_for_its_verifier_its_session_and_its_minute() -> None:
    assert IDENTITY.is_for(VERIFIER, None, T0 + CODE_LIFE - timedelta(microseconds=1))
    assert not IDENTITY.is_for(VERIFIER, None, T0 + CODE_LIFE)
    assert not IDENTITY.is_for(CodeVerifier("x" * 43), None, T0)
    assert not IDENTITY.is_for(VERIFIER, SESSION, T0)
    linking = replace(IDENTITY, session_id=SESSION)
    assert linking.is_for(VERIFIER, SESSION, T0)
    assert not linking.is_for(VERIFIER, None, T0)
    assert not linking.is_for(VERIFIER, UUID(int=8), T0)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("access_denied", "access_denied"),
        ("user_cancelled_authorize", "access_denied"),
        ("server_error", "provider_refused"),
        ("<script>", "provider_refused"),
        (None, "provider_refused"),
    ],
)
def test_the_app_reads_words_of_ours_only(error: str | None, word: str) -> None:
    assert ProviderAnswer(state="", error=error).refusal == word
