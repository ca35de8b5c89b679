"""The life of a session and of its refresh tokens."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bukhindor.domain.device import AppType, Device
from bukhindor.domain.errors import InvalidRefreshToken, RefreshTokenReused
from bukhindor.domain.session import CLOCK_SKEW, MAX_SESSIONS_PER_USER, Session, SessionPolicy
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.user import Role
from tests.makers import T0, make_session

MOMENT = timedelta(microseconds=1)
GRACE = timedelta(seconds=10) + CLOCK_SKEW
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = SessionPolicy()
OWNER = UUID(int=2)


def make_rotated(generation: int = 3, *, confirmed: bool) -> Session:
    """A session whose newest generation was issued at T0."""
    return make_session(OWNER, generation=generation, confirmed=confirmed)


def test_a_new_session_is_in_its_first_generation_with_nothing_to_confirm() -> None:
    session = Session.start(UUID(int=1), OWNER, b"s" * 32, Device(ip="192.0.2.1"), (Method.PASSWORD,), T0)
    assert (session.id, session.user_id, session.device) == (UUID(int=1), OWNER, Device(ip="192.0.2.1"))
    assert (session.generation, session.confirmed) == (1, True)
    assert session.created_at == session.rotated_at == session.last_seen_at == session.authenticated_at == T0
    assert (session.methods, session.level) == ((Method.PASSWORD,), Level.AAL1)


def test_the_newest_refresh_token_yields_the_next_generation() -> None:
    """RT-01."""
    session = make_session(OWNER)
    child = session.rotated(1, T0 + HOUR)
    then = T0 + HOUR
    assert child == replace(session, generation=2, confirmed=False, rotated_at=then, last_seen_at=then)
    assert (session.generation, session.rotated_at) == (1, T0)


@pytest.mark.parametrize(
    "later", [timedelta(0), GRACE - MOMENT, GRACE, GRACE + MOMENT, HOUR, DAY, 179 * DAY, -5 * MOMENT, -HOUR]
)
def test_a_lost_response_is_given_again_whenever_the_client_comes_back(later: timedelta) -> None:
    """RT-05, RT-04, REL-16: the child was never used, so nothing advances."""
    session = make_rotated(confirmed=False)
    assert session.rotated(2, T0 + later) is session


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=9), GRACE, -timedelta(seconds=5), -GRACE, -HOUR])
def test_a_parallel_refresh_gets_the_same_child_within_the_grace(later: timedelta) -> None:
    """RT-06, REL-16: two tabs, even when the child has been used and the clock was set back."""
    session = make_rotated(confirmed=True)
    assert session.rotated(2, T0 + later) is session


@pytest.mark.parametrize(("rotated_by", "asked"), [(15, 0), (0, 15), (-15, 0), (0, -15)])
def test_two_servers_fifteen_seconds_apart_give_two_tabs_ten_seconds(rotated_by: int, asked: int) -> None:
    """REL-16: each server goes by its own clock."""
    rotated_at, later = T0 + timedelta(seconds=rotated_by), T0 + timedelta(seconds=asked + 10)
    session = replace(make_rotated(confirmed=True), rotated_at=rotated_at)
    assert session.rotated(2, later) is session


@pytest.mark.parametrize("later", [GRACE + MOMENT, HOUR, DAY])
def test_after_the_grace_a_token_whose_child_was_used_is_reused(later: timedelta) -> None:
    """RT-03, RT-06."""
    with pytest.raises(RefreshTokenReused):
        make_rotated(confirmed=True).rotated(2, T0 + later)


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("later", [timedelta(0), GRACE, DAY])
def test_an_older_token_is_reused_at_any_time(later: timedelta, *, confirmed: bool) -> None:
    """RT-03."""
    with pytest.raises(RefreshTokenReused):
        make_rotated(confirmed=confirmed).rotated(1, T0 + later)


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("presented", [4, 5, 1_000_000, 0, -1])
def test_a_generation_that_was_never_issued_is_invalid_and_no_theft(presented: int, *, confirmed: bool) -> None:
    with pytest.raises(InvalidRefreshToken):
        make_rotated(confirmed=confirmed).rotated(presented, T0)


@pytest.mark.parametrize("presented", [0, -1])
@pytest.mark.parametrize("later", [timedelta(0), HOUR])
def test_the_first_generation_has_no_predecessor(presented: int, later: timedelta) -> None:
    with pytest.raises(InvalidRefreshToken):
        make_session(OWNER).rotated(presented, T0 + later)


def test_a_hundred_parallel_refreshes_advance_by_one_generation() -> None:
    """RT-04."""
    start = session = make_session(OWNER)
    for _ in range(100):
        session = session.rotated(1, T0 + HOUR)
    assert session == start.next_generation(T0 + HOUR)


def test_using_the_newest_generation_confirms_it() -> None:
    session = make_rotated(confirmed=False)
    used = session.used(3, T0 + MINUTE)
    assert used == replace(session, confirmed=True, last_seen_at=T0 + MINUTE)
    assert used.used(3, T0 + MINUTE) is used


@pytest.mark.parametrize("generation", [0, 1, 2, 4])
def test_using_another_generation_confirms_nothing(generation: int) -> None:
    session = make_rotated(confirmed=False)
    assert session.used(generation, T0 + MINUTE) is session
    assert session.used(generation, T0 + HOUR) == replace(session, last_seen_at=T0 + HOUR)


@pytest.mark.parametrize(
    ("later", "moves"),
    [
        (timedelta(0), False),
        (MINUTE, False),
        (5 * MINUTE - MOMENT, False),
        (5 * MINUTE, True),
        (DAY, True),
        (-HOUR, False),
    ],
)
def test_last_seen_moves_in_steps_of_five_minutes_and_never_back(later: timedelta, *, moves: bool) -> None:
    """REL-16."""
    session = make_session(OWNER)
    used = session.used(1, T0 + later)
    assert (used is not session) is moves
    assert used.last_seen_at == (T0 + later if moves else T0)


def test_confirming_after_the_clock_stepped_back_keeps_last_seen() -> None:
    """REL-16."""
    used = make_rotated(confirmed=False).used(3, T0 - HOUR)
    assert (used.confirmed, used.last_seen_at) == (True, T0)


@pytest.mark.parametrize(
    ("role", "age", "unused", "is_over"),
    [
        (Role.USER, 30 * DAY - MOMENT, 30 * DAY - MOMENT, False),
        (Role.USER, 30 * DAY, 30 * DAY, True),
        (Role.USER, 100 * DAY, 30 * DAY - MOMENT, False),
        (Role.USER, 100 * DAY, 30 * DAY, True),
        (Role.USER, 180 * DAY - MOMENT, timedelta(0), False),
        (Role.USER, 180 * DAY, timedelta(0), True),
        (Role.GUEST, 180 * DAY - MOMENT, timedelta(0), False),
        (Role.GUEST, 180 * DAY, timedelta(0), True),
        (Role.ADMIN, DAY - MOMENT, timedelta(0), False),
        (Role.ADMIN, DAY, timedelta(0), True),
        (Role.USER, DAY, timedelta(0), False),
        (Role.USER, -HOUR, -HOUR, False),
    ],
)
def test_a_session_ends_when_unused_or_old(role: Role, age: timedelta, unused: timedelta, *, is_over: bool) -> None:
    """RT-07: idle and absolute lives, each at its very moment."""
    session = make_session(OWNER, last_seen_at=T0 + age - unused)
    assert session.is_over_at(T0 + age, POLICY, role) is is_over


def test_refreshing_daily_does_not_outlive_the_absolute_end() -> None:
    """RT-07."""
    session = make_session(OWNER)
    for day in range(1, 180):
        assert not session.is_over_at(T0 + day * DAY, POLICY, Role.USER)
        session = session.rotated(session.generation, T0 + day * DAY)
    assert session.ends_at(POLICY, Role.USER) == T0 + 180 * DAY
    assert session.is_over_at(T0 + 180 * DAY, POLICY, Role.USER)


def test_lives_are_the_policys() -> None:
    policy = SessionPolicy(idle=HOUR, absolute=2 * DAY, admin_absolute=30 * MINUTE)
    session = make_session(OWNER)
    assert session.ends_at(policy, Role.USER) == T0 + HOUR
    assert session.ends_at(policy, Role.ADMIN) == T0 + 30 * MINUTE
    assert policy.absolute_for(Role.GUEST) == 2 * DAY


@given(st.integers(1, 400), st.sampled_from(Role), st.timedeltas(timedelta(0), 400 * DAY))
def test_what_is_over_stays_over(days_unused: int, role: Role, later: timedelta) -> None:
    session = make_session(OWNER, last_seen_at=T0 + days_unused * MINUTE)
    end = session.ends_at(POLICY, role)
    assert session.is_over_at(end + later, POLICY, role)
    assert not session.is_over_at(end - MOMENT - later, POLICY, role)


def test_the_seed_is_not_printed() -> None:
    assert "ssss" not in repr(make_session(OWNER, seed=b"s" * 32))


def test_the_number_of_sessions_is_capped() -> None:
    """SES-05."""
    assert MAX_SESSIONS_PER_USER == 100


class RefreshTokens(RuleBasedStateMachine):
    """Any order of refreshes, uses and clock steps, beside a model that only remembers what was seen in use."""

    def __init__(self) -> None:
        super().__init__()
        self.start = make_session(OWNER)
        self.session = self.start
        self.now = T0
        self.newest = 1
        self.newest_issued_at = T0
        self.last_seen_at = T0
        self.known_to_have_arrived = {1}

    @property
    def replays(self) -> bool:
        """Whether the token before the newest still yields the newest."""
        in_grace = self.now - self.newest_issued_at <= GRACE
        return self.newest > 1 and (in_grace or self.newest not in self.known_to_have_arrived)

    @rule(
        step=st.sampled_from(
            [MOMENT, timedelta(seconds=1), GRACE, 5 * MINUTE, HOUR, DAY, -MOMENT, timedelta(seconds=-5), -GRACE, -HOUR]
        )
    )
    def the_clock_steps(self, step: timedelta) -> None:
        self.now += step

    @rule()
    def the_newest_token_comes_in(self) -> None:
        self.session = self.session.rotated(self.newest, self.now)
        self.newest += 1
        self.newest_issued_at = self.now
        self.last_seen_at = max(self.last_seen_at, self.now)

    @precondition(lambda self: self.replays)
    @rule()
    def the_token_before_is_answered_again(self) -> None:
        assert self.session.rotated(self.newest - 1, self.now) is self.session

    @precondition(lambda self: self.newest > 1 and not self.replays)
    @rule()
    def the_token_before_is_reused(self) -> None:
        with pytest.raises(RefreshTokenReused):
            self.session.rotated(self.newest - 1, self.now)

    @precondition(lambda self: self.newest > 2)
    @rule(data=st.data())
    def an_older_token_is_reused(self, data: st.DataObject) -> None:
        with pytest.raises(RefreshTokenReused):
            self.session.rotated(data.draw(st.integers(1, self.newest - 2)), self.now)

    @rule(beyond=st.integers(1, 10))
    def a_token_that_was_never_issued_is_invalid(self, beyond: int) -> None:
        for generation in (self.newest + beyond, 1 - beyond):
            with pytest.raises(InvalidRefreshToken):
                self.session.rotated(generation, self.now)

    @rule(data=st.data())
    def an_access_token_is_used(self, data: st.DataObject) -> None:
        generation = data.draw(st.sampled_from((self.newest, max(1, self.newest - 1), 1)))
        is_news = generation == self.newest and self.newest not in self.known_to_have_arrived
        used = self.session.used(generation, self.now)
        if is_news or self.now - self.last_seen_at >= 5 * MINUTE:
            self.last_seen_at = max(self.last_seen_at, self.now)
        else:
            assert used is self.session
        self.known_to_have_arrived |= {self.newest} if is_news else set()
        self.session = used

    @invariant()
    def the_session_is_what_the_model_says(self) -> None:
        assert self.session == replace(
            self.start,
            generation=self.newest,
            confirmed=self.newest in self.known_to_have_arrived,
            rotated_at=self.newest_issued_at,
            last_seen_at=self.last_seen_at,
        )

    @invariant()
    def one_generation_is_live(self) -> None:
        """Of all tokens ever issued only the newest leads on; at most one other leads to the newest again."""
        children = {}
        for presented in range(1, self.newest + 1):
            try:
                children[presented] = self.session.rotated(presented, self.now).generation
            except RefreshTokenReused:
                continue
        replayed = {self.newest - 1: self.newest} if self.replays else {}
        assert children == {self.newest: self.newest + 1, **replayed}


TestRefreshTokens = RefreshTokens.TestCase


def test_the_app_version_follows_the_app() -> None:
    session = make_session(OWNER, device=Device("phone-1", AppType.ANDROID, "1.2", "192.0.2.1"))
    updated = session.with_app_version("1.3")
    assert updated == replace(session, device=replace(session.device, app_version="1.3"))
    assert updated.with_app_version("1.3") is updated
    assert updated.with_app_version(None) is updated


@pytest.mark.parametrize(
    ("age", "is_fresh"), [(timedelta(0), True), (10 * MINUTE - MOMENT, True), (10 * MINUTE, False), (-MINUTE, True)]
)
def test_a_sign_in_is_fresh_for_ten_minutes(age: timedelta, is_fresh: bool) -> None:
    """Also when another server recorded it, whose clock is ahead."""
    assert make_session(OWNER).is_fresh_at(T0 + age, POLICY) is is_fresh


def test_a_refresh_makes_no_sign_in_fresh() -> None:
    session = make_session(OWNER).rotated(1, T0 + HOUR).used(2, T0 + HOUR)
    assert not session.is_fresh_at(T0 + HOUR, POLICY)


def test_another_proof_makes_the_sign_in_fresh_and_adds_its_method() -> None:
    session = make_session(OWNER).reauthenticated((Method.PASSWORD,), T0 + HOUR)
    assert (session.methods, session.authenticated_at) == ((Method.PASSWORD,), T0 + HOUR)
    session = session.reauthenticated((Method.OTP, Method.OTP), T0 + DAY)
    assert (session.methods, session.level) == ((Method.PASSWORD, Method.OTP), Level.AAL2)
    assert session.reauthenticated((Method.OTP,), T0).authenticated_at == T0 + DAY
