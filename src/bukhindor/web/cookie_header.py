"""The header Cookie (RFC 6265 section 4.2)."""


def cookie_named(name: str, header: str) -> str | None:
    """The value of a cookie, as it stands there; None where there is none, or only an empty one.

    Other cookies of the same site may hold anything: no rule of form is applied to them. Of two with one name the
    last counts.
    """
    for pair in reversed(header.split(";")):
        own_name, equals, value = pair.strip(" \t").partition("=")
        if own_name == name and equals:
            return value or None
    return None
