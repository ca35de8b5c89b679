"""Hostile bodies: each is refused, quickly, and the service lives on."""

import select
import socket
import time

from bench.clients import post
from bench.figures import Figure, milliseconds
from bench.load import connect
from bench.processes import Server
from bench.stage import Stage

_REGISTER = "/api/v1/auth/register"
_REPEATS = 20
_LIMIT = 0.100
_LEVELS = 100_000
# These fit into the largest body that is read, so the decoder sees them.
_LEVELS_WITHIN_LIMIT = 30_000
_REFUSALS = {400, 413}


def _registration(name: bytes = b"A", email: bytes = b"a@example.com") -> bytes:
    return b'{"name":"%b","email":"%b","password":"seven green lanterns"}' % (name, email)


def _chunked(body: bytes) -> bytes:
    chunk = b"10000\r\n" + body[:65536] + b"\r\n"
    return (
        f"POST {_REGISTER} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode("ascii") + chunk * (len(body) // 65536)


_LARGE = _registration(name=b"a" * 3_000_000)

REQUESTS = {
    f"{_LEVELS:,} levels of arrays": post(_REGISTER, b"[" * _LEVELS + b"]" * _LEVELS),
    f"{_LEVELS:,} levels of objects": post(_REGISTER, b'{"name":' * _LEVELS + b"1" + b"}" * _LEVELS),
    f"{_LEVELS_WITHIN_LIMIT:,} levels of arrays": post(
        _REGISTER, b"[" * _LEVELS_WITHIN_LIMIT + b"]" * _LEVELS_WITHIN_LIMIT
    ),
    "body of 3 MB": post(_REGISTER, _LARGE),
    "body of 3 MB in chunks": _chunked(_LARGE),
    "escaped NUL in the name": post(_REGISTER, _registration(name=rb"A\u0000B")),
    "escaped NUL in the email": post(_REGISTER, _registration(email=rb"a\u0000@example.com")),
    "bare NUL byte": post(_REGISTER, _registration(name=b"A\0B")),
    "lone surrogate in the name": post(_REGISTER, _registration(name=rb"A\ud800B")),
    "lone surrogate in the email": post(_REGISTER, _registration(email=rb"a\udfff@example.com")),
    "invalid UTF-8": post(_REGISTER, _registration(name=b"A\xff\xfeB")),
}


def measure(stage: Stage) -> list[Figure]:
    figures = []
    with stage.serving(stage.scale.users) as server, stage.cores.only(stage.cores.load):
        for name, request in REQUESTS.items():
            answers = [_ask(server, request) for _ in range(_REPEATS)]
            statuses = {status for status, _ in answers}
            worst = max(seconds for _, seconds in answers)
            figures.append(
                Figure(
                    f"Bad input: {name}",
                    f"{'/'.join(str(status) for status in sorted(statuses))} in {milliseconds(worst)}",
                    target=f"400 or 413 in < {_LIMIT * 1000:.0f} ms",
                    reached=statuses <= _REFUSALS and worst < _LIMIT,
                )
            )
    return figures


def _ask(server: Server, request: bytes) -> tuple[int, float]:
    """Status and seconds; status 0 when the connection was closed without a response.

    Reads while it sends, as the response to a body that is too large comes before all of it was sent.
    """
    with connect(server.port) as connection:
        connection.setblocking(False)
        started, rest, answer = time.perf_counter(), memoryview(request), b""
        while b"\r\n" not in answer and time.perf_counter() - started < 10:
            readable, writable, _ = select.select([connection], [connection] if rest else [], [], 1)
            if readable:
                received = _receive(connection)
                if not received:
                    break
                answer += received
            elif writable:
                try:
                    rest = rest[connection.send(rest) :]
                except ConnectionError:
                    rest = memoryview(b"")
        elapsed = time.perf_counter() - started
    return int(answer[9:12] or 0), elapsed


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""
