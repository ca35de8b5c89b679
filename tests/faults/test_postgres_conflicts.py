"""Locks, deadlocks and other schemas: conflicts cost no more than a wait."""

import pytest

from tests.faults.conflict_stories import CONFLICTS
from tests.faults.postgres_stories import Story
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", CONFLICTS.values(), ids=CONFLICTS)
async def test_nothing_happens_twice_and_no_request_waits_for_long(stage: Stage, story: Story) -> None:
    """REL-08, REL-10, REL-11, REL-25."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
