"""Several processes behind one address: which process replaces which, and what a client notices of it."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from bukhindor.server.worker import ended_by
from tests.http.raw_client import connection, exchange, get, read_answer
from tests.http.worker_program import Load, runs, service, until


async def test_a_worker_that_is_killed_is_replaced_while_the_others_serve(tmp_path: Path) -> None:
    """REL-20: at most the requests under way in that process are lost."""
    with service(tmp_path, workers=2) as server:
        async with Load(server.port, clients=16) as load:
            await load.more(80)
            await until(lambda: len(load.answered_by) == load.clients)
            connected = Counter(load.answered_by.values())
            victim = int(connected.most_common(1)[0][0])
            (survivor,) = {*server.living()} - {victim}
            os.kill(victim, signal.SIGKILL)
            load.seen.clear()
            await load.more(40)
            assert survivor in load.seen
            await until(lambda: len(server.workers()) == 3)
            await load.more(100)
        assert set(load.failures) <= {str(victim)}
        assert len(load.failures) <= connected[str(victim)]
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    ended = [int(line.removeprefix("ended ")) for line in server.log.splitlines() if line.startswith("ended ")]
    assert sorted(ended) == sorted(server.workers())
    log = server.log
    assert f", pid {victim}, ended unasked: SIGKILL" in log
    assert "on_worker_end failed" in log


async def test_a_stop_under_load_loses_nothing(tmp_path: Path) -> None:
    """REL-01, with several processes: no reset, no 5xx, exit code 0."""
    with service(tmp_path, workers=2) as server:
        async with Load(server.port) as load:
            await load.more(40)
            server.send(signal.SIGTERM)
            assert await server.end() == 0
        living = server.living()

    assert load.failures == []
    assert living == []


async def test_a_signal_to_every_process_is_one_stop_not_two(tmp_path: Path) -> None:
    """Service managers send SIGTERM to all processes, terminals SIGHUP; what is under way is finished all the same."""
    with service(tmp_path, workers=2) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get("/slow/1"))
            await until(lambda: "asked for /slow/1" in server.log)
            server.send_to_workers(signal.SIGHUP)
            server.send(signal.SIGTERM)
            await until(lambda: server.log.count("stopping: no new requests") == 2)
            server.send_to_workers(signal.SIGTERM)
            answer = await read_answer(reader)
        assert await server.end() == 0

    assert answer.status == 200


async def test_signals_of_the_terminal_change_nothing_in_a_worker(tmp_path: Path) -> None:
    """Ctrl-C is one orderly stop, also right after the start; here each worker gets it and the supervisor does not."""
    with service(tmp_path, workers=2, said="Started parent process") as server:
        seen: set[int] = set()
        while " listens on " not in server.log and server.process.poll() is None:
            for pid in started_by(server.process.pid) - seen:
                seen.add(pid)
                os.kill(pid, signal.SIGINT)
                os.kill(pid, signal.SIGHUP)
            await asyncio.sleep(0.005)
        server.send_to_workers(signal.SIGINT)
        await asyncio.sleep(1.0)
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert len(seen) == len(server.workers()) == 2
    assert "KeyboardInterrupt" not in server.log
    assert "unasked" not in server.log


def started_by(supervisor: int) -> set[int]:
    """The process ids of the workers, from the beginning of their interpreters on."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


async def test_workers_are_replaced_one_after_the_other_without_a_failed_request(tmp_path: Path) -> None:
    """SIGHUP under load of about 200 requests a second."""
    with service(tmp_path, workers=2) as server:
        async with Load(server.port) as load:
            await load.more(40)
            old = server.living()
            server.send(signal.SIGHUP)
            await until(lambda: not any(map(runs, old)))
            new = server.living()
            # What old ones have answered may be read only now.
            await until(lambda: len(load.answered_by) == load.clients)
            await until(lambda: {*map(int, load.answered_by.values())} <= {*new})
            load.seen.clear()
            await load.more(40)
            server.send(signal.SIGTERM)
            assert await server.end() == 0

    assert load.failures == []
    assert len(new) == 2
    assert load.seen <= set(new)
    assert server.workers() == old + new


async def test_replacing_ends_with_the_first_that_does_not_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with service(tmp_path, workers=2, broken=broken) as server:
        old = server.living()
        broken.touch()
        server.send(signal.SIGHUP)
        await until(lambda: "could not be replaced" in server.log)
        broken.unlink()
        assert await server.pid() in old
        await asyncio.sleep(0.6)
        assert server.living() == old
        server.send(signal.SIGINT)
        assert await server.end() == 0

    assert "worker 1 could not be replaced; the others stay as they are" in server.log


async def test_a_stop_does_not_wait_for_a_replacement(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    with service(tmp_path, workers=2, waiting=waiting) as server:
        waiting.touch()
        server.send(signal.SIGHUP)
        await until(lambda: "worker 1 waits" in server.log)
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert len(server.workers()) == 2
    assert "could not be replaced" not in server.log


async def test_a_replaced_worker_that_hangs_is_killed_and_the_next_one_is_replaced(tmp_path: Path) -> None:
    with service(tmp_path, workers=2, timeout=1, closing=1) as server:
        old = server.living()
        async with connection(server.port) as (reader, writer):
            writer.write(get("/hang"))
            await until(lambda: "asked for /hang" in server.log)
            server.send(signal.SIGHUP)
            assert await reader.read() == b""
        await until(lambda: len(server.workers()) == 4 and not any(map(runs, old)))
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert server.log.count("did not stop in time") == 1


async def test_workers_stop_in_order_when_their_parent_is_gone(tmp_path: Path) -> None:
    with service(tmp_path, workers=2, timeout=60) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get("/slow/1"))
            await until(lambda: "asked for /slow/1" in server.log)
            server.send(signal.SIGKILL)
            answer = await read_answer(reader)
        # What is left of another's child may stay for good, as a zombie; this is its last word.
        await until(lambda: server.log.count("Finished server process") == 2, 30)
        with pytest.raises(ConnectionRefusedError):
            await server.pid()

    assert answer.status == 200


