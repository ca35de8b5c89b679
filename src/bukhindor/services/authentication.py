"""An access token becomes a caller, on every signed-in request."""

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.domain.origin import Origin
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading


class Authentication:
    def __init__(self, *, token_reading: AccessTokenReading, clock: Clock) -> None:
        self._token_reading = token_reading
        self._clock = clock

    async def authenticate(self, token: str, origin: Origin, *, accepts_superseded: bool = False) -> Caller:
        """Return the account as it is now: a ban, sign-out, demotion or deletion takes effect on the next request.

        Access tokens from before a change of the password or of the role are refused.

        Raises InvalidAccessToken, AccountBanned, AccountInactive.
        """
        # With `accepts_superseded` a token from before the change makes a marked caller: after a lost response a client
        # repeats the change with it.
        now = self._clock.now()
        claims = await self._token_reading.read(token, now)
        session, user = await self._token_reading.session_of(claims, now)
        is_superseded = session.has_superseded(claims.generation)
        if is_superseded and not accepts_superseded:
            raise InvalidAccessToken
        user.refuse_unless_active(now)
        await self._token_reading.record_use(session, claims, now)
        return Caller(user, session, origin, is_superseded)
