"""A mail server that says nothing, clients that lose answers, and a clock that is set."""

import pytest

from tests.faults.clock_stories import CLOCK
from tests.faults.duplicate_stories import DUPLICATES
from tests.faults.mail_stories import MAIL
from tests.faults.postgres_stories import Story
from tests.faults.stage import Stage


@pytest.mark.parametrize("story", MAIL.values(), ids=MAIL)
async def test_requests_go_on_while_mails_wait(stage: Stage, story: Story) -> None:
    """REL-15."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen


@pytest.mark.parametrize("story", DUPLICATES.values(), ids=DUPLICATES)
async def test_what_is_asked_again_happens_once(stage: Stage, story: Story) -> None:
    """REL-19."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen


@pytest.mark.parametrize("story", CLOCK.values(), ids=CLOCK)
async def test_a_clock_that_is_set_brings_nothing_back(stage: Stage, story: Story) -> None:
    """REL-16."""
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
