"""/auth/identities: accounts at other providers that are linked to an account here"""

import msgspec

from bukhindor.services.identities import Identities
from bukhindor.web.api.identity_shapes import AuthorizationCodeField, IdentityShape, IdTokenField, NonceField
from bukhindor.web.api.shapes import Message
from bukhindor.web.endpoint.call import Call


class LinkIdentityBody(msgspec.Struct, frozen=True):
    """What the native sheet of the provider returned."""

    id_token: IdTokenField
    nonce: NonceField
    authorization_code: AuthorizationCodeField | None = None


class IdentityList(msgspec.Struct, frozen=True):
    identities: list[IdentityShape]


async def list_identities(call: Call, identities: Identities) -> IdentityList:
    """List your own linked accounts"""
    return IdentityList([IdentityShape.of(identity) for identity in await identities.own(call.caller)])


async def link_identity(call: Call, identities: Identities, body: LinkIdentityBody) -> IdentityShape:
    """Link an account at a provider"""
    provider, code = call.path_parameters["identity"], body.authorization_code
    return IdentityShape.of(await identities.link(call.caller, provider, body.id_token, body.nonce, code))


async def unlink_identity(call: Call, identities: Identities) -> Message:
    """Unlink an account at a provider"""
    await identities.unlink(call.caller, call.identity_id)
    return Message("The account has been unlinked.")


async def list_user_identities(call: Call, identities: Identities) -> IdentityList:
    """List the linked accounts of a user"""
    found = await identities.of_user(call.caller, call.user_id)
    return IdentityList([IdentityShape.of(identity) for identity in found])
