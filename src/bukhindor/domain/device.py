"""The device of a session, as far as the client describes it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bukhindor.domain.errors import InvalidValue

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

    @classmethod
    def parse(cls, raw: str) -> "AppType":
        """Raises InvalidValue for anything but one of these words."""
        try:
            return cls(raw)
        except ValueError:
            raise InvalidValue(cls, f"This must be one of {', '.join(cls)}.", "invalid_app_type") from None


class AppVersion(str):
    """The version that an app gives itself: 1 to 32 visible ASCII characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue."""
        if not _is_visible_ascii(raw, MAX_APP_VERSION):
            raise InvalidValue(cls, f"This must have 1 to {MAX_APP_VERSION} visible characters.", "invalid_app_version")
        return cls(raw)


class DeviceId(str):
    """The id that an app gives its device: 1 to 128 visible ASCII characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue."""
        if not _is_visible_ascii(raw, MAX_DEVICE_ID):
            raise InvalidValue(cls, f"This must have 1 to {MAX_DEVICE_ID} visible characters.", "invalid_device_id")
        return cls(raw)


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
