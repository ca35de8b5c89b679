"""The device of a session, as far as the client describes it."""

from dataclasses import dataclass
from enum import StrEnum

from bukhindor.domain.errors import FieldError, InvalidInput

MAX_DEVICE_ID = 128
MAX_APP_VERSION = 32
MAX_USER_AGENT = 256


class AppType(StrEnum):
    IOS = "ios"
    ANDROID = "android"
    WEB = "web"
    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"
    DESKTOP = "desktop"


_APP_TYPES = frozenset(AppType)

# The first match names the program, so the more specific word stands first: Edge and Chrome both say "Chrome".
_PLATFORMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
_PROGRAMS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


@dataclass(frozen=True, slots=True)
class Device:
    """The client's description of itself when its session began; every part may be missing."""

    device_id: str | None = None
    app_type: AppType | None = None
    app_version: str | None = None
    ip: str = ""
    user_agent: str = ""

    @classmethod
    def parse(
        cls, device_id: str | None, app_type: str | None, app_version: str | None, ip: str, user_agent: str
    ) -> "Device":
        """Check what the client sent in X-Device-ID, X-App-Type and X-App-Version.

        Raises InvalidInput that names the header. The user agent is free text: it is shortened, never refused.
        """
        errors = []
        if app_type is not None and app_type not in _APP_TYPES:
            message = f"X-App-Type must be one of {', '.join(AppType)}."
            errors.append(FieldError("X-App-Type", message, "invalid_app_type"))
        if app_version is not None and not _is_visible_ascii(app_version, MAX_APP_VERSION):
            message = f"X-App-Version must have 1 to {MAX_APP_VERSION} visible characters."
            errors.append(FieldError("X-App-Version", message, "invalid_app_version"))
        if device_id is not None and not _is_visible_ascii(device_id, MAX_DEVICE_ID):
            message = f"X-Device-ID must have 1 to {MAX_DEVICE_ID} visible characters."
            errors.append(FieldError("X-Device-ID", message, "invalid_device_id"))
        if errors:
            raise InvalidInput(*errors)
        known_type = None if app_type is None else AppType(app_type)
        return cls(device_id, known_type, app_version, ip, shown_user_agent(user_agent))

    def is_same_as(self, other: "Device") -> bool:
        """Whether both seem to be one device: they have the same id, or without ids the same program."""
        if self.device_id is not None or other.device_id is not None:
            return self.device_id == other.device_id
        return self.user_agent == other.user_agent

    @property
    def name(self) -> str | None:
        """A label for the list of devices, such as `Firefox on Windows`; None when the user agent is not recognised."""
        program = next((name for mark, name in _PROGRAMS if mark in self.user_agent), None)
        platform = next((name for mark, name in _PLATFORMS if mark in self.user_agent), None)
        if program and platform:
            return f"{program} on {platform}"
        return program or platform


def shown_user_agent(user_agent: str) -> str:
    """The part of a User-Agent header that is stored: its visible characters, at most MAX_USER_AGENT of them."""
    return "".join(c for c in user_agent if c.isprintable())[:MAX_USER_AGENT]


def _is_visible_ascii(text: str, max_length: int) -> bool:
    return 0 < len(text) <= max_length and all("!" <= c <= "~" for c in text)
