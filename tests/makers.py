"""Users, sessions and moments for tests: everything has a sensible value, and a test names only what matters to it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User

T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
"""When tests begin, unless they say otherwise."""


def address(value: str) -> EmailAddress:
    return EmailAddress.parse(value)


def make_user(email: str | EmailAddress | None = None, **parts: Any) -> User:
    """A user with an address of its own; `parts` are fields of User."""
    user_id: UUID = parts.pop("id", None) or uuid4()
    if email is None:
        email = f"{user_id.hex}@example.com"
    return User(
        id=user_id,
        email=address(email) if isinstance(email, str) else email,
        name=parts.pop("name", "Ann Example"),
        created_at=parts.pop("created_at", T0),
        updated_at=parts.pop("updated_at", T0),
        password_hash=parts.pop("password_hash", "hashed:correct horse battery"),
        **parts,
    )


def make_session(owner: User | UUID, **parts: Any) -> Session:
    """A fresh session of `owner`; `parts` are fields of Session."""
    session_id: UUID = parts.pop("id", None) or uuid4()
    created_at: datetime = parts.pop("created_at", T0)
    return Session(
        id=session_id,
        user_id=owner.id if isinstance(owner, User) else owner,
        seed=parts.pop("seed", session_id.bytes * 2),
        generation=parts.pop("generation", 1),
        confirmed=parts.pop("confirmed", True),
        created_at=created_at,
        rotated_at=parts.pop("rotated_at", created_at),
        last_seen_at=parts.pop("last_seen_at", created_at),
        device=parts.pop("device", Device()),
        **parts,
    )


def make_signing_key(kid: str = "key", **parts: Any) -> SigningKey:
    """A key in the ring; its halves are letters, not numbers that could sign."""
    return SigningKey(
        kid=kid,
        public_jwk=parts.pop("public_jwk", {"kty": "EC", "crv": "P-256", "kid": kid, "x": "x", "y": "y"}),
        sealed_private_key=parts.pop("sealed_private_key", b"sealed:" + kid.encode()),
        created_at=parts.pop("created_at", T0),
        **parts,
    )
