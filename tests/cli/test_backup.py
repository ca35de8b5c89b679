"""bukhindor backup and restore."""

import asyncio
import json
import stat
import subprocess
from pathlib import Path

import pytest

from bukhindor.adapters.sql.schema_version import head
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from tests.cli.conftest import Command
from tests.cli.test_processes import PROGRAM, run, run_in_terminal
from tests.fakes.seal import FakeSeal
from tests.makers import make_user

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
DATABASE = Path("data/bukhindor.db")
COPY = Path("copy.db")


@pytest.fixture
def ann(bukhindor: Command) -> str:
    """A service that has one account."""
    email = "ann@example.com"
    assert bukhindor("users", "create", "--email", email, "--name", "Ann").exit_code == 0
    return email


def addresses(bukhindor: Command) -> list[str]:
    return [user["email"] for user in json.loads(bukhindor("users", "list", "--json").stdout)["users"]]


def test_a_drill_from_backup_to_restored_service(bukhindor: Command, ann: str) -> None:
    """REL-26"""
    saved = bukhindor("backup", "copy.db")
    assert (saved.exit_code, saved.stderr) == (0, "")
    first, second = saved.stdout.splitlines()
    assert first.startswith("Backed up data/bukhindor.db to copy.db in ")
    assert first.endswith(f"1 account, schema {head()}.")
    assert second.startswith("The secret, data/jwt_secret, is not in it")
    assert stat.S_IMODE(COPY.stat().st_mode) == 0o600
    assert bukhindor("users", "delete", ann, "--yes").exit_code == 0
    assert bukhindor("users", "create", "--email", "bob@example.com", "--name", "Bob").exit_code == 0

    restored = bukhindor("restore", "copy.db", "--yes")

    assert (restored.exit_code, restored.stderr) == (0, "")
    first, second, third = restored.stdout.splitlines()
    assert first == f"Restored data/bukhindor.db from copy.db: 1 account, schema {head()}."
    assert second.startswith("The previous database is kept as data/bukhindor.db.replaced-")
    assert third.startswith("The secret, data/jwt_secret, was not in it")
    assert addresses(bukhindor) == [ann]
    assert bukhindor("doctor").exit_code == 0
    kept = second.split(" as ")[1].split(";")[0]
    assert bukhindor("restore", kept, "--yes").exit_code == 0
    assert addresses(bukhindor) == ["bob@example.com"]


