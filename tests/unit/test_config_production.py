"""What production refuses, and what it does differently where nothing is said."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bukhindor.config import ConfigurationError, LogFormat, Settings

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
GOOD_PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET": SECRET,
    "PUBLIC_URL": "https://api.example.com",
    "SMTP_URL": "smtp://user:hunter22@mail.example.com",
    "MAIL_FROM": "Accounts <no-reply@example.com>",
}
LOCAL_DISK = "rootfs / ext4 rw 0 0\n"
# Whatever disk this checkout lies on.
NO_MOUNTS = Path(os.devnull)


def test_production_defaults_are_the_careful_ones() -> None:
    settings = Settings.read(GOOD_PRODUCTION, None, NO_MOUNTS)
    assert settings.is_production
    assert settings.server.hosts == ("0.0.0.0",)
    assert settings.monitoring.log_format is LogFormat.JSON
    assert settings.accounts.jwt_secrets == (SECRET.encode(),)
    assert settings.server.shutdown_delay == timedelta(seconds=3)
    allowed = settings.server.cors_allowed_origins
    assert (allowed.named, allowed.any_local_port) == (frozenset(), False)


@pytest.mark.parametrize(
    ("changes", "variable", "reason"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET", "not set"),
        ({"JWT_SECRET": "your-secret-key"}, "JWT_SECRET", "15 bytes"),
        ({"JWT_SECRET": SECRET[:-1]}, "JWT_SECRET", "31 bytes"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL", "not set"),
        ({"PUBLIC_URL": "http://api.example.com"}, "PUBLIC_URL", "needs https"),
        ({"PUBLIC_URL": "http://localhost:8080"}, "PUBLIC_URL", "needs https"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS", "every web page"),
        ({"SMTP_URL": ""}, "SMTP_URL", "not set"),
        (
            {"SMTP_URL": "smtp://user:hunter22@mail.example.com?starttls=never"},
            "SMTP_URL",
            "the password and every reset link travel in clear",
        ),
        ({"SMTP_URL": "smtp://mail-relay:25?starttls=never"}, "SMTP_URL", "every reset link travels in clear"),
        ({"SMTP_URL": "smtp://10.0.0.9?starttls=never"}, "SMTP_URL", "every reset link travels in clear"),
        (
            {"REDIS_URL": "redis://:hunter22@redis:6379/0"},
            "REDIS_URL",
            "the password, and what is counted, travels in clear",
        ),
        (
            {"REDIS_URL": "redis://ann:hunter22@10.0.0.9"},
            "REDIS_URL",
            "the password, and what is counted, travels in clear",
        ),
        (
            {"CORS_ALLOWED_ORIGINS": "http://app.example.com"},
            "CORS_ALLOWED_ORIGINS",
            "a page of http://app.example.com",
        ),
        (
            {"CORS_ALLOWED_ORIGINS": "https://app.example.com,http://localhost:3000"},
            "CORS_ALLOWED_ORIGINS",
            "a page of http://localhost:3000",
        ),
        (
            {"CORS_ALLOWED_ORIGINS": "http://*.example.com"},
            "CORS_ALLOWED_ORIGINS",
            "a page of http://*.example.com",
        ),
        ({"TRUSTED_PROXIES": "0.0.0.0/1,128.0.0.0/1"}, "TRUSTED_PROXIES", "a large part of the internet"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,::/1,8000::/1"}, "TRUSTED_PROXIES", "a large part of the internet"),
        ({"SMTP_URL": "mail.example.com"}, "SMTP_URL", "must begin with smtp://"),
        ({"MAIL_FROM": ""}, "MAIL_FROM", "not set"),
        ({"APP_URL": "http://app.example.com"}, "APP_URL", "travel in clear"),
        ({"RATE_LIMITS": "off"}, "RATE_LIMITS", "passwords can be guessed"),
        ({"DATABASE_URL": "postgresql://ann:hunter22@db/app"}, "DATABASE_URL", "does not say sslmode"),
        ({"DATABASE_URL": "postgresql://ann:hunter22@db/app?sslmode=prefer"}, "DATABASE_URL", "travel in clear"),
    ],
)
def test_production_refuses_what_is_unsafe(changes: dict[str, str], variable: str, reason: str) -> None:
    """CFG-01, JWT-06"""
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({**GOOD_PRODUCTION, **changes}, None, NO_MOUNTS)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{variable}: ")
    assert reason in problem
    assert "; for example " in problem
    assert "hunter22" not in problem


@pytest.mark.parametrize(
    "changes",
    [
        {"SMTP_URL": "smtp://localhost:25?starttls=never"},
        {"SMTP_URL": "smtp://user:hunter22@127.0.0.1:25?starttls=never"},
        {"SMTP_URL": "smtp://[::1]:25?starttls=never"},
        {"SMTP_URL": "smtp://mail-relay:25"},
        {"REDIS_URL": "redis://:hunter22@localhost:6379/0"},
        {"REDIS_URL": "redis://:hunter22@127.0.0.1"},
        {"REDIS_URL": "redis://:hunter22@[::1]"},
        {"REDIS_URL": "rediss://:hunter22@redis.example.com"},
        {"REDIS_URL": "unix://:hunter22@/run/redis/redis.sock"},
        {"REDIS_URL": "redis://redis:6379/0"},
        {"CORS_ALLOWED_ORIGINS": "https://app.example.com,https://b.example.com:8443"},
        {"CORS_ALLOWED_ORIGINS": "capacitor://localhost,chrome-extension://abcdefghijklmnop,https://*.example.com"},
        {"TRUSTED_PROXIES": "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"},
        {"SMTP_URL": "smtps://user:hunter22@mail.example.com"},
        {"APP_URL": "https://app.example.com"},
        {"APP_URL": "myapp://account"},
        {"DATABASE_URL": "postgresql://ann:hunter22@db/app?sslmode=verify-full"},
        {"DATABASE_URL": "postgresql://ann:hunter22@db/app?sslmode=disable", "WORKERS": "4"},
        {"DATABASE_URL": "postgresql://ann:hunter22@localhost/app"},
    ],
)
def test_production_accepts_what_keeps_passwords_and_links_out_of_sight(changes: dict[str, str]) -> None:
    assert Settings.read({**GOOD_PRODUCTION, **changes}, None, NO_MOUNTS).is_production


@pytest.mark.parametrize(
    "variables",
    [
        {"REDIS_URL": "redis://:hunter22@redis"},
        {"SMTP_URL": "smtp://mail-relay?starttls=never"},
        {"CORS_ALLOWED_ORIGINS": "http://localhost:3000"},
    ],
)
def test_a_developer_may_do_what_production_may_not(variables: dict[str, str]) -> None:
    assert not Settings.read(variables, None).is_production


@pytest.mark.parametrize("file_system", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs"])
def test_production_refuses_a_database_on_a_network_file_system(tmp_path: Path, file_system: str) -> None:
    """CFG-01"""
    shared = tmp_path / "a share"
    table = tmp_path / "mounts"
    escaped = str(shared).replace(" ", "\\040")
    table.write_text(f"{LOCAL_DISK}\nserver:/x {escaped} {file_system} rw 0 0\n", "utf-8")
    environ = {**GOOD_PRODUCTION, "DATA_DIR": str(shared / "accounts")}
    with pytest.raises(ConfigurationError, match=rf"DATABASE_URL: .* {re.escape(file_system)}, a network"):
        Settings.read(environ, None, table)
    assert Settings.read({**environ, "DATA_DIR": str(tmp_path)}, None, table).is_production
    development = {**environ, "ENVIRONMENT": "development"}
    assert not Settings.read(development, None, table).is_production


def test_a_disk_mounted_over_a_share_is_local_again(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"{LOCAL_DISK}server:/x {tmp_path} nfs4 rw 0 0\n/dev/sda {tmp_path} ext4 rw 0 0\n", "utf-8")
    environ = {**GOOD_PRODUCTION, "DATA_DIR": str(tmp_path)}
    assert Settings.read(environ, None, table).is_production
    assert Settings.read(environ, None, tmp_path / "missing").is_production
