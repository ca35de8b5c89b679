"""POST /auth/invitations/accept"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.invitation_acceptance import InvitationAcceptance
from bukhindor.web.api.shapes import NameField, NewPasswordField, UserShape
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.mailbox_proof import parse_link


class AcceptInvitationBody(msgspec.Struct, frozen=True):
    token: Annotated[str, Meta(examples=["pYQ2mR…"], description="From the link of the mail")]
    name: NameField
    password: NewPasswordField


class AcceptedInvitation(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Account created."])]
    user: UserShape


async def accept_invitation(
    call: Call, invitation_acceptance: InvitationAcceptance, body: AcceptInvitationBody
) -> AcceptedInvitation:
    """Accept an invitation"""
    link, language = parse_link(body.token), preferred_tag(call.exchange.headers.get("accept-language", ""))
    user = await invitation_acceptance.accept(link, body.name, body.password, call.origin, language)
    call.created, call.exchange.user_id = user.id, str(user.id)
    return AcceptedInvitation("Account created.", UserShape.of(user, call.now, for_admin=False))
