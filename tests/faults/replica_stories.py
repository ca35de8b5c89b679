"""Replicas are killed, restarted and replaced one after the other, while clients go on."""

import asyncio
import time

from tests.faults.finding import Expectations, Finding
from tests.faults.postgres_stories import Story
from tests.faults.replicas import COUNT, KILL, Load, Replicas, running
from tests.faults.stage import Stage
from tests.http.service import API, PASSWORD, tokens_in


async def replaced(stage: Stage) -> Finding:
    """REL-01, REL-20: nothing fails but what a killed replica had in hand."""
    expect = Expectations()
    thoroughness = stage.thoroughness
    rate, calm, most = thoroughness.requests_per_second, thoroughness.calm_seconds, thoroughness.clients
    async with running(stage) as (replicas, connection), Load(replicas, rate, most) as load:
        loaded = time.monotonic()
        await load.during("at first", asyncio.sleep(calm))
        await load.during(KILL, replicas.kill(0), at_least=0.6)
        await load.during("return", replicas.bring_back(0), at_least=calm)
        began = time.monotonic()
        for number in range(COUNT):
            await load.during("orderly end", replicas.stop(number))
            await load.during("new start", replicas.bring_back(number), at_least=calm)
        took = time.monotonic() - began
        await load.stop()
        loaded = time.monotonic() - loaded
        by_kill = load.failures.pop(KILL, [])
        expect.that(len(by_kill) <= most, f"{len(by_kill)} failed by the kill")
        expect.same("errors of the program", [each for each in by_kill if ": 500" in each], [])
        expect.same("failures at other times", dict(load.failures), {})
        expect.none(await load.lost())
        kept = {row[0] for row in await connection.fetch("SELECT email FROM users WHERE email LIKE 'new-%'")}
        expect.that(load.registered <= kept, f"{len(load.registered - kept)} registrations lost")
        least = rate * thoroughness.least_part_of_requests
        expect.that(load.requests / loaded > least, f"only {load.requests / loaded:.0f} requests/s")
        await _agree(replicas, load, expect)
    slowest = max(load.seconds)
    return Finding(
        "REL-20",
        f"three replicas behind nginx, {rate}/s: kill -9, return, rolling restart",
        f"killed: at most {most} fail; else none; nothing acknowledged lost; bans, limits, sessions shared",
        f"{load.requests} requests, {load.requests / loaded:.0f}/s, {len(by_kill)} failed by the kill, "
        f"rolling restart in {took:.1f} s, "
        f"slowest {slowest:.2f} s, {len(load.registered)} registered",
        tuple(expect.surprises),
    )


async def _agree(replicas: Replicas, load: Load, expect: Expectations) -> None:
    """A session is good everywhere, a ban works with the next request everywhere, and limits count together."""
    people, client = replicas.people, load.clients[1]
    for server in replicas.servers:
        answer = await server.ask("GET", f"{API}/auth/me", by=client.tokens)
        expect.same("session at a replica", answer.status_code, 200)
    found = await replicas.servers[0].ask("GET", f"{API}/users?search={client.email}", by=people.admin)
    path = f"{API}/users/{found.json()['users'][0]['id']}"
    for number, server in enumerate(replicas.servers):
        ban = await server.ask("PATCH", path, {"status": "banned"}, by=people.admin)
        expect.same("ban", ban.status_code, 200)
        for each in replicas.servers:
            refused = await each.ask("GET", f"{API}/auth/me", by=client.tokens)
            expect.that(refused.status_code in (401, 403), f"a ban at replica {number + 1} is unknown elsewhere")
        await server.ask("PATCH", path, {"status": "active"}, by=people.admin)
        signed_in = await server.ask("POST", f"{API}/auth/login", {"email": client.email, "password": PASSWORD})
        client.tokens = tokens_in(signed_in)
    body = {"email": people.other.email, "password": "not-the-right-one-7"}
    statuses = []
    for number in range(11):
        answer = await replicas.servers[number % COUNT].ask("POST", f"{API}/auth/login", body)
        statuses.append(answer.status_code)
    expect.same("wrong passwords at all replicas", statuses, [401] * 10 + [429])


REPLICAS: dict[str, Story] = {"replaced": replaced}
