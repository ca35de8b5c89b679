"""/auth/sessions, POST /auth/logout and /auth/logout-all"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.web.authentication import access_token, authenticate
from bukhindor.web.call import Call
from bukhindor.web.shapes import Message, SessionList, SessionShape


class LogoutAllBody(msgspec.Struct, frozen=True):
    keep_current: Annotated[bool, Meta(description="Let the session that asks go on")] = False


class SessionsEnded(msgspec.Struct, frozen=True):
    message: str
    revoked: Annotated[int, Meta(ge=0, description="How many sessions ended")]


async def list_sessions(call: Call) -> SessionList:
    """List one's own sessions"""
    caller = call.caller
    sessions = await call.services.sessions.list(caller)
    policy = call.settings.session_policy
    return SessionList([SessionShape.of(session, caller.user, policy, caller.session.id) for session in sessions])


async def end_session(call: Call) -> Message:
    """End one of one's own sessions"""
    await call.services.sessions.end(call.caller, call.session_id)
    return Message("The session has ended.")


async def logout(call: Call) -> Message:
    """End this session

    The access token of a session that has ended already is good enough: asking twice is fine.
    """
    try:
        await call.services.sessions.log_out(await authenticate(call))
    except InvalidAccessToken:
        if not await call.services.authentication.names_ended_session(access_token(call.exchange, call.settings)):
            raise
    call.sign_browser_out()
    return Message("Signed out.")


async def logout_all(call: Call, body: LogoutAllBody = LogoutAllBody()) -> SessionsEnded:  # noqa: B008  # Immutable.
    """End all of one's own sessions"""
    revoked = await call.services.sessions.log_out_everywhere(call.caller, keep_current=body.keep_current)
    if not body.keep_current:
        call.sign_browser_out()
    return SessionsEnded("Signed out.", revoked)
