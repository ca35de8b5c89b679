"""Redis stops, freezes, fills up or forgets: sessions stay right and limits get stricter."""

import pytest

from tests.faults.postgres_stories import Story
from tests.faults.redis_stories import REDIS
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", REDIS.values(), ids=REDIS)
async def test_no_request_is_refused_and_no_limit_gets_looser(stage: Stage, story: Story) -> None:
    """REL-12, REL-13, REL-14."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
