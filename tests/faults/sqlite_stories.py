"""What can happen to an embedded database: its disk fills up, it can't be written, another process locks it."""

import asyncio
import resource
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bukhindor.adapters.sql.sqlite.file import LOCK_PATIENCE_SECONDS
from tests.faults.finding import Expectations, Finding
from tests.faults.launcher import Server
from tests.faults.outage import outage
from tests.faults.postgres_stories import Story
from tests.faults.pulse import Pulse
from tests.faults.stage import Stage, store_of
from tests.faults.watch import LIVE, READ, READY, REFRESH, WRITE, Watch

_LEAST_READS = 5


async def full_disk(stage: Stage) -> Finding:
    """REL-07: no file of the server may grow any more, its log included."""
    file, people = await stage.sqlite_database()
    folder = stage.folder()
    server = stage.launcher().start(folder, f"sqlite:///{file}", people)
    try:
        await server.ready()
        return await _fill_disk(server, file, folder / "server.log")
    finally:
        await stage.killed(server)


async def _fill_disk(server: Server, file: Path, log: Path) -> Finding:
    expect = Expectations()
    async with Watch(server) as watch:
        expect.that(await watch.until(200, LIVE, READY, READ, WRITE, REFRESH, times=5), "not well before the fault")
        largest = max(each.stat().st_size for each in (log, file, file.with_name(f"{file.name}-wal")))
        before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        since = time.monotonic()
        try:
            expect.that(await watch.until(503, READY, WRITE, REFRESH, times=3), "writes were not refused")
            expect.that(await watch.until(200, LIVE, READ, times=5), "reads were refused")
            full = [each for each in watch.answers if each.began > since and each.kind == READ]
        finally:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
        recovery = await watch.recovery()
        await watch.stop()
        expect.none(await watch.lost_writes())
    expect.none(sorted(set(watch.surprises())))
    expect.same("reads meanwhile", {each.status for each in full}, {200})
    expect.that(recovery is not None and recovery <= 10, "it did not recover in time")
    counts = watch.counts()
    return Finding(
        "REL-07",
        "SQLite: disk full",
        "writes 503 + Retry-After <= 5 s, reads go on, back <= 10 s by itself, nothing lost",
        f"{counts[503]} refused in {watch.refused_within():.2f} s, {len(full)} reads meanwhile, "
        f"live {watch.live_within() * 1000:.0f} ms, back in {recovery or 99:.2f} s",
        tuple(expect.surprises),
    )


async def read_only(stage: Stage) -> Finding:
    """REL-07: SQLite says that the file can't be written."""
    async with stage.on_sqlite() as service:
        connection = store_of(service)._writer._connection

        async def say(value: int) -> None:
            connection.execute(f"PRAGMA query_only = {value}")

        return await outage(
            service,
            "REL-07",
            "SQLite: file turns read-only",
            lambda: say(1),
            lambda: say(0),
            refused=(READY, WRITE, REFRESH),
            lasts=0.5,
        )


async def locked(stage: Stage) -> Finding:
    """REL-06: another process holds the write lock; the service waits for eight seconds."""
    expect = Expectations()
    seconds = stage.thoroughness.lock_seconds
    is_long = seconds > LOCK_PATIENCE_SECONDS
    async with stage.on_sqlite() as service:
        people, file = service.people, str(service.settings.store.database)
        with closing(sqlite3.connect(file, isolation_level=None)) as other, Pulse() as pulse:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            write = asyncio.create_task(service.patch("/auth/me", {"name": "Patient"}, by=people.user))
            ended: list[float] = []
            write.add_done_callback(lambda _: ended.append(time.monotonic()))
            reads: list[tuple[float, float]] = []
            while time.monotonic() < began + (seconds if len(reads) >= _LEAST_READS else LOCK_PATIENCE_SECONDS / 2):
                asked = time.monotonic()
                expect.that(await service.works(people.other), "a read was refused")
                expect.same("live", (await service.ask("GET", "/health/live")).status_code, 200)
                reads.append((asked, time.monotonic()))
                await asyncio.sleep(0.02)
            other.execute("ROLLBACK")
            released = time.monotonic()
            answer = await write
            waited = ended[0] - began
        after = await service.patch("/auth/me", {"name": "Again"}, by=people.user)
        recovery = time.monotonic() - released
        expect.same("write", answer.status_code, 503 if is_long else 200)
        expect.that(not is_long or "retry-after" in answer.headers, "503 without Retry-After")
        slowest = max(read - asked - pulse.stood_still(asked, read) for asked, read in reads)
        expect.that(len(reads) >= _LEAST_READS, f"only {len(reads)} reads")
        expect.that(slowest < 0.8, f"reads took up to {slowest:.1f} s")
        expect.that(waited <= LOCK_PATIENCE_SECONDS + 2, f"the write waited for {waited:.1f} s")
        expect.same("write afterwards", after.status_code, 200)
        expect.that(recovery <= 10, f"back after {recovery:.1f} s")
    return Finding(
        "REL-06",
        f"SQLite: locked by another process for {seconds:g} s",
        "writes wait, 503 + Retry-After after 8 s; reads go on; back by itself",
        f"write {answer.status_code} after {waited:.1f} s, {len(reads)} reads up to {slowest * 1000:.0f} ms, "
        f"back in {recovery:.2f} s",
        tuple(expect.surprises),
    )


SQLITE: dict[str, Story] = {"full-disk": full_disk, "read-only": read_only, "locked": locked}
