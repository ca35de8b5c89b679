"""Letters from templates: one layout for text, one for HTML, and a catalogue of words for each language."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bukhindor.adapters.smtp.words import Words
from bukhindor.adapters.smtp.words_en import ENGLISH
from bukhindor.adapters.smtp.words_ru import RUSSIAN
from bukhindor.domain.mail import Letter, Mail
from bukhindor.domain.origin import Language
from bukhindor.domain.text import has_unsafe_characters

_CATALOGUE = {Language.ENGLISH: ENGLISH, Language.RUSSIAN: RUSSIAN}
_TEMPLATES = Path(__file__).with_name("templates")
_LONGEST_VALUE = 254
_LONGEST_NAME = 60
_CODE_GROUP = 4
# Mail programs make links of such names, and somebody would sign up strangers to have an advertisement mailed to them.
_LINK_IN_A_NAME = re.compile(r"://|@|www\.|\w\.\w{2,}", re.IGNORECASE)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html",), default=False, default_for_string=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


class TemplateLetters:
    """`service` is the name under which people know the installation, such as the host of its app.

    Nothing of a letter is ever read as a template, and everything in the HTML part is escaped.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._text = _template("letter.txt")
        self._html = _template("letter.html")

    def write(self, letter: Letter) -> Mail:
        words = _CATALOGUE[letter.language.closest]
        wording = words.letters[letter.kind]
        values = {
            "service": self._service,
            "device": _plain(letter.device) or words.unknown,
            "ip": _plain(letter.ip) or words.unknown,
            "new_email": _plain(letter.new_email) or words.unknown,
        }
        subject = wording.subject.format_map(values)
        parts = {
            "language": letter.language.closest.value,
            "subject": subject,
            "greeting": _greeting(words, letter.name),
            "before": [paragraph.format_map(values) for paragraph in wording.before],
            "link_label": words.link,
            "link": letter.link,
            "button": wording.button or words.link,
            "code_label": words.code,
            "code": _grouped(letter.code),
            "after": [paragraph.format_map(values) for paragraph in wording.after],
            "footer": words.footer.format_map(values),
        }
        return Mail(
            letter.to,
            subject,
            self._text.render(parts),
            self._html.render(parts),
            links=(letter.link,) if letter.link else (),
            codes=(letter.code,) if letter.code else (),
        )


def _greeting(words: Words, name: str) -> str:
    shown = _plain(name)
    if not shown or len(shown) > _LONGEST_NAME or _LINK_IN_A_NAME.search(shown):
        return words.greeting_without_name
    return words.greeting.format(name=shown)


def _plain(text: str) -> str:
    """One line without what is invisible or turns the direction of reading."""
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or not has_unsafe_characters(c))
    return " ".join(seen.split())[:_LONGEST_VALUE]


def _grouped(code: str) -> str:
    """`1234 5678` is read and typed with fewer mistakes; the space may be typed or not."""
    return " ".join(code[i : i + _CODE_GROUP] for i in range(0, len(code), _CODE_GROUP))
