"""What operators see of the store"""

from datetime import timedelta

from bukhindor.domain.mail import Backlog
from bukhindor.services.measurements import Measurements
from tests.adapters.keeping import keep
from tests.fakes.clock import FakeClock
from tests.fakes.transactions import FakeTransactions
from tests.makers import make_queued_mail, make_session, make_user


async def test_the_backlog_is_seen_at_the_present_moment() -> None:
    store, clock = FakeTransactions(), FakeClock()
    await keep(store, make_queued_mail(due_at=clock.now()))
    clock.advance(timedelta(minutes=2))
    assert await Measurements(transactions=store, clock=clock).mail_backlog() == Backlog(1, 0, timedelta(minutes=2))


async def test_sessions_are_counted() -> None:
    store, user = FakeTransactions(), make_user()
    await keep(store, user, make_session(user), make_session(user))
    assert await Measurements(transactions=store, clock=FakeClock()).active_sessions() == 2
