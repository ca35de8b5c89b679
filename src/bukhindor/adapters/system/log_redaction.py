"""What a log may contain: no secrets, masked addresses, and only plain values on one line (OWASP ASVS 16.2.5)."""

import re
from collections.abc import Mapping
from functools import lru_cache

MASK = "***"

_MAX_TEXT = 4_096
_MAX_ITEMS = 50
_MAX_DEPTH = 6

_SECRET_WORDS = frozenset(
    "password passwd passphrase passcode secret secrets token tokens jwt bearer authorization cookie cookies seed "
    "hash proof otp pin credential credentials apikey signature".split()
)
_SECRET_NAMES = frozenset({"api_key", "private_key", "sealed_private_key", "query_string"})
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")

_LEAK_WORDS = ("password", "token", "secret", "cookie", "bearer", "basic")

# Identifiers, methods, routes, IPv4 addresses: nearly everything that is logged, and no pattern below can match in it.
_HARMLESS = re.compile(r"[A-Za-z0-9_/.{}-]{0,64}")

# Every repetition is possessive or bounded, so that any text takes linear time at most.
_LOCAL = r"[\w.!#$'*+^`{|}~-]"
_EMAIL = re.compile(rf"(?<!{_LOCAL})({_LOCAL}){_LOCAL}*+(@|%40)(?=[\w.-])")
_OPAQUE = re.compile(r"\bbk[rd]?_[\w-]{20,}+")
_JWT = re.compile(r"\beyJ[\w-]{5,}+(?:\.[\w-]*+)+")
_HASH = re.compile(r"\$(?:argon2(?:id|i|d)|2[abxy]|scrypt|pbkdf2[a-z0-9-]{0,10})\$[\w$./+=,-]++")
_CREDENTIALS = re.compile(r"\b(Bearer|Basic)\s{1,5}[\w.~+/=-]++", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"\b((?:[a-z_]{0,30})(?:password|token|secret|cookie))(['\"]?\s{0,3}[=:]\s{0,3}['\"]?)[^\s'\"&,;)}]++",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name contains a secret: `refresh_token`, `Set-Cookie`, `passwordHash`, …"""
    words = [word.lower() for word in _WORDS.findall(name)]
    return not _SECRET_WORDS.isdisjoint(words) or "_".join(words) in _SECRET_NAMES


def redacted(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields as plain values of JSON: secrets and addresses masked, long texts truncated, objects as text."""
    return {name: _redacted_field(name, value, _MAX_DEPTH) for name, value in fields.items()}


def redacted_text(text: str) -> str:
    """The text without anything that looks like an email address, a token, a password hash or an assignment of a
    secret.
    """
    if _HARMLESS.fullmatch(text) and "eyJ" not in text and "bk" not in text:
        return text
    if len(text) > _MAX_TEXT:
        text = f"{text[:_MAX_TEXT]}… ({len(text)} characters)"
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(rf"\1{MASK}\2", text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if "bk" in text:
        text = _OPAQUE.sub(MASK, text)
    if "$" in text:
        text = _HASH.sub(MASK, text)
    lower = text.lower()
    if any(word in lower for word in _LEAK_WORDS):
        text = _CREDENTIALS.sub(rf"\1 {MASK}", text)
        text = _ASSIGNMENT.sub(rf"\1\2{MASK}", text)
    return text


def _masked_email(text: str) -> str:
    """The first letter and the domain; a text that is no address is hidden completely."""
    local, at, domain = text.rpartition("@")
    return f"{local[:1]}{MASK}@{redacted_text(domain)}" if at else MASK


def _redacted_field(name: str, value: object, depth: int) -> object:
    if value is None or value is True or value is False or type(value) is float:
        return value
    if is_secret_name(name):
        return MASK
    if name.endswith("email"):
        return _masked_email(str(value))
    return redacted_text(value) if type(value) is str else _plain(value, depth)


def _plain(value: object, depth: int) -> object:
    """The value without anything that JSON can't represent, or that could reveal too much."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redacted_text(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    if isinstance(value, Mapping) and depth:
        items = list(value.items())[:_MAX_ITEMS]
        return {str(name): _redacted_field(str(name), item, depth - 1) for name, item in items}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_plain(item, depth - 1) for item in list(value)[:_MAX_ITEMS]]
    try:
        return redacted_text(str(value))
    except Exception:
        return f"(a {type(value).__name__})"
