"""Ask now and then how long a response takes: `python -m bench.prober PORT SECONDS`, access tokens on standard input.

Prints {"me": p99, "health": p99} in seconds. Questions are due at fixed moments; a response's time counts from when its
question was due, so that a stalled server can't hide by delaying the next question.
"""

import json
import socket
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from bench.clients import get
from bench.figures import percentile
from bench.load import connect, content_length
from bench.stage import ME

_INTERVAL = 0.01
# The storm has begun when the first question is asked, and lasts longer than the last one.
_LEAD = 0.5


def read_status(connection: socket.socket) -> int:
    """The status of one response, when all of it has arrived."""
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer) < _size(answer):
        received = connection.recv(65536)
        if not received:
            raise RuntimeError("the server closed a connection")
        answer += received
    return int(answer[9:12])


def _size(answer: bytes) -> int:
    body_at = answer.index(b"\r\n\r\n") + 4
    return body_at + content_length(answer[:body_at])


def probe(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """The 99th percentile of the responses' times."""
    latencies = []
    source = cycle(requests)
    with connect(port) as connection:
        first = time.perf_counter() + _LEAD
        for number in range(int((seconds - 2 * _LEAD) / _INTERVAL)):
            due = first + number * _INTERVAL
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.sendall(next(source))
            status = read_status(connection)
            latencies.append(time.perf_counter() - due)
            if status != 200:
                raise RuntimeError(f"a probe was answered with {status}")
    return percentile(latencies, 99)


def main(port: int, seconds: float, tokens: Sequence[str]) -> dict[str, float]:
    me = [get(ME, token) for token in tokens]
    health = [get("/health", tokens[0])]
    with ThreadPoolExecutor(2) as pool:
        me_p99, health_p99 = pool.map(lambda requests: probe(port, requests, seconds), (me, health))
    return {"me": me_p99, "health": health_p99}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]), sys.stdin.read().split())))
