"""Which names in the Host header are ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.web.edge.answered_hosts import AnsweredHosts, read_host

NOBODY_ELSE = AnsweredHosts()
OURS = AnsweredHosts(frozenset(filter(None, map(read_host, ("box.example.com", "192.0.2.7", "[2001:db8::7]")))))
ANY_ADDRESS = AnsweredHosts(any_address=True)


@pytest.mark.parametrize(
    "header",
    [
        "localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "127.9.9.9:65535", "[::1]", "[::1]:8080",
        "[0:0:0:0:0:0:0:1]:80", "[::ffff:127.0.0.1]", "localhost:",
    ],
)  # fmt: skip
def test_this_machine_is_always_meant_whatever_the_port(header: str) -> None:
    """CFG-05"""
    assert NOBODY_ELSE.answer_to(header)
    assert OURS.answer_to(header)
    assert ANY_ADDRESS.answer_to(header)


@pytest.mark.parametrize(
    "header",
    [
        None, "", ":", ":8080", "[", "]", "[]", "[]:80", "[::1", "::1]", "::1", "[::1]x", "[::1]:x", "[[::1]]",
        "[127.0.0.1]", "[::1%lo]", "localhost:8080:8080", "localhost:x", "localhost:-1", "localhost:123456",
        "localhost@evil.example", "evil.example@localhost", "localhost/..", "localhost.evil.example",
        "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "127.0.0.1.nip.io", "127.1", "0x7f.0.0.1",
        "2130706433", "localhost ", " localhost", "localhost\x00", "local\u212aost", "\xff", "localhost,evil.example",
        "x" * 100_000,
    ],
)  # fmt: skip
def test_what_is_not_this_machine_belongs_to_another_party(header: str | None) -> None:
    """CFG-05"""
    assert not NOBODY_ELSE.answer_to(header)
    assert not OURS.answer_to(header)
    assert not ANY_ADDRESS.answer_to(header)


@pytest.mark.parametrize(
    "header", ["box.example.com", "BOX.Example.com:8443", "192.0.2.7:80", "[2001:db8::7]", "[2001:DB8:0::7]:1"]
)
def test_what_the_operator_has_named_is_ours(header: str) -> None:
    assert OURS.answer_to(header)
    assert not NOBODY_ELSE.answer_to(header)


@pytest.mark.parametrize("header", ["192.0.2.1", "10.0.0.5:8080", "[2001:db8::1]:8080", "0.0.0.0:8080"])
def test_an_address_is_no_name_that_could_be_turned_around(header: str) -> None:
    """CFG-05"""
    assert ANY_ADDRESS.answer_to(header)
    assert not NOBODY_ELSE.answer_to(header)


@given(st.binary(max_size=80))
def test_any_bytes_can_be_asked_about(raw: bytes) -> None:
    """CFG-05"""
    for hosts in (NOBODY_ELSE, OURS, ANY_ADDRESS):
        assert hosts.answer_to(raw.decode("latin-1")) in (True, False)


@given(st.text(alphabet="[]:.%@1fx", max_size=40))
def test_any_mixture_of_brackets_and_colons_can_be_asked_about(text: str) -> None:
    """CFG-05"""
    assert ANY_ADDRESS.answer_to(text) in (True, False)
