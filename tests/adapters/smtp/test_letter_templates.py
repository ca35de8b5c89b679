"""A team's own mails: which file a part comes from, what a template may do, and how a broken one is named."""

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bukhindor.adapters.smtp.letter_templates import BrokenTemplate, Part
from bukhindor.adapters.smtp.letters import TemplateLetters
from bukhindor.adapters.smtp.sample_letters import bare_letter, full_letter
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.mail import LetterKind, Mail
from bukhindor.domain.origin import Language
from bukhindor.domain.product import Product

RESET, CHANGED = LetterKind.RESET_PASSWORD, LetterKind.PASSWORD_CHANGED
KAZAKH, GERMAN, RUSSIAN, ENGLISH = (LanguageTag(tag) for tag in ("kk-KZ", "de-AT", "ru", "en"))
PRODUCT = Product("Пример", "#7a1f1f", support_url="https://example.com/help?a=1&b=2")


def letters(folder: Path | None, **files: str) -> TemplateLetters:
    """Letters with these files: `reset_password__ru__html` is `reset_password.ru.html`."""
    if folder is not None:
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return TemplateLetters(PRODUCT, folder)


def written(made: TemplateLetters, kind: LetterKind, language: LanguageTag) -> Mail:
    return made.written_strictly(full_letter(kind, language))


def refusal(folder: Path, **files: str) -> str:
    """Why the start stops."""
    with pytest.raises(BrokenTemplate) as broken:
        letters(folder, **files).check()
    return str(broken.value)


@pytest.mark.parametrize("folder_is_empty", [True, False])
def test_ours_are_good_with_everything_and_with_nothing(tmp_path: Path, folder_is_empty: bool) -> None:
    letters(tmp_path if folder_is_empty else None).check()


@pytest.mark.parametrize("language", [RUSSIAN, ENGLISH])
@pytest.mark.parametrize("kind", LetterKind)
def test_the_product_is_named_and_its_color_and_support_are_used(kind: LetterKind, language: LanguageTag) -> None:
    mail = written(letters(None), kind, language)
    assert "Пример" in mail.subject
    assert "Пример" in mail.text
    assert mail.html.count("Пример") >= 2
    assert "Bukhindor" not in mail.subject + mail.text + mail.html
    assert "#7a1f1f" in mail.html
    assert "\nhttps://example.com/help?a=1&b=2\n" in mail.text
    assert '<a href="https://example.com/help?a=1&amp;b=2"' in mail.html


def test_a_mailbox_of_support_is_shown_as_its_address() -> None:
    made = TemplateLetters(replace(PRODUCT, support_url="mailto:help@example.com"))
    mail = written(made, CHANGED, ENGLISH)
    assert mail.text.endswith("\nhelp@example.com\n")
    assert '<a href="mailto:help@example.com"' in mail.html
    assert ">help@example.com</a>" in mail.html


def test_each_part_comes_from_its_own_file(tmp_path: Path) -> None:
    made = letters(
        tmp_path,
        reset_password__ru__html="<p>{{ name }} <a href='{{ link }}'>{{ product.name }}</a></p>",
        reset_password__ru__subject__txt="  Новый\n пароль ",
    )
    mail = written(made, RESET, RUSSIAN)
    ours = written(letters(None), RESET, RUSSIAN)
    assert mail.html == "<p>Anna <a href='https://app.example.com/sample?token=sample&amp;x=1'>Пример</a></p>"
    assert (mail.subject, mail.text) == ("Новый пароль", ours.text)
    assert written(made, RESET, ENGLISH) == written(letters(None), RESET, ENGLISH)
    assert written(made, CHANGED, RUSSIAN) == written(letters(None), CHANGED, RUSSIAN)


