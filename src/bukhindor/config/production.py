"""What is convenient for a developer and dangerous in production (OWASP ASVS 13.2.3, 13.4.2)."""

from pathlib import Path
from typing import Protocol

from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.config import mail
from bukhindor.config.data_folder import network_file_system
from bukhindor.config.database_url import is_sqlite, sqlite_file
from bukhindor.config.origins import AllowedOrigins
from bukhindor.config.sources import Origin, Sources

GOOD_MAIL_SERVER = "smtp://user:password@mail.example.com:587"
GOOD_SECRET = "the output of: openssl rand -base64 48"
GOOD_SENDER = "Example <no-reply@example.com>"


class Given(Protocol):
    """What is looked at of the settings. A value that could not be read has its default here."""

    @property
    def public_url(self) -> str: ...
    @property
    def app_url(self) -> str: ...
    @property
    def smtp_url(self) -> str: ...
    @property
    def redis_url(self) -> str: ...
    @property
    def database_url(self) -> str: ...
    @property
    def cors_allowed_origins(self) -> AllowedOrigins: ...
    @property
    def rate_limits(self) -> bool: ...


def refuse_unsafe(settings: Given, sources: Sources, mount_table: Path) -> None:
    """Tell `sources` of everything that production must not start with; `mount_table` is /proc/mounts."""
    if sources.origins["JWT_SECRET"] is Origin.DEFAULT:
        sources.refuse("JWT_SECRET", "it is not set, and production needs one", GOOD_SECRET)
    _refuse_clear_addresses(settings, sources)
    _refuse_clear_mail(settings, sources)
    if not settings.rate_limits:
        reason = "without limits passwords can be guessed; off is for load tests in development"
        sources.refuse("RATE_LIMITS", reason, "on")
    if settings.redis_url and RedisServer.parse(settings.redis_url).sends_login_in_clear:
        reason = "without TLS the password, and what is counted, travels in clear"
        sources.refuse("REDIS_URL", reason, "rediss://:password@redis.example.com:6379/0")
    if is_sqlite(settings.database_url):
        _refuse_network_file_system(settings, sources, mount_table)
    else:
        _refuse_clear_database(settings, sources)


def _refuse_clear_addresses(settings: Given, sources: Sources) -> None:
    if sources.origins["PUBLIC_URL"] is Origin.DEFAULT:
        reason = "it is not set, and production needs the address that clients use"
        sources.refuse("PUBLIC_URL", reason, "https://api.example.com")
    elif settings.public_url.startswith("http:") and not sources.is_refused("PUBLIC_URL"):
        reason = "http sends passwords in clear, production needs https"
        sources.refuse("PUBLIC_URL", reason, "https://api.example.com")
    in_clear = sorted(origin for origin in settings.cors_allowed_origins.named if origin.startswith("http:"))
    if in_clear:
        # Its page comes unprotected, so an attacker on the way can replace it with a page of their own.
        reason = f"anybody on the way can change a page of {in_clear[0]}, production needs https"
        sources.refuse("CORS_ALLOWED_ORIGINS", reason, "https://app.example.com")


def _refuse_clear_mail(settings: Given, sources: Sources) -> None:
    if sources.origins["SMTP_URL"] is Origin.DEFAULT:
        reason = "it is not set, and production sends mails: verification, password reset, notices"
        sources.refuse("SMTP_URL", reason, GOOD_MAIL_SERVER)
    elif settings.smtp_url and mail.sends_in_clear(settings.smtp_url):
        has_password = mail.has_password(settings.smtp_url)
        what = "the password and every reset link travel" if has_password else "every reset link travels"
        sources.refuse("SMTP_URL", f"without TLS {what} in clear to another machine", GOOD_MAIL_SERVER)
    if settings.app_url.startswith("http:"):
        reason = "over http mailed links travel in clear, production needs https or a deep link"
        sources.refuse("APP_URL", reason, "https://app.example.com")
    if sources.origins["MAIL_FROM"] is Origin.DEFAULT:
        sources.refuse("MAIL_FROM", "it is not set, and production needs the sender of its mails", GOOD_SENDER)


def _refuse_network_file_system(settings: Given, sources: Sources, mount_table: Path) -> None:
    mounts = mount_table.read_text("utf-8", "replace") if mount_table.exists() else ""
    file_system = network_file_system(sqlite_file(settings.database_url), mounts)
    if file_system is not None:
        reason = f"the database file is on {file_system}, a network file system, where SQLite loses data"
        sources.refuse("DATABASE_URL", reason, "sqlite:////var/lib/bukhindor/bukhindor.db on a local disk")


def _refuse_clear_database(settings: Given, sources: Sources) -> None:
    address = PostgresUrl.parse(settings.database_url)
    if not address.is_local and address.tls in ("", "allow", "prefer"):
        reason = "it does not say sslmode, so passwords and data might travel in clear"
        good = "…?sslmode=verify-full, or sslmode=disable within a private network"
        sources.refuse("DATABASE_URL", reason, good)