async def test_a_service_that_can_not_start_says_so_once_and_ends_like_one_process(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    with service(tmp_path, workers=4, broken=broken) as server:
        assert await server.end() == 3

    assert "listens on" not in server.log
    assert server.log.count("the store is broken") == 1


async def test_replacements_that_fail_are_retried_after_a_pause(tmp_path: Path) -> None:
    """Only the worker that started alone was the first."""
    broken = tmp_path / "broken"
    with service(tmp_path, workers=2, broken=broken) as server:
        first, other = server.living()
        broken.touch()
        os.kill(first, signal.SIGKILL)
        await until(lambda: server.log.count("the store is broken") >= 4)
        assert await server.pid() == other
        broken.unlink()
        await until(lambda: len(server.workers()) == 3)
        server.send(signal.SIGTERM)
        assert await server.end() == 0
    log = server.log

    assert log.count("ended unasked: exit code 3") >= 4
    assert [line for line in log.splitlines() if line.startswith("worker 1 ")] == ["worker 1 first", "worker 1 later"]
    assert "worker 2 later" in log


async def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    with service(tmp_path, workers=2, silence=2.5) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get("/hang"))
            assert await reader.read() == b""
        await until(lambda: len(server.workers()) == 3)
        server.send(signal.SIGTERM)
        assert await server.end() == 0
    log = server.log

    assert log.count(", hangs") == 1
    assert len(server.workers()) == 3


async def test_what_does_not_finish_is_killed_and_the_exit_code_says_so(tmp_path: Path) -> None:
    """REL-02: a process whose event loop stands still can't be asked."""
    with service(tmp_path, workers=2, timeout=0.5, closing=0.2) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get("/hang"))
            await until(lambda: "asked for /hang" in server.log)
            server.send(signal.SIGTERM)
            assert await reader.read() == b""
        assert await server.end() == 1

    assert "did not stop in time" in server.log


@pytest.mark.parametrize("path", ["/slow/60", "/hang"])
async def test_a_second_signal_kills(tmp_path: Path, path: str) -> None:
    with service(tmp_path, workers=2, timeout=60) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get(path))
            await until(lambda: f"asked for {path}" in server.log)
            server.send(signal.SIGTERM)
            await until(lambda: "stopping: no new requests" in server.log)
            stopped_at = time.monotonic()
            server.send(signal.SIGINT)
            assert await reader.read() == b""
        assert await server.end() == 1
        took = time.monotonic() - stopped_at

    assert took < 30


async def test_a_worker_that_cannot_be_started_is_retried(tmp_path: Path) -> None:
    """The system has no process left for it; the other worker serves meanwhile."""
    with service(tmp_path, workers=2, start_failures=2) as server:
        victim = server.living()[0]
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(server.workers()) == 3)
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert server.log.count("could not be started: no process left") == 2


async def test_a_stop_does_not_wait_for_workers_that_are_still_starting(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    with service(tmp_path, workers=1, waiting=waiting) as server:
        waiting.touch()
        server.send_to_workers(signal.SIGKILL)
        await until(lambda: "worker 1 waits" in server.log)
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert len(server.workers()) == 1
    assert "did not" not in server.log


async def test_a_first_worker_that_a_signal_ends_is_named_and_ends_the_service(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    waiting.touch()
    with service(tmp_path, workers=2, waiting=waiting, said="worker 1 waits, pid") as server:
        os.kill(int(server.log.partition("worker 1 waits, pid ")[2]), signal.SIGKILL)
        assert await server.end() == 1

    assert "the first worker ended before it was ready: SIGKILL" in server.log


async def test_workers_are_not_replaced_before_the_first_one_is_ready(tmp_path: Path) -> None:
    """SIGHUP comes too early for that; afterwards the service goes on as usual."""
    with service(tmp_path, workers=2, impatient="yes") as server:
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert "no worker is ready yet, none is replaced" in server.log
    assert len(server.workers()) == 2


async def test_a_replacement_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    with service(tmp_path, workers=1, waiting=waiting, start=0.2) as server:
        waiting.touch()
        server.send_to_workers(signal.SIGKILL)
        await until(lambda: server.log.count("is not ready in time") >= 1)
        server.send(signal.SIGTERM)
        assert await server.end() == 0


async def test_connections_wait_for_the_next_worker_when_there_is_none(tmp_path: Path) -> None:
    with service(tmp_path, workers=1) as server:
        (worker,) = server.living()
        os.kill(worker, signal.SIGKILL)
        (answer,) = await exchange(server.port, get("/", "Connection: close"))
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert answer.status == 200
    assert int(answer.body) == server.workers()[1] != worker


@pytest.mark.parametrize(("status", "shown"), [(0, "exit code 0"), (-9, "SIGKILL"), (-63, "signal 63")])
def test_how_a_process_ended_is_said_in_words(status: int, shown: str) -> None:
    assert ended_by(status) == shown
