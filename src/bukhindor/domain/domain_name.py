"""Domain names: their one ASCII form, and the form that people read (IDNA 2008, RFC 5891)."""

import re
import unicodedata
from encodings import idna as idna_2003

_MAX_LABEL = 63
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DOTS = str.maketrans("。．｡", "...")
_ACE = "xn--"
# Letters of these look alike: a label that mixes them imitates another one.
_ALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def ascii_domain(domain: str) -> str:
    """The domain in ASCII, or "" when it is not a valid host name of two or more labels."""
    labels = [_ascii_label(label) for label in domain.translate(_DOTS).split(".")]
    has_two_labels = len(labels) > 1
    return ".".join(labels) if has_two_labels and "" not in labels and not labels[-1].isdigit() else ""


def shown_domain(domain: str) -> str:
    """An ASCII domain as people read it. A label that mixes scripts whose letters look alike stays in ASCII."""
    return ".".join(map(_shown_label, domain.split("."))) if _ACE in domain else domain


def _ascii_label(label: str) -> str:
    """One label in ASCII, or "" when it is not valid."""
    # Only at the end of a label does a capital sigma become a final one.
    label = label.lower()
    is_plain = label.isascii() and not label.startswith(_ACE)
    encoded = label if is_plain else _by_2008(label) or _by_2003(label)
    return encoded if len(encoded) <= _MAX_LABEL and _LABEL.fullmatch(encoded) else ""


def _by_2008(label: str) -> str:
    # Most addresses do without its tables, which take two megabytes.
    import idna  # noqa: PLC0415

    try:
        return idna.encode(label, uts46=True).decode("ascii").lower()
    except UnicodeError:
        return ""


def _by_2003(label: str) -> str:
    """The older standard has domains that the newer refuses, such as those with hearts, and they are in use.

    Where the two lead to different domains, the newer decides.
    """
    try:
        encoded = idna_2003.ToASCII(label).decode("ascii").lower()
        if encoded.startswith(_ACE):
            # It must decode to something, and be its only spelling.
            idna_2003.ToUnicode(encoded)
    except UnicodeError:
        return ""
    return encoded


def _shown_label(label: str) -> str:
    if not label.startswith(_ACE):
        return label
    import idna  # noqa: PLC0415

    try:
        shown = idna.decode(label)
    except UnicodeError:
        return label
    names = [unicodedata.name(c, "") for c in shown if c.isalpha()]
    return shown if sum(any(name.startswith(script) for name in names) for script in _ALIKE_SCRIPTS) <= 1 else label
