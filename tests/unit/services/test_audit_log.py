"""The record of what has happened: who reads it, and how refusals come into it."""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditQuery, AuditType
from bukhindor.domain.errors import Forbidden, InvalidCredentials, RateLimited, StoreUnavailable
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT, GUESSES_PER_NETWORK
from bukhindor.domain.user import Role
from tests.makers import ORIGIN, make_audit_event
from tests.unit.services.scene import WRONG_PASSWORD, Scene

MINUTE = timedelta(minutes=1)
FIRST = RateLimited(GUESSES_PER_NETWORK, 60, is_first=True)
LATER = RateLimited(GUESSES_PER_NETWORK, 60)
ROUTE = "POST /auth/login"


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_the_record_is_for_administrators(scene: Scene, role: Role) -> None:
    """AZ-02, AZ-13: a user's own events are in the export."""
    caller = await scene.add_caller(role)
    for query in (AuditQuery(), AuditQuery(subject_id=caller.user.id), AuditQuery(actor_id=caller.user.id)):
        with pytest.raises(Forbidden):
            await scene.services.audit_log.page(caller, query)


async def test_administrators_read_it_the_newest_first(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    events = [make_audit_event(at=number * MINUTE) for number in range(5)]
    for event in events:
        await scene.store.audit_events.add(event)
    page = await scene.services.audit_log.page(admin, AuditQuery(limit=2))
    assert [event.id for event in page] == [events[4].id, events[3].id]
    rest = await scene.services.audit_log.page(admin, AuditQuery(before=(page[-1].at, page[-1].id)))
    assert [event.id for event in rest] == [events[2].id, events[1].id, events[0].id]
    assert scene.store.commits == 0


async def test_a_refused_right_is_recorded_with_its_route(scene: Scene) -> None:
    """LOG-02."""
    caller = await scene.add_caller()
    await scene.services.audit_log.record_refusal("forbidden", caller, ORIGIN, "GET /users")
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.REFUSED, {"code": "forbidden", "route": "GET /users"})
    assert (event.actor_id, event.subject_id, event.session_id) == (caller.user.id, caller.user.id, caller.session.id)


async def test_a_limit_that_is_hit_is_recorded_with_its_name(scene: Scene) -> None:
    """LOG-02."""
    caller = await scene.add_caller()
    await scene.services.audit_log.record_limit(FIRST, caller, ORIGIN, ROUTE)
    await scene.services.audit_log.record_limit(FIRST, None, ORIGIN, ROUTE)
    by_caller, by_stranger = scene.events()
    assert by_caller.type is by_stranger.type is AuditType.LIMIT_HIT
    assert by_caller.details == by_stranger.details == {"limit": "guesses_per_network", "route": ROUTE}
    assert (by_caller.actor_id, by_stranger.actor_id) == (caller.user.id, None)
    assert (by_stranger.subject_id, by_stranger.origin.ip) == (None, ORIGIN.ip)


async def test_a_stranger_that_is_refused_a_right_is_recorded_too(scene: Scene) -> None:
    await scene.services.audit_log.record_refusal("forbidden", None, ORIGIN, "POST /auth/logout")
    await scene.services.audit_log.record_refusal("forbidden", None, ORIGIN, "POST /auth/logout")
    (event,) = scene.events()
    assert (event.type, event.actor_id, event.origin.ip) == (AuditType.REFUSED, None, ORIGIN.network)
    assert event.attempts == 2


async def test_of_a_flood_only_the_first_refusal_is_written(scene: Scene) -> None:
    """LOG-02: no client can fill the disk with refusals."""
    user = await scene.add_user("ann@example.com")
    for _ in range(30):
        try:
            await scene.login(user.email, WRONG_PASSWORD)
        except RateLimited as refusal:
            await scene.services.audit_log.record_limit(refusal, None, ORIGIN, ROUTE)
        except InvalidCredentials:
            continue
    failures = FAILED_SIGN_INS_PER_ACCOUNT.hits
    assert scene.recorded() == [*[AuditType.SIGN_IN_FAILED] * failures, AuditType.LIMIT_HIT]
    await scene.services.audit_log.record_limit(LATER, None, ORIGIN, ROUTE)
    assert scene.store.commits == failures + 1


async def test_of_refused_rights_ten_a_minute_are_written_for_each_person(scene: Scene) -> None:
    """LOG-02: no client can fill the disk with refusals."""
    nosy, other = await scene.add_caller(), await scene.add_caller()
    for _ in range(50):
        await scene.services.audit_log.record_refusal("forbidden", nosy, ORIGIN, "GET /users")
    await scene.services.audit_log.record_refusal("forbidden", other, ORIGIN, "GET /users")
    assert [event.actor_id for event in scene.events()] == [*[nosy.user.id] * 10, other.user.id]


@pytest.mark.parametrize("what", ["right", "limit"])
@pytest.mark.parametrize("failure", ["down", "commit"])
async def test_recording_a_refusal_never_fails(scene: Scene, what: str, failure: str) -> None:
    """A refusal is a refusal, recorded or not."""
    scene.store.is_down = failure == "down"
    scene.store.fail_next_commit = failure == "commit"
    if what == "right":
        await scene.services.audit_log.record_refusal("forbidden", None, ORIGIN, ROUTE)
    else:
        await scene.services.audit_log.record_limit(FIRST, None, ORIGIN, ROUTE)
    assert scene.events() == []


async def test_the_record_can_not_be_read_while_the_store_is_down(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    scene.store.is_down = True
    with pytest.raises(StoreUnavailable):
        await scene.services.audit_log.page(admin, AuditQuery())


async def test_an_attempt_on_another_persons_id_is_recorded_with_that_id(scene: Scene) -> None:
    """LOG-02, AZ-02"""
    caller, other = await scene.add_caller(), await scene.add_caller()
    await scene.services.audit_log.record_refusal("user_not_found", caller, ORIGIN, "GET /users", other.user.id)
    (event,) = scene.events()
    assert event.details == {"code": "user_not_found", "route": "GET /users", "id": str(other.user.id)}
