"""What mails say and how they leave, as the settings describe it."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from bukhindor.adapters.memory.no_mailer import NoMailer
from bukhindor.adapters.smtp.letter_templates import BrokenTemplate, built_in_templates
from bukhindor.adapters.smtp.letters import TemplateLetters
from bukhindor.adapters.smtp.sample_letters import full_letter
from bukhindor.adapters.smtp.server_url import MailServer, Sender
from bukhindor.config import ConfigurationError, Settings
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind, Mail
from bukhindor.ports.mail import Mailer

__all__ = ["built_in_templates", "message_writer", "open_letters", "open_mailer", "sample_mail"]


def open_letters(settings: Settings, *, tried: bool) -> TemplateLetters:
    """The writer of mails; with `tried` it has rendered every template in TEMPLATES_DIR once.

    Raises ConfigurationError with the file, the line and the cause for a template that can't be used.
    """
    folder = settings.mail.templates_dir
    try:
        letters = TemplateLetters(settings.product, folder)
        # Ours are tried by the tests.
        if tried and folder is not None:
            letters.check()
    except BrokenTemplate as broken:
        raise ConfigurationError([f"TEMPLATES_DIR: {broken}"]) from broken
    return letters


def sample_mail(
    letters: TemplateLetters, kind: LetterKind, language: LanguageTag, to: EmailAddress | None = None
) -> Mail:
    """A mail with sample data. Raises ConfigurationError when its template can't be used."""
    letter = full_letter(kind, language)
    try:
        return letters.written_strictly(letter if to is None else replace(letter, to=to))
    except BrokenTemplate as broken:
        raise ConfigurationError([f"TEMPLATES_DIR: {broken}"]) from broken


def open_mailer(settings: Settings) -> Mailer:
    """How mails leave where there is no development mailbox."""
    server = settings.mail.server
    return NoMailer() if server is None else _smtp_mailer(server, settings.mail.sender, settings.mail.reply_to)


def _smtp_mailer(server: MailServer, sender: Sender, reply_to: Sender | None) -> Mailer:
    # Its library takes memory that a service without a mail server has no use for.
    from bukhindor.adapters.smtp.mailer import SmtpMailer  # noqa: PLC0415

    return SmtpMailer(server, sender, reply_to=reply_to)


def message_writer(sender: Sender, reply_to: Sender | None) -> Callable[[Mail, UUID], bytes]:
    """What writes the message that a mail server would receive. It raises MailNotAccepted."""

    def written(mail: Mail, id: UUID) -> bytes:
        # Its library takes memory that is of use with the first mail.
        from bukhindor.adapters.smtp.message import message_of  # noqa: PLC0415

        return message_of(mail, id, sender, reply_to)

    return written
