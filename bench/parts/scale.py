"""GET /auth/me with very many users beside few: the time may hardly grow."""

from bench.clients import readers
from bench.figures import Figure
from bench.rounds import in_turns, loaded
from bench.stage import ME, Stage

_CONNECTIONS = 32
_LIMIT = 1.2


def measure(stage: Stage) -> list[Figure]:
    many, few = stage.scale.many_users, stage.scale.few_users
    with stage.serving(many) as with_many, stage.serving(few) as with_few:
        many_rate, few_rate = in_turns(
            stage,
            [loaded(stage, server, readers(ME, stage.readers, _CONNECTIONS)) for server in (with_many, with_few)],
        )
    ratio = few_rate / many_rate
    return [
        Figure(
            f"GET /auth/me, time with {many:,} users (peer: with {few:,})",
            f"{1e6 / many_rate:.0f} us",
            f"{1e6 / few_rate:.0f} us",
            ratio,
            f"<= {_LIMIT} x",
            ratio <= _LIMIT,
        )
    ]
