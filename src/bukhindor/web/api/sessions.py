"""/auth/sessions and POST /auth/logout-all"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.sessions import Sessions
from bukhindor.web.api.shapes import Message, RevocationResult, SessionList, SessionShape
from bukhindor.web.endpoint.call import Call


class LogoutAllBody(msgspec.Struct, frozen=True):
    keep_current: Annotated[bool, Meta(description="Keep the session of this request")] = False


async def list_sessions(call: Call, sessions: Sessions) -> SessionList:
    """List your own sessions"""
    caller = call.caller
    found = await sessions.list(caller)
    policy = call.settings.session_policy
    return SessionList([SessionShape.of(session, caller.user, policy, caller.session.id) for session in found])


async def end_session(call: Call, sessions: Sessions) -> Message:
    """Revoke one of your own sessions"""
    await sessions.end(call.caller, call.session_id)
    if call.session_id == call.caller.session.id:
        call.sign_browser_out()
    return Message("The session has ended.")


async def logout_all(call: Call, sessions: Sessions, body: LogoutAllBody = LogoutAllBody()) -> RevocationResult:  # noqa: B008  # Immutable.
    """Revoke all of your own sessions"""
    revoked = await sessions.log_out_everywhere(call.caller, keep_current=body.keep_current)
    if not body.keep_current:
        call.sign_browser_out()
    return RevocationResult("Signed out.", revoked)
