"""The team's apps, where sign-ins end, and the domain of passkeys: IOS_APP_IDS, ANDROID_APPS, APP_REDIRECTS,
PASSKEY_RP_ID and PASSKEY_ORIGINS.
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from bukhindor.config.durations import quoted
from bukhindor.config.origins import Address, parse_origin
from bukhindor.config.redirects import app_redirects
from bukhindor.config.sources import Sources
from bukhindor.config.values import is_loopback, listed
from bukhindor.domain.client_app import AndroidApp, ClientApps
from bukhindor.domain.relying_party import RelyingParty

_IOS_APP = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_LONGEST_IOS_APP = 200
_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")
_LONGEST_PACKAGE = 200
_FINGERPRINT = re.compile(r"[0-9A-F]{64}|(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+|localhost")
_LONGEST_DOMAIN = 253
_KEY_HASH = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")
_GOOD_FINGERPRINT = ":".join(["14:6D:E9:83:C5:73:06:50"] * 4)


@dataclass(frozen=True, slots=True)
class AppSettings:
    client_apps: ClientApps
    redirects: tuple[str, ...]
    relying_party: RelyingParty

    @classmethod
    def read(cls, sources: Sources, *, public_url: Address, app_url: Address | None, is_production: bool) -> Self:
        read = sources.read
        no_ios: tuple[str, ...] = ()
        no_android: tuple[AndroidApp, ...] = ()
        ios = read("IOS_APP_IDS", ios_apps, no_ios, "A1B2C3D4E5.com.example.app")
        android = read("ANDROID_APPS", android_apps, no_android, f"com.example.app={_GOOD_FINGERPRINT}")
        no_redirects: tuple[str, ...] = ()
        redirects = read("APP_REDIRECTS", app_redirects, no_redirects, "com.example.app:/signed-in")
        pages = [public_url] if app_url is None or not app_url.is_web else [public_url, app_url]
        origins = (*(_origin_of(page) for page in pages), *(origin for app in android for origin in app.origins))
        party = RelyingParty(
            read("PASSKEY_RP_ID", rp_id, _host_of(public_url), _host_of(public_url)),
            read("PASSKEY_ORIGINS", passkey_origins, tuple(dict.fromkeys(origins)), "https://app.example.com"),
        )
        cls._refuse_useless(sources, party, is_production=is_production)
        return cls(ClientApps(ios, android), redirects, party)

    @staticmethod
    def _refuse_useless(sources: Sources, party: RelyingParty, *, is_production: bool) -> None:
        """Refuse what no browser would make a passkey for."""
        in_clear = next((origin for origin in party.origins if origin.startswith("http:")), None)
        if is_production and in_clear is not None and sources.is_given("PASSKEY_ORIGINS"):
            sources.refuse(
                "PASSKEY_ORIGINS", f"{in_clear} is not https, production needs it", "https://app.example.com"
            )
        pages = [origin for origin in party.origins if origin.startswith("http")]
        is_chosen = sources.is_given("PASSKEY_RP_ID") and not sources.is_refused("PASSKEY_RP_ID")
        if is_chosen and pages and not any(map(party.covers, pages)):
            reason = f"no page of {', '.join(pages)} is at {party.id} or below it, so no browser would make a passkey"
            sources.refuse("PASSKEY_RP_ID", reason, _host_of(parse_origin(pages[0])))


def ios_apps(text: str) -> tuple[str, ...]:
    """Application identifiers with the team in front, separated by commas. Raises ValueError."""
    apps = tuple(dict.fromkeys(listed(text)))
    for app in apps:
        if _IOS_APP.fullmatch(app) is None or len(app) > _LONGEST_IOS_APP:
            raise ValueError(f"{quoted(app)} is not a team of ten letters and digits, a point and a bundle identifier")
    return apps


def android_apps(text: str) -> tuple[AndroidApp, ...]:
    """`package=fingerprint`, separated by commas; a further fingerprint belongs to the package before it.

    Fingerprints are read with colons or without, in any case of letters. Raises ValueError.
    """
    found: dict[str, list[str]] = {}
    package = ""
    for part in listed(text):
        name, is_named, fingerprint = part.rpartition("=")
        package = name.strip() if is_named else package
        if _PACKAGE.fullmatch(package) is None or len(package) > _LONGEST_PACKAGE:
            raise ValueError(f"{quoted(part)} does not begin with the name of a package, such as com.example.app=")
        found.setdefault(package, []).append(_fingerprint(fingerprint.strip()))
    return tuple(AndroidApp(package, tuple(dict.fromkeys(prints))) for package, prints in found.items())


def _fingerprint(text: str) -> str:
    upper = text.upper()
    if _FINGERPRINT.fullmatch(upper) is None:
        raise ValueError(f"{quoted(text)} is not a SHA-256 fingerprint, 32 bytes in hexadecimal digits")
    digits = upper.replace(":", "")
    return ":".join(digits[start : start + 2] for start in range(0, len(digits), 2))


def rp_id(text: str) -> str:
    """A domain name, or localhost: the id of a relying party. Raises ValueError."""
    lower = text.lower()
    if _DOMAIN.fullmatch(lower) is None or len(lower) > _LONGEST_DOMAIN or lower.rpartition(".")[2].isdigit():
        raise ValueError(f"{quoted(text)} is not a domain name, without https:// and without a port")
    return lower


def passkey_origins(text: str) -> tuple[str, ...]:
    """Origins of web pages and of Android apps, separated by commas. Raises ValueError."""
    return tuple(dict.fromkeys(map(_passkey_origin, listed(text))))


def _passkey_origin(text: str) -> str:
    if text.startswith("android:"):
        if _KEY_HASH.fullmatch(text) is None:
            raise ValueError(
                f"{quoted(text)} is not android:apk-key-hash: and a SHA-256 hash in 43 letters of base64url"
            )
        return text
    origin = parse_origin(text)
    if origin.is_clear and not is_loopback(_host_of(origin)):
        raise ValueError(f"{quoted(text)} is not https, and browsers know passkeys on https pages only")
    return str(origin)


def _origin_of(page: Address) -> str:
    return f"{page.scheme}://{page.host}"


def _host_of(page: Address) -> str:
    """The host without a port, and without brackets."""
    return urlsplit(str(page)).hostname or ""
