"""Commands as processes of their own: the server, a terminal, exit codes."""

import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import bukhindor
from tests.servers.processes import free_port

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
PROGRAM = (sys.executable, "-m", "bukhindor")
PATIENCE_SECONDS = 30
# What a pipe holds on most machines; where memory comes in larger pages it would be more.
PIPE_BYTES = 65_536


def run(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


# An ordinary one, whatever a CI machine says of its own: an empty variable is none.
TERMINAL = {"COLUMNS": "160", "TERM": "xterm", "NO_COLOR": "", "TTY_COMPATIBLE": "", "TTY_INTERACTIVE": ""}


def run_in_terminal(*arguments: str, keys: str = "", columns: int = 160) -> tuple[int, str]:
    """Exit code and screen of a command that a person runs."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **TERMINAL, "COLUMNS": str(columns)},
    )
    os.close(theirs)
    os.write(ours, keys.encode())
    screen = b""
    try:
        while part := os.read(ours, 65_536):
            screen += part
    except OSError:
        # Linux says so when the last one on the other side has left.
        pass
    os.close(ours)
    return process.wait(PATIENCE_SECONDS), screen.decode()


@contextmanager
def serving(*arguments: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and its first line that tells where it listens; killed at the end if it is still there."""
    process = subprocess.Popen(
        [*PROGRAM, "serve", *arguments],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        pipesize=PIPE_BYTES,
    )
    assert process.stdout is not None
    try:
        yield process, next(line for line in process.stdout if "listen" in line)
    finally:
        process.kill()
        process.communicate()


def test_the_server_says_in_one_line_where_everything_is_and_stops_with_0() -> None:
    port = free_port()
    with serving("--port", str(port)) as (process, line):
        assert line == (
            f"Bukhindor {bukhindor.BUILD} listens on http://127.0.0.1:{port}, documentation at "
            f"http://localhost:{port}/docs, mails at http://localhost:{port}/dev/mailbox "
            "(database data/bukhindor.db, development)\n"
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
            assert json.load(answer)["status"] == "ok"

        other = run("serve", "--port", str(free_port()))
        assert (other.returncode, other.stderr.count("\n")) == (1, 1)
        assert "data/bukhindor.db is in use" in other.stderr

        busy = run("serve", "--port", str(port), DATA_DIR="other")
        assert (busy.returncode, busy.stderr) == (
            1,
            f"port {port} is in use: stop the other program or set SERVER_PORT\n",
        )

        created = run("users", "create", "--email", "ann@example.com", "--name", "Ann")
        assert created.returncode == 0, created.stderr

        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_in_json_every_line_of_the_server_is_an_object_without_a_secret() -> None:
    """CFG-03, LOG-01"""
    port = free_port()
    with serving("--port", str(port), LOG_FORMAT="json", LOG_LEVEL="debug", JWT_SECRET=SECRET) as (process, line):
        event = json.loads(line)
        assert (event["event"], event["address"]) == ("listening", f"http://127.0.0.1:{port}")
        assert event["environment"] == "development"
        assert event["mails"] == f"http://localhost:{port}/dev/mailbox"
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/auth/login",
            json.dumps({"email": "ann@example.com", "password": "canary-hunter22"}).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer canary-token", "Cookie": "a=canary"},
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stdout is not None
        # Not communicate(), which would leave out what came together with the first line.
        rest = process.stdout.read()
    events = [json.loads(line) for line in rest.splitlines()]
    assert any(event["event"] == "request" for event in events)
    assert "canary" not in rest
    assert "ann@" not in rest
    assert SECRET not in line + rest


def test_a_log_that_is_not_read_delays_no_request_and_no_stop() -> None:
    """LOG-02, REL-01"""
    port = free_port()
    with serving("--port", str(port), LOG_FORMAT="json", SHUTDOWN_DELAY="0s") as (process, _):
        for _ in range(600):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=PATIENCE_SECONDS) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stdout is not None
        rest = process.stdout.read()
    events = [json.loads(line)["event"] for line in rest.splitlines()]
    assert 100 < events.count("request") < 600


def test_the_arguments_of_a_server_show_no_secret() -> None:
    """CFG-03"""
    with serving("--port", str(free_port()), JWT_SECRET=SECRET) as (process, _):
        arguments = arguments_of(process.pid)
    assert b"serve" in arguments
    assert SECRET.encode() not in arguments


def arguments_of(pid: int) -> bytes:
    """What everybody on this machine can see of a process."""
    told = Path(f"/proc/{pid}/cmdline")
    if told.exists():
        return told.read_bytes()
    return subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=True).stdout


