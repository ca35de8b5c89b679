"""Reading access tokens, also under keys that another process has made, and finding their sessions."""

import logging
from datetime import datetime, timedelta
from typing import Protocol

from bukhindor.domain.errors import InvalidAccessToken, Unavailable
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import KeyRing
from bukhindor.domain.tokens import AccessClaims
from bukhindor.domain.user import User
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.signing_keys import HasSigningKeys
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.token_keys import KeyedAccessTokens

_log = logging.getLogger(__name__)

_KEY_RELOAD_INTERVAL = timedelta(seconds=1)


class _Reading(HasSessions, HasSigningKeys, Protocol):
    """What finding the session of a token needs from the store."""


class _Writing(HasSessions, Transaction, Protocol):
    """What recording its use needs from the store."""


class AccessTokenReading:
    def __init__(
        self, *, transactions: Transactions[_Reading, _Writing], access_tokens: KeyedAccessTokens, policy: SessionPolicy
    ) -> None:
        self._transactions = transactions
        self._access_tokens = access_tokens
        self._policy = policy
        self._keys_loaded_at: datetime | None = None

    async def read(self, token: str, now: datetime) -> AccessClaims:
        """Return the claims of a token that is valid at `now`. Raises InvalidAccessToken."""
        claims = self._access_tokens.read(token, now)
        if claims is None and await self._has_new_key(token, now):
            claims = self._access_tokens.read(token, now)
        if claims is None:
            raise InvalidAccessToken
        return claims

    async def read_at_any_age(self, token: str, now: datetime) -> AccessClaims | None:
        """Return the claims of a token that this server signed, even if it has expired; None for any other text.

        A key that was retired and whose last token has expired is no longer known.
        """
        claims = self._access_tokens.read_at_any_age(token)
        if claims is None and await self._has_new_key(token, now):
            claims = self._access_tokens.read_at_any_age(token)
        return claims

    async def session_of(self, claims: AccessClaims, now: datetime) -> tuple[Session, User]:
        """Return the session of a token and its user as they are stored now.

        Raises InvalidAccessToken when the session has ended, or is not the one of this token.
        """
        async with self._transactions.read() as stored:
            found = await stored.sessions.with_user(claims.session_id)
        if found is None:
            raise InvalidAccessToken
        session, user = found
        if not claims.fit(session) or session.is_over_at(now, self._policy, user.role):
            raise InvalidAccessToken
        return session, user

    async def record_use(self, session: Session, claims: AccessClaims, now: datetime) -> None:
        """Record that a client has used the token, rarely: the first use of a generation confirms that its tokens have
        arrived. It never fails.
        """
        if session.used(claims.generation, now) is session:
            return
        try:
            async with self._transactions.begin() as tx:
                present = await tx.sessions.by_id(claims.session_id)
                used = None if present is None else present.used(claims.generation, now)
                # Of many simultaneous requests the first has recorded it for all.
                if used is not None and used is not present:
                    await tx.sessions.save(used)
                    await tx.commit()
        except Unavailable as unavailable:
            # Reads must work while nothing can be written; the next request tries again.
            _log.warning("use of a session not recorded: %s", unavailable.code)

    async def _has_new_key(self, token: str, now: datetime) -> bool:
        """Whether the token's key was unknown and may be known now.

        Keys that other processes have made are read at most once a second: any client can send an unknown key id.
        """
        if self._access_tokens.knows_key_of(token):
            return False
        if self._keys_loaded_at is not None and abs(now - self._keys_loaded_at) < _KEY_RELOAD_INTERVAL:
            return True
        async with self._transactions.read() as stored:
            keys = await stored.signing_keys.all()
        # Set only now: requests that come while the keys are being read, or after this failed, must not be refused.
        self._keys_loaded_at = now
        self._access_tokens.use(KeyRing.at(now, keys, self._policy.access_token))
        return True
