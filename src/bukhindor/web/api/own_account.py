"""DELETE /auth/me, POST /auth/me/delete and GET /auth/me/export"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.session import SessionPolicy
from bukhindor.services.own_account import OwnAccount
from bukhindor.web.api.identity_shapes import IdentityShape
from bukhindor.web.api.passkey_shapes import PasskeyShape
from bukhindor.web.api.second_factors import FactorShape
from bukhindor.web.api.shapes import AuditEventShape, Message, PasswordField, SessionShape, Time, UserShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class DeleteMeBody(msgspec.Struct, frozen=True):
    """`password` is the account's. An account without one needs a fresh sign-in."""

    password: PasswordField | None = None


class FamiliarNetworkShape(msgspec.Struct, frozen=True):
    """A network from which the account signed in, or was reset, within the last 30 days."""

    network: Annotated[str, Meta(examples=["198.51.100.0/24"])]
    last_used_at: Time


class PersonalDataShape(msgspec.Struct, frozen=True):
    """Everything that is stored about the caller; of events the newest thousand."""

    user: UserShape
    sessions: list[SessionShape]
    factors: list[FactorShape]
    recovery_codes_left: Annotated[int, Meta(ge=0, examples=[10])]
    passkeys: list[PasskeyShape]
    identities: list[IdentityShape]
    familiar_networks: list[FamiliarNetworkShape]
    events: list[AuditEventShape]


async def delete_me(
    call: Call,
    own_account: OwnAccount,
    cookies: Cookies,
    body: DeleteMeBody = DeleteMeBody(),  # noqa: B008  # Immutable.
) -> Message:
    """Delete your own account"""
    await own_account.delete(call.caller, body.password)
    cookies.remove_all(call.exchange)
    return Message("The account and everything personal is gone.")


async def delete_me_by_post(
    call: Call,
    own_account: OwnAccount,
    cookies: Cookies,
    body: DeleteMeBody = DeleteMeBody(),  # noqa: B008  # Immutable.
) -> Message:
    """Delete your own account (for clients behind proxies that drop the body of DELETE)"""
    return await delete_me(call, own_account, cookies, body)


async def export_me(call: Call, own_account: OwnAccount, policy: SessionPolicy) -> PersonalDataShape:
    """Export your own data"""
    data = await own_account.export(call.caller)
    current = call.caller.session.id
    return PersonalDataShape(
        UserShape.of(data.user, call.now, for_admin=call.caller.is_admin),
        [SessionShape.of(session, data.user, policy, current) for session in data.sessions],
        [FactorShape.of(factor) for factor in data.factors],
        data.recovery_codes_left,
        [PasskeyShape.of(passkey) for passkey in data.passkeys],
        [IdentityShape.of(identity) for identity in data.identities],
        [FamiliarNetworkShape(network, last_used_at) for network, last_used_at in data.familiar_networks],
        [AuditEventShape.of(event) for event in data.events],
    )
