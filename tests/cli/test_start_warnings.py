"""What a start warns of: lines of the log, before the one that tells where the service listens."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.test_processes import PATIENCE_SECONDS, PIPE_BYTES, PROGRAM
from tests.servers.processes import free_port


@contextmanager
def started(environ: dict[str, str]) -> Iterator[list[str]]:
    """What a server warns of until it tells where it listens; it is killed at the end."""
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", str(free_port())],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        pipesize=PIPE_BYTES,
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            if "listens on" in line:
                break
            if " warning " in line:
                lines.append(line)
        yield lines
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        process.stdout.close()


def plain_environment(folder: Path, **more: str) -> dict[str, str]:
    """What nearly every machine has set, and none of our settings."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "HASH_WORKERS": "1", **more}


def test_mails_that_go_nowhere_are_one_line_of_the_start(empty_folder: Path) -> None:
    """CFG-05"""
    with started(plain_environment(empty_folder, DEV_MAILBOX="off")) as lines:
        (line,) = lines
        assert "mails are dropped: SMTP_URL is not set and DEV_MAILBOX is off" in line


def test_a_start_that_is_as_it_should_be_warns_of_nothing(empty_folder: Path) -> None:
    with started(plain_environment(empty_folder)) as lines:
        assert lines == []


def test_each_name_that_is_nearly_a_setting_is_one_line_of_the_start(empty_folder: Path) -> None:
    """CFG-06, CFG-03: the service starts all the same."""
    (empty_folder / ".env").write_text("OF_SOMEBODY=hunter22\n", "utf-8")
    with started(plain_environment(empty_folder, SERVR_PORT="hunter22", JWT_SECRT="hunter22")) as lines:
        assert ["SERVR_PORT" in line for line in lines] == [True, False, False]
        assert "JWT_SECRT is not a setting; did you mean JWT_SECRET?" in lines[1]
        assert "OF_SOMEBODY in .env is not a setting, and does nothing" in lines[2]
        assert "hunter22" not in "".join(lines)
