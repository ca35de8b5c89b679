"""The operator sees what waits, and has it delivered."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import Forbidden, MailNotFound, MailUnderWay
from bukhindor.domain.mail import LEASE, MAX_TRIES
from tests.makers import T0, make_queued_mail
from tests.unit.services.scene import Scene

OPERATOR = Operator()
OWNER = UUID(int=7)
GIVEN_UP = make_queued_mail(user_id=OWNER, tries=MAX_TRIES, failed_at=T0)


async def test_mails_are_listed_the_oldest_first(scene: Scene) -> None:
    newer = make_queued_mail(created_at=T0 + timedelta(seconds=1))
    for queued in (newer, GIVEN_UP):
        await scene.store.outbox.add(queued)
    assert await scene.services.mail_queue.oldest(OPERATOR, 10) == [GIVEN_UP, newer]
    assert await scene.services.mail_queue.oldest(OPERATOR, 1) == [GIVEN_UP]


async def test_a_mail_that_was_given_up_is_delivered_after_all(scene: Scene) -> None:
    await scene.store.outbox.add(GIVEN_UP)
    await scene.services.mail_queue.retry(OPERATOR, GIVEN_UP.id)
    assert scene.queued() == [replace(GIVEN_UP, tries=0, failed_at=None, due_at=T0)]
    assert await scene.services.mail_delivery.deliver_due() == 1
    assert scene.mailer.sent == [GIVEN_UP.mail]
    (event,) = scene.events()
    assert (event.type, event.subject_id, event.actor_id) == (AuditType.MAIL_RETRIED, OWNER, None)


async def test_a_mail_in_a_long_pause_need_not_wait(scene: Scene) -> None:
    pausing = make_queued_mail(tries=4, due_at=T0 + timedelta(minutes=30))
    await scene.store.outbox.add(pausing)
    await scene.services.mail_queue.retry(OPERATOR, pausing.id)
    assert await scene.services.mail_delivery.deliver_due() == 1


async def test_a_mail_that_a_worker_may_have_is_left_alone(scene: Scene) -> None:
    await scene.store.outbox.add(leased := make_queued_mail(tries=1, due_at=T0 + LEASE))
    with pytest.raises(MailUnderWay):
        await scene.services.mail_queue.retry(OPERATOR, leased.id)
    assert (scene.queued(), scene.events()) == ([leased], [])


async def test_a_mail_that_is_gone_is_reported(scene: Scene) -> None:
    with pytest.raises(MailNotFound):
        await scene.services.mail_queue.retry(OPERATOR, uuid4())


async def test_all_that_were_given_up_are_delivered(scene: Scene) -> None:
    for queued in (GIVEN_UP, make_queued_mail(failed_at=T0), waiting := make_queued_mail(due_at=T0 + LEASE)):
        await scene.store.outbox.add(queued)
    assert await scene.services.mail_queue.retry_failed(OPERATOR) == 2
    assert await scene.services.mail_delivery.deliver_due() == 2
    assert scene.queued() == [waiting]
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.MAIL_RETRIED, {"mails": "2"})
    assert await scene.services.mail_queue.retry_failed(OPERATOR) == 0
    assert len(scene.events()) == 1


async def test_people_do_not_see_the_queue(scene: Scene) -> None:
    caller = await scene.add_caller()
    with pytest.raises(Forbidden):
        await scene.services.mail_queue.oldest(caller, 1)
