"""What letters say, apart from how they look."""

from collections.abc import Mapping
from dataclasses import dataclass

from bukhindor.domain.mail import LetterKind


@dataclass(frozen=True, slots=True)
class Wording:
    """One kind of letter. `{service}`, `{device}`, `{ip}` and `{new_email}` stand for what is told.

    `button` labels the link, for letters that have one; `before` stands above it, `after` below link and code.
    """

    subject: str
    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    button: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `greeting` has `{name}`, `footer` has `{service}`."""

    greeting: str
    greeting_without_name: str
    code: str
    link: str
    unknown: str
    footer: str
    letters: Mapping[LetterKind, Wording]
