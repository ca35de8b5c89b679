"""/users/invitations: administrators invite people"""

from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from bukhindor.domain.invitation import Invitation
from bukhindor.domain.user import Role
from bukhindor.services.invitations import Invitations
from bukhindor.web.api.shapes import EmailField, LanguageField, Message, NameField, Time
from bukhindor.web.endpoint.call import Call

_AN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


class InviteBody(msgspec.Struct, frozen=True):
    """`name` greets the person, who may choose another one."""

    email: EmailField
    role: Role | None = None
    name: NameField | None = None
    language: LanguageField | None = None


class InvitationShape(msgspec.Struct, frozen=True):
    """An invitation that waits for its person. `invited_by` is null for the operator."""

    id: Annotated[UUID, Meta(examples=[_AN_ID])]
    email: Annotated[str, Meta(examples=["anna@example.com"])]
    role: Role
    name: Annotated[str | None, Meta(examples=["Anna"])]
    language: Annotated[str | None, Meta(description="A language tag (BCP 47)", examples=["pt-BR"])]
    invited_by: Annotated[UUID | None, Meta(examples=[_AN_ID])]
    created_at: Time
    expires_at: Time

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        language = None if invitation.language is None else invitation.language.value
        return cls(
            invitation.id,
            invitation.email.shown,
            invitation.role,
            invitation.name,
            language,
            invitation.invited_by,
            invitation.created_at,
            invitation.expires_at,
        )


class InvitationList(msgspec.Struct, frozen=True):
    """The newest first."""

    invitations: list[InvitationShape]


async def invite(call: Call, invitations: Invitations, body: InviteBody) -> InvitationShape:
    """Invite a person by mail"""
    role = body.role or Role.USER
    return InvitationShape.of(await invitations.invite(call.caller, body.email, role, body.name, body.language))


async def list_invitations(call: Call, invitations: Invitations) -> InvitationList:
    """List the invitations that wait for their person"""
    return InvitationList([InvitationShape.of(each) for each in await invitations.all(call.caller)])


async def withdraw_invitation(call: Call, invitations: Invitations) -> Message:
    """Withdraw an invitation"""
    await invitations.withdraw(call.caller, call.invitation_id)
    return Message("The invitation has been withdrawn.")
