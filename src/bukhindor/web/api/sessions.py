"""/auth/sessions and POST /auth/logout-all"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.session import SessionPolicy
from bukhindor.services.sessions import Sessions
from bukhindor.web.api.shapes import Message, RevocationResult, SessionList, SessionShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class LogoutAllBody(msgspec.Struct, frozen=True):
    keep_current: Annotated[bool, Meta(description="Keep the session of this request")] = False


async def list_sessions(call: Call, sessions: Sessions, policy: SessionPolicy) -> SessionList:
    """List your own sessions"""
    caller = call.caller
    found = await sessions.list(caller)
    return SessionList([SessionShape.of(session, caller.user, policy, caller.session.id) for session in found])


async def end_session(call: Call, sessions: Sessions, cookies: Cookies) -> Message:
    """Revoke one of your own sessions"""
    await sessions.end(call.caller, call.session_id)
    if call.session_id == call.caller.session.id:
        cookies.sign_out(call.exchange)
    return Message("The session has ended.")


async def logout_all(
    call: Call,
    sessions: Sessions,
    cookies: Cookies,
    body: LogoutAllBody = LogoutAllBody(),  # noqa: B008  # Immutable.
) -> RevocationResult:
    """Revoke all of your own sessions"""
    revoked = await sessions.log_out_everywhere(call.caller, keep_current=body.keep_current)
    if not body.keep_current:
        cookies.sign_out(call.exchange)
    return RevocationResult("Signed out.", revoked)
