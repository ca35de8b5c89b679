"""GET /auth/me beside FastAPI Users' /users/me: the request that clients send most."""

from contextlib import ExitStack

from bench import rival
from bench.clients import readers
from bench.figures import Figure, per_second
from bench.rounds import in_turns, loaded
from bench.stage import ME, Stage

_CONNECTIONS = 32
_TARGET = 8.0


def measure(stage: Stage) -> list[Figure]:
    with ExitStack() as servers:
        server = servers.enter_context(stage.serving(stage.scale.users))
        contestants = [loaded(stage, server, readers(ME, stage.readers, _CONNECTIONS))]
        if stage.peer:
            peer_server = servers.enter_context(stage.peer.serve(stage.cores.server))
            contestants.append(loaded(stage, peer_server, readers(rival.ME, stage.peer.tokens, _CONNECTIONS)))
        rate, *peer_rates = in_turns(stage, contestants)
    name = f"GET /auth/me, {stage.scale.users:,} users, {len(stage.readers):,} tokens, one core"
    target = f">= {_TARGET:.0f} x FastAPI Users"
    if not peer_rates:
        return [Figure(name, per_second(rate), "not installed", None, target)]
    ratio = rate / peer_rates[0]
    return [Figure(name, per_second(rate), per_second(peer_rates[0]), ratio, target, ratio >= _TARGET)]