def test_exit_codes_and_streams_of_a_real_process() -> None:
    assert run("--version").stdout.startswith("bukhindor, version ")
    misconfigured = run("serve", JWT_EXPIRATION="abc")
    assert (misconfigured.returncode, misconfigured.stdout) == (2, "")
    assert misconfigured.stderr == 'JWT_EXPIRATION: "abc" is not a duration; for example 15m\n'
    created = run(
        "users", "create", "--email", "ann@example.com", "--name", "Ann", "--password-stdin", stdin=" violet-otter \n"
    )
    assert (created.returncode, created.stderr, created.stdout.count("\n")) == (0, "", 1)
    assert "violet" not in created.stdout
    refused = run("users", "create", "--email", "ann@example.com", "--name", "Ann")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "An account with this email address already exists.\n"
    assert json.loads(run("users", "list", "--json").stdout)["total"] == 1


def test_a_person_at_a_terminal_gets_tables_and_is_asked() -> None:
    run("users", "create", "--email", "ann@example.com", "--name", "[red]Ann[/red]")
    code, screen = run_in_terminal("users", "list")
    assert code == 0
    assert "[red]Ann[/red]" in screen
    assert "\t" not in screen
    code, screen = run_in_terminal("users", "delete", "ann@example.com", keys="n\n")
    assert code == 1
    assert "Delete ann@example.com ([red]Ann[/red]) permanently? [y/N]" in screen
    assert run("users", "show", "ann@example.com").returncode == 0
    code, screen = run_in_terminal("users", "delete", "ann@example.com", keys="y\n")
    assert code == 0
    assert "Deleted ann@example.com." in screen
    assert run("users", "show", "ann@example.com").returncode == 1


def test_a_new_migration_is_a_file_in_the_package(tmp_path: Path) -> None:
    package = tmp_path / "source" / "bukhindor"
    shutil.copytree(Path(bukhindor.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    made = subprocess.run(
        [*PROGRAM, "migrate", "new", "add phone"],
        env={**environ, "PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert made.returncode == 0, made.stderr
    written = Path(made.stdout.removeprefix("Wrote ").strip())
    assert written.is_relative_to(package / "adapters/sql/migrations/versions")
    assert written.name.endswith("_add_phone.py")
    assert "def upgrade()" in written.read_text("utf-8")


def test_help_comes_fast_and_loads_no_server() -> None:
    """Fast in time of the processor, of which other processes take nothing away."""
    before = processor_seconds_of_commands()
    assert run("--help").returncode == 0
    assert processor_seconds_of_commands() - before < 5
    code = "import bukhindor.cli, sys; print(*sorted({'litestar', 'sqlalchemy', 'rich', 'uvicorn'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "\n"


def processor_seconds_of_commands() -> float:
    """What all that have ended so far took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_ids_and_addresses_stay_whole_in_a_narrow_terminal() -> None:
    email, name = "alexandra.konstantinopolskaya@accounts.example.com", "Alexandra Konstantinopolskaya"
    created = run("users", "create", "--email", email, "--name", name)
    assert created.returncode == 0, created.stderr
    id = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", created.stdout)[0]
    for arguments in (("users", "list"), ("users", "show", email)):
        for columns in (40, 80, 160):
            code, screen = run_in_terminal(*arguments, columns=columns)
            assert code == 0
            assert all(text in screen for text in (id, email, name)), (arguments, columns, screen)
    lines = run_in_terminal("doctor", columns=80)[1].replace("\x1b[0m", "").splitlines()
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= 80


def test_a_reader_that_has_seen_enough_ends_a_command_silently() -> None:
    for arguments in ("openapi", "config check", "config check --json"):
        pipe = f"{sys.executable} -m bukhindor {arguments} | head -c 1"
        piped = subprocess.run(["sh", "-c", pipe], capture_output=True, text=True, check=False)
        assert (len(piped.stdout), piped.stderr) == (1, "")
