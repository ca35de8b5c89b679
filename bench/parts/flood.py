"""Signing in while one network floods the service with sign-ins."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

from bench.accounts import PASSWORD, email_of, password_hash
from bench.clients import sign_in
from bench.figures import Figure, milliseconds, percentile
from bench.load import connect
from bench.parts.cost import bare_hash
from bench.prober import read_status
from bench.processes import ROOT, Server, environment
from bench.stage import Stage, database_in

_Asked = Sequence[tuple[int, float]]

_OTHERS = 50
_HASH_SECONDS = 1.0
_INTERVAL = 0.15
# The flood needs a moment until the queue is full, and lasts longer than what is asked meanwhile.
_LEAD = 2.0
_FLOOD_SECONDS = _LEAD + _OTHERS * _INTERVAL + 2.0
_FLOODED_ACCOUNTS = 2_000
_OTHER_ACCOUNTS = 3_000


def measure(stage: Stage) -> list[Figure]:
    """Each of the others has an account and an address of its own, as a trusted proxy would report it."""
    users = stage.scale.users
    stored = password_hash(database_in(stage.home(users)))
    more = {"TRUSTED_PROXIES": "127.0.0.1"}
    quiet, flooded, hashes = [], [], []
    with stage.serving(users, stage.cores.everything, more) as server:
        for _ in range(stage.scale.rounds):
            hashes.append(bare_hash(stage.cores, stored, _HASH_SECONDS))
            quiet.append(_sign_ins(server, 0))
            with _flood(stage, server):
                flooded.append(_sign_ins(server, _OTHERS))
    stage.say(f"  p95 of each round, quiet {_shown(quiet)}; during the flood {_shown(flooded)}")
    quiet_p95, flooded_p95, one_hash = median(map(_p95, quiet)), median(map(_p95, flooded)), median(hashes)
    limit = 2 * quiet_p95 + one_hash
    return [
        Figure(
            f"{_OTHERS} sign-ins from other networks during a flood from one: succeeded",
            " ".join(str(_succeeded(asked)) for asked in flooded),
            " ".join(str(_succeeded(asked)) for asked in quiet),
            target=f"{_OTHERS} in each round",
            reached=all(_succeeded(asked) == _OTHERS for asked in flooded),
        ),
        Figure(
            "POST /auth/login p95 during a flood from one other network (peer: quiet)",
            milliseconds(flooded_p95),
            milliseconds(quiet_p95),
            flooded_p95 / quiet_p95,
            f"< 2 x peer + one hash, {milliseconds(limit)}",
            flooded_p95 < limit,
        ),
    ]


def _succeeded(asked: _Asked) -> int:
    return sum(status == 200 for status, _ in asked)


def _p95(asked: _Asked) -> float:
    return percentile([seconds for _, seconds in asked], 95)


def _shown(rounds: Sequence[_Asked]) -> str:
    return ", ".join(milliseconds(_p95(asked)) for asked in rounds)


def _sign_ins(server: Server, first: int) -> _Asked:
    """Status and seconds of each. They are due at fixed moments, and each counts from its own."""
    started = time.perf_counter()

    def one(number: int) -> tuple[int, float]:
        due = started + number * _INTERVAL
        request = sign_in(email_of(_OTHER_ACCOUNTS + first + number), PASSWORD, f"203.0.113.{first + number}")
        with connect(server.port) as connection:
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.sendall(request)
            status = read_status(connection)
            return status, time.perf_counter() - due

    with ThreadPoolExecutor(_OTHERS) as pool:
        return list(pool.map(one, range(_OTHERS)))


@contextmanager
def _flood(stage: Stage, server: Server) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.flooder", str(server.port), str(_FLOOD_SECONDS), str(_FLOODED_ACCOUNTS)]
    flooder = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        time.sleep(_LEAD)
        yield
        told, _ = flooder.communicate(timeout=_FLOOD_SECONDS + 60)
        if flooder.returncode:
            raise RuntimeError("the flood broke off")
        counts = json.loads(told)
        stage.say(f"  flood: {counts['succeeded']} signed in, {counts['refused']} told to come back later")
    finally:
        flooder.kill()
        flooder.wait()
