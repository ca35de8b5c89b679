"""Users, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row, UniqueViolation
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.folding import folded, sort_key
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.metadata import Metadata
from bukhindor.domain.user import Role, Status, User

_ADMINISTRATORS = 1

_users = tables.users

# Calling an enumeration with a value takes several times as long as a dictionary lookup.
_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}

_c = _users.c
USER_COLUMNS = (
    _c.id, _c.email, _c.name, _c.created_at, _c.updated_at, _c.role, _c.status, _c.status_reason,
    _c.status_until, _c.email_verified, _c.password_hash, _c.last_login_at, _c.failed_sign_ins, _c.wrong_codes,
    _c.last_wrong_code_at, _c.language, _c.metadata, _c.app_metadata, _c.has_factor, _c.failed_factors, _c.locked_at,
    _c.guest_seen_at,
)  # fmt: skip

_this_user = _users.c.id == sa.bindparam("which")
NOW = sa.bindparam("now", type_=tables.UtcDateTime())
IS_ACTIVE = sa.or_(_users.c.status == sa.literal_column("'active'"), _users.c.status_until <= NOW)

_BY_ID = sa.select(*USER_COLUMNS).where(_this_user)
BY_EMAIL = sa.select(*USER_COLUMNS).where(_users.c.email == sa.bindparam("address"))
_networks = tables.familiar_networks
_BY_EMAIL_WITH_NETWORK = sa.select(
    *USER_COLUMNS,
    sa.select(_networks.c.last_used_at)
    .where(_networks.c.user_id == _users.c.id, _networks.c.network == sa.bindparam("from_network"))
    .scalar_subquery(),
).where(_users.c.email == sa.bindparam("address"))
_ADD = sa.insert(_users)
_SAVE = sa.update(_users).where(_this_user)
_REMOVE = sa.delete(_users).where(_this_user)
# The role is part of the text: a planner can't know that a parameter fits the partial index of administrators.
_COUNT_ACTIVE_ADMINS = sa.select(sa.func.count()).where(_users.c.role == sa.literal_column("'admin'"), IS_ACTIVE)


def to_user(row: Row) -> User:
    """The user of USER_COLUMNS. Its address was parsed when it was stored, and is not parsed again."""
    (id_, email, name, created_at, updated_at, role, status,
     reason, until, verified, password_hash, last_login_at, failed_sign_ins, wrong_codes, wrong_at,
     language, metadata, app_metadata, has_factor, failed_factors, locked_at, guest_seen_at) = row  # fmt: skip
    return User(
        id_, EmailAddress(email), name, created_at, updated_at, _ROLES[role], _STATUSES[status],
        reason, until, verified, password_hash, last_login_at, failed_sign_ins, wrong_codes, wrong_at,
        None if language is None else LanguageTag(language), Metadata(metadata), Metadata(app_metadata),
        has_factor, failed_factors, locked_at, guest_seen_at,
    )  # fmt: skip


def from_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email.value,
        "name": user.name,
        "role": user.role.value,
        "status": user.status.value,
        "status_reason": user.status_reason,
        "status_until": user.status_until,
        "email_verified": user.email_verified,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_login_at": user.last_login_at,
        "failed_sign_ins": user.failed_sign_ins,
        "wrong_codes": user.wrong_codes,
        "last_wrong_code_at": user.last_wrong_code_at,
        "language": None if user.language is None else user.language.value,
        "metadata": user.metadata.text,
        "app_metadata": user.app_metadata.text,
        "has_factor": user.has_factor,
        "failed_factors": user.failed_factors,
        "locked_at": user.locked_at,
        "guest_seen_at": user.guest_seen_at,
        "search_text": search_text(user.name, user.email),
        "name_key": sort_key(user.name),
    }


def search_text(name: str, email: EmailAddress) -> str:
    """What a search looks through: no search contains a line break, so none can match across two parts."""
    parts = [folded(name), folded(email.value)]
    if email.shown != email.value:
        parts.append(folded(email.shown))
    return "\n".join(parts)


class SqlUsers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_id(self, user_id: UUID) -> User | None:
        found = await self._connection.fetch_held(_BY_ID, {"which": user_id})
        return to_user(found[0]) if found else None

    async def by_email(self, email: EmailAddress) -> User | None:
        found = await self._connection.fetch_held(BY_EMAIL, {"address": email.value})
        return to_user(found[0]) if found else None

    async def by_email_with_network(self, email: EmailAddress, network: str) -> tuple[User, datetime | None] | None:
        values = {"address": email.value, "from_network": network}
        found = await self._connection.fetch(_BY_EMAIL_WITH_NETWORK, values)
        if not found:
            return None
        *user, last_used_at = found[0]
        return to_user(user), last_used_at

    async def add(self, user: User) -> None:
        try:
            await self._connection.change(_ADD, from_user(user))
        except UniqueViolation as violation:
            raise _email_taken(violation) from violation

    async def save(self, user: User) -> None:
        values = from_user(user)
        # These never change, and naming them would rewrite their indexes needlessly.
        del values["id"], values["created_at"]
        try:
            await self._connection.change(_SAVE, {"which": user.id, **values})
        except UniqueViolation as violation:
            raise _email_taken(violation) from violation

    async def remove(self, user_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": user_id}) > 0

    async def count_active_admins(self, now: datetime) -> int:
        # Two administrators that demote each other would both still count the other one.
        await self._connection.take_turns(_ADMINISTRATORS)
        found = await self._connection.fetch(_COUNT_ACTIVE_ADMINS, {"now": now})
        count: int = found[0][0]
        return count


def _email_taken(violation: UniqueViolation) -> Exception:
    """EmailTaken, or the violation itself when it concerns another key, which no caller can cause."""
    return EmailTaken() if "email" in str(violation) else violation
