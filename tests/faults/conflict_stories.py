"""Other sessions of the same PostgreSQL database hold locks."""

import asyncio
import time
from typing import Any

from tests.faults.finding import Expectations, Finding
from tests.faults.outage import leaks, outage
from tests.faults.postgres_stories import Story
from tests.faults.stage import POOL_SIZE, Stage, database_name
from tests.faults.waiting import until
from tests.http.service import Person, Service

_DEADLOCK = "deadlock detected"
_LOCK_USER = "SELECT 1 FROM users WHERE id = $1 FOR UPDATE"
_LOCK_SESSION = "SELECT 1 FROM user_sessions WHERE id = $1 FOR UPDATE"
# PostgreSQL looks for a deadlock once, some time after a session has begun to wait: the one that closes the circle must
# be quick, and looks from within the server.
_LOCK_USER_ONCE_AWAITED = """
DO $$ BEGIN
  FOR n IN 1..4000 LOOP
    IF EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) THEN
      PERFORM 1 FROM users WHERE id = '{}' FOR UPDATE;
      RETURN;
    END IF;
    PERFORM pg_sleep(0.002);
  END LOOP;
  RAISE 'no session waits';
END $$
"""
# The victim is the session that looks first, so that it is the service.
_NO_VICTIM = "SET deadlock_timeout = '60s'"
_FAIL_SOMETIMES = """
CREATE SEQUENCE tries;
GRANT USAGE ON tries TO PUBLIC;
CREATE FUNCTION fail_sometimes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('tries') <= {times} THEN
    RAISE EXCEPTION 'could not serialize access' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fail_sometimes BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fail_sometimes();
"""


async def tables_locked(stage: Stage) -> Finding:
    """Every write waits for the lock, until no connection is left."""
    async with stage.on_postgres() as service:
        outsider = await stage.postgres().connect(database_name(service))
        try:
            return await outage(
                service,
                "REL-10",
                f"all {POOL_SIZE} connections busy behind a long transaction",
                lambda: _run(outsider, f"{_NO_VICTIM}; BEGIN; LOCK TABLE users, user_sessions"),
                lambda: _run(outsider, "ROLLBACK"),
                refused=("read", "write", "refresh"),
            )
        finally:
            await outsider.close()


async def row_locked(stage: Stage) -> Finding:
    """One account is locked: its writes wait and are refused; no other account is affected."""
    expect = Expectations()
    async with stage.on_postgres() as service:
        people = service.people
        outsider = await stage.postgres().connect(database_name(service))
        await outsider.execute("BEGIN")
        await outsider.fetch(_LOCK_USER, people.user.id)
        began = time.monotonic()
        locked = asyncio.create_task(service.patch("/auth/me", {"name": "Waits"}, by=people.user))
        answered: list[float] = []
        locked.add_done_callback(lambda _: answered.append(time.monotonic()))
        others = [await service.patch("/auth/me", {"name": f"Free {n}"}, by=people.other) for n in range(10)]
        others_took = time.monotonic() - began
        answer = await locked
        took = answered[0] - began
        await outsider.execute("ROLLBACK")
        await outsider.close()
        again = await service.patch("/auth/me", {"name": "Free at last"}, by=people.user)
        expect.same("locked account", (answer.status_code, "retry-after" in answer.headers), (503, True))
        expect.that(took <= 5, f"refused after {took:.1f} s")
        expect.same("others", {other.status_code for other in others}, {200})
        expect.same("afterwards", again.status_code, 200)
        expect.none(await leaks(service))
    return Finding(
        "REL-10",
        "one account locked by another session",
        "its requests: 503 + Retry-After <= 5 s; others: 200; afterwards: 200",
        f"503 in {took:.2f} s; 10 changes of another account meanwhile in {others_took:.2f} s",
        tuple(expect.surprises),
    )


async def deadlock(stage: Stage) -> Finding:
    """A ban locks the account, then its sessions; the other session does it the other way round."""
    expect = Expectations()
    async with stage.on_postgres() as service:
        person = service.people.user
        outsider = await stage.postgres().connect(database_name(service))
        await outsider.execute(f"{_NO_VICTIM}; BEGIN")
        await outsider.fetch(_LOCK_SESSION, person.session_id)
        log = stage.postgres().process.log
        before = log.read_text().count(_DEADLOCK)
        began = time.monotonic()
        ban = asyncio.create_task(_change(service, person, {"status": "banned"}))
        await outsider.execute(_LOCK_USER_ONCE_AWAITED.format(person.id))
        await outsider.execute("ROLLBACK")
        await outsider.close()
        answer = await ban
        took = time.monotonic() - began
        deadlocks = log.read_text().count(_DEADLOCK) - before
        expect.same("deadlocks in the server's log", deadlocks, 1)
        events = await _events(stage, service, person)
        expect.same("answer", answer.status_code, 200)
        expect.same("recorded", events, 1)
        expect.that(not await service.works(person), "the banned account is let in")
        expect.none(await leaks(service))
    return Finding(
        "REL-11",
        "deadlock with another session",
        "tried again, done exactly once",
        f"{answer.status_code} in {took:.2f} s, recorded {events} time(s), {deadlocks} deadlock(s)",
        tuple(expect.surprises),
    )


