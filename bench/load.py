"""A closed-loop load generator on raw sockets.

Each client has one connection and sends its next request when the response to the one before is complete. Requests are
ready-made bytes and answers are hardly parsed, so one core drives several times what a Python server on another core
can answer; `Round.generator_share` shows how far it was from being the bottleneck.
"""

import gc
import heapq
import selectors
import socket
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_MOST_DROPPED = 1000
_LAST_ANSWERS = 15.0
_PAUSE_AFTER_DROP = 0.05
_LENGTH = b"\r\ncontent-length: "


class Client(Protocol):
    def request(self) -> bytes:
        """The whole next request; empty when there is none."""

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        """Take a response in; how many seconds to wait before the next request."""


@dataclass(frozen=True, slots=True)
class Round:
    """What came back in time. `latencies` are seconds; status 0 counts connections closed without a response."""

    seconds: float
    statuses: Counter[int]
    latencies: Sequence[float]
    generator_share: float

    @property
    def succeeded(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Successful answers per second."""
        return self.succeeded / self.seconds

    def only_successes(self) -> "Round":
        """Itself; raises RuntimeError when any response was something else."""
        if self.succeeded != self.statuses.total() or not self.succeeded:
            raise RuntimeError(f"answers other than success: {dict(self.statuses)}")
        return self


class _Connection:
    """One client's connection and the response that is arriving on it."""

    __slots__ = ("awaited", "client", "received", "sent_at", "socket")

    def __init__(self, client: Client, port: int) -> None:
        self.client = client
        self.socket = connect(port)
        self.received = b""
        self.awaited = False
        self.sent_at = 0.0

    def send(self) -> bool:
        """False when the client has nothing more to ask."""
        request = self.client.request()
        self.awaited = bool(request)
        if not request:
            return False
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bytes:
        """What has arrived; empty when the server has closed the connection."""
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def complete_answer(self, data: bytes) -> tuple[int, bytes, bytes] | None:
        """Status, head and body once all of it is here."""
        if self.received:
            data = self.received + data
        head_end = data.find(b"\r\n\r\n")
        if head_end >= 0:
            body_at = head_end + 4
            if len(data) >= body_at + content_length(data[:body_at]):
                self.received = b""
                return int(data[9:12]), data[:body_at], data[body_at:]
        self.received = data
        return None


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def content_length(head: bytes) -> int:
    at = head.find(_LENGTH)
    if at < 0:
        at = head.lower().find(_LENGTH)
    if at < 0:
        raise RuntimeError(f"a response without Content-Length: {head!r}")
    at += len(_LENGTH)
    return int(head[at : head.index(b"\r", at)])


def drive(port: int, clients: Sequence[Client], seconds: float) -> Round:
    """Let all clients send as fast as they are answered, until the time is over or they have nothing more to ask.

    Answers that are on their way at the end are awaited, so that clients know them, but not counted.
    """
    connections = [_Connection(client, port) for client in clients]
    gc.collect()
    gc.disable()
    try:
        return _Drive(port, connections, seconds).run()
    finally:
        gc.enable()
        for connection in connections:
            connection.socket.close()


class _Drive:
    def __init__(self, port: int, connections: list[_Connection], seconds: float) -> None:
        self._port = port
        self._connections = connections
        self._seconds = seconds
        self._statuses: Counter[int] = Counter()
        self._latencies = array("d")
        self._resting: list[tuple[float, int, _Connection]] = []
        self._in_flight = 0

    def run(self) -> Round:
        busy_before, started = time.process_time(), time.perf_counter()
        deadline = started + self._seconds
        with selectors.DefaultSelector() as selector:
            for connection in self._connections:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                self._in_flight += connection.send()
            while self._in_flight or self._resting:
                self._wake(deadline)
                for key, _ in selector.select(self._patience()):
                    self._take(selector, key.data, deadline)
        elapsed = time.perf_counter() - started
        share = (time.process_time() - busy_before) / elapsed
        return Round(min(elapsed, self._seconds), self._statuses, self._latencies, share)

    def _patience(self) -> float:
        return max(0.0, min(self._resting[0][0] - time.perf_counter(), 1.0)) if self._resting else 1.0

    def _wake(self, deadline: float) -> None:
        """Let the clients send whose pause has ended; at the end, let none send any more."""
        now = time.perf_counter()
        if now > deadline + _LAST_ANSWERS:
            raise RuntimeError(f"{self._in_flight} requests were never answered")
        if now >= deadline:
            self._resting.clear()
        while self._resting and self._resting[0][0] <= now:
            self._in_flight += heapq.heappop(self._resting)[2].send()

    def _take(self, selector: selectors.BaseSelector, connection: _Connection, deadline: float) -> None:
        data = connection.receive()
        now = time.perf_counter()
        if data:
            answer = connection.complete_answer(data)
            if answer is None:
                return
            if now <= deadline:
                self._statuses[answer[0]] += 1
                self._latencies.append(now - connection.sent_at)
            pause = connection.client.answer(*answer)
        else:
            self._reconnect(selector, connection)
            if not connection.awaited:
                return
            self._count_drop()
            pause = _PAUSE_AFTER_DROP
        if pause or now >= deadline:
            connection.awaited = False
            self._in_flight -= 1
            heapq.heappush(self._resting, (now + pause, id(connection), connection))
        elif not connection.send():
            self._in_flight -= 1

    def _count_drop(self) -> None:
        self._statuses[0] += 1
        if self._statuses[0] > _MOST_DROPPED:
            raise RuntimeError("the server closes its connections")

    def _reconnect(self, selector: selectors.BaseSelector, connection: _Connection) -> None:
        selector.unregister(connection.socket)
        connection.socket.close()
        connection.socket, connection.received = connect(self._port), b""
        selector.register(connection.socket, selectors.EVENT_READ, connection)
