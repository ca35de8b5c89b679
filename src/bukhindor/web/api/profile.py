"""GET and PATCH /auth/me"""

import msgspec

from bukhindor.domain.user import UserChanges
from bukhindor.services.profile import Profile
from bukhindor.web.api.shapes import (
    LanguageField,
    MetadataField,
    NameField,
    UserShape,
)
from bukhindor.web.endpoint.call import Call


class ProfileBody(msgspec.Struct, frozen=True):
    """null leaves a field unchanged."""

    name: NameField | None = None
    language: LanguageField | None = None
    metadata: MetadataField | None = None


async def me(call: Call) -> UserShape:
    """Read your own account"""
    return UserShape.of(call.caller.user, call.now)


async def update_me(call: Call, profile: Profile, body: ProfileBody) -> UserShape:
    """Change your own account"""
    changes = UserChanges(name=body.name, language=body.language, metadata=body.metadata)
    return UserShape.of(await profile.change(call.caller, changes), call.now)
