"""The templates of mails: ours, and before them those in a team's own folder."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Language

BUILT_IN = Path(__file__).with_name("templates")
MAX_BYTES = 256 * 1024

_ENDINGS = (".html", ".txt", ".jinja")
_SUBJECT = re.compile(r"{% block subject %}(?P<words>.*){% endblock %}\n")
_BUTTON = re.compile(r"{% block button %}.*{% endblock %}\n")
_BLANK_LINES = re.compile(r"\n\s*\n")


class Part(StrEnum):
    """Each value is how the names of its files end."""

    SUBJECT = "subject.txt"
    TEXT = "txt"
    HTML = "html"


class BrokenTemplate(Exception):
    """A template that can't be used. `line` is None where the whole file is meant."""

    def __init__(self, file: str, line: int | None, cause: str) -> None:
        super().__init__(f"{file}, line {line}: {cause}" if line else f"{file}: {cause}")
        self.place = f"{file}, line {line}" if line else file


class LetterTemplates:
    """Renders the parts of mails. Each comes from the first file that there is, the closest language first.

    The folder is read once. Raises BrokenTemplate for a file in it that can't be read, or that no mail would use.
    """

    def __init__(self, folder: Path | None) -> None:
        self._own = {} if folder is None else dict(_files_in(folder))
        self._mails = dict(_mails_of(self._own))

    @property
    def languages(self) -> list[LanguageTag]:
        """Ours, and those of the files in the folder."""
        own = {tag for _, tag, _ in self._mails} - set(Language)
        return [tag_of(language) for language in Language] + [LanguageTag(tag) for tag in sorted(own)]

    def source(self, kind: LetterKind, part: Part, language: LanguageTag) -> str:
        """The name of the file that a part comes from, marked where it is ours."""
        name, _ = self._find(kind, part, language)
        return name if name in self._own else _named(name)

    def render(self, kind: LetterKind, part: Part, language: LanguageTag, values: Mapping[str, object]) -> str:
        """Raises BrokenTemplate."""
        name, written_in = self._find(kind, part, language)
        environment = self._html if part is Part.HTML else self._plain
        try:
            template = environment.get_template(name)
            return str(template.render({**values, "language": written_in, "layout": f"layout.{part}"}))
        # A template can do whatever the sandbox allows, and so fail in any way.
        except Exception as error:
            raise self._broken(name, error) from error

    @cached_property
    def _plain(self) -> Any:
        # The library takes 2 MB, which a service that has not sent a mail yet can do without.
        from jinja2 import FunctionLoader, StrictUndefined  # noqa: PLC0415
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load),
            undefined=StrictUndefined,
            autoescape=False,
            auto_reload=False,
            cache_size=-1,
        )
        environment.filters["paragraphs"] = _paragraphs
        return environment

    @cached_property
    def _html(self) -> Any:
        environment = self._plain.overlay(autoescape=True, cache_size=-1)
        environment.filters["paragraphs"] = _paragraphs
        return environment

    def _find(self, kind: LetterKind, part: Part, language: LanguageTag) -> tuple[str, str]:
        """The name of a file and its language."""
        for tag in language.lookup:
            if (kind, tag, part) in self._mails:
                return self._mails[kind, tag, part], tag
            if tag in set(Language):
                return f"{kind}.{tag}.jinja", tag
        return self._find(kind, part, tag_of(language.closest))

    def _load(self, name: str) -> tuple[str, str, None] | None:
        """The text of a template, and how it is named where it fails."""
        if name in self._own:
            return self._own[name], name, None
        return (_built_in_files()[name], _named(name), None) if name in _built_in_files() else None

    def _broken(self, name: str, error: Exception) -> BrokenTemplate:
        from jinja2 import TemplateSyntaxError  # noqa: PLC0415

        if isinstance(error, TemplateSyntaxError):
            return BrokenTemplate(error.filename or name, error.lineno, error.message or "")
        file, line = name if name in self._own else _named(name), None
        known = {*self._own, *map(_named, _built_in_files())}
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename in known:
                file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
            traceback = traceback.tb_next
        return BrokenTemplate(file, line, str(error) or type(error).__name__)


def built_in_templates() -> dict[str, str]:
    """Our templates as files to start from: for each kind and language one of each part, and what they extend."""
    files = {}
    for name, text in sorted(_built_in_files().items()):
        kind, _, rest = name.partition(".")
        if kind not in set(LetterKind):
            files[name] = text
            continue
        tag = rest.removesuffix(".jinja")
        subject = _SUBJECT.search(text)
        assert subject is not None  # noqa: S101  # The tests export every one of them.
        files[f"{kind}.{tag}.{Part.SUBJECT}"] = subject["words"] + "\n"
        files[f"{kind}.{tag}.{Part.HTML}"] = _SUBJECT.sub("", text)
        # A button is for HTML.
        files[f"{kind}.{tag}.{Part.TEXT}"] = _BUTTON.sub("", _SUBJECT.sub("", text))
    return files


def _files_in(folder: Path) -> Iterator[tuple[str, str]]:
    """The names and texts of templates; hidden files and folders are left out."""
    if not folder.is_dir():
        raise BrokenTemplate(str(folder), None, "this is not a folder")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not name.endswith(_ENDINGS) or not path.is_file() or any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BrokenTemplate(name, None, f"can't be read ({error.strerror})") from None
        if len(content) > MAX_BYTES:
            raise BrokenTemplate(name, None, f"is larger than {MAX_BYTES // 1024} KiB")
        try:
            yield name, content.decode()
        except UnicodeDecodeError as error:
            raise BrokenTemplate(name, content.count(b"\n", 0, error.start) + 1, "this is not UTF-8") from None


def _mails_of(names: Iterable[str]) -> Iterator[tuple[tuple[str, str, Part], str]]:
    """The kind, the language and the part that files are named after: `reset_password.ru.subject.txt`.

    A file without a language in its name, or in a subfolder, is there for others to extend or include.
    """
    for name in names:
        part = next((part for part in Part if name.endswith(f".{part}")), None)
        kind, dot, tag = name.removesuffix(f".{part}").partition(".")
        if part is None or not dot or "/" in name:
            continue
        if kind not in set(LetterKind):
            raise BrokenTemplate(name, None, f"there is no mail of the kind {kind}, see bukhindor mail list")
        try:
            yield (kind, LanguageTag.parse(tag).value, part), name
        except InvalidValue:
            raise BrokenTemplate(name, None, f"{tag} is not a language tag such as ru or pt-BR") from None


@cache
def _built_in_files() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in BUILT_IN.iterdir()}


def _named(name: str) -> str:
    return f"{name} (built in)"


def _paragraphs(text: str, style: str) -> Markup:
    """Paragraphs of HTML for the parts of a text between blank lines."""
    escaped = text if isinstance(text, Markup) else Markup("%s") % text
    parts = [part.strip() for part in _BLANK_LINES.split(escaped) if part.strip()]
    # The parts were cut from escaped text.
    return Markup("\n").join(Markup('<p style="{}">{}</p>').format(style, Markup(part)) for part in parts)  # noqa: S704
