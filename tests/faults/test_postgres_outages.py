"""PostgreSQL stops, freezes or goes out of reach: refusals in time, and all is well again without a restart."""

import pytest

from tests.faults.postgres_stories import OUTAGES, Story
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", OUTAGES.values(), ids=OUTAGES)
async def test_an_outage_is_refused_in_time_and_overcome(stage: Stage, story: Story) -> None:
    """REL-08, REL-09, REL-15, DOS-03."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
