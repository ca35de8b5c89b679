"""GET and PATCH /auth/me"""

import msgspec

from bukhindor.domain.user import UserChanges, parse_name
from bukhindor.services.profile import Profile
from bukhindor.web.api.shapes import (
    LanguageField,
    MetadataField,
    NameField,
    UserShape,
    given_language,
    given_metadata,
)
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.parsing import parse_together


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
    name, language, metadata = parse_together(
        lambda: None if body.name is None else parse_name(body.name),
        lambda: given_language(body.language),
        lambda: given_metadata(body.metadata, "metadata"),
    )
    changes = UserChanges(name=name, language=language, metadata=metadata)
    return UserShape.of(await profile.change(call.caller, changes), call.now)
