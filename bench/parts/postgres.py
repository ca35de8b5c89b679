"""The same program on PostgreSQL: reading beside FastAPI Users, refreshing, and two processes beside one.

The database runs on this machine too, on the core of the load generator, so that the service has one core to itself.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median

from bench import rival
from bench.clients import Refresher, readers
from bench.figures import Figure, per_second
from bench.rounds import in_turns, loaded
from bench.stage import ME, Stage

_CONNECTIONS = 32
_READ_TARGET = 4.0
_REFRESH_TARGET = 1_000
_WORKERS_TARGET = 1.7


def measure(stage: Stage) -> list[Figure]:
    return [_reading(stage), _refreshing(stage), *_two_processes(stage)]


def _reading(stage: Stage) -> Figure:
    postgres = stage.postgres
    with ExitStack() as servers:
        server = servers.enter_context(postgres.serving())
        contestants = [loaded(stage, server, readers(ME, postgres.readers, _CONNECTIONS))]
        if postgres.peer:
            peer_server = servers.enter_context(postgres.peer.serve(stage.cores.server))
            contestants.append(loaded(stage, peer_server, readers(rival.ME, postgres.peer.tokens, _CONNECTIONS)))
        rate, *peer_rates = in_turns(stage, contestants)
    name = f"GET /auth/me on PostgreSQL, {stage.scale.users:,} users, one core"
    target = f">= {_READ_TARGET:.0f} x FastAPI Users on PostgreSQL"
    if not peer_rates:
        return Figure(name, per_second(rate), "not installed", None, target)
    ratio = rate / peer_rates[0]
    return Figure(name, per_second(rate), per_second(peer_rates[0]), ratio, target, ratio >= _READ_TARGET)


def _refreshing(stage: Stage) -> Figure:
    with stage.postgres.serving() as server:
        clients = [Refresher(token) for token in stage.postgres.refreshers[:_CONNECTIONS]]
        (rate,) = in_turns(stage, [loaded(stage, server, clients)])
    name = f"POST /auth/refresh on PostgreSQL, {_CONNECTIONS} clients, fsync on, one core"
    return Figure(name, per_second(rate), target=f">= {_REFRESH_TARGET:,}/s", reached=rate >= _REFRESH_TARGET)


def _two_processes(stage: Stage) -> list[Figure]:
    """On all cores. Two cores are too few for two processes, the database and the load: what a request costs the
    service tells how far a second process would lead on a core of its own."""
    (one, one_cost), (two, two_cost) = (_rate_with(stage, {"WORKERS": workers}) for workers in ("1", "2"))
    name = f"GET /auth/me, two processes, database and load on the same {stage.cores.count} cores (peer: one process)"
    cost = "processor time of the service per request, two processes (peer: one); 1.18 x is 1.7 x the requests"
    return [
        Figure(
            name,
            per_second(two),
            per_second(one),
            two / one,
            f">= {_WORKERS_TARGET} x one",
            two >= _WORKERS_TARGET * one,
        ),
        Figure(
            cost,
            f"{two_cost * 1e6:.0f} µs",
            f"{one_cost * 1e6:.0f} µs",
            two_cost / one_cost,
            f"<= {2 / _WORKERS_TARGET:.2f} x one",
            two_cost <= 2 / _WORKERS_TARGET * one_cost,
        ),
    ]


def _rate_with(stage: Stage, settings: Mapping[str, str]) -> tuple[float, float]:
    """Requests per second, and seconds of a processor that the service needs for one."""
    postgres = stage.postgres
    with postgres.serving(stage.cores.everything, settings) as server:
        round_of = loaded(stage, server, readers(ME, postgres.readers, _CONNECTIONS))
        before = server.processor_seconds()
        rates = [round_of() for _ in range(stage.scale.rounds)]
        used = server.processor_seconds() - before
    return median(rates), used / (sum(rates) * stage.scale.seconds)
