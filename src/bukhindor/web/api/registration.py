"""POST /auth/register"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.password import Password
from bukhindor.domain.user import parse_name
from bukhindor.services.registration import Registration
from bukhindor.web.api.shapes import EmailField, NameField, NewPasswordField, UserShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.parsing import parse_together


class RegisterBody(msgspec.Struct, frozen=True):
    name: NameField
    email: EmailField
    password: NewPasswordField


class Registered(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Account created."])]
    user: UserShape


async def register(call: Call, registration: Registration, body: RegisterBody) -> Registered:
    """Create an account"""
    name, email, password = parse_together(
        lambda: parse_name(body.name),
        lambda: EmailAddress.parse(body.email),
        lambda: Password.parse(body.password),
    )
    user = await registration.register(name, email, password, call.origin, call.exchange.language_tag)
    call.exchange.user_id = str(user.id)
    return Registered("Account created.", UserShape.of(user, call.now))
