"""Answers get lost after the work is done, and the client asks again."""

from typing import Any

import httpx

from tests.faults.finding import Expectations, Finding
from tests.faults.launcher import Remote
from tests.faults.postgres_stories import Story
from tests.faults.proxy import FaultProxy
from tests.faults.stage import Stage
from tests.http.service import API, PASSWORD, Tokens, tokens_in

_LOST = 2


async def _insist(
    proxy: FaultProxy, client: Remote, method: str, path: str, body: object, by: Tokens | None = None
) -> httpx.Response:
    """The response to the third time; those to the first two never arrive."""
    proxy.answer_only(0, cut=True)
    for _ in range(_LOST):
        try:
            await client.ask(method, f"{API}{path}", body, by=by)
        except httpx.TransportError:
            continue
        raise AssertionError("the answer should not have arrived")
    await proxy.restore()
    return await client.ask(method, f"{API}{path}", body, by=by)


async def lost_answers(stage: Stage) -> Finding:
    """REL-19."""
    expect = Expectations()
    name, people = await stage.postgres_database()
    server = stage.launcher().start(stage.folder(), stage.postgres().url(name), people, RATE_LIMITS="on")
    connection = await stage.postgres().connect(name)

    async def count(query: str, *values: Any) -> int:
        found: int = await connection.fetchval(query, *values)
        return found

    try:
        await server.ready()
        async with FaultProxy(server.port) as proxy:
            client = Remote(proxy.port, people)
            email = "twice@example.com"
            body = {"email": email, "password": PASSWORD, "name": "Twice"}
            answer = await _insist(proxy, client, "POST", "/auth/register", body)
            expect.same("register", answer.status_code, 409)
            expect.same("accounts", await count("SELECT count(*) FROM users WHERE email = $1", email), 1)

            refreshed = await _insist(
                proxy, client, "POST", "/auth/refresh", {"refresh_token": people.user.refresh_token}
            )
            expect.same("refresh", refreshed.status_code, 200)
            me = await client.ask("GET", f"{API}/auth/me", by=tokens_in(refreshed))
            expect.same("the session", me.status_code, 200)
            generation = await count("SELECT generation FROM user_sessions WHERE id = $1", people.user.session_id)
            expect.same("generation", generation, 2)

            changed = await _insist(
                proxy, client, "PATCH", f"/users/{people.other.id}", {"role": "admin"}, by=people.admin
            )
            expect.same("role change", changed.status_code, 200)
            events = "SELECT count(*) FROM audit_events WHERE type = 'user.role_changed' AND subject_id = $1"
            expect.same("role changes recorded", await count(events, people.other.id), 1)

            reset = await _insist(proxy, client, "POST", "/auth/forgot-password", {"email": people.guest.email})
            expect.same("forgotten password", reset.status_code, 200)
            asked = "SELECT count(*) FROM audit_events WHERE type = 'password.reset_asked' AND subject_id = $1"
            mails = await count(asked, people.guest.id)
            expect.same("mails asked for", mails, 1)

            out = await _insist(proxy, client, "POST", "/auth/logout", None, by=people.inactive)
            expect.that(out.status_code in (200, 401, 403), f"logout: {out.status_code}")
            await client.close()
    finally:
        await connection.close()
        await stage.killed(server)
    return Finding(
        "REL-19",
        "answers lost after the commit, each request sent three times",
        "one account, one successor, one event, one mail",
        f"1 account, generation {generation}, {mails} mail(s)",
        tuple(expect.surprises),
    )


DUPLICATES: dict[str, Story] = {"lost-answers": lost_answers}
