"""Refresh tokens one can read: `refresh.<session id>.<generation>.<seed>`."""

from collections.abc import Iterable
from uuid import UUID

from bukhindor.domain.session import Session
from bukhindor.domain.tokens import RefreshTicket

_PARTS = 4


class FakeRefreshTokens:
    def derive(self, session: Session) -> str:
        return f"refresh.{session.id}.{session.generation}.{session.seed.hex()}"

    def read(self, token: str) -> Iterable[RefreshTicket]:
        parts = token.split(".")
        if len(parts) != _PARTS or parts[0] != "refresh":
            return []
        try:
            return [RefreshTicket(UUID(parts[1]), int(parts[2]), bytes.fromhex(parts[3]))]
        except ValueError:
            return []

    def is_genuine(self, ticket: RefreshTicket, session: Session) -> bool:
        return ticket.session_id == session.id and ticket.proof == session.seed
