"""The device of a session, as far as the client describes it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bukhindor.domain.device_name import device_name
from bukhindor.domain.errors import InvalidValue

MAX_DEVICE_ID = 128
MAX_APP_VERSION = 32
MAX_USER_AGENT = 256

# Optional white space around the value of a header (RFC 9110 section 5.6.3).
_BLANKS = " \t"


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
        """Raises InvalidValue for anything but one of these words, in any case."""
        try:
            return cls(raw.strip(_BLANKS).lower())
        except ValueError:
            raise InvalidValue(cls, f"This must be one of {', '.join(cls)}.", "invalid_app_type") from None


class AppVersion(str):
    """The version that an app gives itself, such as `1.2.3 (45)`: 1 to 32 ASCII characters, blanks inside allowed."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue."""
        text = raw.strip(_BLANKS)
        if not _is_visible_ascii(text.replace(" ", "_"), MAX_APP_VERSION):
            raise InvalidValue(cls, f"This must have 1 to {MAX_APP_VERSION} visible characters.", "invalid_app_version")
        return cls(text)


class DeviceId(str):
    """The id that an app gives its device: 1 to 128 visible ASCII characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue."""
        text = raw.strip(_BLANKS)
        if not _is_visible_ascii(text, MAX_DEVICE_ID):
            raise InvalidValue(cls, f"This must have 1 to {MAX_DEVICE_ID} visible characters.", "invalid_device_id")
        return cls(text)


_PLATFORMS = {
    AppType.IOS: "iOS",
    AppType.ANDROID: "Android",
    AppType.WEB: "Web",
    AppType.WINDOWS: "Windows",
    AppType.MACOS: "macOS",
    AppType.LINUX: "Linux",
    AppType.DESKTOP: "Desktop",
}


@dataclass(frozen=True, slots=True)
class Device:
    """The client's description of itself when its session began; the version follows. Every part may be missing."""

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
        """A label for the list of devices, such as `Firefox on Windows`; None when nothing is recognised."""
        return device_name(self.user_agent, None if self.app_type is None else _PLATFORMS[self.app_type])


def shown_user_agent(user_agent: str) -> str:
    """The part of a User-Agent header that is stored: its visible characters, at most MAX_USER_AGENT of them."""
    return "".join(c for c in user_agent if c.isprintable())[:MAX_USER_AGENT]


def _is_visible_ascii(text: str, max_length: int) -> bool:
    return 0 < len(text) <= max_length and all("!" <= c <= "~" for c in text)
