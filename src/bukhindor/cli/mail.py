"""bukhindor mail: what mails say, one of them sent to try it, and those that wait for delivery."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import click

from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands, Refusal, parsed
from bukhindor.domain.caller import Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind, MailNotAccepted, QueuedMail

_OPERATOR = Operator()


class _Language(click.ParamType[LanguageTag]):
    name = "language"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> LanguageTag:
        try:
            return LanguageTag.parse(value)
        except InvalidValue:
            self.fail(f"{value} is not a language tag such as ru or pt-BR", param, ctx)


_KIND = click.Choice([kind.value for kind in LetterKind])
_language_option = click.option(
    "--language", type=_Language(), default="en", show_default=True, help="The language of the reader."
)


@click.group("mail", cls=Commands)
def group() -> None:
    """See what mails say, try them, and see those that wait."""


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
    recipient = parsed("ADDRESS", EmailAddress, address)
    mail = sample_mail(open_letters(settings, tried=False), LetterKind(kind), language, recipient)
    if settings.mail.server is None:
        raise Refusal("SMTP_URL is not set, so there is no mail server to send it by.")
    try:
        asyncio.run(open_mailer(settings).send(mail, uuid4()))
    except MailNotAccepted as refusal:
        raise Refusal(str(refusal)) from None
    say(f"The mail server took “{mail.subject}” for {recipient}.")


@group.command()
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="The most mails to print.")
@json_option
def queue(limit: int, as_json: bool) -> None:
    """Print the mails that wait for delivery or were given up.

    The oldest come first. A mail that no secret of this server opens has no address.
    """
    mails = with_services(lambda services: services.mail_queue.oldest(_OPERATOR, limit))
    if as_json:
        print_json({"mails": [_shape(queued) for queued in mails]})
        return
    rows = [
        (
            str(queued.id),
            "" if queued.mail is None else queued.mail.to.shown,
            "" if queued.mail is None else queued.mail.subject,
            f"due {moment(queued.due_at)}" if queued.failed_at is None else f"given up {moment(queued.failed_at)}",
            str(queued.tries),
            moment(queued.created_at),
        )
        for queued in mails
    ]
    print_table(("ID", "TO", "SUBJECT", "STATE", "TRIES", "QUEUED"), rows)


@group.command()
@click.argument("id", type=click.UUID, required=False)
@click.option("--failed", is_flag=True, help="Retry all mails that were given up.")
def retry(id: UUID | None, failed: bool) -> None:
    """Deliver the mail ID at once, or all mails that were given up.

    A mail starts again with all its tries. Links and codes in it may have expired meanwhile.
    """
    if (id is None) is not failed:
        raise click.UsageError("Name one mail by its ID, see bukhindor mail queue, or give --failed for all.")
    if id is not None:
        with_services(lambda services: services.mail_queue.retry(_OPERATOR, id))
        say("The mail is due now.")
        return
    retried = with_services(lambda services: services.mail_queue.retry_failed(_OPERATOR))
    say(f"{retried} mails are due now." if retried != 1 else "1 mail is due now.")


def _shape(queued: QueuedMail) -> dict[str, object]:
    return {
        "id": queued.id,
        "to": None if queued.mail is None else queued.mail.to.shown,
        "subject": None if queued.mail is None else queued.mail.subject,
        "tries": queued.tries,
        "created_at": queued.created_at,
        "due_at": queued.due_at,
        "failed_at": queued.failed_at,
    }
