"""DELETE /auth/me and GET /auth/me/export"""

import msgspec

from bukhindor.domain.password import Password
from bukhindor.web.audit_log import EventShape
from bukhindor.web.call import Call
from bukhindor.web.shapes import Message, PasswordField, SessionShape, UserShape


class DeleteMeBody(msgspec.Struct, frozen=True):
    password: PasswordField


class PersonalDataShape(msgspec.Struct, frozen=True):
    """Everything that is held about the caller; of events the newest thousand."""

    user: UserShape
    sessions: list[SessionShape]
    events: list[EventShape]


async def delete_me(call: Call, body: DeleteMeBody) -> Message:
    """Delete one's own account"""
    await call.services.own_account.delete(call.caller, Password.parse(body.password))
    call.forget_browser()
    return Message("The account and everything personal is gone.")


async def export_me(call: Call) -> PersonalDataShape:
    """Take one's own data along"""
    data = await call.services.own_account.export(call.caller)
    policy, current = call.settings.session_policy, call.caller.session.id
    return PersonalDataShape(
        UserShape.of(data.user, call.now),
        [SessionShape.of(session, data.user, policy, current) for session in data.sessions],
        [EventShape.of(event) for event in data.events],
    )
