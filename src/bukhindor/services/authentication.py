"""An access token becomes a caller, on every signed-in request."""

import logging
from datetime import datetime, timedelta

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, Unavailable
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.signing_key import KeyRing
from bukhindor.domain.tokens import AccessClaims
from bukhindor.ports.secrets import AccessTokens
from bukhindor.ports.store.transactions import Transactions
from bukhindor.ports.system import Clock

_log = logging.getLogger(__name__)

_KEY_RELOAD_INTERVAL = timedelta(seconds=1)


class Authentication:
    def __init__(
        self, *, transactions: Transactions, access_tokens: AccessTokens, policy: SessionPolicy, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._access_tokens = access_tokens
        self._policy = policy
        self._clock = clock
        self._keys_loaded_at: datetime | None = None

    async def authenticate(self, token: str, origin: Origin, *, accepts_superseded: bool = False) -> Caller:
        """Return the account as it is now: a ban, sign-out, demotion or deletion takes effect on the next request.

        Access tokens from before a change of the password or of the role are refused.

        Raises InvalidAccessToken, AccountBanned, AccountInactive.
        """
        # With `accepts_superseded` a token from before the change makes a marked caller: after a lost response a client
        # repeats the change with it. The first use of a new generation confirms that its tokens have arrived.
        now = self._clock.now()
        claims = await self._read(token, now)
        async with self._transactions.read() as stored:
            found = await stored.sessions.with_user(claims.session_id)
        if found is None:
            raise InvalidAccessToken
        session, user = found
        is_ours = session.user_id == claims.user_id and claims.generation <= session.generation
        if not is_ours or session.is_over_at(now, self._policy, user.role):
            raise InvalidAccessToken
        is_superseded = session.has_superseded(claims.generation)
        if is_superseded and not accepts_superseded:
            raise InvalidAccessToken
        user.refuse_unless_active(now)

        if session.used(claims.generation, now) is not session:
            await self._record_use(claims, now)
        return Caller(user, session, origin, is_superseded)

    async def names_ended_session(self, token: str) -> bool:
        """Whether this server signed the token, it has not expired, and its session has ended."""
        try:
            claims = await self._read(token, self._clock.now())
        except InvalidAccessToken:
            return False
        async with self._transactions.read() as stored:
            return await stored.sessions.by_id(claims.session_id) is None

    async def _read(self, token: str, now: datetime) -> AccessClaims:
        claims = self._access_tokens.read(token, now)
        if claims is None and not self._access_tokens.knows_key_of(token):
            await self._reload_keys(now)
            claims = self._access_tokens.read(token, now)
        if claims is None:
            raise InvalidAccessToken
        return claims

    async def _reload_keys(self, now: datetime) -> None:
        """Read keys that other processes have made, at most once a second: any client can send an unknown key id."""
        if self._keys_loaded_at is not None and abs(now - self._keys_loaded_at) < _KEY_RELOAD_INTERVAL:
            return
        async with self._transactions.read() as stored:
            keys = await stored.signing_keys.all()
        # Set only now: requests that come while the keys are being read, or after this failed, must not be refused.
        self._keys_loaded_at = now
        self._access_tokens.use(KeyRing.at(now, keys, self._policy.access_token))

    async def _record_use(self, claims: AccessClaims, now: datetime) -> None:
        try:
            async with self._transactions.begin() as tx:
                session = await tx.sessions.by_id(claims.session_id)
                used = None if session is None else session.used(claims.generation, now)
                # Of many simultaneous requests the first has recorded it for all.
                if used is not None and used is not session:
                    await tx.sessions.save(used)
                    await tx.commit()
        except Unavailable as unavailable:
            # Reads must work while nothing can be written; the next request tries again.
            _log.warning("use of a session not recorded: %s", unavailable.code)