async def _conflicts(stage: Stage, times: int, status: int) -> Finding:
    expect = Expectations()
    async with stage.on_postgres() as service:
        person = service.people.user
        await stage.postgres().execute(_FAIL_SOMETIMES.format(times=times), database_name(service))
        began = time.monotonic()
        answer = await _change(service, person, {"role": "admin"})
        took = time.monotonic() - began
        tries = await _value(stage, service, "SELECT last_value FROM tries WHERE $1 <> ''")
        events = await _events(stage, service, person)
        role = (await service.user(person.id))["role"]
        expect.same("answer", answer.status_code, status)
        expect.same("recorded", events, int(status == 200))
        expect.same("role", role, "admin" if status == 200 else "user")
        expect.same("tries", tries, min(times + 1, 4))
        expect.that(status == 200 or "retry-after" in answer.headers, "503 without Retry-After")
        expect.that(took <= 5, f"it took {took:.1f} s")
        expect.none(await leaks(service))
    return Finding(
        "REL-11",
        f"serialization failure (40001), {times} times",
        "done exactly once" if status == 200 else "503 + Retry-After after three repetitions, nothing done",
        f"{answer.status_code} after {tries} tries in {took:.2f} s, recorded {events} time(s)",
        tuple(expect.surprises),
    )


async def conflict_twice(stage: Stage) -> Finding:
    return await _conflicts(stage, 2, 200)


async def conflict_for_ever(stage: Stage) -> Finding:
    return await _conflicts(stage, 1000, 503)


async def other_schema(stage: Stage) -> Finding:
    """Another version of the program has changed the schema while this one runs, and goes back."""
    expect = Expectations()
    async with stage.on_postgres() as service:
        name = database_name(service)
        head = await _value(stage, service, "SELECT version_num FROM alembic_version WHERE $1 <> ''")
        since = await _value(stage, service, "SELECT serves_since FROM schema_compatibility WHERE $1 <> ''")
        seen = []
        for version, serves_since, status in (
            ("9999", "9999", 503),
            ("9999", since, 200),
            ("0001", since, 503),
            (head, since, 200),
        ):
            change = (
                "UPDATE alembic_version SET version_num = '{}'; UPDATE schema_compatibility SET serves_since = '{}'"
            )
            await stage.postgres().execute(change.format(version, serves_since), name)
            answer = await service.ask("GET", "/health/ready")
            seen.append(f"{version} for programs since {serves_since}: {answer.status_code}")
            expect.same(f"ready with {version} for {serves_since}", answer.status_code, status)
            if status == 503:
                expect.that("schema" in answer.text, f"it does not say why: {answer.text}")
                expect.that("retry-after" in answer.headers, "no Retry-After")
            expect.same("live", (await service.ask("GET", "/health/live")).status_code, 200)
    return Finding(
        "REL-25",
        "schema of another version",
        "not ready and says why, unless it suits this one, too; live; ready again with the right one",
        ", ".join(seen),
        tuple(expect.surprises),
    )


async def absent_at_start(stage: Stage) -> Finding:
    """The database is away when the service starts."""
    expect = Expectations()
    name, people = await stage.postgres_database()
    server = stage.postgres()
    url = server.url(name)
    await asyncio.to_thread(server.stop)
    began = time.monotonic()
    async with stage.starting(url, people) as service:
        started = time.monotonic() - began
        answers = [
            await service.ask("GET", "/health/live"),
            await service.ask("GET", "/health/ready"),
            await service.log_in(people.user.email),
        ]
        expect.same("answers meanwhile", [answer.status_code for answer in answers], [200, 503, 503])
        await asyncio.to_thread(server.start)
        came = time.monotonic()
        expect.that(await until(lambda: _is_ready(service), 15), "never ready")
        took = time.monotonic() - came
        expect.that(took <= 10, f"ready after {took:.1f} s")
        expect.same("login", (await service.log_in(people.user.email)).status_code, 200)
    return Finding(
        "REL-08",
        "PostgreSQL away at the start",
        "starts, live, not ready; ready <= 10 s after it came",
        f"started in {started:.2f} s, ready {took:.2f} s after it came",
        tuple(expect.surprises),
    )


CONFLICTS: dict[str, Story] = {
    "tables-locked": tables_locked,
    "row-locked": row_locked,
    "deadlock": deadlock,
    "conflict-twice": conflict_twice,
    "conflict-for-ever": conflict_for_ever,
    "other-schema": other_schema,
    "absent-at-start": absent_at_start,
}


async def _change(service: Service, person: Person, changes: dict[str, str]) -> Any:
    return await service.patch(f"/users/{person.id}", changes, by=service.people.admin)


async def _run(connection: Any, statements: str) -> None:
    await connection.execute(statements)


async def _value(stage: Stage, service: Service, query: str) -> Any:
    """What a query gives for the database's name."""
    connection = await stage.postgres().connect(database_name(service))
    try:
        return await connection.fetchval(query, database_name(service))
    finally:
        await connection.close()


async def _events(stage: Stage, service: Service, person: Person) -> int:
    """How many changes of an account by an administrator were recorded."""
    connection = await stage.postgres().connect(database_name(service))
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM audit_events WHERE subject_id = $1 AND actor_id = $2 AND type LIKE 'user.%_changed'",
            person.id,
            service.people.admin.id,
        )
        return found
    finally:
        await connection.close()


async def _is_ready(service: Service) -> bool:
    return (await service.ask("GET", "/health/ready")).status_code == 200
