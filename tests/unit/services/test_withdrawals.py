"""Withdrawing the service's access at providers."""

import logging
from datetime import timedelta

import pytest

from bukhindor.domain.withdrawal import LIFE
from tests.makers import make_withdrawal
from tests.unit.services.scene import Scene, told


async def test_a_due_withdrawal_is_carried_out_once(scene: Scene) -> None:
    assert await scene.services.provider_withdrawals.withdraw_due() == 0
    withdrawal = make_withdrawal()
    await scene.store.withdrawals.add(withdrawal)
    assert await scene.services.provider_withdrawals.withdraw_due() == 1
    assert await scene.services.provider_withdrawals.withdraw_due() == 0
    assert scene.apple.revoked == [withdrawal.grant]
    assert scene.store.committed.withdrawals == {}


async def test_a_withdrawal_is_retried_for_a_day_while_the_provider_is_away_and_then_given_up(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.store.withdrawals.add(make_withdrawal())
    scene.apple.is_away = True
    pauses, start = [], scene.clock.now()
    while scene.store.committed.withdrawals:
        assert await scene.services.provider_withdrawals.withdraw_due() == 1
        for waiting in scene.store.committed.withdrawals.values():
            pauses.append(waiting.due_at - scene.clock.now())
            assert await scene.services.provider_withdrawals.withdraw_due() == 0
            scene.clock.advance(pauses[-1])
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(pauses) == timedelta(hours=1)
    assert LIFE <= scene.clock.now() - start < LIFE + timedelta(hours=1)
    assert told(caplog)[-1].levelno == logging.ERROR
    assert scene.apple.revoked == []


@pytest.mark.parametrize("parts", [{"provider": "removed"}, {"grant": None}])
async def test_what_can_not_be_tried_now_waits(scene: Scene, parts: dict[str, str | None]) -> None:
    """The operator may bring the provider, or the secret that opens the grant, back."""
    await scene.store.withdrawals.add(make_withdrawal(**parts))
    assert await scene.services.provider_withdrawals.withdraw_due() == 1
    assert len(scene.store.committed.withdrawals) == 1
    assert scene.apple.asked == 0
