"""APP_REDIRECTS: an exact list of addresses, of which none runs in the service's place or is read on the way."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.redirects import app_redirects
from bukhindor.domain.identity_web_flow import Destination

GOOD = (
    "com.example.app:/signed-in",
    "com.example.app://signed-in/here",
    "https://app.example.com",
    "https://app.example.com/signed-in",
    "https://app.example.com:8443/signed-in?from=elsewhere",
    "http://localhost:3000/signed-in",
    "http://127.0.0.1:8000/",
    "http://[::1]:8000/",
)


def problem_of(value: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({"APP_REDIRECTS": value}, None)
    (problem,) = refused.value.problems
    assert problem.startswith("APP_REDIRECTS: ")
    assert problem.endswith("; for example com.example.app:/signed-in")
    assert problem.isprintable()
    return problem


def test_without_the_setting_a_sign_in_ends_nowhere() -> None:
    assert Settings.read({}, None).apps.redirects == ()


def test_addresses_are_kept_as_they_are_written() -> None:
    assert Settings.read({"APP_REDIRECTS": ", ".join((*GOOD, GOOD[0]))}, None).apps.redirects == GOOD


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("javascript:alert(1)", "is no scheme of your own"),
        ("data:text/html;base64/aGk=", "is no scheme of your own"),
        ("file:///etc/passwd", "is no scheme of your own"),
        ("vbscript:x", "is no scheme of your own"),
        ("intent://x", "is no scheme of your own"),
        ("myapp://signed-in", "(RFC 8252)"),
        ("http://app.example.com/signed-in", "is not https"),
        ("http://localhost.example.com/", "is not https"),
        ("https://app.example.com/#done", "fragment"),
        ("com.example.app:/signed-in#done", "fragment"),
        ("https://*.example.com/signed-in", "asterisk"),
        ("https://app.example.com/*", "asterisk"),
        ("https://user@app.example.com/", "https://host/path"),
        ("https://App.example.com/", "https://host/path"),
        ("https:app.example.com/", "https://host/path"),
        ("https:///signed-in", "https://host/path"),
        ("https://app..example.com/", "https://host/path"),
        ("https://app.example.com:0/", "https://host/path"),
        ("https://app.example.com:99999/", "is not an address"),
        ("https://[::1/", "is not an address"),
        ("https://app.example.com/[x]", "https://host/path"),
        ("HTTPS://app.example.com/", "lower case"),
        ("com.example.app:", "is not an address with a scheme"),
        ("app.example.com/signed-in", "is not an address with a scheme"),
        ("com.example.app:/signed in", "belong in no address"),
        ("com.example.app:/signed\\in", "belong in no address"),
        ("com.example.app:/вход", "belong in no address"),
        ("com.example.app:/%zz", "belong in no address"),
        ("com.example.app:/[x]", "brackets"),
        ("com.example.app:/signed-in?code=1", "already"),
        ("https://app.example.com/?state", "already"),
        (f"https://app.example.com/{'x' * 500}", "500 characters"),
    ],
)
def test_what_leads_astray_is_refused(value: str, reason: str) -> None:
    """IDP-08"""
    assert reason in problem_of(value)


@given(st.text(alphabet="abcdefhjilnorstvp:/.?#*[]@%=&\\ \t\u00e9\u0430019", max_size=40))
def test_whatever_is_accepted_is_a_page_or_an_app_of_the_team(text: str) -> None:
    """IDP-08"""
    try:
        accepted = app_redirects(text)
    except ValueError:
        return
    for address in accepted:
        parts = urlsplit(address)
        assert address.isascii()
        assert not set(address) & set("#*\\ \t\n,")
        assert parts.scheme == "https" or "." in parts.scheme or parts.hostname in ("localhost", "::1", "127.0.0.1")


@given(
    st.sampled_from(GOOD),
    st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80),
    st.text(alphabet="ABCxyz019-_", min_size=1, max_size=80),
)
def test_a_response_only_adds_to_the_query(redirect: str, state: str, code: str) -> None:
    """RFC 6749 section 3.1.2: what the address has already stays, and the app reads back what it gave."""
    address = Destination(redirect_uri=redirect, challenge="", app_state=state).with_answer({"code": code})
    assert address.startswith(redirect)
    assert address.isascii()
    before, after = parse_qs(urlsplit(redirect).query), parse_qs(urlsplit(address).query)
    assert after == before | {"code": [code]} | ({"state": [state]} if state else {})
    assert urlsplit(address)[:3] == urlsplit(redirect)[:3]
    assert urlsplit(address).fragment == ""
