"""Whether the service can do its work."""

from bukhindor.domain.signing_key import KeyRing
from tests.unit.services.scene import Scene


async def test_a_service_with_store_and_keys_has_no_problems(scene: Scene) -> None:
    assert await scene.services.health.problems() == {}
    assert scene.store.commits == 0


async def test_a_service_without_a_key_to_sign_with_is_not_ready(scene: Scene) -> None:
    scene.access_tokens.use(KeyRing())
    assert await scene.services.health.problems() == {"signing_keys": "none to sign with"}


async def test_a_service_whose_store_is_down_is_not_ready_and_recovers_with_it(scene: Scene) -> None:
    scene.store.is_down = True
    assert await scene.services.health.problems() == {"database": "unreachable"}
    scene.store.is_down = False
    assert await scene.services.health.problems() == {}


async def test_a_service_over_another_schema_is_not_ready_and_says_so(scene: Scene) -> None:
    """REL-25"""
    scene.store.has_schema = False
    assert await scene.services.health.problems() == {"database": "its schema is not the one this version needs"}


async def test_limits_that_are_counted_alone_restrict_the_service_and_do_not_stop_it(scene: Scene) -> None:
    """REL-12"""
    assert scene.services.health.restrictions() == {}
    scene.limiter.degraded = True
    assert list(scene.services.health.restrictions()) == ["rate_limits"]
    assert await scene.services.health.problems() == {}


async def test_a_service_that_is_about_to_stop_is_not_ready_any_more(scene: Scene) -> None:
    scene.services.health.drain()
    assert await scene.services.health.problems() == {"process": "shutting down"}
    assert await scene.services.health.problems() == {"process": "shutting down"}


async def test_all_problems_are_reported_at_once(scene: Scene) -> None:
    scene.services.health.drain()
    scene.access_tokens.use(KeyRing())
    scene.store.is_down = True
    assert set(await scene.services.health.problems()) == {"process", "signing_keys", "database"}
