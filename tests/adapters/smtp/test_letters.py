"""What letters say, in every kind and language."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from bukhindor.adapters.smtp.letters import TemplateLetters
from bukhindor.domain.language import tag_of
from bukhindor.domain.mail import Letter, LetterKind
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language
from bukhindor.domain.product import Product
from bukhindor.ports.mail import LetterWriter
from tests.fakes.letter_writer import FakeLetterWriter
from tests.makers import make_letter

SERVICE = "accounts.example.com"
LINK = "https://app.example.com/reset-password?token=t0ken_-&x=1"
PROOFS = [LetterKind.VERIFY_EMAIL, LetterKind.RESET_PASSWORD, LetterKind.CHANGE_EMAIL, LetterKind.SIGN_IN_CODE]
ADDRESS_KINDS = [LetterKind.EMAIL_CHANGE_ASKED, LetterKind.EMAIL_CHANGED]


class Page(HTMLParser):
    """What a mail program would make of the HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def full(kind: LetterKind, language: Language, **parts: str) -> Letter:
    """A letter with all that its kind has."""
    known = {"link": LINK, "code": "12345678"} if kind in PROOFS else {}
    if kind is LetterKind.NEW_DEVICE:
        known = {"device": "Firefox on Windows", "ip": "2001:db8::1"}
    if kind in ADDRESS_KINDS:
        known = {"new_email": "new@example.com"}
    return make_letter(kind, language=tag_of(language), **{**known, **parts})


@pytest.fixture
def letters() -> LetterWriter:
    return TemplateLetters(Product(SERVICE))


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, letters: LetterWriter) -> LetterWriter:
    return FakeLetterWriter() if request.param == "fake" else letters


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_writer_addresses_the_letter_and_names_its_link_and_code(
    either: LetterWriter, kind: LetterKind, language: Language
) -> None:
    letter = full(kind, language)
    mail = either.write(letter)
    assert mail.to == letter.to
    assert mail.links == ((LINK,) if kind in PROOFS else ())
    assert mail.codes == (("12345678",) if kind in PROOFS else ())
    assert mail.subject
    assert all(link in mail.text for link in mail.links)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_kind_is_written_in_every_language(letters: LetterWriter, kind: LetterKind, language: Language) -> None:
    mail = letters.write(full(kind, language))
    is_russian = re.compile(r"[А-Яа-яЁё]")
    assert bool(is_russian.search(mail.subject)) is (language is Language.RUSSIAN)
    words = re.sub(r"\S*[@:/]\S*|Ann Example|Firefox on Windows|accounts\.example\.com", "", mail.text)
    if language is Language.RUSSIAN:
        assert not re.search(r"[A-Za-z]", words)
    else:
        assert not is_russian.search(words)
    assert f'<html lang="{language}"' in mail.html
    assert SERVICE in mail.subject
    assert not re.search(r"[{}]|None|\bundefined\b", mail.text + mail.subject)
    assert re.search(r"\n\n\n", mail.text) is None
    assert "\n" not in mail.subject


@pytest.mark.parametrize("language", Language)
def test_no_two_kinds_have_the_same_subject(letters: LetterWriter, language: Language) -> None:
    subjects = {letters.write(full(kind, language)).subject for kind in LetterKind}
    assert len(subjects) == len(LetterKind)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_both_parts_say_the_same(letters: LetterWriter, kind: LetterKind, language: Language) -> None:
    mail = letters.write(full(kind, language))
    shown = " ".join(Page(mail.html).text.split())
    for paragraph in mail.text.split("\n\n"):
        if "https:" not in paragraph and "1234 5678" not in paragraph:
            assert " ".join(paragraph.removeprefix("-- ").split()) in shown


@pytest.mark.parametrize("kind", PROOFS)
@pytest.mark.parametrize("language", Language)
def test_a_proof_has_a_plain_link_a_button_and_a_code_in_two_halves(
    letters: LetterWriter, kind: LetterKind, language: Language
) -> None:
    mail = letters.write(full(kind, language))
    assert f"\n{LINK}\n" in mail.text
    assert "\n1234 5678\n" in mail.text
    page = Page(mail.html)
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == [LINK]
    assert "1234 5678" in page.text


@pytest.mark.parametrize("language", Language)
def test_a_proof_tells_how_long_it_is_good(letters: LetterWriter, language: Language) -> None:
    said = {
        timedelta(hours=24): r"24 (hours|часа)",
        timedelta(minutes=60): r"60 (minutes|минут)",
        timedelta(minutes=10): r"10 (minutes|минут)",
    }
    for purpose in Purpose:
        mail = letters.write(full(LetterKind(purpose.value), language))
        assert re.search(said[purpose.lifetime], mail.text)


