"""What people call a device, by what its program says about itself."""

import re
from urllib.parse import unquote

# The first match names the program, so the more specific word stands first: most browsers also say "Chrome".
_BROWSERS = (
    ("YaBrowser", "Yandex Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("MiuiBrowser", "Mi Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("UCBrowser", "UC Browser"),
    ("Vivaldi", "Vivaldi"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("OPiOS", "Opera"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
# The libraries that apps send requests with, and the systems that use them.
_LIBRARIES = (("okhttp/", "Android"), ("Dalvik/", "Android"), ("CFNetwork/", "iOS or macOS"), ("Dart/", ""))
_NOT_NAMES = frozenset({"mozilla", "okhttp", "dalvik", "dart", "cfnetwork", "darwin"})
# No dots or slashes: a name must not look like an address.
_PRODUCT = re.compile(r"([\w%+ -]{1,90})/")
_NAME = re.compile(r"\w[\w -]{0,29}")


def device_name(user_agent: str, platform: str | None = None) -> str | None:
    """A label such as `Firefox on Windows` or `Android app`; None when nothing is recognised.

    `platform` is what the app says it runs on, which counts for more than its user agent.
    """
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is not None:
        return f"{browser} on {system}" if system else browser
    library = _first(_LIBRARIES, user_agent)
    place = platform or system or library
    if place is None and library is None:
        return None
    product = _product(user_agent)
    if product is not None:
        return f"{product} on {place}" if place else product
    if platform is None and library is None:
        return place
    return f"{place} app" if place else "App"


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for mark, name in marks if mark in user_agent), None)


def _product(user_agent: str) -> str | None:
    """The name that an app has put first, as apps of iOS do: `My%20App/1.2 CFNetwork/…`."""
    found = _PRODUCT.match(user_agent)
    name = "" if found is None else unquote(found[1]).strip()
    return name if name.lower() not in _NOT_NAMES and _NAME.fullmatch(name) else None
