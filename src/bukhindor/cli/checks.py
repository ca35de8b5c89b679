"""What `bukhindor doctor` looks at. Nothing here writes; what is missing stays missing."""

import asyncio
import os
import platform
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bukhindor import __version__
from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.smtp.mailer import SmtpMailer
from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.adapters.sql.inspection import DatabaseState, inspect, sqlite_version
from bukhindor.adapters.sql.schema_version import revisions
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.findings import Finding, State
from bukhindor.config import ConfigurationError, Origin, Settings
from bukhindor.config.data_folder import made_secret, network_file_system
from bukhindor.config.values import is_loopback
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.mail import Mail, MailNotAccepted

MOUNT_TABLE = Path("/proc/mounts")
DATABASE_PATIENCE_SECONDS = 4.0
MAIL_PATIENCE_SECONDS = 8.0

_LITTLE_SPACE = 256 * 1024 * 1024
_SANE_YEARS = range(2025, 2100)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_LARGEST_JUMP = timedelta(seconds=1)


def of_bad_configuration(error: ConfigurationError) -> Iterator[Finding]:
    """What can be said when the configuration can't be used."""
    yield from versions()
    for problem in error.problems:
        yield Finding("configuration", State.PROBLEM, problem)


def of_installation(settings: Settings, recipient: EmailAddress | None) -> Iterator[Finding]:
    """Every check, in the order in which one builds on another; a test mail goes to `recipient`."""
    wall = SystemClock()
    begun, begun_steadily = wall.now(), time.monotonic()
    yield from versions()
    yield configuration(settings)
    yield data_folder(settings, MOUNT_TABLE)
    path, found = settings.database_file, None
    try:
        found = inspect(path, DATABASE_PATIENCE_SECONDS) if path.exists() else None
    except (DatabaseUnusable, OSError) as error:
        advice = "Run this as the user of the service; a damaged file is replaced by a backup"
        yield Finding("database", State.PROBLEM, str(error).rstrip("."), advice)
    else:
        yield database(path, found)
    if found is not None:
        yield server(found)
        if found.revision == found.head:
            yield signing_keys(settings, found)
    yield mail(settings, recipient)
    if found is not None and found.waiting_mails + found.failed_mails:
        yield mail_queue(found)
    now = wall.now()
    yield clock(now, now - begun - timedelta(seconds=time.monotonic() - begun_steadily), found)