@pytest.mark.parametrize("language", Language)
def test_notices_name_what_they_are_about(letters: LetterWriter, language: Language) -> None:
    device = letters.write(full(LetterKind.NEW_DEVICE, language))
    assert "Firefox on Windows" in device.text
    assert "2001:db8::1" in device.text
    for kind in ADDRESS_KINDS:
        assert "new@example.com" in letters.write(full(kind, language)).text


@pytest.mark.parametrize(("language", "word"), [(Language.ENGLISH, "unknown"), (Language.RUSSIAN, "неизвестно")])
def test_a_device_that_tells_nothing_is_called_unknown(letters: LetterWriter, language: Language, word: str) -> None:
    mail = letters.write(full(LetterKind.NEW_DEVICE, language, device="", ip=""))
    assert mail.text.count(f": {word}") == 2


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_nothing_is_loaded_and_no_reader_is_tracked(
    letters: LetterWriter, kind: LetterKind, language: Language
) -> None:
    mail = letters.write(full(kind, language))
    tags = Page(mail.html).tags
    assert {tag for tag, _ in tags} <= {"html", "head", "meta", "title", "body", "div", "p", "bdi", "a"}
    assert not any(name in attributes for _, attributes in tags for name in ("src", "srcset", "background"))
    assert "url(" not in mail.html
    assert re.findall(r"https?://[^\s\"<]+", mail.html.replace("&amp;", "&")) == list(mail.links)


HOSTILE = [
    "{{7*7}}",
    "{{ self.__init__.__globals__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
    "{name} {service.__class__} {0}",
    "<img src=x onerror=alert(1)>",
    "</p><a href='javascript:alert(1)'>x</a>",
    '" onmouseover="alert(1)',
    "Ann\r\nBcc: x",
    "Ann\u2028Bcc\u0000",
    "Ann \u202egnp.exe",
    "\ud800",
    "${7*7} <%= 7*7 %> #{7*7}",
]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_or_device_is_inert(letters: LetterWriter, text: str, language: Language) -> None:
    """ML-02: it is shown as it is, or not at all; nothing is computed, marked up or turned around."""
    for kind in LetterKind:
        harmless = letters.write(full(kind, language))
        mail = letters.write(full(kind, language, name=text, device=text, ip=text, new_email=text))
        assert mail.subject == harmless.subject
        assert [tag for tag, _ in Page(mail.html).tags] == [tag for tag, _ in Page(harmless.html).tags]
        assert [attributes for _, attributes in Page(mail.html).tags] == [
            attributes for _, attributes in Page(harmless.html).tags
        ]
        assert mail.text.count("\n") == harmless.text.count("\n")
        for part in (mail.text, mail.html):
            assert "49" not in part
            assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00\ud800]", part)
        assert "\r" not in mail.text


@pytest.mark.parametrize("language", Language)
def test_what_can_be_shown_is_shown_letter_by_letter(letters: LetterWriter, language: Language) -> None:
    """ML-02."""
    mail = letters.write(full(LetterKind.PASSWORD_CHANGED, language, name="{{7*7}} <b>"))
    assert "{{7*7}} <b>" in mail.text
    assert "{{7*7}} &lt;b&gt;" in mail.html


@pytest.mark.parametrize("name", ["Анна-Мария О'Нил", "李小龍", "Ann 🙂", "Dr. Ann", "محمد"])
def test_a_name_is_greeted(letters: LetterWriter, name: str) -> None:
    assert letters.write(full(LetterKind.VERIFY_EMAIL, Language.ENGLISH, name=name)).text.startswith(f"Hello {name},\n")


@pytest.mark.parametrize(
    "name",
    ["", "  ", "\u200b", "Win https://evil.example", "www.evil", "evil.example", "me@evil.example", "x" * 61, "\u202e"],
)
def test_a_name_that_would_advertise_is_left_out(letters: LetterWriter, name: str) -> None:
    """No one can have an advertisement mailed by registering strangers."""
    assert letters.write(full(LetterKind.VERIFY_EMAIL, Language.ENGLISH, name=name)).text.startswith("Hello,\n")
    russian = letters.write(full(LetterKind.VERIFY_EMAIL, Language.RUSSIAN, name=name))
    assert russian.text.startswith("Здравствуйте!\n")


def test_a_link_that_holds_markup_stays_one_link(letters: LetterWriter) -> None:
    link = LINK + "\"><script>alert(1)</script>&'"
    mail = letters.write(full(LetterKind.VERIFY_EMAIL, Language.ENGLISH, link=link))
    page = Page(mail.html)
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == [link]
    assert "script" not in {tag for tag, _ in page.tags}
