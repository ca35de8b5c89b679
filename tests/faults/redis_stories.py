"""What can happen to Redis: everything stays right, from the database alone; limits get stricter, never looser."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from statistics import median

from bukhindor.domain.rate_limit import REFRESHES_PER_SESSION, Limits
from tests.faults.finding import Expectations, Finding
from tests.faults.postgres_stories import Story
from tests.faults.proxy import FaultProxy
from tests.faults.stage import Stage
from tests.faults.waiting import until
from tests.faults.watch import LIVE, READ, READY, REFRESH, WRITE, Watch
from tests.http.service import Service, tokens_in
from tests.servers.redis import RedisServer

# Seconds. A login that waits for Redis at each of its counts takes 0.5 longer; a busy machine adds some.
_MOST_ADDED = 0.4
_STRICT, _FULL = 3, 10
"""Wrong passwords of one account: ten in all, a quarter of it while each process counts alone."""


@dataclass(frozen=True, slots=True)
class _Fault:
    name: str
    begin: Callable[[RedisServer, FaultProxy], Awaitable[object] | object]
    end: Callable[[RedisServer, FaultProxy], Awaitable[object] | object]
    at_start: bool = False


async def _story(stage: Stage, fault: _Fault) -> Finding:
    expect = Expectations()
    redis = stage.redis()
    await asyncio.to_thread(redis.start)
    async with FaultProxy(redis.port) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}/0"
        if fault.at_start:
            await _do(fault.begin, redis, proxy)
        # The watch refreshes one session all the time, which no client does.
        limits = Limits(replace(REFRESHES_PER_SESSION, hits=100_000))
        async with (
            stage.on_postgres(redis_url=url, rate_limits=True, limits=limits) as service,
            Watch(service) as watch,
        ):
            before = 0.0
            if not fault.at_start:
                expect.that(await _until_status(service, "ok"), "readiness never said ok")
                before = await _login_seconds(service)
                await _do(fault.begin, redis, proxy)
            began = time.monotonic()
            await _is_right(service, expect, "at once")
            degraded = await _until_status(service, "degraded")
            found_out = time.monotonic() - began
            expect.that(degraded, "readiness never said degraded")
            expect.same("wrong passwords until refused", await _guesses(service, "other"), _STRICT)
            during = await _login_seconds(service)
            expect.that(not before or during - before <= _MOST_ADDED, f"a login takes {during - before:.3f} s longer")
            await _is_right(service, expect, "degraded")
            await _do(fault.end, redis, proxy)
            ended = time.monotonic()
            expect.that(await _until_status(service, "ok"), "readiness never said ok again")
            recovery = time.monotonic() - ended
            expect.that(recovery <= 10, f"back after {recovery:.1f} s")
            expect.same("wrong passwords until refused again", await _guesses(service, "guest"), _FULL)
            expect.that(await watch.until(200, LIVE, READY, READ, WRITE, REFRESH), "not well in the end")
            await watch.stop()
        expect.none(sorted(set(watch.surprises())))
        expect.same("statuses", {each.status for each in watch.without_excuse()}, {200})
    slowest = watch.seconds()[-1]
    return Finding(
        "REL-12",
        f"Redis {fault.name}",
        "no request fails; login, refresh, revocation, ban right; limits stricter; degraded, then ok <= 10 s",
        f"degraded in {found_out:.2f} s, slowest request {slowest * 1000:.0f} ms, "
        f"login {(during - before) * 1000:+.0f} ms, {_STRICT} of {_FULL} guesses, back in {recovery:.2f} s",
        tuple(expect.surprises),
    )


async def flushed(stage: Stage) -> Finding:
    """REL-13, REL-14: what Redis forgets, or never learned, changes nothing of who is let in."""
    expect = Expectations()
    redis = stage.redis()
    await asyncio.to_thread(redis.start)
    async with stage.on_postgres(redis_url=redis.url, rate_limits=True) as service:
        people = service.people
        gone, kept = await service.signed_in(people.user), await service.signed_in(people.user)
        expect.same("logout", (await service.post("/auth/logout", by=gone)).status_code, 200)
        await service.patch(f"/users/{people.other.id}", {"status": "banned"}, by=people.admin)
        for forget in (redis.flush, redis.restart, redis.kill):
            await asyncio.to_thread(forget)
            expect.that(not await service.works(gone), "a session that was ended is let in")
            expect.same("refresh of it", (await service.refresh(gone)).status_code, 401)
            expect.that(not await service.works(people.other), "a banned account is let in")
            expect.that(await service.works(kept), "a session ended")
    return Finding(
        "REL-13",
        "Redis flushed, restarted, killed",
        "nothing revoked is valid again, no session ends",
        "as expected" if not expect.surprises else "see what differs",
        tuple(expect.surprises),
    )


def _kill(redis: RedisServer, _: FaultProxy) -> Awaitable[object]:
    return asyncio.to_thread(redis.kill)


def _start(redis: RedisServer, _: FaultProxy) -> Awaitable[object]:
    return asyncio.to_thread(redis.start)


def _restore(_: RedisServer, proxy: FaultProxy) -> Awaitable[object]:
    return proxy.restore()


def _command(*words: str) -> Callable[[RedisServer, FaultProxy], Awaitable[object]]:
    return lambda redis, _: asyncio.to_thread(redis.command, *words)


_FAULTS = {
    "killed": _Fault("killed with -9", _kill, _start),
    "absent": _Fault("away at the start", _kill, _start, at_start=True),
    "frozen": _Fault("frozen with SIGSTOP", lambda redis, _: redis.freeze(), lambda redis, _: redis.thaw()),
    "swallowed": _Fault("in a black hole", lambda _, proxy: proxy.swallow(), _restore),
    "broken-off": _Fault("resetting during responses", lambda _, proxy: proxy.answer_only(1, cut=True), _restore),
    "full": _Fault(
        "out of memory", _command("CONFIG", "SET", "maxmemory", "1"), _command("CONFIG", "SET", "maxmemory", "0")
    ),
    "read-only": _Fault(
        "a read-only replica", _command("REPLICAOF", "127.0.0.1", "1"), _command("REPLICAOF", "NO", "ONE")
    ),
}


def _told(fault: _Fault) -> Story:
    return lambda stage: _story(stage, fault)


REDIS: dict[str, Story] = {**{name: _told(fault) for name, fault in _FAULTS.items()}, "flushed": flushed}


async def _do(
    step: Callable[[RedisServer, FaultProxy], Awaitable[object] | object], redis: RedisServer, proxy: FaultProxy
) -> None:
    outcome = step(redis, proxy)
    if isinstance(outcome, Awaitable):
        await outcome


async def _is_right(service: Service, expect: Expectations, when: str) -> None:
    """Sign in, refresh, end the session; nothing of it is good any more. A ban works at once, and its end."""
    people = service.people
    answer = await service.log_in(people.user.email)
    expect.same(f"login {when}", answer.status_code, 200)
    first = tokens_in(answer)
    answer = await service.refresh(first)
    expect.same(f"refresh {when}", answer.status_code, 200)
    second = tokens_in(answer)
    expect.that(await service.works(second), f"the new session does not work {when}")
    expect.same(f"logout {when}", (await service.post("/auth/logout", by=second)).status_code, 200)
    expect.that(not await service.works(second), f"an ended session is let in {when}")
    expect.same(f"refresh of it {when}", (await service.refresh(second)).status_code, 401)
    banned = people.inactive
    for status, wanted in (("active", 200), ("banned", 403)):
        await service.patch(f"/users/{banned.id}", {"status": status}, by=people.admin)
        expect.same(f"login while {status} {when}", (await service.log_in(banned.email)).status_code, wanted)


async def _status(service: Service) -> str:
    answer = await service.ask("GET", "/health/ready")
    return str(answer.json()["status"]) if answer.status_code == 200 else str(answer.status_code)


async def _until_status(service: Service, wanted: str) -> bool:
    async def holds() -> bool:
        return await _status(service) == wanted

    return await until(holds, 20)


async def _login_seconds(service: Service) -> float:
    seconds = []
    for _ in range(7):
        began = time.monotonic()
        tokens_in(await service.log_in(service.people.user.email))
        seconds.append(time.monotonic() - began)
    return median(seconds)


async def _guesses(service: Service, who: str) -> int:
    """How many wrong passwords of an account are heard."""
    email = getattr(service.people, who).email
    for number in range(20):
        answer = await service.log_in(email, "not-the-right-one-7")
        if answer.status_code == 429:
            return number
        if answer.status_code != 401:
            return -answer.status_code
    return 20
