"""Signing in beside the bare hash function, and what others feel of a storm of sign-ins."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from argon2 import PasswordHasher

from bench.accounts import PASSWORD, email_of, password_hash
from bench.clients import SigningIn
from bench.figures import Figure, milliseconds, per_second
from bench.load import drive
from bench.processes import ROOT, Server, environment
from bench.rounds import in_turns
from bench.stage import Stage, database_in

_CLIENTS = 200
_HASH_NICENESS = 10
_RATIO = 0.90
_ME_LIMIT = 0.100
_HEALTH_LIMIT = 0.050


def measure(stage: Stage) -> list[Figure]:
    users = stage.scale.users
    stored = password_hash(database_in(stage.home(users)))
    with stage.serving(users, stage.cores.everything) as server:
        rate, bare = in_turns(
            stage,
            [lambda: _storm(stage, server), lambda: _bare(stored, stage.cores.count, stage.scale.seconds)],
        )
        latencies = _latencies_in_a_storm(stage, server)
    ratio = rate / bare
    return [
        Figure(
            f"POST /auth/login, {_CLIENTS} clients, {stage.cores.count} cores (peer: bare argon2)",
            per_second(rate),
            per_second(bare),
            ratio,
            f">= {_RATIO:.2f} x",
            ratio >= _RATIO,
        ),
        *(
            Figure(
                f"{path} p99 while {_CLIENTS} clients sign in",
                milliseconds(latency),
                target=f"< {limit * 1000:.0f} ms",
                reached=latency < limit,
            )
            for path, latency, limit in (
                ("GET /auth/me", latencies["me"], _ME_LIMIT),
                ("GET /health", latencies["health"], _HEALTH_LIMIT),
            )
        ),
    ]


def _storm(stage: Stage, server: Server) -> float:
    numbers = random.sample(range(stage.scale.sample, stage.scale.few_users), 5_000)
    emails = cycle([email_of(number) for number in numbers])
    clients = [SigningIn(emails, PASSWORD) for _ in range(_CLIENTS)]
    result = drive(server.port, clients, stage.scale.storm_seconds)
    refused = result.statuses.total() - result.succeeded
    if set(result.statuses) - {200, 503}:
        raise RuntimeError(f"sign-ins answered {dict(result.statuses)}")
    stage.say(f"  storm: {result.succeeded} signed in, {refused} told to come back later")
    return result.rate


def _bare(stored: str, threads: int, seconds: float) -> float:
    """Verifications per second of the hash function alone, as many at a time as there are cores."""

    def verify_until(end: float) -> int:
        hasher, count = PasswordHasher(), 0
        while time.perf_counter() < end:
            hasher.verify(stored, PASSWORD)
            count += 1
        return count

    started = time.perf_counter()
    with ThreadPoolExecutor(threads, initializer=_lower_own_priority) as pool:
        count = sum(pool.map(verify_until, [started + seconds] * threads))
    return count / (time.perf_counter() - started)


def _lower_own_priority() -> None:
    # The service lets its hashes wait for everything else. A busy neighbour must slow both alike, not only them.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _HASH_NICENESS)


def _latencies_in_a_storm(stage: Stage, server: Server) -> dict[str, float]:
    prober = subprocess.Popen(
        [sys.executable, "-m", "bench.prober", str(server.port), str(stage.scale.storm_seconds)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert prober.stdin
        prober.stdin.write("\n".join(stage.readers))
        prober.stdin.close()
        _storm(stage, server)
        assert prober.stdout
        result: dict[str, float] = json.loads(prober.stdout.read())
        return result
    finally:
        prober.kill()
        prober.wait()
