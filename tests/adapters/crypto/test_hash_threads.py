"""Threads behind the fair queue: who is served when, who makes room, and what becomes of those who go.

DOS-02, DOS-07.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest

from bukhindor.adapters.crypto.hash_threads import HashThreads
from bukhindor.domain.errors import TooBusy
from bukhindor.ports.secrets import Requester

_PATIENCE = 30
# Nothing that is decided here takes so long; it only ends a test that hangs.


class Bench:
    """Work that notes when it begins. `block` occupies a thread until `let_go`."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._reached = threading.Semaphore(0)
        self._may_end = threading.Event()

    def work(self, name: str) -> Callable[[], str]:
        def note() -> str:
            self.begun.append(name)
            return name

        return note

    def block(self) -> str:
        self._reached.release()
        assert self._may_end.wait(_PATIENCE)
        return "blocked"

    async def blocks(self, threads: HashThreads, count: int) -> list["asyncio.Task[str]"]:
        """Occupy that many threads, each by a network of its own."""
        tasks = [
            asyncio.create_task(threads.run(Requester(f"blocker-{number}", "ann"), self.block))
            for number in range(count)
        ]
        for _ in tasks:
            assert await asyncio.to_thread(self._reached.acquire, timeout=_PATIENCE)
        return tasks

    def let_go(self) -> None:
        self._may_end.set()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def make(bench: Bench) -> AsyncIterator[Callable[[int, int], HashThreads]]:
    made: list[HashThreads] = []

    def make(threads: int, queue: int) -> HashThreads:
        made.append(HashThreads(threads, queue))
        return made[-1]

    yield make
    bench.let_go()
    for threads in made:
        await asyncio.to_thread(threads.close)


Make = Callable[[int, int], HashThreads]


async def ask(threads: HashThreads, bench: Bench, network: str, account: str, name: str) -> "asyncio.Task[str]":
    """It stands in the queue when this returns, unless it was refused."""
    task = asyncio.create_task(threads.run(Requester(network, account), bench.work(name)))
    await asyncio.sleep(0)
    return task


async def answers(tasks: list["asyncio.Task[str]"]) -> list[str | BaseException]:
    async with asyncio.timeout(_PATIENCE):
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_flood_from_one_network_delays_that_network_only(make: Make, bench: Bench) -> None:
    """Thirty accounts from one address fill the queue; fifty people from elsewhere sign in as if it were empty."""
    threads = make(1, 256)
    blocked = await bench.blocks(threads, 1)
    flood = [await ask(threads, bench, "flood", f"account-{number % 30}", f"flood-{number}") for number in range(400)]
    refused = sum(task.done() for task in flood)
    others = [await ask(threads, bench, f"home-{number}", "ann", f"home-{number}") for number in range(50)]

    bench.let_go()
    answered = await answers(others)
    flooded = await answers(flood)
    await answers(blocked)

    # Not one of them was refused because the server is busy.
    assert answered == [f"home-{number}" for number in range(50)]
    assert refused > 0
    # The flood lost what it had asked beyond its share, and what others needed; the rest of it was served.
    assert sum(isinstance(answer, TooBusy) for answer in flooded) > refused
    assert sum(isinstance(answer, str) for answer in flooded) > 150
    # In front of the last of the fifty stood the other forty-nine, and one turn of the flood.
    assert [name for name in bench.begun[:51] if name.startswith("flood")] == ["flood-0"]


async def test_one_network_alone_uses_every_thread(make: Make, bench: Bench) -> None:
    threads = make(3, 8)
    requester = Requester("only", "ann")
    together = threading.Barrier(3)
    tasks = [asyncio.create_task(threads.run(requester, lambda: together.wait(_PATIENCE))) for _ in range(3)]
    async with asyncio.timeout(_PATIENCE):
        assert sorted(await asyncio.gather(*tasks)) == [0, 1, 2]


async def test_displaced_work_fails_at_once_and_never_runs(make: Make, bench: Bench) -> None:
    threads = make(1, 4)
    blocked = await bench.blocks(threads, 1)
    flood = [await ask(threads, bench, "flood", f"account-{number}", f"flood-{number}") for number in range(4)]
    newcomer = await ask(threads, bench, "home", "ann", "home")

    (displaced,) = await answers(flood[-1:])
    assert isinstance(displaced, TooBusy)
    assert bench.begun == []
    assert (threads.busy, threads.waiting) == (1, 4)
    bench.let_go()
    await answers([*blocked, *flood, newcomer])
    assert bench.begun == ["flood-0", "home", "flood-1", "flood-2"]


