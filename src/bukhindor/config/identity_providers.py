"""Providers of identities: OIDC_PROVIDERS, and variables for each of them, such as OIDC_GOOGLE_CLIENT_IDS."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from bukhindor.config.durations import quoted
from bukhindor.config.sources import Sources
from bukhindor.config.values import is_loopback, listed, yes_or_no
from bukhindor.domain.identity import APPLE, AppleKey, ProviderSettings

_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
_KNOWN = {APPLE: ("Apple", "https://appleid.apple.com"), "google": ("Google", "https://accounts.google.com")}
# Words in the paths of endpoints beside the names of providers.
_RESERVED = frozenset({"exchange"})
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,255}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
_APPLE_ID = re.compile(r"[A-Z0-9]{10}")
_LONGEST_LABEL = 40
_LARGEST_KEY = 16 * 1024


@dataclass(frozen=True, slots=True)
class IdentityProviderSettings:
    providers: tuple[ProviderSettings, ...]

    @classmethod
    def read(cls, sources: Sources, *, is_production: bool) -> Self:
        no_names: tuple[str, ...] = ()
        names = sources.read("OIDC_PROVIDERS", _names, no_names, "google,apple")
        return cls(tuple(_provider(sources, name, is_production=is_production) for name in names))


def _provider(sources: Sources, name: str, *, is_production: bool) -> ProviderSettings:
    prefix = f"OIDC_{name.upper()}"
    label, issuer = _KNOWN.get(name, (name.replace("_", " ").capitalize(), ""))
    no_ids: tuple[str, ...] = ()
    read = sources.read
    issuer = read(f"{prefix}_ISSUER", _issuer, issuer, "https://id.example.com/realms/team")
    if not issuer and not sources.is_refused(f"{prefix}_ISSUER"):
        sources.refuse(f"{prefix}_ISSUER", "this provider is not known here", "https://id.example.com/realms/team")
    if is_production and issuer.startswith("http:"):
        sources.refuse(f"{prefix}_ISSUER", f"{issuer} is not https, production needs it", "https://id.example.com")
    client_ids = read(f"{prefix}_CLIENT_IDS", _client_ids, no_ids, "com.example.app,com.example.web")
    if not client_ids and not sources.is_refused(f"{prefix}_CLIENT_IDS"):
        reason = "without a client id no token can be for this service"
        sources.refuse(f"{prefix}_CLIENT_IDS", reason, "com.example.app,com.example.web")
    is_apple = name == APPLE
    return ProviderSettings(
        name=name,
        label=read(f"{prefix}_LABEL", _label, label, "Example ID"),
        issuer=issuer,
        client_ids=client_ids,
        client_secret=None if is_apple else read(f"{prefix}_CLIENT_SECRET", str, None, "a-secret", _masked),
        scopes=read(f"{prefix}_SCOPES", _scopes, _usual_scopes(name), "openid,email,profile"),
        trusts_amr=read(f"{prefix}_TRUST_AMR", yes_or_no, False, "false"),
        apple_key=_apple_key(sources, prefix) if is_apple else None,
    )


def _usual_scopes(name: str) -> tuple[str, ...]:
    # Apple has no scope for the profile.
    return ("openid", "email", "name") if name == APPLE else ("openid", "email", "profile")


def _apple_key(sources: Sources, prefix: str) -> AppleKey | None:
    """The key that the client secret is signed with; None when no part of it is set, which suffices for native apps."""
    team_id = sources.read(f"{prefix}_TEAM_ID", _apple_id, "", "A1B2C3D4E5")
    key_id = sources.read(f"{prefix}_KEY_ID", _apple_id, "", "F6G7H8I9J0")
    pem = sources.read(f"{prefix}_PRIVATE_KEY_FILE", _key_file, "", "AuthKey_F6G7H8I9J0.p8", _masked)
    parts = {"TEAM_ID": team_id, "KEY_ID": key_id, "PRIVATE_KEY_FILE": pem}
    missing = [part for part, value in parts.items() if not value]
    if len(missing) == len(parts):
        return None
    for part in missing:
        if not sources.is_refused(f"{prefix}_{part}"):
            example = "AuthKey_F6G7H8I9J0.p8" if part == "PRIVATE_KEY_FILE" else "A1B2C3D4E5"
            sources.refuse(f"{prefix}_{part}", "Apple's key needs its team, its id and its file", example)
    return AppleKey(team_id, key_id, pem)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.lower() for part in listed(text)))
    for name in names:
        if _NAME.fullmatch(name) is None or name in _RESERVED:
            raise ValueError(f"{quoted(name)} is not a name of up to twenty letters, digits and underscores")
    return names


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    host = parts.hostname or ""
    is_url = parts.scheme in ("https", "http") and host and not (parts.query or parts.fragment or parts.username)
    if not is_url or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError(f"{quoted(text)} is not an address such as https://id.example.com, without a query")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{quoted(text)} is not https")
    return text


def _client_ids(text: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(listed(text)))
    for client_id in ids:
        if _CLIENT_ID.fullmatch(client_id) is None:
            raise ValueError(f"{quoted(client_id)} is not a client id of visible ASCII characters")
    return ids


def _scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(part for each in listed(text) for part in each.split()))
    for scope in scopes:
        if _SCOPE.fullmatch(scope) is None:
            raise ValueError(f"{quoted(scope)} is not a scope (RFC 6749 section 3.3)")
    if "openid" not in scopes:
        raise ValueError("openid is missing, and without it there is no ID token")
    return scopes


def _label(text: str) -> str:
    if len(text) > _LONGEST_LABEL or not text.isprintable():
        raise ValueError(f"{quoted(text)} is not a name of at most {_LONGEST_LABEL} visible characters")
    return text


def _apple_id(text: str) -> str:
    if _APPLE_ID.fullmatch(text) is None:
        raise ValueError(f"{quoted(text)} is not an id of ten capital letters and digits")
    return text


def _key_file(text: str) -> str:
    """The content of a `.p8` file. No message repeats any of it."""
    path = Path(text)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_KEY + 1)
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror})") from None
    if len(content) > _LARGEST_KEY or not content.lstrip().startswith(b"-----BEGIN PRIVATE KEY-----"):
        raise ValueError(f"{path} is not the key file that Apple offers for download, in PEM form")
    return content.decode("ascii", "replace")


def _masked(value: str | None) -> str:
    return "***" if value else "none"
