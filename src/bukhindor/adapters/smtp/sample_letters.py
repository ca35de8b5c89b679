"""Sample letters, for trying templates."""

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import Letter, LetterKind
from bukhindor.domain.one_time_token import Purpose

_PROOFS = frozenset(LetterKind(purpose.value) for purpose in Purpose)
_WITH_LINKS = _PROOFS | {LetterKind.INVITATION}
_ABOUT_ADDRESSES = frozenset({LetterKind.EMAIL_CHANGE_ASKED, LetterKind.EMAIL_CHANGED})
_NEWS = {
    LetterKind.NEW_DEVICE,
    LetterKind.FACTOR_ADDED,
    LetterKind.PASSWORD_ADDED,
    LetterKind.PASSKEY_ADDED,
    LetterKind.IDENTITY_LINKED,
    LetterKind.PASSWORD_CHANGED,
}
_MAY_BE_A_THIEF = frozenset(_NEWS) | _ABOUT_ADDRESSES
_ABOUT_IDENTITIES = frozenset({LetterKind.IDENTITY_LINKED, LetterKind.IDENTITY_UNLINKED})
_ANNA = EmailAddress("anna@example.com")


def full_letter(kind: LetterKind, language: LanguageTag) -> Letter:
    """A letter with everything that its kind can have."""
    has_link = kind in _WITH_LINKS
    return Letter(
        kind,
        _ANNA,
        "Anna",
        language,
        link="https://app.example.com/sample?token=sample&x=1" if has_link else "",
        code="12345678" if kind in _PROOFS else "",
        device="" if has_link else "Firefox on Windows",
        ip="" if has_link else "203.0.113.7",
        new_email="a***@example.org" if kind in _ABOUT_ADDRESSES else "",
        provider="Google" if kind in _ABOUT_IDENTITIES else "",
        lockdown_link="https://api.example.com/account/lockdown?token=sample" if kind in _MAY_BE_A_THIEF else "",
    )


def bare_letter(kind: LetterKind, language: LanguageTag) -> Letter:
    """A letter without anything that its kind can lack, such as a name to greet with or a known device."""
    full = full_letter(kind, language)
    return Letter(kind, full.to, "", language, link=full.link, code=full.code, provider=full.provider)