async def test_who_goes_while_waiting_is_taken_out_at_once(make: Make, bench: Bench) -> None:
    """DOS-05"""
    threads = make(1, 2)
    blocked = await bench.blocks(threads, 1)
    gone, stays = [await ask(threads, bench, name, "ann", name) for name in ("gone", "stays")]
    assert (threads.busy, threads.waiting) == (1, 2)
    gone.cancel()
    assert isinstance((await answers([gone]))[0], asyncio.CancelledError)

    assert (threads.busy, threads.waiting) == (1, 1)
    instead = await ask(threads, bench, "instead", "ann", "instead")
    bench.let_go()
    assert await answers([*blocked, stays, instead]) == ["blocked", "stays", "instead"]
    assert bench.begun == ["stays", "instead"]


async def test_who_goes_while_running_leaves_the_place_to_the_thread(make: Make, bench: Bench) -> None:
    threads = make(1, 0)
    blocked = await bench.blocks(threads, 1)
    blocked[0].cancel()
    await answers(blocked)

    assert (threads.busy, threads.waiting) == (1, 0)
    with pytest.raises(TooBusy):
        await threads.run(Requester("home", "ann"), bench.work("too early"))
    bench.let_go()
    async with asyncio.timeout(_PATIENCE):
        while await refuses(threads):
            pass
    assert await threads.run(Requester("home", "ann"), bench.work("in time")) == "in time"
    assert bench.begun == ["in time"]


async def test_what_the_work_raises_is_raised_and_the_thread_goes_on(make: Make, bench: Bench) -> None:
    threads = make(1, 2)

    def fail() -> str:
        raise MemoryError

    for _ in range(5):
        with pytest.raises(MemoryError):
            await threads.run(Requester("home", "ann"), fail)
    assert await threads.run(Requester("home", "ann"), bench.work("after")) == "after"
    assert (threads.busy, threads.waiting) == (0, 0)


async def test_without_any_thread_it_is_busy_and_with_one_the_others_are_done_without(
    make: Make, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = make(2, 4)

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(TooBusy):
            await threads.run(Requester("home", "ann"), bench.work("refused"))
        assert (threads.busy, threads.waiting) == (0, 0)
    blocked = await bench.blocks(threads, 1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        waiting = await ask(threads, bench, "home", "ann", "later")
    bench.let_go()
    assert await answers([*blocked, waiting]) == ["blocked", "later"]
    assert bench.begun == ["later"]


async def test_closing_waits_for_what_was_asked_for_and_refuses_the_rest(make: Make, bench: Bench) -> None:
    threads = make(1, 4)
    blocked = await bench.blocks(threads, 1)
    waiting = await ask(threads, bench, "home", "ann", "home")
    closing = asyncio.create_task(asyncio.to_thread(threads.close))
    async with asyncio.timeout(_PATIENCE):
        while not await refuses(threads):
            pass
    assert not closing.done()
    bench.let_go()
    await closing
    assert await answers([*blocked, waiting]) == ["blocked", "home"]


async def refuses(threads: HashThreads) -> bool:
    """Whether it refuses a requester at this moment, without any other effect; other threads may go on then."""
    attempt = asyncio.create_task(threads.run(Requester("late", "ann"), lambda: "late"))
    await asyncio.sleep(0)
    if attempt.done():
        return isinstance(attempt.exception(), TooBusy)
    attempt.cancel()
    await asyncio.gather(attempt, return_exceptions=True)
    await asyncio.to_thread(time.sleep, 0)
    return False


async def test_a_loop_that_has_ended_disturbs_no_thread(make: Make, bench: Bench) -> None:
    threads = make(1, 4)

    async def go_away() -> None:
        await bench.blocks(threads, 1)

    # The loop of that thread ends while its work runs.
    await asyncio.to_thread(asyncio.run, go_away())
    bench.let_go()
    assert await threads.run(Requester("home", "ann"), bench.work("home")) == "home"
