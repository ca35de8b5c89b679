"""bukhindor doctor."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bukhindor.adapters.sql.schema_version import Version, head
from bukhindor.adapters.sql.sqlite.inspection import DatabaseState
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.cli.checks import disk, embedded, program
from bukhindor.cli.findings import State
from bukhindor.config import Settings
from tests.cli.conftest import Command
from tests.fakes.seal import FakeSeal
from tests.makers import T0, make_queued_mail, make_signing_key

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
OTHER_SECRET = "Zx9Cv8Bn7Mq6We5Rt4Yu3Io2Pa1Sd0Fg"
DATABASE = Path("data/bukhindor.db")
TOO_NEW = "UPDATE schema_compatibility SET serves_since = '9999'"

pytestmark = pytest.mark.usefixtures("unhurried")

Findings = dict[str, dict[str, str]]


def examined(bukhindor: Command, *arguments: str) -> tuple[int, Findings]:
    """The exit code, and the findings by their check."""
    result = bukhindor("doctor", "--json", *arguments)
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert report["problems"] == sum(finding["state"] == "problem" for finding in report["checks"])
    return result.exit_code, {finding["check"]: finding for finding in report["checks"]}


def files() -> dict[str, tuple[bytes, int]]:
    found = [path for path in Path().rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mode) for path in found}


@pytest.fixture
def started(bukhindor: Command) -> None:
    """An installation that has served once: schema, secret and signing key are there."""
    assert bukhindor("keys", "rotate").exit_code == 0


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(bukhindor: Command) -> None:
    result = bukhindor("doctor")
    assert (result.exit_code, result.stderr) == (0, "")
    *lines, summary = result.stdout.splitlines()
    assert summary == "No problem found."
    assert all(re.match(r"(ok|warning) +[a-z ]+: .+\.$", line) for line in lines)
    assert any(line.startswith("warning  database: data/bukhindor.db does not exist") for line in lines)
    assert files() == {}


@pytest.mark.usefixtures("started")
def test_every_check_of_a_good_installation_is_ok_and_changes_nothing(bukhindor: Command) -> None:
    before = files()
    code, found = examined(bukhindor)
    assert code == 0
    assert list(found) == [
        "program",
        "python",
        "sqlite",
        "configuration",
        "data folder",
        "database",
        "server",
        "signing keys",
        "mail",
        "clock",
    ]
    assert {finding["state"] for finding in found.values()} == {"ok"}
    assert sqlite3.sqlite_version in found["sqlite"]["found"]
    is_old = sqlite3.sqlite_version_info < (3, 51, 3)
    assert ("one writer" in found["sqlite"]["found"]) is is_old
    assert found["server"]["found"] == "no server uses this database now"
    assert "development mailbox, http://localhost:8080/dev/mailbox" in found["mail"]["found"]
    assert files() == before


@pytest.mark.usefixtures("started")
async def test_a_server_that_runs_is_seen_and_not_disturbed(bukhindor: Command) -> None:
    server = SqliteTransactions(DATABASE, owner=True, seal=FakeSeal())
    async with server.begin() as tx:
        await tx.outbox.add(make_queued_mail())
        await tx.commit()
    code, found = await asyncio.to_thread(examined, bukhindor)
    assert code == 0
    assert found["server"]["found"] == "a server uses this database now"
    assert found["mail queue"] == {
        "check": "mail queue",
        "state": "ok",
        "found": "1 wait, 0 were given up",
        "advice": "",
    }
    async with server.begin() as tx:
        await tx.outbox.add(make_queued_mail(failed_at=T0))
        await tx.commit()
    code, found = await asyncio.to_thread(examined, bukhindor)
    assert (code, found["mail queue"]["state"]) == (0, "warning")
    assert "1 were given up" in found["mail queue"]["found"]
    await server.close()


def test_a_bad_configuration_is_reported_beside_the_other_findings_and_exits_with_2(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-02, CFG-03"""
    monkeypatch.setenv("JWT_EXPIRATION", "abc")
    monkeypatch.setenv("SMTP_URL", "smtp://ann:hunter22@mail.example.com:port")
    result = bukhindor("doctor")
    assert result.exit_code == 2
    assert "problem  configuration: JWT_EXPIRATION: " in result.stdout
    assert "problem  configuration: SMTP_URL: " in result.stdout
    assert result.stdout.endswith("2 problems found.\n")
    assert "hunter22" not in result.output
    assert files() == {}


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("SERVER_HOST", "0.0.0.0", "development, but it listens on 0.0.0.0"),
        ("SERVER_HOST", "accounts.example.com", "development, but it listens on accounts.example.com"),
        ("RATE_LIMITS", "off", "RATE_LIMITS is off"),
    ],
)
def test_what_suits_only_a_developer_is_a_warning(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, found: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("DEV_MAILBOX", "network")
    code, findings = examined(bukhindor)
    assert (code, findings["configuration"]["state"], findings["configuration"]["found"]) == (0, "warning", found)
    monkeypatch.setenv(variable, "localhost" if variable == "SERVER_HOST" else "on")
    assert examined(bukhindor)[1]["configuration"]["state"] == "ok"


def test_a_name_that_is_nearly_a_setting_is_a_warning_without_its_value(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-06, CFG-03"""
    assert "unknown variables" not in examined(bukhindor)[1]
    monkeypatch.setenv("JWT_SECRT", "hunter22")
    Path(".env").write_text("OF_SOMEBODY=hunter22\n", "utf-8")
    code, findings = examined(bukhindor)
    assert (code, findings["unknown variables"]["state"]) == (0, "warning")
    found = findings["unknown variables"]["found"]
    assert "JWT_SECRT is not a setting; did you mean JWT_SECRET?" in found
    assert "OF_SOMEBODY in .env is not a setting, and does nothing" in found
    monkeypatch.setenv("JWT_EXPIRATION", "abc")
    result = bukhindor("doctor")
    assert result.exit_code == 2
    assert "warning  unknown variables: JWT_SECRT is not a setting" in result.stdout
    assert result.stdout.endswith("1 problem found.\n"), "a warning is none"
    assert "hunter22" not in result.output + str(findings)


def test_mails_that_go_nowhere_are_a_warning(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """CFG-05"""
    monkeypatch.setenv("DEV_MAILBOX", "off")
    code, findings = examined(bukhindor)
    assert (code, findings["mail"]["state"]) == (0, "warning")
    assert "mails are dropped" in findings["mail"]["found"]
    assert "/dev/mailbox" not in findings["mail"]["found"]


def test_a_data_folder_that_cannot_be_made_is_a_problem(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("DATABASE_URL", "sqlite:///file/data/bukhindor.db")
    code, found = examined(bukhindor)
    assert (code, found["data folder"]["state"]) == (1, "problem")
    assert found["data folder"]["advice"]
    monkeypatch.delenv("DATABASE_URL")
    # The system's own folder, which no ordinary user can write to.
    monkeypatch.setenv("DATA_DIR", "/proc/1/bukhindor")
    code, found = examined(bukhindor)
    assert (code, found["data folder"]["state"]) == (1, "problem")


def test_a_network_file_system_is_a_problem_and_a_full_disk_a_warning(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-01"""
    settings = Settings.read({}, None)
    mounts = empty_folder / "mounts"
    mounts.write_text(f"rootfs / ext4 rw 0 0\nserver:/x {empty_folder} nfs4 rw 0 0\n", "utf-8")
    shared = disk.data_folder(settings, mounts)
    assert (shared.state, "nfs4" in shared.found) == (State.PROBLEM, True)
    assert disk.data_folder(settings, empty_folder / "missing").state is State.OK
    full = disk.data_folder(settings, empty_folder / "missing", little_space=2**62)
    assert (full.state, "has only" in full.found) == (State.WARNING, True)


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize(
    ("harm", "state", "found"),
    [
        (lambda: DATABASE.write_bytes(b"this is no database, whatever its name says\n" * 100), "problem", "not a"),
        (lambda: DATABASE.write_bytes(b""), "warning", "no schema yet"),
        (lambda: changed("UPDATE alembic_version SET version_num = '0001'"), "warning", "has schema 0001"),
        (
            lambda: changed(f"{TOO_NEW}; UPDATE alembic_version SET version_num = '9999'"),
            "problem",
            "unknown schema 9999",
        ),
    ],
)
def test_a_database_that_this_program_cannot_use_is_reported_with_a_remedy(
    bukhindor: Command, harm: Callable[[], object], state: str, found: str
) -> None:
    harm()
    before = files()
    code, findings = examined(bukhindor)
    assert code == (1 if state == "problem" else 0)
    assert findings["database"]["state"] == state
    assert found in findings["database"]["found"]
    assert findings["database"]["advice"]
    assert "signing keys" not in findings
    assert files() == before


def changed(statement: str) -> None:
    with closing(sqlite3.connect(DATABASE)) as connection:
        connection.executescript(statement)
        connection.commit()


def test_a_database_that_can_only_be_read_is_a_problem() -> None:
    """As after `sudo bukhindor restore`: the service would start and refuse every write."""
    found = embedded.database(Path("x.db"), DatabaseState(Version(head()), "", False, is_writable=False))
    assert (found.state, found.found) == (State.PROBLEM, "x.db can be read but not written to")
    assert "owner" in found.advice


def test_damage_and_a_check_that_found_no_end_are_told_apart() -> None:
    path = Path("x.db")
    damaged = embedded.database(path, DatabaseState(Version("0002"), "row 1 missing from index", False))
    assert (damaged.state, "row 1 missing" in damaged.found) == (State.PROBLEM, True)
    assert "backup" in damaged.advice
    huge = embedded.database(path, DatabaseState(Version(head()), None, False))
    assert (huge.state, "too large" in huge.found) == (State.WARNING, True)


@pytest.mark.usefixtures("started")
def test_a_secret_that_opens_no_signing_key_is_a_problem(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", OTHER_SECRET)
    code, found = examined(bukhindor)
    assert (code, found["signing keys"]["state"]) == (1, "problem")
    assert "behind the present one" in found["signing keys"]["advice"]
    first = Path("data/jwt_secret").read_text("utf-8").strip()
    monkeypatch.setenv("JWT_SECRET", f"{OTHER_SECRET},{first}")
    assert examined(bukhindor)[1]["signing keys"]["state"] == "ok"


@pytest.mark.usefixtures("started")
def test_a_secret_that_is_lost_or_damaged_is_a_problem_and_no_new_one_is_made(bukhindor: Command) -> None:
    secret = Path("data/jwt_secret")
    secret.write_bytes(b"short")
    code, found = examined(bukhindor)
    assert (code, "has 5 bytes" in found["signing keys"]["found"]) == (1, True)
    secret.unlink()
    code, found = examined(bukhindor)
    assert (code, "is missing" in found["signing keys"]["found"]) == (1, True)
    assert not secret.exists()


def test_without_a_signing_key_the_next_start_makes_one(bukhindor: Command) -> None:
    assert bukhindor("migrate", "up").exit_code == 0
    code, found = examined(bukhindor)
    assert (code, found["signing keys"]["found"]) == (0, "there is none yet; the next start creates one")


@pytest.mark.parametrize(
    ("now", "newest", "problem"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), None, "the year is 1970"),
        (datetime(2106, 2, 7, tzinfo=UTC), None, "the year is 2106"),
        (T0, T0 + timedelta(hours=1), "a signing key was made at 2026-03-01 13:00 UTC"),
        (T0, T0 + timedelta(minutes=4), ""),
        (T0, T0 - timedelta(days=90), ""),
        (T0, None, ""),
    ],
)
def test_a_clock_that_is_wrong_is_a_problem(now: datetime, newest: datetime | None, problem: str) -> None:
    keys = [] if newest is None else [make_signing_key(created_at=newest)]
    found = program.clock(now, timedelta(seconds=-0.5), keys)
    assert (found.state is State.PROBLEM) is bool(problem)
    assert problem in found.found


@pytest.mark.parametrize("seconds", [-3600, 2])
def test_a_clock_that_jumps_while_it_is_looked_at_is_a_warning(seconds: int) -> None:
    found = program.clock(T0, timedelta(seconds=seconds), [])
    assert (found.state, f"{seconds:+} seconds" in found.found) == (State.WARNING, True)


def test_programs_get_no_colours(bukhindor: Command) -> None:
    assert "\x1b" not in bukhindor("doctor").stdout


def test_options_are_checked(bukhindor: Command) -> None:
    result = bukhindor("doctor", "--send-mail")
    assert result.exit_code == 2
    assert "requires an argument" in result.stderr