def versions() -> Iterator[Finding]:
    yield _ok("program", f"Bukhindor {__version__}")
    yield _ok("python", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    version, is_safe = sqlite_version()
    remark = "" if is_safe else ", older than 3.51.3: its fault with checkpoints is kept away by having one writer"
    yield _ok("sqlite", f"SQLite {version}{remark}")


def configuration(settings: Settings) -> Finding:
    given = sum(origin is not Origin.DEFAULT for origin in settings.origins.values())
    if not settings.is_production and not is_loopback(settings.server_host):
        advice = "Set ENVIRONMENT=production where strangers can reach it"
        return Finding("configuration", State.WARNING, f"development, yet it listens on {settings.server_host}", advice)
    if not settings.rate_limits:
        return Finding("configuration", State.WARNING, "RATE_LIMITS is off", "Passwords can be guessed; set it to on")
    found = f"{settings.environment}, {given} settings are given, {len(settings.origins) - given} have their defaults"
    return _ok("configuration", found)


def data_folder(settings: Settings, mount_table: Path, little_space: int = _LITTLE_SPACE) -> Finding:
    """The folder of the database, and DATA_DIR where a development secret belongs into it."""
    folder = settings.database_file.parent
    needed = {folder} if settings.jwt_secrets else {folder, settings.data_dir}
    for place in sorted(needed):
        nearest = _nearest_existing(place)
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            advice = "Give the folder to the user of the service, or name another one in DATA_DIR"
            return Finding("data folder", State.PROBLEM, f"{nearest} can't be written to", advice)
    mounts = mount_table.read_text("utf-8", "replace") if mount_table.exists() else ""
    file_system = network_file_system(folder, mounts)
    if file_system is not None:
        found = f"{folder} is on {file_system}, a network file system, where SQLite loses data"
        return Finding("data folder", State.PROBLEM, found, "Name a folder on a local disk in DATA_DIR")
    free = shutil.disk_usage(_nearest_existing(folder)).free
    room = f"{free // 2**20} MiB free"
    if free < little_space:
        return Finding("data folder", State.WARNING, f"{folder} has only {room}", "Make room before it is full")
    return _ok("data folder", f"{folder} can be written to, is on a local disk, {room}")


def database(path: Path, found: DatabaseState | None) -> Finding:
    if found is None:
        advice = "The next start makes it; if there should be one, look at DATA_DIR and DATABASE_URL"
        return Finding("database", State.WARNING, f"{path} does not exist", advice)
    if found.damage:
        advice = "Stop the service, keep a copy of the file, and restore a backup"
        return Finding("database", State.PROBLEM, f"{path} is damaged: {found.damage}", advice)
    if found.revision is not None and found.revision not in revisions():
        advice = "A newer version has used it: run that one, or restore a backup"
        return Finding("database", State.PROBLEM, f"{path} has the unknown schema {found.revision}", advice)
    if found.revision != found.head:
        advice = "Run `bukhindor migrate up`, or start the service, which does the same"
        was = "no schema yet" if found.revision is None else f"schema {found.revision}"
        return Finding("database", State.WARNING, f"{path} has {was}, this program needs {found.head}", advice)
    if found.damage is None:
        advice = f"Look with `sqlite3 {path} 'PRAGMA quick_check'` when there is time"
        return Finding("database", State.WARNING, f"{path} is too large to be looked through at once", advice)
    return _ok("database", f"{path} has schema {found.revision} and is not damaged")


def server(found: DatabaseState) -> Finding:
    return _ok("server", "a server uses this database now" if found.has_server else "no server uses this database now")


def signing_keys(settings: Settings, found: DatabaseState) -> Finding:
    """Whether one of the keys can sign with the secret of now."""
    current = [key for key in found.signing_keys if key.retired_at is None]
    if not current:
        return _ok("signing keys", "there is none yet; the next start makes one")
    advice = "Put the earlier secret behind the present one in JWT_SECRET, or everybody has to sign in again"
    try:
        made = None if settings.jwt_secrets else made_secret(settings.data_dir)
    except (ConfigurationError, OSError) as error:
        return Finding("signing keys", State.PROBLEM, str(error), "Nobody's tokens can be read without the secret")
    secrets = settings.jwt_secrets or (() if made is None else (made,))
    if not secrets:
        return Finding("signing keys", State.PROBLEM, "the secret that seals them is gone", advice)
    seal = PrivateKeySeal(SecretKeys(secrets))
    if not any(seal.unseal(key.sealed_private_key, key.kid) for key in current):
        return Finding("signing keys", State.PROBLEM, "JWT_SECRET opens none of them", advice)
    return _ok("signing keys", f"{len(found.signing_keys)} kept, one of them signs")


def mail(settings: Settings, recipient: EmailAddress | None) -> Finding:
    if not settings.smtp_url:
        return _ok("mail", f"mails stay in the development mailbox, {settings.public_url}/dev/mailbox")
    address = MailServer.parse(settings.smtp_url)
    place = f"{address.host} port {address.port}"
    mailer = SmtpMailer(settings.smtp_url, settings.mail_from, MAIL_PATIENCE_SECONDS)
    try:
        asyncio.run(mailer.check() if recipient is None else mailer.send(_test_mail(recipient, settings.public_url)))
    except MailNotAccepted as refusal:
        advice = "Compare SMTP_URL and MAIL_FROM with what the mail provider says; a firewall may block the port"
        return Finding("mail", State.PROBLEM, f"{place}: {str(refusal).rstrip('.')}", advice)
    if recipient is not None:
        return _ok("mail", f"{place} took a test mail for {recipient}; look for it there, among the spam, too")
    login = "accepts the login" if address.user else "answers; it asks for no login"
    return _ok("mail", f"{place} {login}")


def mail_queue(found: DatabaseState) -> Finding:
    counts = f"{found.waiting_mails} wait, {found.failed_mails} were given up"
    if found.failed_mails:
        return Finding("mail queue", State.WARNING, counts, "The log tells why; who waits can ask for another mail")
    return _ok("mail queue", counts)


def clock(now: datetime, jump: timedelta, found: DatabaseState | None) -> Finding:
    """Whether tokens will live as long as they should; `jump` is how much faster it ran than the steady clock."""
    advice = "Set the clock of this machine, best by NTP"
    if now.year not in _SANE_YEARS:
        return Finding("clock", State.PROBLEM, f"the year is {now.year}", advice)
    newest = max((key.created_at for key in found.signing_keys), default=None) if found is not None else None
    if newest is not None and newest > now + _CLOCK_TOLERANCE:
        text = f"it is {_minute(now)}, yet a signing key was made at {_minute(newest)}"
        return Finding("clock", State.PROBLEM, text, advice)
    if abs(jump) > _LARGEST_JUMP:
        text = f"it jumped by {jump.total_seconds():+.0f} seconds while these checks ran"
        return Finding("clock", State.WARNING, text, "Let NTP adjust it slowly")
    return _ok("clock", f"it is {_minute(now)}, and it runs steadily")


def _ok(check: str, found: str) -> Finding:
    return Finding(check, State.OK, found)


def _nearest_existing(place: Path) -> Path:
    """The place, or the folder in which the missing ones would be made."""
    place = place.absolute()
    return next(folder for folder in (place, *place.parents) if folder.exists())


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _test_mail(recipient: EmailAddress, public_url: str) -> Mail:
    text = f"This is a test: the service at {public_url} can send mails. Nothing has to be done."
    html = f'<!doctype html>\n<html lang="en"><body><p>{text}</p></body></html>\n'
    return Mail(recipient, "A test mail", f"{text}\n", html)
