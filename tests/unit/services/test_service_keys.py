"""Service keys from creation to revocation, and what is refused."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import CallingService, Operator
from bukhindor.domain.errors import (
    Forbidden,
    InvalidServiceKey,
    MissingScope,
    RateLimited,
    ServiceKeyNameTaken,
    ServiceKeyNotFound,
)
from bukhindor.domain.rate_limit import REFUSED_SERVICE_KEYS_PER_NETWORK
from bukhindor.domain.service_key import Scope, ServiceKeyName, ServiceKeySecret
from bukhindor.domain.user import Role
from tests.makers import ORIGIN, make_secret
from tests.unit.services.scene import Scene, told

DAY = timedelta(days=1)
ORDERS = ServiceKeyName("orders")
SCOPES = frozenset({Scope.USERS_READ, Scope.TOKENS_INTROSPECT})


async def create(scene: Scene, name: str = ORDERS, life: timedelta | None = None) -> ServiceKeySecret:
    _, secret = await scene.services.service_keys.create(Operator(), ServiceKeyName(name), SCOPES, life)
    return secret


async def calling(scene: Scene, secret: ServiceKeySecret | str, name: str | None = None) -> CallingService:
    text = secret if isinstance(secret, str) else secret.reveal()
    return await scene.services.service_keys.authenticate(text, ORIGIN, name)


async def test_a_new_key_opens_what_its_scopes_name_and_only_its_digest_is_stored(scene: Scene) -> None:
    secret = await create(scene)
    service = await calling(scene, secret)
    assert (service.key.name, service.key.scopes, service.origin) == ("orders", SCOPES, ORIGIN)
    assert service.key.digest == secret.digest
    assert secret.reveal() not in str(scene.snapshot())
    (event,) = scene.events()
    assert (event.type, event.actor_id, event.subject_id) == (AuditType.SERVICE_KEY_CREATED, None, service.key.id)
    assert event.details == {"name": "orders", "scopes": "users:read tokens:introspect"}


async def test_an_administrator_is_named_as_the_creator(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    key, _ = await scene.services.service_keys.create(admin, ORDERS, SCOPES, DAY)
    assert key.created_by == admin.user.id
    assert key.expires_at == scene.clock.now() + DAY
    (event,) = scene.events()
    assert (event.actor_id, event.details["expires"]) == (admin.user.id, key.expires_at.isoformat())


async def test_people_without_the_right_make_see_and_revoke_no_key(scene: Scene) -> None:
    """AZ-03"""
    user, before = await scene.add_caller(), scene.snapshot()
    keys = scene.services.service_keys
    for act in (keys.create(user, ORDERS, SCOPES), keys.all(user), keys.revoke(user, "orders")):
        with pytest.raises(Forbidden):
            await act
    assert scene.snapshot()[3:] == before[3:]


async def test_a_name_has_one_key(scene: Scene) -> None:
    await create(scene)
    before = scene.snapshot()
    with pytest.raises(ServiceKeyNameTaken):
        await create(scene)
    assert scene.snapshot() == before
    await create(scene, "billing")
    assert [key.name for key in await scene.services.service_keys.all(Operator())] == ["billing", "orders"]


async def test_a_revoked_key_is_refused_at_once_and_its_name_is_free(scene: Scene) -> None:
    secret = await create(scene)
    await scene.services.service_keys.revoke(Operator(), "orders")
    with pytest.raises(InvalidServiceKey):
        await calling(scene, secret)
    assert scene.recorded() == [AuditType.SERVICE_KEY_CREATED, AuditType.SERVICE_KEY_REVOKED]
    with pytest.raises(ServiceKeyNotFound):
        await scene.services.service_keys.revoke(Operator(), "orders")
    with pytest.raises(InvalidServiceKey):
        await calling(scene, secret)
    assert (await calling(scene, await create(scene))).key.name == "orders"


async def test_a_key_expires(scene: Scene) -> None:
    secret = await create(scene, life=90 * DAY)
    scene.clock.advance(90 * DAY - timedelta(seconds=1))
    await calling(scene, secret)
    scene.clock.advance(timedelta(seconds=1))
    with pytest.raises(InvalidServiceKey):
        await calling(scene, secret)


async def test_a_key_under_another_name_is_refused(scene: Scene) -> None:
    secret = await create(scene)
    assert (await calling(scene, secret, "orders")).key.name == "orders"
    for name in ("billing", "", "Orders"):
        with pytest.raises(InvalidServiceKey):
            await calling(scene, secret, name)


async def test_a_typing_mistake_asks_no_database_and_counts_nowhere(scene: Scene) -> None:
    scene.store.is_down = True
    for text in ("", "bk_", make_secret().reveal()[:-1] + "_", "eyJ.a.b"):
        with pytest.raises(InvalidServiceKey):
            await calling(scene, text)


async def test_a_network_that_guesses_is_stopped_and_its_valid_keys_are_not(scene: Scene) -> None:
    secret = await create(scene)
    for number in range(REFUSED_SERVICE_KEYS_PER_NETWORK.hits):
        with pytest.raises(InvalidServiceKey):
            await calling(scene, make_secret(number + 1_000))
    with pytest.raises(RateLimited):
        await calling(scene, make_secret(9))
    await calling(scene, secret)


async def test_a_use_is_written_once_an_hour_however_many_come_at_once(scene: Scene) -> None:
    secret = await create(scene)
    commits = scene.store.commits
    await asyncio.gather(*(calling(scene, secret) for _ in range(5)))
    assert scene.store.commits == commits + 1
    (key,) = await scene.services.service_keys.all(Operator())
    assert key.last_used_at == scene.clock.now()
    scene.clock.advance(timedelta(minutes=59))
    await calling(scene, secret)
    assert scene.store.commits == commits + 1
    scene.clock.advance(timedelta(minutes=1))
    await calling(scene, secret)
    assert scene.store.commits == commits + 2


async def test_a_service_gets_its_response_while_nothing_can_be_written(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    secret = await create(scene)
    scene.store.fail_next_commit = True
    service = await calling(scene, secret)
    assert service.key.last_used_at is None
    (line,) = told(caplog)
    assert secret.reveal() not in line.getMessage()


async def test_a_key_that_is_revoked_between_two_looks_is_not_written_back(scene: Scene) -> None:
    secret = await create(scene)
    key = (await scene.services.service_keys.all(Operator()))[0]
    first = asyncio.create_task(calling(scene, secret))
    await asyncio.sleep(0)
    del scene.store.committed.service_keys[key.id]
    with suppress(InvalidServiceKey):
        await first
    assert scene.store.committed.service_keys == {}


async def test_what_a_service_does_and_is_refused_bears_its_name(scene: Scene) -> None:
    """LOG-02"""
    service = await calling(scene, await create(scene))
    route = "GET /audit-events"
    with pytest.raises(MissingScope) as refusal:
        service.require(Scope.AUDIT_READ)
    await scene.services.audit_log.record_refusal(refusal.value.code, service, ORIGIN, route)
    (event,) = scene.events(AuditType.REFUSED)
    assert event.actor_id == service.key.id
    assert event.details == {"code": "insufficient_scope", "route": route, "service": "orders"}
