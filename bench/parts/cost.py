"""What a sign-in costs beside its hash: processor time of the service, over that of the bare hash function."""

import random
import sys
from itertools import cycle
from statistics import median

from bench.accounts import PASSWORD, email_of, password_hash
from bench.clients import SigningIn
from bench.cores import Cores
from bench.figures import Figure
from bench.load import drive
from bench.processes import ROOT, Server, environment, run
from bench.stage import Stage, database_in

_CLIENTS = 8
_HASH_NICENESS = 10
_TARGET = 1.08
_WARM_UP = 1.0


def measure(stage: Stage) -> list[Figure]:
    """One core for the service and, in turns with it, for the bare function in a process of its own."""
    users = stage.scale.users
    stored = password_hash(database_in(stage.home(users)))
    rounds = []
    with stage.serving(users) as server:
        _per_sign_in(stage, server, _WARM_UP)
        for _ in range(2 * stage.scale.rounds):
            bare = bare_hash(stage.cores, stored, stage.scale.seconds / 2)
            rounds.append((_per_sign_in(stage, server, stage.scale.seconds), bare))
    ratios = sorted(sign_in / bare for sign_in, bare in rounds)
    stage.say(
        "  rounds: "
        + ", ".join(f"{sign_in * 1000:.2f} / {bare * 1000:.2f} ms" for sign_in, bare in rounds)
        + f"; ratios {', '.join(f'{ratio:.3f}' for ratio in ratios)}"
    )
    sign_in, bare = (median(column) for column in zip(*rounds, strict=True))
    ratio = median(ratios)
    return [
        Figure(
            "processor time of the service per sign-in (peer: bare argon2)",
            _milliseconds(sign_in),
            _milliseconds(bare),
            ratio,
            f"<= {_TARGET} x",
            ratio <= _TARGET,
        )
    ]


def bare_hash(cores: Cores, stored: str, seconds: float) -> float:
    """Seconds of processor time of one hash, in a process of its own on the server's core."""
    command = [sys.executable, "-m", "bench.bare_hash", str(seconds), str(_HASH_NICENESS)]
    with cores.only(cores.server):
        return float(run(command, ROOT, environment(), stored))


def _per_sign_in(stage: Stage, server: Server, seconds: float) -> float:
    numbers = random.sample(range(stage.scale.sample, stage.scale.few_users), 5_000)
    emails = cycle([email_of(number) for number in numbers])
    clients = [SigningIn(emails, PASSWORD) for _ in range(_CLIENTS)]
    with stage.cores.only(stage.cores.load):
        used = server.processor_seconds()
        # Sign-ins that end after the time is over are counted here, and not in the round's result.
        drive(server.port, clients, seconds).only_successes()
        used = server.processor_seconds() - used
    return used / sum(len(client.accounts) for client in clients)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
