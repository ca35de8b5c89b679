"""The service dies during writes."""

import pytest

from tests.faults.crash_stories import CRASHES
from tests.faults.postgres_stories import Story
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", CRASHES.values(), ids=CRASHES)
async def test_what_was_acknowledged_is_there_afterwards(stage: Stage, story: Story) -> None:
    """REL-03: no half registration either."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
