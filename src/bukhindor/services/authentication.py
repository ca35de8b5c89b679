"""An access token becomes a caller, on every signed-in request."""

import logging
from datetime import datetime

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, Unavailable
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.tokens import AccessClaims
from bukhindor.ports.store.transactions import Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading

_log = logging.getLogger(__name__)


class Authentication:
    def __init__(
        self, *, transactions: Transactions, token_reading: AccessTokenReading, policy: SessionPolicy, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._token_reading = token_reading
        self._policy = policy
        self._clock = clock

    async def authenticate(self, token: str, origin: Origin, *, accepts_superseded: bool = False) -> Caller:
        """Return the account as it is now: a ban, sign-out, demotion or deletion takes effect on the next request.

        Access tokens from before a change of the password or of the role are refused.

        Raises InvalidAccessToken, AccountBanned, AccountInactive.
        """
        # With `accepts_superseded` a token from before the change makes a marked caller: after a lost response a client
        # repeats the change with it. The first use of a new generation confirms that its tokens have arrived.
        now = self._clock.now()
        claims = await self._token_reading.read(token, now)
        async with self._transactions.read() as stored:
            found = await stored.sessions.with_user(claims.session_id)
        if found is None:
            raise InvalidAccessToken
        session, user = found
        if not claims.fit(session) or session.is_over_at(now, self._policy, user.role):
            raise InvalidAccessToken
        is_superseded = session.has_superseded(claims.generation)
        if is_superseded and not accepts_superseded:
            raise InvalidAccessToken
        user.refuse_unless_active(now)

        if session.used(claims.generation, now) is not session:
            await self._record_use(claims, now)
        return Caller(user, session, origin, is_superseded)

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