@pytest.mark.usefixtures("ann")
def test_programs_get_json(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    saved = json.loads(bukhindor("backup", "copy.db", "--json").stdout)
    assert (saved["database"], saved["file"], saved["schema"]) == (str(DATABASE), "copy.db", head())
    assert (saved["users"], saved["bytes"], saved["seconds"] >= 0) == (1, COPY.stat().st_size, True)
    restored = json.loads(bukhindor("restore", "copy.db", "--yes", "--json").stdout)
    kept = Path(restored.pop("replaced"))
    assert kept.exists()
    assert restored == {
        "database": str(DATABASE),
        "file": "copy.db",
        "schema": head(),
        "users": 1,
        "pending": [],
    }
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert json.loads(bukhindor("restore", "copy.db", "--json").stdout)["replaced"] is None
    told = bukhindor("backup", "other.db").stdout
    assert "JWT_SECRET is not in it" in told
    assert SECRET not in told


def test_a_folder_of_any_name_holds_a_database(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a meaning in a URL has none in a path."""
    folder = Path("100%25 a?b#c+d")
    monkeypatch.setenv("DATA_DIR", str(folder))
    assert bukhindor("users", "create", "--email", "ann@example.com", "--name", "Ann").exit_code == 0
    assert bukhindor("backup", str(folder / "copy?.db")).exit_code == 0
    assert bukhindor("restore", str(folder / "copy?.db"), "--yes").exit_code == 0
    assert bukhindor("migrate", "status").exit_code == 0
    assert bukhindor("doctor").exit_code == 0
    assert addresses(bukhindor) == ["ann@example.com"]
    assert [path.name for path in Path().iterdir()] == [folder.name]


@pytest.mark.usefixtures("ann")
async def test_a_server_is_backed_up_and_not_replaced(bukhindor: Command) -> None:
    server = SqliteTransactions(DATABASE, owner=True, seal=FakeSeal())
    async with server.begin() as tx:
        await tx.users.add(make_user())
        await tx.commit()
    assert json.loads((await asyncio.to_thread(bukhindor, "backup", "copy.db", "--json")).stdout)["users"] == 2
    refused = await asyncio.to_thread(bukhindor, "restore", "copy.db", "--yes")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "data/bukhindor.db is in use: another bukhindor server uses it. Stop that one first.\n"
    await server.close()


def test_nothing_is_replaced_without_a_confirmation(bukhindor: Command, ann: str) -> None:
    COPY.write_bytes(b"the one of yesterday")
    refused = bukhindor("backup", "copy.db")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (
        refused.stderr
        == "copy.db exists and was not replaced: there is no terminal to confirm it. Repeat with --yes.\n"
    )
    assert COPY.read_bytes() == b"the one of yesterday"
    assert bukhindor("backup", "copy.db", "--yes").exit_code == 0
    refused = bukhindor("restore", "copy.db")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("data/bukhindor.db was not replaced: there is no terminal")
    assert addresses(bukhindor) == [ann]


@pytest.mark.usefixtures("ann")
def test_refusals_are_one_line(bukhindor: Command) -> None:
    for arguments, reason in (
        (("backup", "data/bukhindor.db", "--yes"), "belongs to the database itself"),
        (("backup", "missing/copy.db"), "missing is not a folder"),
        (("restore", "missing.db", "--yes"), "missing.db does not exist"),
        (("restore", "data/jwt_secret", "--yes"), "data/jwt_secret can't be read: file is not a database"),
    ):
        refused = bukhindor(*arguments)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1), arguments
        assert reason in refused.stderr
    assert bukhindor("backup", ".").exit_code == 2
    assert bukhindor("backup").exit_code == 2


@pytest.fixture
def files_of_the_service(ann: str, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, bytes]:
    """Each with its content, as an installation has them; the log is in the data folder."""
    Path("mails").mkdir()
    texts = {".env": "LOG_LEVEL=info\n", "data/serve.log": "a line\n", "mails/new_device.en.txt": "Hello"}
    texts["data/bukhindor.db.lock"] = ""
    for name, text in texts.items():
        Path(name).write_text(text)
    monkeypatch.setenv("TEMPLATES_DIR", "mails")
    assert run("backup", "kept.db").returncode == 0
    Path("kept.db").rename("data/bukhindor.db.replaced-20260301T123045Z")
    files = [path for path in empty_folder.rglob("*") if path.is_file()]
    assert {"jwt_secret", "bukhindor.db", "bukhindor.db.lock", "bukhindor.db.checkpoint-lock"} < {
        path.name for path in files
    }
    return {path: path.read_bytes() for path in files}


@pytest.mark.parametrize("command", ["backup", "openapi"])
def test_no_file_of_the_service_is_replaced_by_whatever_name_or_link(
    bukhindor: Command, files_of_the_service: dict[Path, bytes], empty_folder: Path, command: str
) -> None:
    options = ("--yes",) if command == "backup" else ()
    soft, hard = empty_folder / "soft.db", empty_folder / "hard.db"
    for file, content in files_of_the_service.items():
        relative = file.relative_to(empty_folder)
        soft.symlink_to(file)
        hard.hardlink_to(file)
        for name in (file, relative, Path("mails/..") / relative, soft, hard):
            refused = bukhindor(command, str(name), *options)
            assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1), name
            assert "belongs to the " in refused.stderr
            assert file.read_bytes() == content
        assert soft.is_symlink()
        soft.unlink()
        hard.unlink()


@pytest.mark.usefixtures("ann")
def test_a_file_that_the_service_will_make_is_its_own_already(
    bukhindor: Command, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    Path("data/jwt_secret").unlink()
    (empty_folder / "by-the-way").symlink_to(empty_folder / "data")
    for end in ("bukhindor.db-journal", "jwt_secret"):
        for name in (f"data/{end}", f"by-the-way/{end}", f"data/../data/{end}"):
            refused = bukhindor("backup", name)
            assert (refused.exit_code, "belongs to the " in refused.stderr) == (1, True), name
            assert not Path(name).exists()


@pytest.mark.usefixtures("ann")
def test_an_earlier_backup_is_replaced_also_in_the_data_folder(bukhindor: Command) -> None:
    for _ in range(2):
        done = bukhindor("backup", "data/nightly.db", "--yes")
        assert (done.exit_code, done.stderr) == (0, "")
    Path("data/backups").mkdir()
    assert bukhindor("backup", "data/backups/nightly.db").exit_code == 0


def test_the_file_that_the_command_writes_to_is_not_replaced(ann: str, empty_folder: Path) -> None:
    """The log, say, of a job that makes backups."""
    log = empty_folder / "nightly.log"
    log.write_text("yesterday\n")
    with log.open("a") as stream:
        ended = subprocess.run([*PROGRAM, "backup", "nightly.log", "--yes"], stdout=stream, stderr=stream, check=False)
    assert ended.returncode == 1
    assert log.read_text() == "yesterday\nnightly.log belongs to the service: name another file.\n"


def test_a_database_server_has_tools_of_its_own(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """CFG-03"""
    monkeypatch.setenv("DATABASE_URL", "postgresql://accounts:hunter22@db.example.com/accounts")
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        refused = bukhindor(command, "copy.db")
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
        assert "postgresql://db.example.com:5432/accounts" in refused.stderr
        assert tool in refused.stderr
        assert "hunter22" not in refused.stderr
    assert not COPY.exists()


@pytest.mark.usefixtures("ann")
def test_a_person_at_a_terminal_sees_a_bar_and_is_asked() -> None:
    code, screen = run_in_terminal("backup", "copy.db")
    assert code == 0
    assert "Backing up" in screen
    assert "100%" in screen
    code, screen = run_in_terminal("restore", "copy.db", keys="n\n")
    assert code == 1
    assert "Replace data/bukhindor.db by copy.db? [y/N]" in screen
    code, screen = run_in_terminal("restore", "copy.db", keys="y\n")
    assert code == 0
    assert "Restored data/bukhindor.db" in screen
    piped = run("backup", "other.db")
    assert (piped.returncode, piped.stderr) == (0, "")
