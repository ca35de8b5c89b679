"""Mails leave the outbox: each once, however often that fails."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.mail import MAX_TRIES, Mail, QueuedMail
from bukhindor.domain.origin import NO_REQUEST, NOWHERE, Cause
from bukhindor.services import mail_delivery
from tests.fakes.mailer import FakeMailer
from tests.makers import ORIGIN, T0, mail_of, make_mail, make_queued_mail
from tests.unit.services.scene import Scene, told

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LEASE = 2 * MINUTE
PAUSES = [30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE]
OWNER = UUID(int=7)


class SlowMailer(FakeMailer):
    """Others get their turn while it sends; the addresses in `broken` make it fail in an unforeseen way."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.has_begun = asyncio.Event()

    async def send(self, mail: Mail, id: UUID) -> None:
        self.has_begun.set()
        if mail.to.value in self.broken:
            raise RuntimeError("This is a bug.")
        for _ in range(20):
            await asyncio.sleep(0)
        await super().send(mail, id)


async def queue(scene: Scene, count: int = 1) -> list[QueuedMail]:
    mails = [
        make_queued_mail(make_mail(f"mail-{number}@example.com"), id=UUID(int=number + 1), user_id=OWNER)
        for number in range(count)
    ]
    for queued in mails:
        await scene.store.outbox.add(queued)
    return mails


async def deliver(scene: Scene) -> int:
    return await scene.services.mail_delivery.deliver_due()


def recipients(mailer: FakeMailer) -> list[str]:
    return [mail.to.value for mail in mailer.sent]


async def test_a_mail_that_is_due_is_sent_and_forgotten(scene: Scene) -> None:
    (queued,) = await queue(scene)
    assert await deliver(scene) == 1
    assert (scene.mailer.sent, scene.mailer.ids) == ([queued.mail], [queued.id])
    assert scene.queued() == []
    assert await deliver(scene) == 0
    assert len(scene.mailer.sent) == 1


async def test_an_empty_outbox_costs_no_write(scene: Scene) -> None:
    assert await deliver(scene) == 0
    assert scene.store.commits == 0


async def test_a_request_does_not_wait_for_its_mail(scene: Scene) -> None:
    """ML-03, RST-01: the mail server is not asked until the worker comes, whatever state it is in."""
    await scene.add_user("ann@example.com")
    scene.mailer.refuse_for_now = True
    await scene.services.password_reset.request(mail_of((await queue(scene))[0]).to, ORIGIN)
    assert scene.mailer.asked == 0


