"""The embedded database can't be written for a while: writes are refused, reads go on, and it comes back by itself."""

import pytest

from tests.faults.postgres_stories import Story
from tests.faults.sqlite_stories import SQLITE
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", SQLITE.values(), ids=SQLITE)
async def test_reads_go_on_while_nothing_can_be_written(stage: Stage, story: Story) -> None:
    """REL-06, REL-07."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
