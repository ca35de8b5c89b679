"""Where a request came from."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True, slots=True)
class Origin:
    """Stands beside every event that is recorded; `language` is the one that mails are written in."""

    ip: str = ""
    user_agent: str = ""
    device_id: str | None = None
    request_id: str = ""
    language: Language = Language.ENGLISH


NOWHERE = Origin()
"""Of what happens on the server itself."""
