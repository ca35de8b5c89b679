"""What operators see of the store"""

from datetime import timedelta

from bukhindor.domain.mail import Backlog
from bukhindor.domain.session import SessionPolicy
from bukhindor.services.measurements import Measurements
from tests.adapters.keeping import keep
from tests.fakes.clock import FakeClock
from tests.fakes.transactions import FakeTransactions
from tests.makers import T0, make_factor, make_queued_mail, make_session, make_user


async def test_the_backlog_is_seen_at_the_present_moment() -> None:
    store, clock = FakeTransactions(), FakeClock()
    await keep(store, make_queued_mail(due_at=clock.now()))
    clock.advance(timedelta(minutes=2))
    assert await Measurements(transactions=store, policy=SessionPolicy(), clock=clock).mail_backlog() == Backlog(
        1, 0, timedelta(minutes=2)
    )


async def test_sessions_that_are_not_over_are_counted() -> None:
    store, clock, user = FakeTransactions(), FakeClock(), make_user()
    measurements = Measurements(transactions=store, policy=SessionPolicy(), clock=clock)
    await keep(store, user, make_session(user), make_session(user, last_seen_at=T0 + timedelta(days=1)))
    assert await measurements.active_sessions() == 2
    clock.advance(timedelta(days=30))
    assert await measurements.active_sessions() == 1


async def test_confirmed_factors_are_counted() -> None:
    store, user = FakeTransactions(), make_user()
    measurements = Measurements(transactions=store, policy=SessionPolicy(), clock=FakeClock())
    await keep(store, user, make_factor(user), make_factor(user), make_factor(user, confirmed_at=None))
    assert await measurements.second_factors() == 2
