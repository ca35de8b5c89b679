"""Clients that ask a service without pause while something happens to it, and what they were answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

from tests.faults.pulse import Pulse
from tests.http.service import API, People, Tokens, tokens_in

LIVE, READY, READ, WRITE, REFRESH = "live", "ready", "read", "write", "refresh"
WORK = (READ, WRITE, REFRESH)
_KINDS = (LIVE, READY, *WORK)

ANSWER_SECONDS = 5.0
# A tenth where nothing else runs; the tests share their cores with each other. Whatever liveness must not wait for, it
# would wait for two seconds.
LIVE_SECONDS = 1.0
RECOVERY_SECONDS = 10.0
_PATIENCE_SECONDS = 20.0
_QUIET_SECONDS = 0.3


class Asked(Protocol):
    """A service, in this process or in another one."""

    people: People

    async def ask(
        self, method: str, path: str, body: object = None, *, by: Tokens | str | None = None
    ) -> httpx.Response: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`began` and `ended` are of the monotonic clock; status 0 is a connection that broke."""

    kind: str
    began: float
    ended: float
    status: int
    says_when: bool


@dataclass
class Writer:
    """A client that renames its account again and again, and knows which names were acknowledged."""

    service: Asked
    tokens: Tokens
    sent: int = 0
    acknowledged: int = 0

    async def rename(self) -> httpx.Response:
        self.sent += 1
        number = self.sent
        answer = await self.service.ask("PATCH", f"{API}/auth/me", {"name": f"Name {number}"}, by=self.tokens)
        if answer.status_code == 200:
            self.acknowledged = number
        return answer

    async def lost(self) -> Iterator[str]:
        answer = await self.service.ask("GET", f"{API}/auth/me", by=self.tokens)
        name = str(answer.json().get("name", ""))
        number = int(name.removeprefix("Name ")) if name.startswith("Name ") else 0
        is_kept = self.acknowledged <= number <= self.sent
        return iter(() if is_kept else (f"{self.acknowledged} was acknowledged, {number} is stored",))


@dataclass
class Refresher:
    """A client that holds on to its session; without a response it asks again with the same token."""

    service: Asked
    token: str

    async def refresh(self) -> httpx.Response:
        answer = await self.service.ask("POST", f"{API}/auth/refresh", {"refresh_token": self.token})
        if answer.status_code == 200:
            self.token = tokens_in(answer).refresh_token
        return answer


class Watch:
    """Five kinds of requests: liveness, readiness, reads, writes and refreshes of tokens.

    It reports how long they took when the watch ends.
    """

    def __init__(self, service: Asked) -> None:
        people = service.people
        self.answers: list[Answer] = []
        self.writers = [Writer(service, people.user), Writer(service, people.other)]
        self._refresher = Refresher(service, people.guest.refresh_token)
        self._ask: list[tuple[str, float, Callable[[], Awaitable[httpx.Response]]]] = [
            (LIVE, 0.01, lambda: service.ask("GET", "/health/live")),
            (READY, 0.05, lambda: service.ask("GET", "/health/ready")),
            (READ, 0.02, lambda: service.ask("GET", f"{API}/auth/me", by=people.user)),
            (READ, 0.02, lambda: service.ask("GET", f"{API}/auth/me", by=people.admin)),
            *((WRITE, 0.02, writer.rename) for writer in self.writers),
            (REFRESH, 0.03, self._refresher.refresh),
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False
        self._pulse = Pulse()

    async def __aenter__(self) -> Self:
        self._pulse.__enter__()
        self._tasks = [asyncio.create_task(self._repeat(*each)) for each in self._ask]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Every request has its response."""
        self._over = True
        try:
            await asyncio.gather(*self._tasks)
        finally:
            self._pulse.stop()

    def seconds(self, *kinds: str, refused: bool = False) -> list[float]:
        """How long such requests took, without moments when this machine stood still; the quickest first."""
        return sorted(
            each.ended - each.began - self._pulse.stood_still(each.began, each.ended)
            for each in self.answers
            if each.kind in (kinds or _KINDS) and (each.status != 200 or not refused)
        )

    async def until(self, status: int, *kinds: str, times: int = 1, within: float = _PATIENCE_SECONDS) -> bool:
        """Whether each of these kinds is answered so from now on; success counts for what was asked from now on."""
        since, deadline = time.monotonic(), time.monotonic() + within
        while time.monotonic() < deadline:
            moments = ((each, each.began if status == 200 else each.ended) for each in self.answers)
            found = Counter(each.kind for each, moment in moments if moment >= since and each.status == status)
            if all(found[kind] >= times for kind in kinds):
                return True
            await asyncio.sleep(0.02)
        return False

    async def recovery(self) -> float | None:
        """Seconds from now until all goes well and stays so; None when it does not."""
        since = time.monotonic()
        while time.monotonic() < since + _PATIENCE_SECONDS:
            answers = [each for each in self.answers if each.ended >= since]
            last_bad = max((each.ended for each in answers if each.status != 200), default=since)
            well = {each.kind for each in answers if each.status == 200 and each.began >= last_bad}
            if well >= {LIVE, READY, *WORK} and time.monotonic() > last_bad + _QUIET_SECONDS:
                first = [min(a.ended for a in answers if a.kind == kind and a.began >= last_bad) for kind in well]
                return max(first) - since
            await asyncio.sleep(0.02)
        return None

    def refused_within(self) -> float:
        """The longest wait of any request for a refusal."""
        return max(self.seconds(refused=True), default=0.0)

    def live_within(self) -> float:
        """The 99th percentile of liveness."""
        ordered = self.seconds(LIVE)
        return ordered[max(0, ceil(len(ordered) * 0.99) - 1)] if ordered else float("inf")

    def counts(self) -> Counter[int]:
        """How often each status came back for work."""
        return Counter(each.status for each in self.answers if each.kind in WORK)

    def without_excuse(self) -> list[Answer]:
        """What the service alone has to answer for: on a machine that stands still its patience ends as well."""
        return [each for each in self.answers if each.status != 503 or not self._pulse.excuses(each.began, each.ended)]

    def surprises(self) -> Iterator[str]:
        """What must not be, whatever the fault."""
        for each in self.answers:
            if each.status not in (200, 503):
                yield f"{each.kind} was answered {each.status}"
            elif each.status == 503 and not each.says_when:
                yield f"{each.kind} was answered 503 without Retry-After"
        if any(each.status != 200 for each in self.answers if each.kind == LIVE):
            yield "liveness was refused"
        for kind in _KINDS:
            if (slowest := max(self.seconds(kind), default=0.0)) > ANSWER_SECONDS:
                yield f"{kind} took {slowest:.1f} s"
        if self.live_within() > LIVE_SECONDS:
            yield f"liveness took {self.live_within() * 1000:.0f} ms"

    async def lost_writes(self) -> list[str]:
        return [each for writer in self.writers for each in await writer.lost()]

    async def _repeat(self, kind: str, pause: float, ask: Callable[[], Awaitable[Any]]) -> None:
        while not self._over:
            began = time.monotonic()
            try:
                answer = await ask()
            except httpx.TransportError:
                status, says_when = 0, False
            else:
                status, says_when = answer.status_code, "retry-after" in answer.headers
            self.answers.append(Answer(kind, began, time.monotonic(), status, says_when))
            await asyncio.sleep(pause)
