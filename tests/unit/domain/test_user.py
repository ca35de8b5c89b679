"""Users: the state of an account and how it may change."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import AccountBanned, AccountInactive, FieldError, InvalidInput, InvalidValue
from bukhindor.domain.language import LanguageChoice, LanguageTag
from bukhindor.domain.metadata import Metadata, MetadataPatch
from bukhindor.domain.user import Name, Role, Status, StatusReason, User, UserChanges
from tests.makers import T0, address, make_user

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANN = address("ann@example.com")
BEN = address("ben@example.com")
USER = make_user(ANN, name="Ann", email_verified=True, password_hash="$argon2id$hash")
BANNED = replace(USER, status=Status.BANNED, status_reason="spam", status_until=T0 + DAY)
LATER = T0 + HOUR


def refusal(user: User, changes: UserChanges, now: datetime = LATER) -> FieldError:
    with pytest.raises(InvalidInput) as caught:
        user.changed(changes, now)
    (error,) = caught.value.errors
    return error


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Ann", "Ann"),
        ("  Ann Lee\r\n", "Ann Lee"),
        ("Жанна д'Арк", "Жанна д'Арк"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👍" * 100, "👍" * 100),
        (" " * 65_536 + "Ann", "Ann"),
    ],
)
def test_a_name_is_trimmed_and_otherwise_kept(raw: str, name: str) -> None:
    assert Name.parse(raw) == name


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        ("", "required", "This can't be empty."),
        (" \t\r\n\u3000", "required", "This can't be empty."),
        ("x" * 101, "too_long", "This must have at most 100 characters."),
        ("\x00" * 65_536, "too_long", "This must have at most 100 characters."),
        ("An\x00n", "invalid_characters", "This can't contain control characters."),
        ("An\r\nn", "invalid_characters", "This can't contain control characters."),
        ("\u202eAnn", "invalid_characters", "This can't contain control characters."),
        ("Ann\ufeff", "invalid_characters", "This can't contain control characters."),
        ("Ann\ud800", "invalid_characters", "This can't contain control characters."),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(raw: str, code: str, message: str) -> None:
    """IN-04, IN-08."""
    with pytest.raises(InvalidValue) as caught:
        Name.parse(raw)
    assert (caught.value.kind, caught.value.message, caught.value.code) == (Name, message, code)


def test_a_reason_may_be_longer_than_a_name() -> None:
    assert StatusReason.parse(" " + "x" * 500 + " ") == "x" * 500
    with pytest.raises(InvalidValue) as caught:
        StatusReason.parse("x" * 501)
    assert (caught.value.message, caught.value.code) == ("This must have at most 500 characters.", "too_long")


@given(st.text(st.characters()))
def test_any_name_is_refused_in_one_way_or_trimmed(raw: str) -> None:
    try:
        name = Name.parse(raw)
    except InvalidValue:
        return
    assert name == raw.strip() == Name.parse(name)
    assert 1 <= len(name) <= 100
    assert name.encode()


def test_a_new_user_is_active_unverified_and_without_a_password() -> None:
    """REG-01, PW-13."""
    user = User(UUID(int=1), ANN, "Ann", T0, T0)
    assert (user.role, user.status, user.email_verified) == (Role.USER, Status.ACTIVE, False)
    assert (user.password_hash, user.last_login_at) == (None, None)


def test_the_password_hash_is_not_printed() -> None:
    """AZ-05."""
    assert "argon2id" not in repr(USER)


@pytest.mark.parametrize("status", [Status.BANNED, Status.INACTIVE])
@pytest.mark.parametrize(
    ("now", "has_ended"),
    [(T0, False), (T0 + DAY - MOMENT, False), (T0 + DAY, True), (T0 + DAY + MOMENT, True)],
)
def test_a_limited_status_ends_at_its_very_moment(status: Status, now: datetime, *, has_ended: bool) -> None:
    user = replace(BANNED, status=status)
    assert user.status_at(now) is (Status.ACTIVE if has_ended else status)
    assert user.is_active_at(now) is has_ended


@pytest.mark.parametrize("status", Status)
def test_a_status_without_an_end_stays(status: Status) -> None:
    assert replace(USER, status=status).status_at(T0 + 36_500 * DAY) is status


@pytest.mark.parametrize(
    ("role", "status", "is_active_admin"),
    [
        (Role.ADMIN, Status.ACTIVE, True),
        (Role.ADMIN, Status.INACTIVE, False),
        (Role.ADMIN, Status.BANNED, False),
        (Role.USER, Status.ACTIVE, False),
        (Role.GUEST, Status.ACTIVE, False),
    ],
)
def test_who_counts_as_an_active_admin(role: Role, status: Status, *, is_active_admin: bool) -> None:
    """AZ-06."""
    user = replace(USER, role=role, status=status, status_until=T0 + DAY)
    assert user.is_active_admin_at(T0 + DAY - MOMENT) is is_active_admin
    assert user.is_active_admin_at(T0 + DAY) is (role is Role.ADMIN)


def test_an_account_that_is_not_active_is_refused() -> None:
    """RT-08."""
    USER.refuse_unless_active(T0)
    BANNED.refuse_unless_active(T0 + DAY)
    with pytest.raises(AccountBanned) as banned:
        BANNED.refuse_unless_active(T0)
    assert (banned.value.reason, banned.value.until) == ("spam", T0 + DAY)
    with pytest.raises(AccountInactive) as inactive:
        replace(USER, status=Status.INACTIVE).refuse_unless_active(T0)
    assert (inactive.value.reason, inactive.value.until) == (None, None)


def everything_of(user: User) -> UserChanges:
    """The whole user sent back, as clients do."""
    return UserChanges(user.name, user.email, user.role, user.status, user.status_reason, user.status_until)


@pytest.mark.parametrize("user", [USER, BANNED, replace(USER, role=Role.ADMIN)])
def test_a_change_that_changes_nothing_returns_the_same_user(user: User) -> None:
    assert user.changed(UserChanges(), LATER) is user
    assert user.changed(everything_of(user), LATER) is user
    assert user.without_repeats(everything_of(user), LATER) == UserChanges()


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(name="Bea"),
        UserChanges(role=Role.ADMIN),
        UserChanges(role=Role.GUEST),
        UserChanges(status=Status.BANNED),
        UserChanges(status=Status.INACTIVE, status_reason="left", status_until=LATER + DAY),
        UserChanges(language=LanguageChoice("ru")),
    ],
)
@pytest.mark.parametrize("repeats", [False, True])
def test_only_what_was_asked_for_changes(changes: UserChanges, *, repeats: bool) -> None:
    """AZ-15: no field is silently reverted."""
    asked = {key: value for key in UserChanges.__slots__ if (value := getattr(changes, key)) is not None}
    sent = replace(everything_of(USER), **asked) if repeats else changes
    assert USER.without_repeats(sent, LATER) == changes
    if changes.language is not None:
        asked["language"] = changes.language.tag
    assert USER.changed(sent, LATER) == replace(USER, updated_at=LATER, **asked)


def test_a_language_can_become_unknown_again() -> None:
    russian = replace(USER, language=LanguageTag("ru"))
    forgotten = UserChanges(language=LanguageChoice.parse(""))
    assert russian.changed(forgotten, LATER) == replace(USER, updated_at=LATER)
    assert USER.changed(forgotten, LATER) is USER


def patch_of(part: str, members: dict[str, object]) -> UserChanges:
    patch = MetadataPatch(members)
    return UserChanges(metadata=patch) if part == "metadata" else UserChanges(app_metadata=patch)


def with_metadata(part: str, text: str) -> User:
    metadata = Metadata(text)
    return replace(USER, metadata=metadata) if part == "metadata" else replace(USER, app_metadata=metadata)


@pytest.mark.parametrize("part", ["metadata", "app_metadata"])
def test_a_patch_of_one_kind_of_metadata_changes_only_that(part: str) -> None:
    changed = USER.changed(patch_of(part, {"plan": "pro"}), LATER)
    assert changed == replace(with_metadata(part, '{"plan":"pro"}'), updated_at=LATER)
    added = changed.changed(patch_of(part, {"seats": 3}), LATER)
    assert getattr(added, part) == Metadata('{"plan":"pro","seats":3}')


@pytest.mark.parametrize("part", ["metadata", "app_metadata"])
@pytest.mark.parametrize("patch", [{}, {"plan": "pro"}, {"gone": None}])
def test_a_patch_of_what_already_is_so_changes_nothing(part: str, patch: dict[str, object]) -> None:
    user = with_metadata(part, '{"plan":"pro"}')
    changes = patch_of(part, patch)
    assert user.without_repeats(changes, LATER) == UserChanges()
    assert user.changed(changes, LATER) is user


@pytest.mark.parametrize("part", ["metadata", "app_metadata"])
def test_metadata_that_becomes_too_large_is_refused(part: str) -> None:
    user = with_metadata(part, '{"a":"' + "x" * 4000 + '"}')
    with pytest.raises(InvalidValue) as refused:
        user.changed(patch_of(part, {"b": "y" * 100}), LATER)
    assert (refused.value.kind, refused.value.code) == (MetadataPatch, "too_long")


def test_a_new_address_is_unverified_and_nothing_else_changes_whether_it_is() -> None:
    changed = USER.changed(UserChanges(email=BEN), LATER)
    assert changed == replace(USER, email=BEN, email_verified=False, updated_at=LATER)
    assert USER.changed(UserChanges(name="Bea", email=ANN), LATER).email_verified
    assert not changed.changed(UserChanges(name="Bea"), LATER).email_verified


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.INACTIVE])
def test_another_status_drops_the_reason_and_end_of_the_old_one(status: Status) -> None:
    changed = BANNED.changed(UserChanges(status=status), LATER)
    assert changed == replace(USER, status=status, updated_at=LATER)


@pytest.mark.parametrize("part", ["status_reason", "status_until"])
def test_another_status_keeps_what_is_given_with_it_even_when_the_old_one_had_the_same(part: str) -> None:
    given_with_it = {part: getattr(BANNED, part)}
    changed = BANNED.changed(UserChanges(status=Status.INACTIVE, **given_with_it), LATER)
    assert changed == replace(USER, status=Status.INACTIVE, updated_at=LATER, **given_with_it)


@pytest.mark.parametrize(("reason", "until"), [(None, None), ("spam", None), (None, T0 + DAY), ("fraud", T0 + 2 * DAY)])
def test_the_same_status_given_again_has_the_reason_and_end_that_it_is_given_with(
    reason: str | None, until: datetime | None
) -> None:
    """A ban with an end becomes permanent by a ban without one."""
    changed = BANNED.changed(UserChanges(status=Status.BANNED, status_reason=reason, status_until=until), LATER)
    assert changed == replace(BANNED, status_reason=reason, status_until=until, updated_at=LATER)


def test_a_new_reason_or_end_joins_the_status_that_holds() -> None:
    longer = BANNED.changed(UserChanges(status_until=T0 + 2 * DAY), LATER)
    assert longer == replace(BANNED, status_until=T0 + 2 * DAY, updated_at=LATER)
    renamed = BANNED.changed(UserChanges(status_reason="spam, again"), LATER)
    assert renamed == replace(BANNED, status_reason="spam, again", updated_at=LATER)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (UserChanges(status_reason="why"), "status_reason"),
        (UserChanges(status_until=LATER + DAY), "status_until"),
        (UserChanges(status_reason="why", status_until=LATER + DAY), "status_reason"),
        (UserChanges(status=Status.ACTIVE, status_until=LATER + DAY), "status_until"),
    ],
)
def test_an_active_account_takes_no_reason_and_no_end(changes: UserChanges, field: str) -> None:
    message = "An active account can't have a reason or an end of its status."
    assert refusal(USER, changes) == FieldError(field, message, "not_allowed")


@pytest.mark.parametrize("until", [T0, LATER - MOMENT, LATER])
def test_an_end_that_has_passed_is_refused(until: datetime) -> None:
    error = FieldError("status_until", "This time is in the past.", "in_the_past")
    assert refusal(USER, UserChanges(status=Status.BANNED, status_until=until)) == error
    assert refusal(BANNED, UserChanges(status_until=until)) == error


def test_an_end_may_be_any_moment_to_come() -> None:
    changed = USER.changed(UserChanges(status=Status.BANNED, status_until=LATER + MOMENT), LATER)
    assert not changed.is_active_at(LATER)
    assert changed.is_active_at(LATER + MOMENT)


ENDED = T0 + 2 * DAY


def test_any_change_after_a_ban_has_ended_writes_down_that_it_has() -> None:
    changed = BANNED.changed(UserChanges(name="Bea"), ENDED)
    assert changed == replace(USER, name="Bea", updated_at=ENDED)


@pytest.mark.parametrize(
    "changes",
    [UserChanges(), UserChanges(status=Status.ACTIVE), replace(everything_of(BANNED), status=None)],
)
def test_sending_an_ended_ban_back_changes_nothing(changes: UserChanges) -> None:
    assert BANNED.changed(changes, ENDED) is BANNED


def test_a_ban_that_has_ended_takes_no_new_reason() -> None:
    assert refusal(BANNED, UserChanges(status_reason="more spam"), ENDED).code == "not_allowed"


@pytest.mark.parametrize("reason", [None, "spam", "more spam"])
def test_a_second_ban_has_the_reason_it_was_given_with(reason: str | None) -> None:
    changed = BANNED.changed(UserChanges(status=Status.BANNED, status_reason=reason), ENDED)
    assert changed == replace(BANNED, status_reason=reason, status_until=None, updated_at=ENDED)


def test_a_second_ban_with_the_end_of_the_first_is_refused_and_not_made_permanent() -> None:
    assert refusal(BANNED, everything_of(BANNED), ENDED).code == "in_the_past"


REASONS = st.none() | st.sampled_from(["spam", "fraud"])
ENDS = st.none() | st.sampled_from([T0 + HOUR, T0 + DAY, T0 + 5 * DAY])
CHANGES = st.builds(
    UserChanges,
    name=st.none() | st.sampled_from(["Ann", "Bea"]),
    email=st.none() | st.sampled_from([ANN, BEN]),
    role=st.none() | st.sampled_from(Role),
    status=st.none() | st.sampled_from(Status),
    status_reason=REASONS,
    status_until=ENDS,
)
MOMENTS = st.sampled_from([T0, T0 + HOUR, T0 + DAY, T0 + 2 * DAY])


@given(st.sampled_from([USER, BANNED, replace(USER, status=Status.INACTIVE)]), CHANGES, MOMENTS)
def test_whatever_is_asked_the_user_stays_sound(user: User, changes: UserChanges, now: datetime) -> None:
    try:
        changed = user.changed(changes, now)
    except InvalidInput:
        return
    assert changed.name == (changes.name or user.name)
    assert changed.email == (changes.email or user.email)
    assert changed.role is (changes.role or user.role)
    assert changed.status_at(now) is (changes.status or user.status_at(now))
    assert (changed.id, changed.password_hash, changed.created_at) == (user.id, user.password_hash, T0)
    assert not changed.email_verified or changed.email == user.email
    if changed is not user:
        assert changed.updated_at == now
        assert changed.status is changed.status_at(now)
        assert changed.status is not Status.ACTIVE or not (changed.status_reason or changed.status_until)
    if changes.status_reason and changed.status is not Status.ACTIVE:
        assert changed.status_reason == changes.status_reason
    if changes.status_until and changed.status_at(now) is not Status.ACTIVE:
        assert changed.status_until == changes.status_until
    assert changed.changed(replace(changes, status=None, status_reason=None, status_until=None), now) is changed
    if changes.status is not None and changed.status_at(now) is not Status.ACTIVE:
        assert (changed.status_reason, changed.status_until) == (changes.status_reason, changes.status_until)
