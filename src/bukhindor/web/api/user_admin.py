"""/users: administrators manage all accounts, users read and rename their own"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import FieldError
from bukhindor.domain.metadata import NO_METADATA
from bukhindor.domain.moment import in_utc
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.user import Role, Status, StatusReason, UserChanges
from bukhindor.services.factor_reset import FactorReset
from bukhindor.services.user_admin import UserAdmin
from bukhindor.web.api.patterns import SAFE_TEXT_NOT_BLANK
from bukhindor.web.api.shapes import (
    EmailField,
    LanguageChoiceField,
    LanguageField,
    Message,
    MetadataField,
    NameField,
    NewPasswordField,
    PasswordField,
    RevocationResult,
    SessionList,
    SessionShape,
    UserShape,
)
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.condition import Breach, Condition
from bukhindor.web.endpoint.cookies import Cookies

StatusReasonField = Annotated[StatusReason, Meta(extra_json_schema={"maxLength": 500, "pattern": SAFE_TEXT_NOT_BLANK})]


class CreateUserBody(msgspec.Struct, frozen=True):
    name: NameField
    email: EmailField
    password: NewPasswordField
    role: Role | None = None
    status: Status | None = None
    language: LanguageField | None = None
    app_metadata: MetadataField | None = None


class UpdateUserBody(msgspec.Struct, frozen=True):
    """null leaves a field unchanged. `is_active` true and false stand for the statuses active and inactive.

    When a status is given, its reason and end are as given: null or missing means none; an active account can't have
    either. An empty `language` makes it unknown again.
    """

    name: NameField | None = None
    email: EmailField | None = None
    is_active: bool | None = None
    role: Role | None = None
    status: Status | None = None
    status_reason: StatusReasonField | None = None
    status_until: Annotated[datetime, Meta(tz=True, description="When the status ends by itself")] | None = None
    language: LanguageChoiceField | None = None
    app_metadata: MetadataField | None = None
    password: (
        Annotated[
            PasswordField,
            Meta(
                description="Your own. Needed to change your own address; for another account a fresh sign-in is enough"
            ),
        ]
        | None
    ) = None

    # Without a status the user's present one decides about reason and end, so the domain refuses them.
    condition: ClassVar = Condition(
        when={"status": Status.ACTIVE, "is_active": True},
        without=("status_reason", "status_until"),
        faults={Breach.CONFLICT: FieldError("is_active", "This contradicts the status.", "contradiction")},
    )

    def __post_init__(self) -> None:
        self.condition.check(self)


class DeleteUserBody(msgspec.Struct, frozen=True):
    """`password` is your own. It is needed to delete your own account; for another one a fresh sign-in is enough."""

    password: PasswordField | None = None


async def create_user(call: Call, user_admin: UserAdmin, body: CreateUserBody) -> UserShape:
    """Create an account for another person"""
    role, status = body.role or Role.USER, body.status or Status.ACTIVE
    app_metadata = NO_METADATA if body.app_metadata is None else NO_METADATA.patched(body.app_metadata)
    user = await user_admin.create(
        call.caller, body.name, body.email, body.password, role, status, body.language, app_metadata
    )
    call.created = user.id
    return UserShape.of(user, call.now, for_admin=call.caller.is_admin)


async def get_user(call: Call, user_admin: UserAdmin) -> UserShape:
    """Read an account"""
    user = await user_admin.get(call.actor, call.user_id)
    return UserShape.of(user, call.now, for_admin=call.sees_as_admin)


async def replace_user(call: Call, user_admin: UserAdmin, body: UpdateUserBody) -> UserShape:
    """Change an account

    The same as PATCH: a field that is null or missing stays unchanged, and only a status replaces its reason and end.
    """
    return await update_user(call, user_admin, body)


async def update_user(call: Call, user_admin: UserAdmin, body: UpdateUserBody) -> UserShape:
    """Change parts of an account"""
    user = await user_admin.change(call.actor, call.user_id, _changes(body), body.password)
    return UserShape.of(user, call.now, for_admin=call.sees_as_admin)


async def delete_user(
    call: Call,
    user_admin: UserAdmin,
    cookies: Cookies,
    body: DeleteUserBody = DeleteUserBody(),  # noqa: B008  # Immutable.
) -> Message:
    """Delete an account"""
    await user_admin.remove(call.caller, call.user_id, body.password)
    if call.user_id == call.caller.user.id:
        cookies.remove_all(call.exchange)
    return Message("The user has been deleted.")


async def reset_user_password(call: Call, user_admin: UserAdmin) -> Message:
    """Send a user a mail to choose a new password"""
    await user_admin.send_password_reset(call.caller, call.user_id)
    return Message("A mail to choose a new password is on its way.")


async def list_user_sessions(call: Call, user_admin: UserAdmin, policy: SessionPolicy) -> SessionList:
    """List the sessions of a user"""
    user, sessions = await user_admin.sessions_of(call.actor, call.user_id)
    current = call.actor.session_id
    return SessionList([SessionShape.of(session, user, policy, current) for session in sessions])


async def end_user_sessions(call: Call, user_admin: UserAdmin, cookies: Cookies) -> RevocationResult:
    """Revoke all sessions of a user"""
    revoked = await user_admin.end_sessions(call.actor, call.user_id)
    if call.user_id == call.actor.actor_id:
        cookies.sign_out(call.exchange)
    return RevocationResult("The user has been signed out everywhere.", revoked)


async def reset_user_factors(call: Call, factor_reset: FactorReset, cookies: Cookies) -> Message:
    """Remove all second factors of a user"""
    await factor_reset.reset(call.caller, call.user_id)
    if call.user_id == call.caller.user.id:
        cookies.sign_out(call.exchange)
    return Message("The second factors have been removed.")


def _changes(body: UpdateUserBody) -> UserChanges:
    status = body.status
    if body.is_active is not None:
        status = status or (Status.ACTIVE if body.is_active else Status.INACTIVE)
    until = None if body.status_until is None else in_utc(body.status_until)
    return UserChanges(
        body.name,
        body.email,
        body.role,
        status,
        body.status_reason,
        until,
        body.language,
        app_metadata=body.app_metadata,
    )
