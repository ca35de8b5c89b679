"""Fill the peer's database in the working directory; print the tokens of some users, one a line.

    python -m bench.peer.seed USERS TOKENS

All users share one password hash; the tokens are those that the peer's own strategy writes at sign-in.
"""

import asyncio
import random
import sys
import uuid

from fastapi_users.password import PasswordHelper
from sqlalchemy import insert

from bench.peer.app import User, async_session_maker, create_db_and_tables, engine, get_jwt_strategy

_BATCH = 10_000


async def seed(users: int, tokens: int) -> list[str]:
    await create_db_and_tables()
    password_hash = PasswordHelper().hash("the same for everybody")
    ids = [uuid.uuid4() for _ in range(users)]
    async with async_session_maker() as session:
        for start in range(0, users, _BATCH):
            rows = [
                {
                    "id": user_id,
                    "email": f"user{number}@example.com",
                    "hashed_password": password_hash,
                    "is_active": True,
                    "is_superuser": False,
                    "is_verified": True,
                }
                for number, user_id in enumerate(ids[start : start + _BATCH], start)
            ]
            await session.execute(insert(User), rows)
        await session.commit()
    await engine.dispose()
    strategy = get_jwt_strategy()
    return [await strategy.write_token(User(id=user_id)) for user_id in random.sample(ids, tokens)]


if __name__ == "__main__":
    print("\n".join(asyncio.run(seed(int(sys.argv[1]), int(sys.argv[2])))))