@pytest.mark.parametrize(
    ("files", "language", "source"),
    [
        ((), "kk-KZ", "password_changed.ru.jinja (built in)"),
        ((), "de-AT", "password_changed.en.jinja (built in)"),
        ((), "ru-KZ", "password_changed.ru.jinja (built in)"),
        (("ru",), "kk-KZ", "password_changed.ru.txt"),
        (("ru", "kk"), "kk-KZ", "password_changed.kk.txt"),
        (("ru", "kk", "kk-KZ"), "kk-KZ", "password_changed.kk-KZ.txt"),
        (("ru", "kk", "kk-KZ"), "kk", "password_changed.kk.txt"),
        (("kk-KZ",), "kk", "password_changed.ru.jinja (built in)"),
        (("en", "kk"), "ru", "password_changed.ru.jinja (built in)"),
        (("en",), "de-AT", "password_changed.en.txt"),
        (("PT-br",), "pt-BR", "password_changed.PT-br.txt"),
        (("en-GB", "en"), "en-US", "password_changed.en.txt"),
    ],
)
def test_the_closest_language_that_has_a_file_wins(
    tmp_path: Path, files: tuple[str, ...], language: str, source: str
) -> None:
    for name in files:
        (tmp_path / f"password_changed.{name}.txt").write_text(f"Language {name}")
    made, tag = letters(tmp_path), LanguageTag(language)
    assert made.templates.source(CHANGED, Part.TEXT, tag) == source
    if source.endswith(".txt"):
        assert written(made, CHANGED, tag).text == f"Language {source.split('.')[1]}\n"


def test_a_mail_says_which_language_it_is_written_in(tmp_path: Path) -> None:
    made = letters(tmp_path, password_changed__kk__html='<html lang="{{ language }}">{{ subject }}</html>')
    assert written(made, CHANGED, KAZAKH).html.startswith('<html lang="kk">')
    assert '<html lang="ru"' in written(made, RESET, KAZAKH).html
    assert '<html lang="en"' in written(made, CHANGED, GERMAN).html


def test_a_layout_of_ones_own_holds_for_every_mail(tmp_path: Path) -> None:
    frame = "<main>{% block before %}{% endblock %}{{ link }}{{ code }}</main>"
    made = letters(tmp_path, layout__html=frame)
    for kind in LetterKind:
        html = written(made, kind, RUSSIAN).html
        assert html.startswith("<main>")
        assert html.endswith("</main>")


