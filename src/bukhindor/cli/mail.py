"""bukhindor mail: what mails say, and one of them sent to try it."""

import asyncio
from pathlib import Path

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.printing import json_option, print_json, print_table, say
from bukhindor.cli.refusal import Refusal
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidInput
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind, MailNotAccepted


class _Language(click.ParamType[LanguageTag]):
    name = "language"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> LanguageTag:
        try:
            return LanguageTag.parse(value)
        except InvalidInput:
            self.fail(f"{value} is not a language tag such as ru or pt-BR", param, ctx)


_KIND = click.Choice([kind.value for kind in LetterKind])
_language_option = click.option(
    "--language", type=_Language(), default="en", show_default=True, help="The language of the reader."
)


@click.group("mail")
def group() -> None:
    """See what mails say, and try them."""


@group.command("list")
@json_option
def list_mails(as_json: bool) -> None:
    """Print the file that each part of each mail comes from, in every language that has files."""
    from bukhindor.bootstrap.mails import open_letters

    sources = open_letters(read_settings(), tried=False).sources()
    if as_json:
        names = ("kind", "language", "subject", "text", "html")
        print_json({"mails": [dict(zip(names, row, strict=True)) for row in sources]})
    else:
        print_table(("KIND", "LANGUAGE", "SUBJECT", "TEXT", "HTML"), sources)


@group.command()
@click.argument("kind", type=_KIND)
@_language_option
@click.option("--part", type=click.Choice(["text", "html", "subject"]), default="text", show_default=True)
def preview(kind: str, language: LanguageTag, part: str) -> None:
    """Print a mail of KIND with sample data.

    Exit with 2 when its template is broken.
    """
    from bukhindor.bootstrap.mails import open_letters, sample_mail

    mail = sample_mail(open_letters(read_settings(), tried=False), LetterKind(kind), language)
    click.echo({"text": mail.text, "html": mail.html, "subject": mail.subject}[part].rstrip("\n"))


@group.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write the built-in templates into FOLDER, as a start for mails of your own.

    Delete the files that you do not change: the built-in ones then follow new versions. No file is replaced.
    """
    from bukhindor.bootstrap.mails import built_in_templates

    files = built_in_templates()
    present = [name for name in files if (folder / name).exists()]
    if present:
        raise Refusal(f"{folder / present[0]} is there already; nothing was written.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    say(f"Wrote {len(files)} files into {folder}. Set TEMPLATES_DIR to it.")


@group.command("send-test")
@click.argument("kind", type=_KIND)
@click.argument("address")
@_language_option
def send_test(kind: str, address: str, language: LanguageTag) -> None:
    """Send a mail of KIND with sample data to ADDRESS by the mail server."""
    from bukhindor.bootstrap.mails import open_letters, open_mailer, sample_mail

    settings = read_settings()
    recipient = EmailAddress.parse(address, "ADDRESS")
    mail = sample_mail(open_letters(settings, tried=False), LetterKind(kind), language, recipient)
    if settings.mail.server is None:
        raise Refusal("SMTP_URL is not set, so there is no mail server to send it by.")
    try:
        asyncio.run(open_mailer(settings).send(mail))
    except MailNotAccepted as refusal:
        raise Refusal(str(refusal)) from None
    say(f"The mail server took “{mail.subject}” for {recipient}.")