async def test_a_mail_is_tried_five_times_with_growing_pauses_and_then_given_up(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """ML-03, REL-29: 30 s, 2 min, 10 min, 30 min; the record says so, the log too, and neither what the mail says."""
    (queued,) = await queue(scene)
    scene.mailer.refuse_for_now = True
    with caplog.at_level(logging.WARNING):
        for number, pause in enumerate(PAUSES, start=1):
            assert await deliver(scene) == 1
            (waiting,) = scene.queued()
            assert (waiting.tries, waiting.failed_at) == (number, None)
            scene.clock.advance(pause - MOMENT)
            assert await deliver(scene) == 0
            scene.clock.advance(MOMENT)
        assert scene.events() == []
        assert await deliver(scene) == 1
    (given_up,) = scene.queued()
    assert (given_up.tries, given_up.failed_at) == (MAX_TRIES, scene.clock.now())
    (event,) = scene.events()
    assert (event.type, event.subject_id, event.actor_id) == (AuditType.MAIL_ABANDONED, OWNER, None)
    assert (event.origin, event.details) == (NOWHERE, {})
    scene.clock.advance(timedelta(days=1))
    assert await deliver(scene) == 0
    assert (scene.mailer.asked, scene.mailer.sent) == (MAX_TRIES, [])
    assert len(told(caplog)) == MAX_TRIES
    assert "given up" in told(caplog)[-1].message
    assert mail_of(queued).to.value not in caplog.text
    assert mail_of(queued).codes[0] not in caplog.text


async def test_a_mail_that_no_secret_opens_here_waits_for_a_server_that_knows_it(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """REL-28: while the secret is replaced, servers that have only the old one must not destroy mails of the others."""
    (queued,) = await queue(scene)
    for number, pause in enumerate(PAUSES, start=1):
        scene.store.committed.outbox[queued.id] = replace(scene.queued()[0], mail=None)
        assert await deliver(scene) == 1
        assert (scene.queued()[0].tries, scene.queued()[0].failed_at) == (number, None)
        scene.clock.advance(pause)
    assert (scene.mailer.asked, scene.events()) == (0, [])
    # The last try is that of a server with the new secret.
    scene.store.committed.outbox[queued.id] = replace(scene.queued()[0], mail=queued.mail)
    assert await deliver(scene) == 1
    assert (scene.mailer.sent, scene.queued()) == ([queued.mail], [])
    assert "No secret of this server opens it" in caplog.text


async def test_a_mail_whose_secret_was_lost_is_given_up_and_recorded(scene: Scene) -> None:
    await scene.store.outbox.add(replace(make_queued_mail(user_id=OWNER), mail=None))
    for pause in [*PAUSES, MINUTE]:
        await deliver(scene)
        scene.clock.advance(pause)
    assert scene.queued()[0].failed_at is not None
    assert scene.recorded() == [AuditType.MAIL_ABANDONED]
    assert scene.mailer.asked == 0


async def test_what_the_server_never_takes_is_given_up_at_once(scene: Scene) -> None:
    """REL-29."""
    await queue(scene)
    scene.mailer.refuse_for_ever = True
    assert await deliver(scene) == 1
    assert scene.queued()[0].failed_at == T0
    assert scene.recorded() == [AuditType.MAIL_ABANDONED]
    scene.clock.advance(timedelta(days=1))
    assert await deliver(scene) == 0
    assert scene.mailer.asked == 1


async def test_after_the_server_has_recovered_each_mail_arrives_once(scene: Scene) -> None:
    """ML-03."""
    await queue(scene, 3)
    scene.mailer.refuse_for_now = True
    await deliver(scene)
    scene.mailer.refuse_for_now = False
    scene.clock.advance(PAUSES[0])
    assert await deliver(scene) == 3
    assert sorted(recipients(scene.mailer)) == [f"mail-{number}@example.com" for number in range(3)]
    assert scene.queued() == []


async def test_mails_go_some_at_once_the_oldest_first(scene: Scene) -> None:
    mails = await queue(scene, 25)
    assert [await deliver(scene) for _ in range(3)] == [20, 5, 0]
    assert recipients(scene.mailer) == [mail_of(queued).to.value for queued in mails]


async def test_two_deliverers_never_send_one_mail_twice(scene: Scene) -> None:
    """ML-03: several replicas, each with a worker."""
    await queue(scene, 50)
    mailer = SlowMailer()
    workers = [replace(scene.services.mail_delivery, mailer=mailer) for _ in range(3)]
    tried = await asyncio.gather(*(worker.deliver_due() for worker in workers))
    assert sorted(tried) == [10, 20, 20]
    assert len(recipients(mailer)) == len(set(recipients(mailer))) == 50
    assert scene.queued() == []


class Tarpit(FakeMailer):
    """Takes each mail, and says so once `may_answer` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def send(self, mail: Mail, id: UUID) -> None:
        await super().send(mail, id)
        await self.may_answer.wait()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn does not wait for slow deliveries."""
    monkeypatch.setattr(mail_delivery, "_TURN_SECONDS", 0)
    monkeypatch.setattr(mail_delivery, "_CANCEL_AGAIN_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_takes_ten_minutes_over_a_mail_gets_it_once(scene: Scene) -> None:
    """The lease is renewed for as long as the delivery lasts: no other replica takes the mail."""
    await queue(scene)
    slow = Tarpit()
    worker, other = (replace(scene.services.mail_delivery, mailer=slow) for _ in range(2))
    assert await worker.deliver_due() == 1
    for _ in range(11):
        scene.clock.advance(MINUTE)
        assert await worker.deliver_due() == 0
        assert await other.deliver_due() == 0
    slow.may_answer.set()
    await worker.finish(1)
    assert len(slow.sent) == 1
    assert scene.queued() == []


@pytest.mark.usefixtures("impatient")
async def test_slow_deliveries_do_not_hold_up_other_mails(scene: Scene) -> None:
    await queue(scene, 2)
    slow = Tarpit()
    worker = replace(scene.services.mail_delivery, mailer=slow)
    assert await worker.deliver_due() == 2
    late = make_queued_mail(make_mail("late@example.com"), id=UUID(int=99))
    await scene.store.outbox.add(late)
    assert await worker.deliver_due() == 1
    slow.may_answer.set()
    await worker.finish(1)
    assert recipients(slow)[-1] == "late@example.com"


@pytest.mark.usefixtures("impatient")
async def test_no_more_than_twenty_are_under_way(scene: Scene) -> None:
    await queue(scene, 25)
    slow = Tarpit()
    worker = replace(scene.services.mail_delivery, mailer=slow)
    assert [await worker.deliver_due() for _ in range(2)] == [20, 0]
    slow.may_answer.set()
    await worker.finish(1)
    assert await worker.deliver_due() == 5
    await worker.finish(1)


@pytest.mark.usefixtures("impatient")
async def test_a_stop_breaks_off_what_takes_too_long_and_another_worker_has_it_after_the_lease(scene: Scene) -> None:
    """The second copy has the id of the first."""
    await queue(scene)
    slow = Tarpit()
    worker = replace(scene.services.mail_delivery, mailer=slow)
    await worker.deliver_due()
    await worker.finish(0)
    scene.clock.advance(LEASE)
    assert await deliver(scene) == 1
    assert slow.ids == scene.mailer.ids


@pytest.mark.usefixtures("impatient")
async def test_a_lease_that_was_lost_is_not_taken_back(scene: Scene) -> None:
    """The mail of a deleted account, for example."""
    await queue(scene)
    slow = Tarpit()
    worker = replace(scene.services.mail_delivery, mailer=slow)
    await worker.deliver_due()
    await scene.store.outbox.remove_of_user(OWNER)
    scene.clock.advance(LEASE)
    assert await worker.deliver_due() == 0
    slow.may_answer.set()
    await worker.finish(1)
    assert scene.queued() == []


@pytest.mark.usefixtures("impatient")
async def test_a_failure_at_the_very_end_is_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await queue(scene)
    slow = Tarpit()
    worker = replace(scene.services.mail_delivery, mailer=slow)
    await worker.deliver_due()
    scene.store.fail_next_commit = True
    slow.may_answer.set()
    await worker.finish(1)
    assert "a delivery failed" in caplog.text


async def claim_and_die(scene: Scene) -> None:
    async with scene.store.begin() as tx:
        await tx.outbox.claim(scene.clock.now(), scene.clock.now() + LEASE, 10)
        await tx.commit()


async def test_a_mail_whose_worker_died_is_retried_after_its_lease(scene: Scene) -> None:
    """ML-03: the queue survives a crash."""
    await queue(scene)
    mailer = SlowMailer()
    worker = replace(scene.services.mail_delivery, mailer=mailer)
    turn = asyncio.create_task(worker.deliver_due())
    await mailer.has_begun.wait()
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    await worker.finish(0)
    assert mailer.sent == []
    scene.clock.advance(LEASE - MOMENT)
    assert await deliver(scene) == 0
    scene.clock.advance(MOMENT)
    assert await deliver(scene) == 1
    assert len(scene.mailer.sent) == 1


async def test_a_mail_that_every_deliverer_died_over_is_given_up(scene: Scene) -> None:
    """ML-03: otherwise it would be retried without end."""
    await queue(scene)
    for _ in range(MAX_TRIES):
        await claim_and_die(scene)
        scene.clock.advance(LEASE)
    assert await deliver(scene) == 1
    assert scene.mailer.asked == 0
    assert scene.queued()[0].failed_at == scene.clock.now()
    assert scene.recorded() == [AuditType.MAIL_ABANDONED]


async def test_one_mail_that_breaks_the_mailer_stops_no_other(scene: Scene) -> None:
    """DOS-06: the others are sent before the failure is reported."""
    await queue(scene, 4)
    mailer = SlowMailer()
    mailer.broken = {"mail-0@example.com"}
    worker = replace(scene.services.mail_delivery, mailer=mailer)
    with pytest.raises(RuntimeError):
        await worker.deliver_due()
    assert len(mailer.sent) == 3
    assert [mail_of(queued).to.value for queued in scene.queued()] == ["mail-0@example.com"]


async def test_nothing_is_sent_that_could_not_be_claimed(scene: Scene) -> None:
    """ML-03: a claim that is not on the disk binds no one."""
    await queue(scene)
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await deliver(scene)
    assert (scene.mailer.asked, scene.snapshot()) == (0, before)


async def test_a_delivery_that_could_not_be_noted_is_repeated_once_the_lease_is_over(scene: Scene) -> None:
    """ML-03: at most one duplicate, and not before the lease is over."""
    (queued,) = await queue(scene)

    class FailsToNote(FakeMailer):
        async def send(self, mail: Mail, id: UUID) -> None:
            await super().send(mail, id)
            scene.store.fail_next_commit = True

    with pytest.raises(StoreUnavailable):
        await replace(scene.services.mail_delivery, mailer=FailsToNote()).deliver_due()
    assert scene.queued() == [replace(queued, tries=1, due_at=T0 + LEASE)]
    scene.clock.advance(LEASE)
    assert await deliver(scene) == 1
    assert scene.queued() == []


async def test_a_mail_of_a_user_that_was_deleted_meanwhile_does_not_come_back(scene: Scene) -> None:
    """DP-01: it was on its way, was not accepted, and has nothing to wait for."""
    await queue(scene)

    class Deletes(FakeMailer):
        async def send(self, mail: Mail, id: UUID) -> None:
            await scene.store.outbox.remove_of_user(OWNER)
            await super().send(mail, id)

    mailer = Deletes()
    mailer.refuse_for_now = True
    await replace(scene.services.mail_delivery, mailer=mailer).deliver_due()
    assert scene.queued() == []


async def test_a_delivery_names_the_request_that_caused_the_mail(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, of which one fails: each under its own request."""
    sends = [replace(ORIGIN, request_id=f"request-{number}", trace=f"trace-{number}") for number in (1, 2)]
    for number, origin in enumerate(sends):
        user = await scene.add_user(f"mail-{number}@example.com")
        await scene.services.password_reset.request(user.email, origin)
    causes: list[Cause] = []
    send = scene.mailer.send

    async def watched(mail: Mail, id: UUID) -> None:
        await asyncio.sleep(0)
        causes.append(scene.later_work.cause)
        await send(mail, id)

    monkeypatch.setattr(scene.mailer, "send", watched)
    assert await deliver(scene) == 2
    assert causes == [Cause("request-1", "trace-1"), Cause("request-2", "trace-2")]
    assert scene.later_work.cause == NO_REQUEST
