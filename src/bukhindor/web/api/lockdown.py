"""POST /auth/lockdown"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import NotSignedIn
from bukhindor.services.lockdown import Lockdown
from bukhindor.web.api.shapes import Message
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.mailbox_proof import parse_link


class LockdownBody(msgspec.Struct, frozen=True):
    """Without `token` the request locks the account that is signed in."""

    token: Annotated[str, Meta(examples=["pYQ2mR…"], description="From the link of a mail")] | None = None


async def lock_account(
    call: Call,
    lockdown: Lockdown,
    cookies: Cookies,
    body: LockdownBody = LockdownBody(),  # noqa: B008  # Immutable.
) -> Message:
    """Lock an account that someone else has got into"""
    if body.token is not None:
        await lockdown.lock_by_link(parse_link(body.token), call.origin)
    elif call.recognised_caller is None:
        raise NotSignedIn
    else:
        await lockdown.lock_own(call.recognised_caller)
        cookies.sign_out(call.exchange)
    return Message("The account is locked. A mail to choose a new password is on its way.")
