"""Letters become mails: each part is a template of its own, in the language of its reader."""

import logging
import re
from functools import cache
from pathlib import Path

from markupsafe import escape

from bukhindor.adapters.smtp.letter_templates import BrokenTemplate, LetterTemplates, Part
from bukhindor.adapters.smtp.sample_letters import bare_letter, full_letter
from bukhindor.domain.mail import Letter, LetterKind, Mail
from bukhindor.domain.product import Product
from bukhindor.domain.text import has_unsafe_characters

_log = logging.getLogger(__name__)

_LONGEST_VALUE = 254
_LONGEST_NAME = 60
_CODE_GROUP = 4
# Mail programs make links of such names, and an advertiser could register strangers to have an advertisement mailed to
# them.
_LINK_IN_A_NAME = re.compile(r"://|@|www\.|\w\.\w{2,}", re.IGNORECASE)
_SPARE_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


class TemplateLetters:
    """Writes with the templates in `folder`, and with ours where there are none.

    Nothing of a letter is ever read as a template, and everything in the HTML part is escaped. Raises BrokenTemplate
    for a file in the folder that can't be read, or that no mail would use.
    """

    def __init__(self, product: Product, folder: Path | None = None) -> None:
        self._product = {"name": product.name, "color": product.color, "support_url": product.support_url}
        self.templates = LetterTemplates(folder)

    def write(self, letter: Letter) -> Mail:
        try:
            return self.written_strictly(letter)
        except BrokenTemplate as broken:
            # It was good with all that is known of letters; a person must not go without a mail because of it. Its
            # message may quote the letter.
            _log.error("a mail was written with the built-in templates: %s failed", broken.place)
            return self._write(letter, _built_in())

    def written_strictly(self, letter: Letter) -> Mail:
        """Write the letter in words. Raises BrokenTemplate, also for a proof that shows no link and no code."""
        return self._write(letter, self.templates)

    def sources(self) -> list[tuple[str, str, str, str, str]]:
        """For each kind and language the names of the files that subject, text and HTML come from."""
        rows = []
        for kind in LetterKind:
            for language in self.templates.languages:
                subject, text, html = (self.templates.source(kind, part, language) for part in Part)
                rows.append((kind.value, language.value, subject, text, html))
        return rows

    def check(self) -> None:
        """Write a letter of each kind in each language. Raises BrokenTemplate for the first that can't be written."""
        for kind in LetterKind:
            for language in self.templates.languages:
                self.written_strictly(full_letter(kind, language))
                self.written_strictly(bare_letter(kind, language))

    def _write(self, letter: Letter, templates: LetterTemplates) -> Mail:
        code = _grouped(letter.code)
        values: dict[str, object] = {
            "product": self._product,
            "kind": letter.kind.value,
            "name": _greeted(letter.name),
            "link": letter.link,
            "code": code,
            "device": _plain(letter.device),
            "ip": _plain(letter.ip),
            "new_email": _plain(letter.new_email),
            "provider": _plain(letter.provider),
            "lockdown_link": letter.lockdown_link,
        }

        def render(part: Part) -> str:
            return templates.render(letter.kind, part, letter.language, values)

        subject = " ".join(render(Part.SUBJECT).split())
        if not subject or has_unsafe_characters(subject):
            cause = "the subject is empty, or holds control or invisible characters"
            raise BrokenTemplate(templates.source(letter.kind, Part.SUBJECT, letter.language), None, cause)
        values["subject"] = subject
        text = _SPARE_LINES.sub("\n\n", render(Part.TEXT)).strip() + "\n"
        html = render(Part.HTML)
        if letter.link:
            for part, content, link in ((Part.TEXT, text, letter.link), (Part.HTML, html, str(escape(letter.link)))):
                if link not in content and not (code and code in content):
                    cause = "it must show the link or the code"
                    raise BrokenTemplate(templates.source(letter.kind, part, letter.language), None, cause)
        return Mail(
            letter.to,
            subject,
            text,
            html,
            links=tuple(filter(None, (letter.link, letter.lockdown_link))),
            codes=(letter.code,) if letter.code else (),
        )


@cache
def _built_in() -> LetterTemplates:
    return LetterTemplates(None)


def _greeted(name: str) -> str:
    """The name to greet with; "" for one that would advertise."""
    shown = _plain(name)
    return "" if len(shown) > _LONGEST_NAME or _LINK_IN_A_NAME.search(shown) else shown


def _plain(text: str) -> str:
    """One line without what is invisible or turns the direction of reading."""
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or not has_unsafe_characters(c))
    return " ".join(seen.split())[:_LONGEST_VALUE]


def _grouped(code: str) -> str:
    """`1234 5678` is read and typed with fewer mistakes; the space may be typed or not."""
    return " ".join(code[i : i + _CODE_GROUP] for i in range(0, len(code), _CODE_GROUP))
