"""What settings come from, and what stops a start."""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config import ConfigurationError, Environment, LogFormat, LogLevel, Origin, Settings
from bukhindor.config.origins import Address

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
OTHER_SECRET = "Zx9Cv8Bn7Mq6We5Rt4Yu3Io2Pa1Sd0Fg"


def read(environ: dict[str, str] | None = None, env_file: Path | None = None) -> Settings:
    return Settings.read(environ or {}, env_file)


def problems(environ: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refused:
        read(environ, env_file)
    return refused.value.problems


def test_development_needs_nothing() -> None:
    settings = read()
    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.server.hosts, settings.server.port) == (("127.0.0.1",), 8080)
    assert str(settings.server.public_url) == "http://localhost:8080"
    assert settings.store.database == SqliteUrl(Path("data/bukhindor.db"))
    assert settings.accounts.jwt_secrets == ()
    assert settings.accounts.jwt_expiration == timedelta(minutes=15)
    assert settings.accounts.refresh_token_expiration == timedelta(days=30)
    assert settings.accounts.session_expiration == timedelta(days=180)
    assert settings.accounts.admin_session_expiration == timedelta(hours=24)
    assert (settings.monitoring.log_level, settings.monitoring.log_format) == (LogLevel.INFO, LogFormat.CONSOLE)
    assert settings.server.cors_allowed_origins.any_local_port
    assert settings.accounts.min_password_length == 8
    assert (
        settings.accounts.hash_memory_kib,
        settings.accounts.hash_iterations,
        settings.accounts.hash_parallelism,
    ) == (19_456, 2, 1)
    assert 1 <= settings.accounts.hash_workers <= (os.cpu_count() or 1)
    assert settings.server.trusted_proxies == ()
    assert not settings.server.require_client_headers
    assert (settings.mail.app_url, settings.mail.server) == (None, None)
    assert str(settings.mail.sender) == "Bukhindor <no-reply@localhost.localdomain>"
    assert settings.limiting.rate_limits
    assert settings.accounts.audit_retention == timedelta(days=365)
    assert (settings.server.shutdown_timeout, settings.server.shutdown_delay) == (timedelta(seconds=30), timedelta())
    assert settings.server.workers == 1


