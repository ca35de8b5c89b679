"""One-time tokens, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.one_time_token import OneTimeToken, Purpose

_tokens = tables.one_time_tokens
_users = tables.users

_c = _tokens.c
ONE_TIME_TOKEN_COLUMNS = (
    _c.user_id, _c.purpose, _c.email, _c.token_hash, _c.code_hash, _c.created_at, _c.expires_at,
    _c.failed_tries,
)  # fmt: skip

_this_owner = _tokens.c.user_id == sa.bindparam("owner")
_this_token = sa.and_(_this_owner, _tokens.c.purpose == sa.bindparam("use"))
_this_hash = _tokens.c.token_hash == sa.bindparam("digest")

# Its owner is joined only to be locked first.
_BY_TOKEN_HASH = (
    sa.select(*ONE_TIME_TOKEN_COLUMNS).join_from(_users, _tokens, _users.c.id == _tokens.c.user_id).where(_this_hash)
)
_OF_USER = sa.select(*ONE_TIME_TOKEN_COLUMNS).where(_this_token)
_ADD = sa.insert(_tokens)
_SAVE = sa.update(_tokens).where(_this_token, _this_hash)
_REMOVE = sa.delete(_tokens).where(_this_token)
_REMOVE_OF_USER = sa.delete(_tokens).where(_this_owner)
_REMOVE_EXPIRED = sa.delete(_tokens).where(
    _tokens.c.token_hash.in_(
        sa.select(_tokens.c.token_hash)
        .where(_tokens.c.expires_at <= sa.bindparam("now", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_one_time_token(row: Row) -> OneTimeToken:
    """The token of ONE_TIME_TOKEN_COLUMNS."""
    user_id, purpose, email, *rest = row
    return OneTimeToken(user_id, Purpose(purpose), EmailAddress(email), *rest)


def from_one_time_token(token: OneTimeToken) -> dict[str, Any]:
    return {
        "user_id": token.user_id,
        "purpose": token.purpose.value,
        "email": token.email.value,
        "token_hash": token.token_hash,
        "code_hash": token.code_hash,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "failed_tries": token.failed_tries,
    }


class SqlOneTimeTokens:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_token_hash(self, token_hash: bytes) -> OneTimeToken | None:
        found = await self._connection.fetch_held(_BY_TOKEN_HASH, {"digest": token_hash})
        return to_one_time_token(found[0]) if found else None

    async def of_user(self, user_id: UUID, purpose: Purpose) -> OneTimeToken | None:
        found = await self._connection.fetch_held(_OF_USER, {"owner": user_id, "use": purpose.value})
        return to_one_time_token(found[0]) if found else None

    async def put(self, token: OneTimeToken) -> None:
        await self.remove(token.user_id, token.purpose)
        await self._connection.change(_ADD, from_one_time_token(token))

    async def save(self, token: OneTimeToken) -> None:
        # The digest keeps an older token's tries from being counted against the newer one that replaced it.
        which = {"owner": token.user_id, "use": token.purpose.value, "digest": token.token_hash}
        await self._connection.change(_SAVE, {**which, "failed_tries": token.failed_tries})

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def remove(self, user_id: UUID, purpose: Purpose) -> bool:
        return await self._connection.change(_REMOVE, {"owner": user_id, "use": purpose.value}) > 0

    async def remove_expired(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})
