"""Interleaved rounds: what is compared takes turns, so that a slow minute of the machine hits both alike."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.load import Client, Round, drive
from bench.processes import Server
from bench.stage import Stage

_WARM_UP = 1.0
_BUSY_GENERATOR = 0.85


def in_turns(stage: Stage, contestants: Sequence[Callable[[], float]]) -> list[float]:
    """The median of each contestant over rounds of A B C, A B C, …"""
    results: list[list[float]] = [[] for _ in contestants]
    for _ in range(stage.scale.rounds):
        for result, contestant in zip(results, contestants, strict=True):
            result.append(contestant())
    stage.say("  rounds: " + "; ".join(", ".join(f"{value:,.0f}" for value in result) for result in results))
    return [median(result) for result in results]


def loaded(stage: Stage, server: Server, clients: Sequence[Client]) -> Callable[[], float]:
    """A contestant: successful answers per second under these clients. Warmed up when it returns."""

    def one_round(seconds: float) -> Round:
        with stage.cores.only(stage.cores.load):
            return drive(server.port, clients, seconds).only_successes()

    def measured() -> float:
        result = one_round(stage.scale.seconds)
        if result.generator_share > _BUSY_GENERATOR:
            stage.say(f"  the load generator was {result.generator_share:.0%} busy: it may be what was measured")
        return result.rate

    one_round(_WARM_UP)
    return measured