def test_files_extend_ours_and_include_each_other(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "warning.html").write_text("<b>{{ ip }}</b>")
    own = '{% extends "new_device.ru.jinja" %}{% block before %}{% include "parts/warning.html" %}{% endblock %}'
    mail = written(letters(tmp_path, new_device__ru__html=own), LetterKind.NEW_DEVICE, RUSSIAN)
    assert '<p style="margin:0 0 16px"><b>203.0.113.7</b></p>' in mail.html
    assert "Здравствуйте, Anna!" in mail.html


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    made = letters(tmp_path, new_device__en__html="{{ device }}", new_device__en__txt="{{ device }}")
    mail = made.write(replace(full_letter(LetterKind.NEW_DEVICE, ENGLISH), device="<b>&</b>"))
    assert (mail.html, mail.text) == ("&lt;b&gt;&amp;&lt;/b&gt;", "<b>&</b>\n")


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("ok\n{{ nmae }}", 2, "'nmae' is undefined"),
        ("ok\n\n{% if name %}", 3, "Unexpected end of template"),
        ("{{ name", 1, "unexpected end of template"),
        ("a\nb\n{{ product.nmae }}", 3, "has no attribute 'nmae'"),
        ("{{ name.__class__ }}", 1, "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ product.update({}) }}", 1, "is not safely callable|unsafe"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", 1, "unsafe"),
        ("a\n{% for x in range(1000000000) %}{% endfor %}", 2, "Range too big"),
        ("{% include 'missing.txt' %}", 1, "missing.txt"),
        ("{% extends 'password_changed.en.txt' %}", None, "recursion"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("{{ name | nothing }}", 1, "No filter named 'nothing'"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_the_cause(
    tmp_path: Path, text: str, line: int | None, cause: str
) -> None:
    reason = refusal(tmp_path, password_changed__en__txt=text)
    assert reason.startswith("password_changed.en.txt" + (f", line {line}: " if line else ""))
    assert re.search(cause, reason)


def test_what_fails_only_without_a_name_is_found_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, password_changed__en__txt="{{ name[0].upper() }}").startswith(
        "password_changed.en.txt, line 1: "
    )


def test_a_broken_layout_is_named_and_not_the_mail_that_uses_it(tmp_path: Path) -> None:
    assert refusal(tmp_path, layout__html="<p>\n{{ oops }}</p>") == "layout.html, line 2: 'oops' is undefined"


def test_a_file_in_a_language_of_its_own_is_tried_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, new_device__kk__html="{{ oops }}") == "new_device.kk.html, line 1: 'oops' is undefined"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("reset_pasword.ru.html", "", "there is no mail of the kind reset_pasword, see bukhindor mail list"),
        ("reset_password.russian_.html", "", "russian_ is not a language tag such as ru or pt-BR"),
        ("reset_password.en.subject.txt", " ", "the subject is empty, or holds control or invisible characters"),
        ("reset_password.en.subject.txt", "a\u202eb", "the subject is empty, or holds control or invisible characters"),
        ("reset_password.en.txt", "Hello", "it must show the link or the code"),
        ("reset_password.en.html", "Hello", "it must show the link or the code"),
        ("layout.html", "x" * 300_000, "is larger than 256 KiB"),
    ],
)
def test_a_file_that_does_not_serve_is_refused(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    assert refusal(tmp_path) == f"{name}: {reason}"


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "layout.txt").write_bytes("a\nПривет".encode("cp1251"))
    assert refusal(tmp_path) == "layout.txt, line 2: this is not UTF-8"


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing").endswith("missing: this is not a folder")


def test_other_files_and_hidden_folders_are_left_alone(tmp_path: Path) -> None:
    """A folder that Kubernetes mounts holds its files twice, once under a hidden name."""
    (tmp_path / "README.md").write_bytes(b"\xff")
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "reset_pasword.ru.html").write_text("{{")
    (tmp_path / ".layout.html").write_text("{{")
    (tmp_path / "folder.html").mkdir()
    letters(tmp_path).check()


def test_a_template_that_fails_with_one_letter_loses_no_mail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What it failed with may be secret, so the log names the place alone."""
    made = letters(tmp_path, password_changed__en__txt="\n{% if name == 'Bea' %}{{ name.nothing.at_all }}{% endif %}x")
    made.check()
    bea = replace(full_letter(CHANGED, ENGLISH), name="Bea")
    with caplog.at_level(logging.ERROR):
        mail = made.write(bea)
    assert mail == letters(None).write(bea)
    message = "a mail was written with the built-in templates: password_changed.en.txt, line 2 failed"
    assert [record.getMessage() for record in caplog.records] == [message]


@pytest.mark.parametrize("kind", LetterKind)
def test_samples_hold_what_their_kind_has(kind: LetterKind) -> None:
    full, bare = full_letter(kind, ENGLISH), bare_letter(kind, ENGLISH)
    assert (full.link, full.code) == (bare.link, bare.code)
    proofs = (LetterKind.VERIFY_EMAIL, RESET, LetterKind.CHANGE_EMAIL, LetterKind.SIGN_IN_CODE)
    assert bool(full.code) == (kind in proofs)
    assert bool(full.link) == (bool(full.code) or kind is LetterKind.INVITATION)
    assert (bare.name, bare.device, bare.ip, bare.new_email) == ("", "", "", "")


def test_languages_are_ours_and_those_of_the_files(tmp_path: Path) -> None:
    made = letters(tmp_path, new_device__kk__txt="x", new_device__ru__txt="x", reset_password__de__html="{{ link }}")
    assert made.templates.languages == [*map(tag_of, Language), LanguageTag("de"), LanguageTag("kk")]
