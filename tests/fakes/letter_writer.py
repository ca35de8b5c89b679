"""Letters of few words."""

from bukhindor.domain.mail import Letter, Mail


class FakeLetterWriter:
    """`written` holds all letters, oldest first."""

    def __init__(self) -> None:
        self.written: list[Letter] = []

    def write(self, letter: Letter) -> Mail:
        self.written.append(letter)
        text = " ".join((letter.language.value, letter.kind, letter.name, letter.link, letter.code))
        return Mail(
            letter.to,
            f"{letter.kind} ({letter.language})",
            text,
            f"<p>{letter.kind}</p>",
            links=tuple(filter(None, (letter.link, letter.lockdown_link))),
            codes=(letter.code,) if letter.code else (),
        )