def test_values_are_read() -> None:
    settings = read(
        {
            "SERVER_HOST": "[::1]",
            "SERVER_PORT": "9000",
            "DATA_DIR": "/var/lib/accounts",
            "JWT_SECRET": f"{SECRET}, {OTHER_SECRET}",
            "JWT_EXPIRATION": "1h30m",
            "CORS_ALLOWED_ORIGINS": "https://App.example.com:443/, http://localhost:3000",
            "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1",
            "REQUIRE_CLIENT_HEADERS": "YES",
            "LOG_LEVEL": "DEBUG",
            "HASH_MEMORY_KIB": "65536",
            "APP_URL": "https://App.example.com:443/account/",
            "SMTP_URL": "smtps://user@mail.example.com",
            "MAIL_FROM": "Accounts <No-Reply@Example.com>",
            "RATE_LIMITS": "OFF",
            "AUDIT_RETENTION": "90d",
            "REQUEST_TIMEOUT": "25s",
            "SHUTDOWN_TIMEOUT": "5s",
            "SHUTDOWN_DELAY": "1s",
        }
    )
    assert (settings.server.hosts, str(settings.server.public_url)) == (("::1",), "http://localhost:9000")
    assert settings.store.database == SqliteUrl(Path("/var/lib/accounts/bukhindor.db"))
    assert settings.accounts.jwt_secrets == (SECRET.encode(), OTHER_SECRET.encode())
    assert settings.accounts.jwt_expiration == timedelta(minutes=90)
    assert settings.server.cors_allowed_origins.named == {
        Address("https", "app.example.com"),
        Address("http", "localhost:3000"),
    }
    assert not settings.server.cors_allowed_origins.any_local_port
    assert settings.server.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::1"))
    assert settings.server.require_client_headers
    assert settings.monitoring.log_level is LogLevel.DEBUG
    assert settings.accounts.hash_memory_kib == 65_536
    assert settings.mail.app_url == Address("https", "app.example.com/account")
    assert settings.mail.server == MailServer("mail.example.com", 465, True, False, user="user")
    assert str(settings.mail.sender) == "Accounts <no-reply@example.com>"
    assert not settings.limiting.rate_limits
    assert settings.accounts.audit_retention == timedelta(days=90)
    assert settings.server.request_timeout == timedelta(seconds=25)
    assert (settings.server.shutdown_timeout.seconds, settings.server.shutdown_delay.seconds) == (5, 1)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ENVIRONMENT", "prod", "not one of development, production"),
        ("SERVER_HOST", "http://0.0.0.0", "not an IP address or a host name"),
        ("SERVER_HOST", "256.1.1.1", "not an IP address or a host name"),
        ("SERVER_HOST", "127.0.0.1,,::1", "not an IP address or a host name"),
        ("SERVER_HOST", "unix:run/a.sock", "not of the form unix:/path"),
        ("SERVER_HOST", "unix:/run/", "not of the form unix:/path"),
        ("SERVER_HOST", f"unix:/{'a' * 103}", "longer than the 103 bytes"),
        ("SERVER_PORT", "http", "not a whole number"),
        ("SERVER_PORT", "8_080", "not a whole number"),
        ("SERVER_PORT", "٨٠٨٠", "not a whole number"),
        ("SERVER_PORT", "0", "not from 1 to 65535"),
        ("SERVER_PORT", "65536", "not from 1 to 65535"),
        ("PUBLIC_URL", "api.example.com", "not of the form"),
        ("PUBLIC_URL", "ftp://api.example.com", "not of the form"),
        ("PUBLIC_URL", "https://", "not of the form"),
        ("PUBLIC_URL", "https://api.example.com/a b", "holds more than letters"),
        ("PUBLIC_URL", "https://api.example.com?", "goes on after the path"),
        ("PUBLIC_URL", "https://api.example.com:99999", "not an address"),
        ("PUBLIC_URL", "https://[::1", "not an address"),
        ("DATA_DIR", __file__, "not a folder"),
        ("DATA_DIR", "data\x07", "can't hold"),
        ("DATABASE_URL", "bukhindor.db", "not a URL"),
        ("DATABASE_URL", "mysql://localhost/db", "not a database that this program speaks"),
        ("DATABASE_URL", "postgresql://localhost/db", "must name the user"),
        ("DATABASE_URL", "postgresql://ann@localhost", "must name one database"),
        ("DATABASE_URL", "postgresql://ann@localhost:99999/db", "host and port"),
        ("DATABASE_URL", "postgresql://ann@/db", "must name a host"),
        ("DATABASE_URL", "postgresql://ann@localhost/db?sslmode=on", "sslmode must be one of"),
        ("DATABASE_URL", "postgresql://ann@localhost/db?pool=3", "unknown option"),
        ("DATABASE_URL", "postgresql://ann@localhost/db?pgbouncer=yes", "pgbouncer must be one of true, false"),
        ("DATABASE_POOL_SIZE", "0", "not from 1 to 500"),
        ("MIGRATE_ON_START", "maybe", "not true or false"),
        ("REDIS_URL", "http://localhost", "must begin with redis://"),
        ("METRICS_PORT", "8080", "this is SERVER_PORT"),
        ("TRACING", "maybe", "not on or off"),
        ("DATABASE_URL", "sqlite://bukhindor.db", "must begin with sqlite:///"),
        ("DATABASE_URL", "sqlite:///", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite:///data/", "must name a file"),
        ("DATABASE_URL", "sqlite:///data/b.db?mode=memory", "must not contain"),
        ("TOKEN_AUDIENCE", "a b", "visible ASCII"),
        ("TOKEN_AUDIENCE", "a,b,c,d,e,f", "at most 5"),
        ("TOKEN_CLIENT_ID", "x" * 129, "visible ASCII"),
        ("TOKEN_CLAIMS", "sub:email", "reserved"),
        ("TOKEN_CLAIMS", "plan:app_metadata.plan,plan:email", "named twice"),
        ("TOKEN_CLAIMS", "plan", "colon"),
        ("KEY_PUBLICATION_LEAD", "25h", "not from 0s to 1d"),
        ("KEY_ROTATION", "1h", "not from 1d"),
        ("KEY_ROTATION", "never", "not a duration"),
        ("JWT_EXPIRATION", "abc", "not a duration"),
        ("JWT_EXPIRATION", "7", "not a duration"),
        ("JWT_EXPIRATION", "-1", "not a duration"),
        ("JWT_EXPIRATION", "0", "not a duration"),
        ("JWT_EXPIRATION", "0s", "not from 1s to 1d"),
        ("JWT_EXPIRATION", "7d", "not from 1s to 1d"),
        ("JWT_EXPIRATION", "15 m", "not a duration"),
        ("JWT_EXPIRATION", "5m1h", "not a duration"),
        ("JWT_EXPIRATION", "1.5h", "not a duration"),
        ("REFRESH_TOKEN_EXPIRATION", "1month", "not a duration"),
        ("REFRESH_TOKEN_EXPIRATION", "999999999d", "not from 1s to 3650d"),
        ("SESSION_EXPIRATION", "0d", "not from"),
        ("ADMIN_SESSION_EXPIRATION", "-24h", "not a duration"),
        ("LOG_LEVEL", "verbose", "not one of debug, info, warning, error"),
        ("LOG_FORMAT", "text", "not one of console, json"),
        ("CORS_ALLOWED_ORIGINS", "*", "every web page"),
        ("CORS_ALLOWED_ORIGINS", "https://*", "subdomains of a host that you name"),
        ("CORS_ALLOWED_ORIGINS", "https://*.com", "every web page"),
        ("CORS_ALLOWED_ORIGINS", "https://*.com:8443", "every web page"),
        ("CORS_ALLOWED_ORIGINS", "https://*.0.0.1", "every web page"),
        ("CORS_ALLOWED_ORIGINS", "https://a.*.example.com", "subdomains of a host that you name"),
        ("CORS_ALLOWED_ORIGINS", "https://*.*.example.com", "not of the form"),
        ("CORS_ALLOWED_ORIGINS", "*://app.example.com", "subdomains of a host that you name"),
        ("CORS_ALLOWED_ORIGINS", "capacitor://*", "subdomains of a host that you name"),
        ("CORS_ALLOWED_ORIGINS", "file://localhost", "not of the form"),
        ("CORS_ALLOWED_ORIGINS", "wss://app.example.com", "not of the form"),
        ("CORS_ALLOWED_ORIGINS", "capacitor://localhost/page", "not of the form"),
        ("CORS_ALLOWED_HEADERS", "*", "no name of a header"),
        ("CORS_ALLOWED_HEADERS", "x-a,,x-b", "not the name of a header"),
        ("CORS_ALLOWED_HEADERS", "x a", "not the name of a header"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com,,https://b.example.com", "not of the form"),
        ("CORS_ALLOWED_ORIGINS", "null", "not of the form"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/page", "goes on after the host"),
        ("MIN_PASSWORD_LENGTH", "7", "not from 8 to 64"),
        ("MIN_PASSWORD_LENGTH", "65", "not from 8 to 64"),
        ("HASH_MEMORY_KIB", "19455", "not from 19456"),
        ("HASH_ITERATIONS", "1", "not from 2"),
        ("HASH_PARALLELISM", "0", "not from 1"),
        ("HASH_WORKERS", "0", "not from 1"),
        ("HASH_QUEUE", "-1", "not from 1"),
        ("TRUSTED_PROXIES", "proxy.local", "not an IP address or a network"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "not an IP address or a network"),
        ("TRUSTED_PROXIES", "10.0.0.1,0.0.0.0/0", "choose its own address"),
        ("TRUSTED_PROXIES", "::/0", "choose its own address"),
        ("REQUIRE_CLIENT_HEADERS", "maybe", "not true or false"),
        ("DEV_MAILBOX", "on", "not one of local, network, off"),
        ("RATE_LIMITS", "some", "not on or off"),
        ("AUDIT_RETENTION", "23h", "not from 1d to 3650d"),
        ("AUDIT_RETENTION", "forever", "not a duration"),
        ("REQUEST_TIMEOUT", "0s", "not from 1s to 5m"),
        ("SHUTDOWN_TIMEOUT", "0s", "not from 1s"),
        ("SHUTDOWN_DELAY", "2m", "not from 0s to 1m"),
        ("SHUTDOWN_DELAY", "30s", "not shorter than SHUTDOWN_TIMEOUT"),
        ("WORKERS", "2", "one process owns"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_with_its_variable_and_a_good_value(
    variable: str, value: str, reason: str
) -> None:
    """CFG-02"""
    (problem,) = problems({variable: value})
    assert problem.startswith(f"{variable}: ")
    assert reason in problem
    assert "; for example " in problem


NEEDED = {"OIDC_PROVIDERS": {"OIDC_GOOGLE_CLIENT_IDS": "web", "OIDC_APPLE_CLIENT_IDS": "com.example.app"}}
"""What else a good value needs."""


def test_the_good_value_that_a_refusal_shows_is_accepted(shown_files: None) -> None:
    names = [variable for variable, _, _ in read().variables if variable != "JWT_SECRET"]
    for variable in names:
        (problem,) = problems({variable: "\x00"})
        example = problem.rpartition("; for example ")[2].partition(" or ")[0]
        assert read(NEEDED.get(variable, {}) | {variable: example}).origins[variable] is Origin.ENVIRONMENT


def test_every_bad_value_is_reported_at_once() -> None:
    found = problems({"SERVER_PORT": "x", "JWT_EXPIRATION": "x", "LOG_LEVEL": "x"})
    assert [line.partition(":")[0] for line in found] == ["SERVER_PORT", "JWT_EXPIRATION", "LOG_LEVEL"]


def test_a_value_with_line_breaks_and_escapes_stays_on_one_line() -> None:
    (problem,) = problems({"LOG_LEVEL": "x\nLOG_LEVEL: fine\x1b[2J" + "y" * 500})
    assert problem.isprintable()
    assert len(problem) < 200


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = read({"JWT_EXPIRATION": "", "SERVER_PORT": "  "})
    assert settings == read()
    assert settings.origins["JWT_EXPIRATION"] is Origin.DEFAULT


def test_an_embedded_database_comes_up_by_itself_and_a_shared_one_when_told_to() -> None:
    shared = {"DATABASE_URL": "postgresql://ann:hunter22@db/app"}
    assert read().store.migrate_on_start
    assert not read(shared).store.migrate_on_start
    assert read({**shared, "MIGRATE_ON_START": "true"}).store.migrate_on_start
    assert not read({"MIGRATE_ON_START": "false"}).store.migrate_on_start


def test_a_shared_database_is_named_without_its_login() -> None:
    settings = read({"DATABASE_URL": "postgresql://ann:hunter22@db:6000/app?sslmode=require"})
    assert (settings.store.database.is_embedded, str(settings.store.database)) == (False, "postgresql://db:6000/app")
    assert "hunter22" not in repr(settings)


def test_workers_share_the_cores_for_hashing() -> None:
    shared = {"DATABASE_URL": "postgresql://ann:hunter22@db/app"}
    alone = read(shared).accounts.hash_workers
    assert read({**shared, "WORKERS": "2"}).accounts.hash_workers == max(1, alone // 2)
    assert read({**shared, "WORKERS": "256"}).accounts.hash_workers == 1
    assert read({**shared, "WORKERS": "2", "HASH_WORKERS": "5"}).accounts.hash_workers == 5


@pytest.mark.parametrize(
    ("variable", "value", "example"),
    [
        ("DATABASE_URL", "postgresql://ann@localhost", "postgresql://user:password@db.example.com:5432/accounts"),
        ("DATABASE_URL", "postgres:/ann@localhost/db", "postgresql://user:password@db.example.com:5432/accounts"),
        ("DATABASE_URL", "sqlite://data.db", "sqlite:///./data/bukhindor.db"),
        ("DATABASE_URL", "data.db", "sqlite:///./data/bukhindor.db"),
        ("REDIS_URL", "unix://", "unix:///run/redis/redis.sock"),
        ("REDIS_URL", "rediss://", "rediss://:password@redis.example.com"),
        ("REDIS_URL", "redis://", "redis://localhost:6379/0"),
        ("SMTP_URL", "smtps://", "smtps://user:password@mail.example.com"),
        ("SMTP_URL", "smtp://", "smtp://user:password@mail.example.com:587"),
    ],
)
def test_the_good_value_in_a_refusal_is_of_the_same_kind(variable: str, value: str, example: str) -> None:
    (problem,) = problems({variable: value})
    assert f"; for example {example}" in problem


def test_the_folder_of_an_embedded_database_may_have_any_name() -> None:
    """It is a path, and becomes no part of a URL on the way."""
    settings = read({"DATA_DIR": "/srv/100%25 a?b#c"})
    assert settings.store.database == SqliteUrl(Path("/srv/100%25 a?b#c/bukhindor.db"))


@pytest.mark.parametrize(("word", "level"), [("warn", "warning"), ("WARN", "warning"), ("fatal", "error")])
def test_the_words_of_other_programs_for_levels_are_understood(word: str, level: str) -> None:
    assert Settings.read({"LOG_LEVEL": word}, None).monitoring.log_level == level


@pytest.mark.parametrize("word", ["off", "false", "no", "0", "Off", "FALSE", "on", "true", "yes", "1", "On"])
def test_every_plain_word_for_yes_and_no_is_understood(word: str) -> None:
    is_on = word.lower() in ("on", "true", "yes", "1")
    settings = Settings.read(dict.fromkeys(("RATE_LIMITS", "TRACING", "MIGRATE_ON_START"), word), None)
    read = (settings.limiting.rate_limits, settings.monitoring.tracing, settings.store.migrate_on_start)
    assert read == (is_on, is_on, is_on)
    if not is_on:
        assert not Settings.read({"DEV_MAILBOX": word}, None).mail.has_dev_mailbox
