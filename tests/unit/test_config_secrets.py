"""The secret: which ones are good enough, how a developer gets one, and that none is ever shown."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Settings, development_secret
from bukhindor.config.data_folder import made_secret

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
OTHER_SECRET = "Zx9Cv8Bn7Mq6We5Rt4Yu3Io2Pa1Sd0Fg"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("your-secret-key", "15 bytes"),
        (SECRET[:31], "31 bytes"),
        ("your-super-secret-key-of-at-least-32-bytes", "placeholder"),
        ("CHANGE_ME_CHANGE_ME_CHANGE_ME_0123456789", "placeholder"),
        ("changeme-changeme-changeme-changeme", "placeholder"),
        ("your-256-bit-secret-your-256-bit-secret", "placeholder"),
        ("a-string-secret-at-least-256-bits-long", "placeholder"),
        ("a" * 64, "repeats itself"),
        ("0123456789abcdef" * 4, "repeats itself"),
        (f"{SECRET},short", "value 2 of 2 has 5 bytes"),
        (f"short,{SECRET}", "value 1 of 2 has 5 bytes"),
        (f"{SECRET},,{OTHER_SECRET}", "value 2 of 3 has 0 bytes"),
        (",", "0 bytes"),
    ],
)
def test_a_weak_secret_is_refused_without_being_shown(value: str, reason: str) -> None:
    """JWT-06, CFG-03"""
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({"JWT_SECRET": value}, None)
    (problem,) = refused.value.problems
    assert problem.startswith("JWT_SECRET: ")
    assert reason in problem
    assert "openssl rand" in problem
    assert value == "," or value not in problem


@given(st.binary(min_size=32, max_size=64).map(bytes.hex))
def test_random_secrets_pass_unless_they_repeat_themselves(secret: str) -> None:
    raw = bytes.fromhex(secret)
    try:
        settings = Settings.read({"JWT_SECRET": secret}, None)
    except ConfigurationError:
        assert len(set(secret)) < 8 or raw in (raw + raw)[1:-1]
    else:
        assert settings.accounts.jwt_secrets == (secret.encode(),)


def test_no_secret_is_in_any_text_of_the_settings() -> None:
    """CFG-03"""
    settings = Settings.read({"JWT_SECRET": f"{SECRET},{OTHER_SECRET}"}, None)
    for text in (repr(settings), str(settings), f"{settings}", str(settings.variables)):
        assert "JWT_SECRET" in text
        assert "***,***" in text
        assert SECRET not in text
        assert OTHER_SECRET not in text


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "postgresql://ann:hunter22@db"},
        {"DATABASE_URL": "postgresql://ann:hunter22@db:port/accounts"},
        {"DATABASE_URL": "postgresql://ann:hunter22@db/accounts?password=hunter22"},
        {"DATABASE_URL": "postgresql://ann:hunter22@[::1/accounts"},
        {"REDIS_URL": "redis://:hunter22@cache:port"},
        {"REDIS_URL": "http://:hunter22@cache"},
        {"DATABASE_URL": "hunter22"},
        {"DATABASE_URL": "sqlite://ann:hunter22@db"},
        {"DATABASE_URL": "sqlite:///data/?key=hunter22"},
        {"PUBLIC_URL": "https://ann:hunter22@api.example.com"},
        {"CORS_ALLOWED_ORIGINS": "https://ann:hunter22@api.example.com"},
        {"APP_URL": "https://ann:hunter22@app.example.com"},
        {"APP_URL": "https://ann:hunter22@\uff0fapp.example.com"},
        {"APP_URL": "myapp://ann:hunter22@account"},
        {"SMTP_URL": "http://ann:hunter22@mail.example.com"},
        {"SMTP_URL": "ann:hunter22@mail.example.com"},
        {"SMTP_URL": "smtp://ann:hunter22@"},
        {"SMTP_URL": "smtp://ann:hunter22@mail.example.com:port"},
        {"SMTP_URL": "smtp://ann:hunter22@mail.example.com:0"},
        {"SMTP_URL": "smtp://ann:hunter22@mail.example.com/path"},
        {"SMTP_URL": "smtp://ann:hunter22@mail.example.com?tls=no"},
        {"SMTP_URL": "smtp://ann:hunter22@[::1"},
        {"SMTP_URL": "smtp://ann:hunter22@mail\u2100.example.com"},
        {"SMTP_URL": "smtp://ann:hunter22@mail example.com"},
        {"SMTP_URL": "smtp://ann@example.com:hunter22 @mail.example.com"},
        {"SMTP_URL": "smtp://ann:hunter22/more@mail.example.com"},
        {"SMTP_URL": "smtp://ann:hunter22#more@mail.example.com"},
        {"SMTP_URL": "smtp://ann:hunter22?more@mail.example.com"},
    ],
)
def test_a_refusal_repeats_no_password_of_a_url(environ: dict[str, str]) -> None:
    """CFG-03"""
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(environ, None)
    assert "hunter22" not in str(refused.value)


def test_a_password_in_the_database_url_is_masked_when_shown() -> None:
    settings = Settings.read({"DATABASE_URL": "sqlite:///ann://ann:hunter22@db"}, None)
    assert "hunter22" not in repr(settings)
    assert "ann:***@db" in repr(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp://ann:hunter22@mail.example.com:25", "smtp://ann:***@mail.example.com:25"),
        ("smtp://ann@example.com:hunter22@mail.example.com", "smtp://ann@example.com:***@mail.example.com"),
        ("smtp://ann%40example.com:hunter22@h", "smtp://ann%40example.com:***@h"),
        ("smtp://ann:p@hunter22@h", "smtp://ann:***@h"),
        ("smtp://ann:p:hunter22@h", "smtp://ann:***@h"),
        ("smtp://ann:%68unter22%40hunter22@h", "smtp://ann:***@h"),
        ("smtps://:hunter22@h", "smtps://:***@h"),
        ("smtp://hunter22:hunter22@h", "smtp://***:***@h"),
        ("smtp://%68unter22:hunter22@h", "smtp://***:***@h"),
        ("smtp://ann:hunter22@h?starttls=never", "smtp://ann:***@h?starttls=never"),
    ],
)
def test_a_mail_password_is_masked_in_every_form_of_the_url(url: str, shown: str) -> None:
    """CFG-03"""
    settings = Settings.read({"SMTP_URL": url}, None)
    described = {variable: text for variable, text, _ in settings.variables}
    assert described["SMTP_URL"] == shown
    for text in (repr(settings), str(settings), f"{settings}", str(settings.variables)):
        assert "unter22" not in text


def test_looking_for_the_development_secret_makes_and_changes_nothing(tmp_path: Path) -> None:
    assert made_secret(tmp_path / "data") is None
    assert list(tmp_path.iterdir()) == []
    secret = development_secret(tmp_path)
    file = tmp_path / "jwt_secret"
    file.chmod(0o640)
    assert made_secret(tmp_path) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_the_development_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """CFG-03"""
    data_dir = tmp_path / "new" / "data"
    secret = development_secret(data_dir)
    file = data_dir / "jwt_secret"
    assert len(secret) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert development_secret(data_dir) == secret
    assert [entry.name for entry in data_dir.iterdir()] == ["jwt_secret"]
    file.chmod(0o644)
    assert development_secret(data_dir) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_made_secret_passes_as_a_configured_one(tmp_path: Path) -> None:
    secret = development_secret(tmp_path)
    assert Settings.read({"JWT_SECRET": secret.decode()}, None).accounts.jwt_secrets == (secret,)


def test_many_that_ask_at_once_get_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(development_secret, [tmp_path / "data"] * 64))
    assert len(secrets) == 1
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["jwt_secret"]


def test_a_damaged_secret_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "jwt_secret").write_bytes(b"short\n")
    with pytest.raises(ConfigurationError, match=r"JWT_SECRET: .*has 5 bytes.*delete the file"):
        development_secret(tmp_path)


def test_reading_settings_makes_no_file(tmp_path: Path) -> None:
    Settings.read({"DATA_DIR": str(tmp_path / "data")}, None)
    assert list(tmp_path.iterdir()) == []
