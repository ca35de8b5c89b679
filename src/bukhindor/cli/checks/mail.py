"""The mail server, and the mails that wait for it."""

import asyncio
from collections.abc import Iterator
from html import escape
from uuid import uuid4

from bukhindor.adapters.smtp.mailer import Patience, SmtpMailer
from bukhindor.bootstrap.mails import open_letters
from bukhindor.cli.checks.signing_keys import Stored
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import ConfigurationError, Settings
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.mail import Mail, MailNotAccepted

# A person waits.
PATIENCE = Patience(response=8.0, after_data=60.0)


def mail(settings: Settings, recipient: EmailAddress | None) -> Finding:
    if settings.mail.drops_mails:
        advice = "Set SMTP_URL, or DEV_MAILBOX to local"
        return Finding("mail", State.WARNING, "SMTP_URL is not set and DEV_MAILBOX is off: mails are dropped", advice)
    server = settings.mail.server
    if server is None:
        return ok("mail", f"mails stay in the development mailbox, {settings.server.public_url}/dev/mailbox")
    place = f"{server.host} port {server.port}"
    mailer = SmtpMailer(server, settings.mail.sender, PATIENCE, reply_to=settings.mail.reply_to)
    try:
        asyncio.run(mailer.check() if recipient is None else mailer.send(_test_mail(recipient, settings), uuid4()))
    except MailNotAccepted as refusal:
        advice = "Compare SMTP_URL and MAIL_FROM with what the mail provider says; a firewall may block the port"
        return Finding("mail", State.PROBLEM, f"{place}: {str(refusal).rstrip('.')}", advice)
    if recipient is not None:
        return ok("mail", f"{place} took a test mail for {recipient}; look for it there, among the spam, too")
    login = "accepts the login" if server.user else "responds, and requires no login"
    return ok("mail", f"{place} {login}")


def mail_templates(settings: Settings) -> Iterator[Finding]:
    """Nothing where there are no templates but ours."""
    if settings.mail.templates_dir is None:
        return
    try:
        open_letters(settings, tried=True)
    except ConfigurationError as broken:
        yield from (Finding("mail templates", State.PROBLEM, problem) for problem in broken.problems)
    else:
        yield ok("mail templates", f"every mail can be written with the files in {settings.mail.templates_dir}")


def mail_queue(stored: Stored) -> Finding:
    counts = f"{stored.waiting_mails} wait, {stored.failed_mails} were given up"
    if stored.failed_mails:
        return Finding(
            "mail queue",
            State.WARNING,
            counts,
            "The log shows the reasons; people who still wait can ask for another mail",
        )
    return ok("mail queue", counts)


def _test_mail(recipient: EmailAddress, settings: Settings) -> Mail:
    name, url = settings.product.name, settings.server.public_url
    text = f"This is a test of {name}: the service at {url} can send mails. You do not need to do anything."
    html = f'<!doctype html>\n<html lang="en"><body><p>{escape(text)}</p></body></html>\n'
    return Mail(recipient, f"A test mail of {name}", f"{text}\n", html)
