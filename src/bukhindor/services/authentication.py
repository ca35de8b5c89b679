"""An access token becomes a caller, on every signed-in request."""

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, MfaEnrollmentRequired, ReauthenticationRequired
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in_method import Method
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading


class Authentication:
    def __init__(self, *, token_reading: AccessTokenReading, policy: SessionPolicy, clock: Clock) -> None:
        self._token_reading = token_reading
        self._policy = policy
        self._clock = clock

    async def authenticate(
        self, token: str, origin: Origin, *, accepts_superseded: bool = False, accepts_single_factor: bool = False
    ) -> Caller:
        """Return the account as it is now: a ban, sign-out, demotion or deletion takes effect on the next request.

        Access tokens from before a change of the password or of the role are refused. Where the operator asks for a
        second factor (`MFA_REQUIRED`), a session without one may only see itself and add a factor.

        Raises InvalidAccessToken, AccountBanned, AccountInactive, MfaEnrollmentRequired, ReauthenticationRequired.
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
        if not accepts_single_factor and session.lacks_factor(self._policy, user.role):
            # The factor may be younger than the session.
            raise ReauthenticationRequired(Method.OTP, Method.RECOVERY) if user.has_factor else MfaEnrollmentRequired
        await self._token_reading.record_use(session, claims, now)
        return Caller(user, session, origin, is_superseded)
