"""What every source of identifiers does."""

import re
import time
from uuid import RFC_4122

import pytest

from bukhindor.adapters.system.identifiers import SystemIdentifiers
from bukhindor.ports.system import Identifiers
from tests.fakes.identifiers import FakeIdentifiers

SOME = 1_000


@pytest.fixture(params=[SystemIdentifiers, FakeIdentifiers])
def identifiers(request: pytest.FixtureRequest) -> Identifiers:
    source: Identifiers = request.param()
    return source


def test_users_and_events_have_version_7_and_sessions_version_4(identifiers: Identifiers) -> None:
    """RFC 9562 sections 5.4 and 5.7."""
    for _ in range(SOME):
        user_id, session_id = identifiers.user_id(), identifiers.session_id()
        event_id = identifiers.event_id()
        assert (user_id.version, user_id.variant) == (7, RFC_4122)
        assert (event_id.version, event_id.variant) == (7, RFC_4122)
        assert (session_id.version, session_id.variant) == (4, RFC_4122)


def test_no_identifier_comes_twice(identifiers: Identifiers) -> None:
    for make in (
        identifiers.user_id,
        identifiers.event_id,
        identifiers.session_id,
        identifiers.token_id,
        identifiers.seed,
    ):
        assert len({make() for _ in range(SOME)}) == SOME


def test_secrets_are_long_enough(identifiers: Identifiers) -> None:
    assert len(identifiers.seed()) == 32
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", identifiers.token_id())


def test_the_ids_of_users_and_events_tell_when_they_were_made() -> None:
    before = time.time_ns() // 1_000_000
    made = [SystemIdentifiers().user_id().int >> 80, SystemIdentifiers().event_id().int >> 80]
    assert all(before <= moment <= time.time_ns() // 1_000_000 for moment in made)
