"""Names that are close to a setting, and names that belong to other programs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Origin, Settings

KNOWN = [variable for variable, _, _ in Settings.read({}, None).variables]


def warned(environ: dict[str, str], env_file: Path | None = None) -> list[str]:
    return [str(found) for found in Settings.read(environ, env_file).unknown_variables]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SERVR_PORT", "SERVER_PORT"),
        ("SERVER_PROT", "SERVER_PORT"),
        ("server_port", "SERVER_PORT"),
        ("SERVER-PORT", "SERVER_PORT"),
        ("JWT_SECRT", "JWT_SECRET"),
        ("JWT_SECRETS", "JWT_SECRET"),
        ("CORS_ALLOWED_ORIGIN", "CORS_ALLOWED_ORIGINS"),
        ("ENVIROMENT", "ENVIRONMENT"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("SMTP_URI", "SMTP_URL"),
        ("WORKER", "WORKERS"),
        ("APPURL", "APP_URL"),
        ("RATE_LIMIT", "RATE_LIMITS"),
        ("DEV_MAIL_BOX", "DEV_MAILBOX"),
        ("METRIC_PORT", "METRICS_PORT"),
    ],
)
def test_a_typing_mistake_is_reported_with_the_setting_that_was_meant(name: str, meant: str) -> None:
    """CFG-06"""
    (found,) = Settings.read({name: "hunter22"}, None).unknown_variables
    assert (found.name, found.meant, found.origin) == (name, meant, Origin.ENVIRONMENT)
    assert str(found).endswith(f" is not a setting; did you mean {meant}?")
    assert "hunter22" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    "name",
    """
    PATH HOME LANG LC_ALL TERM SHELL USER LOGNAME PWD OLDPWD SHLVL TZ TMPDIR EDITOR DISPLAY HOSTNAME HOST PORT
    XDG_DATA_DIRS XDG_DATA_HOME XDG_RUNTIME_DIR SSH_AUTH_SOCK DBUS_SESSION_BUS_ADDRESS INVOCATION_ID JOURNAL_STREAM
    SERVER_SOFTWARE SERVER_NAME SERVER_ADDR SERVER_PROTOCOL SERVER_ADMIN SERVER_ROOT SERVER_URL
    DATABASE_PATH DATABASE_HOST DATABASE_PORT DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DB_URL
    REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_SERVICE_PORT SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASSWORD
    JWT_SECRET_KEY SECRET_KEY JWT_KEY JWT_ALGORITHM MAIL_FROM_NAME MAIL_SERVER MAIL_PORT API_URL BASE_URL SITE_URL
    APP_ENV APP_NAME APP_KEY PUBLIC_IP PUBLIC_KEY LOG_FILE LOG_DIR CORS_ORIGINS ALLOWED_HOSTS NODE_ENV
    WEB_CONCURRENCY WORKDIR HTTP_PROXY HTTPS_PROXY NO_PROXY PYTHONPATH PYTHONUNBUFFERED VIRTUAL_ENV CI DEBUG
    PIP_INDEX_URL SSL_CERT_FILE OTEL_EXPORTER_OTLP_ENDPOINT OTEL_TRACES_SAMPLER PROMETHEUS_MULTIPROC_DIR
    BUKHINDOR_SERVICE_HOST BUKHINDOR_PORT BUKHINDOR_IMAGE BUKHINDOR_WORKER BUKHINDOR_WORKER_REPLACES
    KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP POSTGRES_PASSWORD GRAFANA_PASSWORD HTTP_LISTEN SESSION_MANAGER
    """.split(),
)
def test_a_variable_of_another_program_is_not_reported(name: str) -> None:
    """CFG-06"""
    assert warned({name: "x"}) == []


def test_what_is_known_or_empty_is_not_spoken_of() -> None:
    assert warned({"SERVER_PORT": "9000", "SERVR_PORT": "", "JWT_SECRT": "  "}) == []


def test_everything_else_in_the_env_file_is_reported(tmp_path: Path) -> None:
    """CFG-06: whatever stands there was meant for this program, and only settings are read from it."""
    file = tmp_path / ".env"
    file.write_text("SERVER_PORT=9000\nSERVR_PORT=9001\nAPI_KEY=hunter22\nEMPTY=\n", "utf-8")
    assert warned({"API_KEY": "hunter22"}, file) == [
        "SERVR_PORT in .env is not a setting; did you mean SERVER_PORT?",
        "API_KEY in .env is not a setting, and does nothing",
    ]


def test_a_file_that_is_not_read_is_not_judged(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SERVR_PORT=9001\n", "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({"ENVIRONMENT": "production"}, file, Path("/dev/null"))
    assert refused.value.hints == ()


def test_a_refusal_names_the_variable_that_may_be_its_cause() -> None:
    """CFG-06"""
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({"ENVIRONMENT": "production", "JWT_SECRT": "hunter22"}, None, Path("/dev/null"))
    assert any(problem.startswith("JWT_SECRET: it is not set") for problem in refused.value.problems)
    assert refused.value.hints == ("JWT_SECRT is not a setting; did you mean JWT_SECRET?",)
    assert not any("JWT_SECRT" in problem for problem in refused.value.problems), "it is no problem by itself"


def test_a_name_with_line_breaks_and_escapes_stays_on_one_line() -> None:
    (line,) = warned({"SERVER_PORT\n\x1b": "x"})
    assert line.isprintable()


@given(st.text(st.characters(exclude_characters="\x00="), min_size=1, max_size=80))
def test_any_name_can_be_judged(name: str) -> None:
    for line in warned({name: "hunter22"} if name not in KNOWN else {}):
        assert line.isprintable()
        assert "hunter22" not in line
