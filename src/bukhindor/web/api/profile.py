"""GET and PATCH /auth/me"""

import msgspec

from bukhindor.domain.user import UserChanges
from bukhindor.services.profile import Profile
from bukhindor.web.api.shapes import (
    LanguageChoiceField,
    MetadataField,
    NameField,
    UserShape,
)
from bukhindor.web.endpoint.call import Call


class ProfileBody(msgspec.Struct, frozen=True):
    """null leaves a field unchanged; an empty `language` makes it unknown again."""

    name: NameField | None = None
    language: LanguageChoiceField | None = None
    metadata: MetadataField | None = None


async def me(call: Call) -> UserShape:
    """Read your own account"""
    return UserShape.of(call.caller.user, call.now, for_admin=call.caller.is_admin)


async def update_me(call: Call, profile: Profile, body: ProfileBody) -> UserShape:
    """Change your own account"""
    changes = UserChanges(name=body.name, language=body.language, metadata=body.metadata)
    user = await profile.change(call.caller, changes)
    return UserShape.of(user, call.now, for_admin=call.caller.is_admin)
