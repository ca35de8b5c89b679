"""What can happen to PostgreSQL, or to the way there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from tests.faults.finding import Expectations, Finding
from tests.faults.outage import leaks, outage
from tests.faults.proxy import FaultProxy
from tests.faults.pulse import Pulse
from tests.faults.stage import POOL_SIZE, Stage
from tests.http.service import Service
from tests.servers.postgres import PostgresServer

_TIMES = 5

Story = Callable[[Stage], Awaitable[Finding]]


async def _of_the_server(
    stage: Stage, check: str, fault: str, begin: Callable[[PostgresServer], None], end: Callable[[PostgresServer], None]
) -> Finding:
    server = stage.postgres()
    async with stage.on_postgres() as service:
        # These wait for processes; the service goes on in this one.
        return await outage(
            service,
            check,
            fault,
            lambda: asyncio.to_thread(begin, server),
            lambda: asyncio.to_thread(end, server),
        )


async def stopped(stage: Stage) -> Finding:
    return await _of_the_server(
        stage, "REL-08", "PostgreSQL stopped, started again", PostgresServer.stop, PostgresServer.start
    )


async def killed(stage: Stage) -> Finding:
    return await _of_the_server(
        stage, "REL-08", "PostgreSQL killed with -9, started again", PostgresServer.kill, PostgresServer.start
    )


async def frozen(stage: Stage) -> Finding:
    return await _of_the_server(
        stage, "REL-09", "PostgreSQL frozen with SIGSTOP", PostgresServer.freeze, PostgresServer.thaw
    )


async def restarted(stage: Stage) -> Finding:
    server = stage.postgres()
    async with stage.on_postgres() as service:
        begin = partial(asyncio.to_thread, server.restart)
        return await outage(service, "REL-08", "PostgreSQL restarted under load", begin, _nothing, refused=())


async def ended(stage: Stage) -> Finding:
    """An administrator, or a failover, ends every session; what broke while it was idle is replaced unnoticed."""
    server = stage.postgres()
    async with stage.on_postgres() as service:
        end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bukhindor'"

        async def begin() -> None:
            for _ in range(_TIMES):
                await server.execute(end_all)
                await asyncio.sleep(0.1)

        fault = f"PostgreSQL ends all sessions, {_TIMES} times"
        most = _TIMES * POOL_SIZE
        return await outage(service, "REL-08", fault, begin, _nothing, refused=(), most_refused=most)


async def cut(stage: Stage) -> Finding:
    async def begin(proxy: FaultProxy) -> None:
        for _ in range(_TIMES):
            proxy.cut()
            await asyncio.sleep(0.1)

    fault = f"PostgreSQL: all connections reset, {_TIMES} times"
    return await _of_the_way(stage, "REL-15", fault, begin, refused=(), most_refused=_TIMES * POOL_SIZE)


async def _nothing() -> None:
    """It is over already."""


async def _of_the_way(
    stage: Stage, check: str, fault: str, begin: Callable[[FaultProxy], Awaitable[None] | None], **how: Any
) -> Finding:
    async with FaultProxy(stage.postgres().port) as proxy, stage.on_postgres(port=proxy.port) as service:

        async def break_it() -> None:
            awaitable = begin(proxy)
            if awaitable is not None:
                await awaitable

        return await outage(service, check, fault, break_it, proxy.restore, **how)


async def refused(stage: Stage) -> Finding:
    return await _of_the_way(stage, "REL-15", "PostgreSQL: connections refused", FaultProxy.refuse)


async def swallowed(stage: Stage) -> Finding:
    return await _of_the_way(stage, "REL-09", "PostgreSQL in a black hole", FaultProxy.swallow)


async def stalled(stage: Stage) -> Finding:
    return await _of_the_way(
        stage, "REL-15", "PostgreSQL: answers stop in their midst", lambda proxy: proxy.answer_only(40)
    )


async def broken_off(stage: Stage) -> Finding:
    return await _of_the_way(
        stage, "REL-15", "PostgreSQL: reset during responses", lambda proxy: proxy.answer_only(40, cut=True)
    )


async def slow(stage: Stage) -> Finding:
    return await _of_the_way(
        stage,
        "REL-15",
        "PostgreSQL 20 ms away, with 20 ms of jitter",
        lambda proxy: proxy.slow_down(0.02, 0.02),
        refused=(),
        lasts=1.5,
        most_refused=0,
    )


async def drawn_out(stage: Stage) -> Finding:
    """Each statement gets its response in time; a sign-in needs too many of them, and a new connection needs a few."""
    expect = Expectations()
    deadline = timedelta(seconds=1)
    async with (
        FaultProxy(stage.postgres().port) as proxy,
        stage.on_postgres(port=proxy.port, request_timeout=deadline) as service,
    ):
        person = service.people.user
        before = await _sessions(service)
        proxy.slow_down(0.05, 0.0)
        with Pulse() as pulse:
            began = time.monotonic()
            answers = await asyncio.gather(*(service.log_in(person.email) for _ in range(POOL_SIZE)))
            refused = time.monotonic()
            reading = await service.get("/auth/me", by=person)
            read = time.monotonic()
        took = refused - began - pulse.stood_still(began, refused)
        await proxy.restore()
        expect.same("sign-ins", {(each.status_code, "retry-after" in each.headers) for each in answers}, {(503, True)})
        expect.that(took <= deadline.total_seconds() + 1, f"refused after {took:.1f} s")
        expect.that(reading.status_code == 200 or pulse.excuses(refused, read), f"reading: {reading.status_code}")
        expect.none(await leaks(service))
        expect.same("sessions", await _sessions(service), before)
        expect.same("afterwards", (await service.log_in(person.email)).status_code, 200)
    return Finding(
        "DOS-03",
        "PostgreSQL takes 0.1 s for each statement, a request may take 1 s",
        "long ones: 503 + Retry-After at 1 s, undone; short ones: 200; afterwards: 200",
        f"{len(answers)} sign-ins refused in {took:.2f} s, no session left, reading {reading.status_code}",
        tuple(expect.surprises),
    )


async def _sessions(service: Service) -> int:
    answer = await service.get("/auth/sessions", by=service.people.user)
    return len(answer.json()["sessions"])


OUTAGES: dict[str, Story] = {
    "stopped": stopped,
    "killed": killed,
    "restarted": restarted,
    "ended": ended,
    "cut": cut,
    "frozen": frozen,
    "refused": refused,
    "swallowed": swallowed,
    "stalled": stalled,
    "broken-off": broken_off,
    "slow": slow,
    "drawn-out": drawn_out,
}
