"""Settings that are convenient in development and dangerous in production (OWASP ASVS 13.2.3, 13.4.2)."""

from pathlib import Path

from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config.accounts import GOOD_SECRET
from bukhindor.config.data_folder import network_file_system
from bukhindor.config.limits import LimitSettings
from bukhindor.config.mail import GOOD_MAIL_SERVER, GOOD_SENDER, MailSettings
from bukhindor.config.server import ServerSettings
from bukhindor.config.sources import Sources
from bukhindor.config.store import StoreSettings


def refuse_unsafe(
    server: ServerSettings,
    store: StoreSettings,
    limiting: LimitSettings,
    mail: MailSettings,
    sources: Sources,
    mount_table: Path,
) -> None:
    """Add to the problems in `sources` everything that production must not start with.

    A value that could not be read has its default here. `mount_table` is /proc/mounts.
    """
    if not sources.is_given("JWT_SECRET"):
        sources.refuse("JWT_SECRET", "it is not set, and production needs one", GOOD_SECRET)
    _refuse_clear_addresses(server, sources)
    _refuse_clear_mail(mail, sources)
    if not limiting.rate_limits:
        reason = "without limits passwords can be guessed; off is for load tests in development"
        sources.refuse("RATE_LIMITS", reason, "on")
    if limiting.redis is not None and limiting.redis.sends_login_in_clear:
        reason = "without TLS the password, and what is counted, travels in clear"
        sources.refuse("REDIS_URL", reason, "rediss://:password@redis.example.com:6379/0")
    _refuse_unsafe_database(store, sources, mount_table)


def _refuse_clear_addresses(server: ServerSettings, sources: Sources) -> None:
    if not sources.is_given("PUBLIC_URL"):
        reason = "it is not set, and production needs the address that clients use"
        sources.refuse("PUBLIC_URL", reason, "https://api.example.com")
    elif server.public_url.is_clear and not sources.is_refused("PUBLIC_URL"):
        reason = "http sends passwords in clear, production needs https"
        sources.refuse("PUBLIC_URL", reason, "https://api.example.com")
    allowed = server.cors_allowed_origins
    in_clear = sorted(str(origin) for origin in allowed.named | allowed.sites if origin.is_clear)
    if in_clear:
        # Its page comes unprotected, so an attacker on the way can replace it with a page of their own.
        reason = f"an attacker on the way can change a page of {in_clear[0]}, production needs https"
        sources.refuse("CORS_ALLOWED_ORIGINS", reason, "https://app.example.com")


def _refuse_clear_mail(mail: MailSettings, sources: Sources) -> None:
    if not sources.is_given("SMTP_URL"):
        reason = "it is not set, and production sends mails: verification, password reset, notices"
        sources.refuse("SMTP_URL", reason, GOOD_MAIL_SERVER)
    elif mail.server is not None and mail.server.sends_in_clear:
        has_password = mail.server.password is not None
        what = "the password and every reset link travel" if has_password else "every reset link travels"
        sources.refuse("SMTP_URL", f"without TLS {what} in clear to another machine", GOOD_MAIL_SERVER)
    if mail.app_url is not None and mail.app_url.is_clear:
        reason = "over http mailed links travel in clear, production needs https or a deep link"
        sources.refuse("APP_URL", reason, "https://app.example.com")
    if not sources.is_given("MAIL_FROM"):
        sources.refuse("MAIL_FROM", "it is not set, and production needs the sender of its mails", GOOD_SENDER)


def _refuse_unsafe_database(store: StoreSettings, sources: Sources, mount_table: Path) -> None:
    database = store.database
    if isinstance(database, SqliteUrl):
        mounts = mount_table.read_text("utf-8", "replace") if mount_table.exists() else ""
        file_system = network_file_system(database.path, mounts)
        if file_system is not None:
            reason = f"the database file is on {file_system}, a network file system, where SQLite loses data"
            sources.refuse("DATABASE_URL", reason, "sqlite:////var/lib/bukhindor/bukhindor.db on a local disk")
    elif not database.is_local and database.tls in ("", "allow", "prefer"):
        reason = "it does not say sslmode, so passwords and data might travel in clear"
        good = "…?sslmode=verify-full, or sslmode=disable within a private network"
        sources.refuse("DATABASE_URL", reason, good)
