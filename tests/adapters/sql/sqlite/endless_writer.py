"""A process that registers users until it is killed, and prints the id of each one that was acknowledged.

Run as `python -m tests.adapters.sql.sqlite.endless_writer DATABASE`.
"""

import asyncio
import sys
from pathlib import Path

from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from tests.fakes.seal import FakeSeal
from tests.makers import make_session, make_user

_WRITERS = 16


async def _register_for_ever(store: SqliteTransactions) -> None:
    while True:
        user = make_user()
        async with store.begin() as tx:
            await tx.users.add(user)
            await tx.sessions.add(make_session(user))
            await tx.commit()
        print(user.id, flush=True)  # noqa: T201


async def _main(path: Path) -> None:
    store = SqliteTransactions(path, owner=True, seal=FakeSeal())
    await asyncio.gather(*(_register_for_ever(store) for _ in range(_WRITERS)))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
