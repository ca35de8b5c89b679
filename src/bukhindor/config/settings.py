"""Settings: every choice that an operator has, read once, refused when it can't be read or is unsafe."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.config import mail, values
from bukhindor.config.data_folder import SECRET_FILE
from bukhindor.config.database_url import database_url, is_sqlite, masked_url, sqlite_file, sqlite_url_of
from bukhindor.config.durations import format_duration
from bukhindor.config.errors import ConfigurationError
from bukhindor.config.limits import format_limits, limits
from bukhindor.config.networks import Network, networks
from bukhindor.config.origins import AllowedOrigins, parse_origin
from bukhindor.config.production import GOOD_MAIL_SERVER, GOOD_SECRET, GOOD_SENDER, refuse_unsafe
from bukhindor.config.sources import Origin, Sources, read_env_file
from bukhindor.config.tracing import can_trace
from bukhindor.config.unknown_variables import UnknownVariable, unknown_variables
from bukhindor.domain.rate_limit import Limits

_ZERO = timedelta()
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_TEN_YEARS = timedelta(days=3650)
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - A service in production is there to be reached.


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class DevMailbox(StrEnum):
    """Who may read the mails of a development installation: this machine, every client that reaches it, or no one."""

    LOCAL = "local"
    NETWORK = "network"
    OFF = "off"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """All settings. Each field is the variable of the same name in capitals; `jwt_secrets` is JWT_SECRET.

    `jwt_secrets` may be empty in development: then `development_secret(data_dir)` gives the one to use.
    `origins` tells for each variable where its value came from, `unknown_variables` what was set for nothing.
    """

    environment: Environment
    server_host: str
    server_port: int
    public_url: str
    data_dir: Path
    database_url: str
    database_pool_size: int
    migrate_on_start: bool
    redis_url: str
    jwt_secrets: tuple[bytes, ...] = field(metadata={"variable": "JWT_SECRET"})
    jwt_expiration: timedelta
    refresh_token_expiration: timedelta
    session_expiration: timedelta
    admin_session_expiration: timedelta
    log_level: LogLevel
    log_format: LogFormat
    cors_allowed_origins: AllowedOrigins
    min_password_length: int
    hash_memory_kib: int
    hash_iterations: int
    hash_parallelism: int
    hash_workers: int
    hash_queue: int
    trusted_proxies: tuple[Network, ...]
    require_client_headers: bool
    app_url: str
    smtp_url: str
    mail_from: str
    dev_mailbox: DevMailbox
    rate_limits: bool
    limits: Limits
    audit_retention: timedelta
    request_timeout: timedelta
    shutdown_timeout: timedelta
    shutdown_delay: timedelta
    workers: int
    metrics_port: int
    tracing: bool
    origins: Mapping[str, Origin] = field(compare=False, metadata={"variable": None})
    unknown_variables: tuple[UnknownVariable, ...] = field(compare=False, metadata={"variable": None})

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None, mount_table: Path = Path("/proc/mounts")) -> Self:
        """Read the process environment and, unless it says production, the `.env` file, which it wins over.

        Raises ConfigurationError with every problem there is, not only the first.
        """
        is_deployed = environ.get("ENVIRONMENT", "").strip().lower() == Environment.PRODUCTION
        sources = Sources(environ, {} if env_file is None or is_deployed else read_env_file(env_file))
        settings = cls._read_all(sources)
        settings._refuse_contradictions(sources)
        if settings.environment is Environment.PRODUCTION:
            refuse_unsafe(settings, sources, mount_table)
        if sources.problems:
            raise ConfigurationError(sources.problems, tuple(map(str, settings.unknown_variables)))
        return settings

    @classmethod
    def _read_all(cls, sources: Sources) -> Self:
        """Every variable on its own, with its default and a good value to show."""
        read, number, duration = sources.read, values.whole_number, values.duration
        environment = read(
            "ENVIRONMENT", values.choice(Environment), Environment.DEVELOPMENT, "development or production"
        )
        is_production = environment is Environment.PRODUCTION
        port = read("SERVER_PORT", number(1, 65_535), 8080, "8080")
        data_dir = read("DATA_DIR", values.folder, Path("data"), "./data")
        good_url = "sqlite:///./data/bukhindor.db"
        workers = read("WORKERS", number(1, 256), 1, "1")
        url = read("DATABASE_URL", database_url, sqlite_url_of(data_dir / "bukhindor.db"), good_url)
        timeout = read("SHUTDOWN_TIMEOUT", duration(_SECOND, timedelta(minutes=10)), 30 * _SECOND, "30s")
        delay = min(3 * _SECOND, _whole_seconds(timeout / 10)) if is_production else _ZERO
        local_pages = AllowedOrigins(any_local_port=not is_production)
        default_format = LogFormat.JSON if is_production else LogFormat.CONSOLE
        lives = duration(_SECOND, _TEN_YEARS)
        return cls(
            environment=environment,
            server_host=read("SERVER_HOST", values.host, _EVERYWHERE if is_production else "127.0.0.1", "127.0.0.1"),
            server_port=port,
            public_url=read("PUBLIC_URL", parse_origin, f"http://localhost:{port}", "https://api.example.com"),
            data_dir=data_dir,
            database_url=url,
            database_pool_size=read("DATABASE_POOL_SIZE", number(1, 500), 10, "10"),
            migrate_on_start=read("MIGRATE_ON_START", values.yes_or_no, is_sqlite(url), "true"),
            redis_url=read("REDIS_URL", values.redis_url, "", "redis://localhost:6379/0"),
            jwt_secrets=read("JWT_SECRET", values.secrets, (), GOOD_SECRET),
            jwt_expiration=read("JWT_EXPIRATION", duration(_SECOND, _DAY), timedelta(minutes=15), "15m"),
            refresh_token_expiration=read("REFRESH_TOKEN_EXPIRATION", lives, 30 * _DAY, "30d"),
            session_expiration=read("SESSION_EXPIRATION", lives, 180 * _DAY, "180d"),
            admin_session_expiration=read("ADMIN_SESSION_EXPIRATION", lives, _DAY, "24h"),
            log_level=read("LOG_LEVEL", values.choice(LogLevel), LogLevel.INFO, "info"),
            log_format=read("LOG_FORMAT", values.choice(LogFormat), default_format, "json"),
            cors_allowed_origins=read(
                "CORS_ALLOWED_ORIGINS", values.allowed_origins, local_pages, "https://app.example.com"
            ),
            min_password_length=read("MIN_PASSWORD_LENGTH", number(8, 64), 8, "8"),
            hash_memory_kib=read("HASH_MEMORY_KIB", number(19_456, 262_144), 19_456, "19456"),
            hash_iterations=read("HASH_ITERATIONS", number(2, 20), 2, "2"),
            hash_parallelism=read("HASH_PARALLELISM", number(1, 16), 1, "1"),
            hash_workers=read("HASH_WORKERS", number(1, 256), max(1, _usable_cores() // workers), "2"),
            hash_queue=read("HASH_QUEUE", number(1, 100_000), 256, "256"),
            trusted_proxies=read("TRUSTED_PROXIES", networks, (), "10.0.0.0/8,127.0.0.1"),
            require_client_headers=read("REQUIRE_CLIENT_HEADERS", values.yes_or_no, False, "false"),
            app_url=read("APP_URL", mail.app_address, "", "https://app.example.com"),
            smtp_url=read("SMTP_URL", mail.smtp_url, "", GOOD_MAIL_SERVER),
            mail_from=read("MAIL_FROM", mail.sender, "Bukhindor <no-reply@localhost.localdomain>", GOOD_SENDER),
            dev_mailbox=read("DEV_MAILBOX", values.choice(DevMailbox), DevMailbox.LOCAL, "local"),
            rate_limits=read("RATE_LIMITS", values.on_or_off, True, "on"),
            limits=read("LIMITS", limits, Limits(), "mails_per_network=50/1m"),
            audit_retention=read("AUDIT_RETENTION", duration(_DAY, _TEN_YEARS), 365 * _DAY, "365d"),
            request_timeout=read("REQUEST_TIMEOUT", duration(_SECOND, 300 * _SECOND), 10 * _SECOND, "10s"),
            shutdown_timeout=timeout,
            shutdown_delay=read("SHUTDOWN_DELAY", duration(_ZERO, 60 * _SECOND), delay, "3s"),
            workers=workers,
            metrics_port=read("METRICS_PORT", number(1, 65_535), 0, "9090"),
            tracing=read("TRACING", values.on_or_off, False, "off"),
            origins=sources.origins,
            unknown_variables=unknown_variables(sources.origins, sources.environ, sources.env_file),
        )

    def _refuse_contradictions(self, sources: Sources) -> None:
        if self.workers > 1 and self.is_embedded:
            reason = f"{self.workers} processes can't share a SQLite database, which one process owns"
            sources.refuse("WORKERS", reason, "1, or DATABASE_URL=postgresql://…")
        if self.tracing and not can_trace():
            reason = "the libraries for it are not here; install bukhindor-backend[tracing]"
            sources.refuse("TRACING", reason, "off")
        if self.metrics_port == self.server_port:
            sources.refuse("METRICS_PORT", "this is SERVER_PORT, which everybody may reach", "9090")
        if self.shutdown_delay >= self.shutdown_timeout:
            reason = f"this is not shorter than SHUTDOWN_TIMEOUT, {format_duration(self.shutdown_timeout)}"
            sources.refuse("SHUTDOWN_DELAY", reason, "0s")
        self._refuse_open_mailbox(sources)

    def _refuse_open_mailbox(self, sources: Sources) -> None:
        """A reader of the mailbox can reset every password, so other machines need an explicit setting to read it."""
        if not self.has_dev_mailbox or self.dev_mailbox is DevMailbox.NETWORK or values.is_loopback(self.server_host):
            return
        # A value that can't be read has its default here; its error is reported already.
        if any(map(sources.is_refused, ("ENVIRONMENT", "DEV_MAILBOX", "SMTP_URL"))):
            return
        reason = f"with SERVER_HOST {self.server_host} other machines could read every mail and its reset link"
        sources.refuse("DEV_MAILBOX", reason, "network or off")

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def has_dev_mailbox(self) -> bool:
        """Whether mails stay here, to be read at /dev/mailbox: without a mail server, in development alone."""
        return not self.is_production and not self.smtp_url and self.dev_mailbox is not DevMailbox.OFF

    @property
    def drops_mails(self) -> bool:
        """Whether mails go nowhere: in development, without a mail server and without a mailbox."""
        return not self.is_production and not self.smtp_url and self.dev_mailbox is DevMailbox.OFF

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a SQLite file, which one process owns; else it is a PostgreSQL server."""
        return is_sqlite(self.database_url)

    @property
    def database_file(self) -> Path:
        """The file of an embedded database."""
        return sqlite_file(self.database_url)

    @property
    def database_name(self) -> str:
        """Where the database is, for people; nothing secret."""
        return str(self.database_file if self.is_embedded else PostgresUrl.parse(self.database_url))

    def describe(self) -> list[tuple[str, str, Origin]]:
        """Every variable, its value as text with secrets masked, and where it came from."""
        shown = [(variable, self._shown(name)) for name, variable in _variables().items()]
        return [(variable, text, self.origins[variable]) for variable, text in shown]

    def _shown(self, name: str) -> str:
        match getattr(self, name):
            case () if name == "jwt_secrets":
                return f"(in {self.data_dir / SECRET_FILE}, made at the first start)"
            case tuple(parts) if name == "jwt_secrets":
                return ",".join("***" for _ in parts)
            case tuple(parts):
                return ",".join(map(str, parts)) or "none"
            case bool(value) if name in ("rate_limits", "tracing"):
                return "on" if value else "off"
            case bool(value):
                return "true" if value else "false"
            case Limits() as value:
                return format_limits(value)
            case timedelta() as value:
                return format_duration(value)
            case 0 if name == "metrics_port":
                return "none"
            case value:
                return masked_url(str(value)) or "none"

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{variable}={text}' for variable, text, _ in self.describe())})"


def _variables() -> dict[str, str]:
    """The name of each field's variable."""
    named = {field.name: field.metadata.get("variable", field.name.upper()) for field in fields(Settings)}
    return {name: variable for name, variable in named.items() if variable is not None}


def _usable_cores() -> int:
    """The cores that this process may run on, at most what a setting allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 256)


def _whole_seconds(duration: timedelta) -> timedelta:
    return timedelta(seconds=duration // _SECOND)
