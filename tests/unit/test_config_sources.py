"""Where values come from, and how durations read."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Environment, Origin, Settings
from bukhindor.config.durations import format_duration, parse_duration

ROOT = Path(__file__).parents[2]
SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
GOOD_PRODUCTION = (
    f"JWT_SECRET={SECRET}\nPUBLIC_URL=https://a.example.com\n"
    "SMTP_URL=smtp://mail.example.com\nMAIL_FROM=no-reply@example.com\n"
)
# Whatever disk this checkout lies on.
NO_MOUNTS = Path(os.devnull)


def env_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".env"
    path.write_text(text, "utf-8")
    return path


def test_the_env_file_counts_and_the_process_environment_wins_over_it(tmp_path: Path) -> None:
    path = env_file(tmp_path, "SERVER_PORT=9001\nexport LOG_LEVEL='debug' # loud\nJWT_EXPIRATION=5m\n")
    settings = Settings.read({"SERVER_PORT": "9002", "JWT_EXPIRATION": ""}, path)
    assert settings.server.port == 9002
    assert settings.monitoring.log_level == "debug"
    assert settings.accounts.jwt_expiration == timedelta(minutes=5)
    assert settings.origins["SERVER_PORT"] is Origin.ENVIRONMENT
    assert settings.origins["LOG_LEVEL"] is Origin.ENV_FILE
    assert settings.origins["LOG_FORMAT"] is Origin.DEFAULT


def test_the_env_file_may_say_production(tmp_path: Path) -> None:
    path = env_file(tmp_path, f"ENVIRONMENT=production\n{GOOD_PRODUCTION}")
    assert Settings.read({}, path, NO_MOUNTS).environment is Environment.PRODUCTION
    assert Settings.read({"ENVIRONMENT": "development"}, path).environment is Environment.DEVELOPMENT


def test_a_deployed_service_does_not_read_the_env_file(tmp_path: Path) -> None:
    path = env_file(tmp_path, f"{GOOD_PRODUCTION}this is no assignment\n")
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({"ENVIRONMENT": " Production "}, path, NO_MOUNTS)
    assert [line.partition(":")[0] for line in refused.value.problems] == [
        "JWT_SECRET",
        "PUBLIC_URL",
        "SMTP_URL",
        "MAIL_FROM",
    ]


def test_values_of_the_env_file_are_taken_as_they_stand(tmp_path: Path) -> None:
    path = env_file(tmp_path, "JWT_SECRET='kN3vX8pQ2rT5wY7z${HOME}B4cF6gH9jL1mP0sD'\n")
    assert Settings.read({}, path).accounts.jwt_secrets == (b"kN3vX8pQ2rT5wY7z${HOME}B4cF6gH9jL1mP0sD",)


def test_a_line_that_is_no_assignment_is_refused_by_its_number_without_being_shown(tmp_path: Path) -> None:
    """CFG-02"""
    path = env_file(tmp_path, "SERVER_PORT=9001\n\nJWT SECRET=hunter22\n")
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({}, path)
    (problem,) = refused.value.problems
    assert problem.startswith(".env: line 3 ")
    assert "hunter22" not in problem


def test_an_env_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        Settings.read({}, tmp_path / ".env")
    with pytest.raises(ConfigurationError, match="can't be read"):
        Settings.read({}, tmp_path)


def test_a_missing_env_file_is_fine(tmp_path: Path) -> None:
    assert Settings.read({}, tmp_path / ".env") == Settings.read({}, None)


def test_bytes_that_are_no_text_still_make_a_secret() -> None:
    raw = bytes(range(160, 200))
    settings = Settings.read({"JWT_SECRET": raw.decode("utf-8", "surrogateescape")}, None)
    assert settings.accounts.jwt_secrets == (raw,)


def test_the_description_lists_every_variable_with_value_and_origin() -> None:
    described = {variable: (text, origin) for variable, text, origin in Settings.read({"WORKERS": "1"}, None).variables}
    assert described["WORKERS"] == ("1", Origin.ENVIRONMENT)
    assert described["JWT_EXPIRATION"] == ("15m", Origin.DEFAULT)
    assert described["REQUIRE_CLIENT_HEADERS"] == ("false", Origin.DEFAULT)
    assert described["TRUSTED_PROXIES"] == ("none", Origin.DEFAULT)
    assert described["RATE_LIMITS"] == ("on", Origin.DEFAULT)
    assert described["AUDIT_RETENTION"] == ("365d", Origin.DEFAULT)
    assert described["SMTP_URL"] == ("none", Origin.DEFAULT)
    assert described["APP_URL"] == ("none", Origin.DEFAULT)
    assert described["CORS_ALLOWED_ORIGINS"] == ("any localhost port", Origin.DEFAULT)
    assert described["JWT_SECRET"] == ("(in data/jwt_secret, made at the first start)", Origin.DEFAULT)


def test_origins_of_apps_and_sites_are_shown_as_they_were_understood() -> None:
    origins = "https://*.Example.com:443/, capacitor://localhost/, moz-extension://0A-b, https://*.dev.example.com:8443"
    settings = Settings.read({"CORS_ALLOWED_ORIGINS": origins, "CORS_ALLOWED_HEADERS": "X-Tenant, x-b"}, None)
    described = {variable: text for variable, text, _ in settings.variables}
    assert described["CORS_ALLOWED_ORIGINS"] == (
        "capacitor://localhost,https://*.dev.example.com:8443,https://*.example.com,moz-extension://0A-b"
    )
    assert described["CORS_ALLOWED_HEADERS"] == "x-tenant,x-b"


def test_host_names_and_named_origins_are_shown_as_they_were_understood() -> None:
    origins = "https://b.example.com,https://A.example.com/"
    settings = Settings.read({"SERVER_HOST": "localhost", "CORS_ALLOWED_ORIGINS": origins}, None)
    described = {variable: text for variable, text, _ in settings.variables}
    assert described["SERVER_HOST"] == "localhost"
    assert described["CORS_ALLOWED_ORIGINS"] == "https://a.example.com,https://b.example.com"


def test_the_example_file_names_every_variable_and_each_of_its_values_is_good(
    tmp_path: Path, shown_files: None
) -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    assignments = re.findall(r"^# ([A-Z_]+=.*)$", text, re.MULTILINE)
    settings = Settings.read({}, env_file(tmp_path, "\n".join(assignments)))
    variables = [variable for variable, _, _ in settings.variables]
    assert [assignment.partition("=")[0] for assignment in assignments] == variables
    assert {name for name in variables if settings.origins[name] is Origin.DEFAULT} == {"JWT_SECRET"}


@given(st.integers(0, 10**9))
def test_a_duration_that_is_written_reads_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.tuples(*(st.none() | st.integers(0, 9_999) for _ in range(4))).filter(lambda parts: set(parts) != {None}))
def test_a_duration_is_the_sum_of_its_parts(parts: tuple[int | None, ...]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in zip(parts, "dhms", strict=True) if number is not None)
    days, hours, minutes, seconds = (number or 0 for number in parts)
    assert parse_duration(text) == timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@given(st.text())
def test_any_other_text_is_refused_and_never_breaks(text: str) -> None:
    if re.fullmatch(r"(?=.)([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?", text):
        return
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (900, "15m"), (5400, "1h30m"), (90_061, "1d1h1m1s")]
)
def test_durations_are_written_as_short_as_possible(seconds: int, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text
