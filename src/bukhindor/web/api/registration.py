"""POST /auth/register"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.registration import Registration
from bukhindor.web.api.shapes import EmailField, NameField, NewPasswordField, UserShape
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.endpoint.call import Call


class RegisterBody(msgspec.Struct, frozen=True):
    name: NameField
    email: EmailField
    password: NewPasswordField


class RegistrationResult(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Account created."])]
    user: UserShape


async def register(call: Call, registration: Registration, body: RegisterBody) -> RegistrationResult:
    """Create an account"""
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    user = await registration.register(body.name, body.email, body.password, call.origin, language)
    call.created, call.exchange.user_id = user.id, str(user.id)
    return RegistrationResult("Account created.", UserShape.of(user, call.now, for_admin=False))
