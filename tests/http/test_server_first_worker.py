"""What happens in the moments around the first worker's start."""

import signal
import sys
from pathlib import Path

from tests.http.worker_program import service

# Lets the supervisor look only after the worker has both said that it is ready and ended.
READY_AND_GONE = """
import os, signal, time
supervisor, worker = os.getppid(), os.getpid()
os.kill(supervisor, signal.SIGSTOP)
os.write(int(os.environ["BUKHINDOR_WORKER"].split(",")[1]), b"r")
if not os.fork():
    while os.getppid() == worker:
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(supervisor, signal.SIGCONT)
os._exit(1)
"""


def program(folder: Path, first: str) -> Path:
    """A worker that does something else, or something more, when it is the first of all."""
    program = folder / "program"
    program.write_text(
        f"#!/bin/sh\nif mkdir {folder}/tried 2>/dev/null; then {first}; fi\n"
        f"exec {sys.executable} -m tests.http.worker_program\n"
    )
    program.chmod(0o755)
    return program


async def test_workers_are_not_replaced_before_the_first_one_is_ready(tmp_path: Path) -> None:
    """SIGHUP comes too early for that; afterwards everything goes on as usual."""
    with service(tmp_path, workers=2, command=program(tmp_path, "kill -HUP $PPID")) as server:
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert "SIGHUP: no worker is ready yet, none is replaced" in server.log
    assert "one after the other" not in server.log
    assert len(server.workers()) == 2


async def test_a_first_worker_that_is_ready_and_gone_in_one_moment_is_replaced(tmp_path: Path) -> None:
    """REL-20: else there would never be a worker again."""
    gone = tmp_path / "gone.py"
    gone.write_text(READY_AND_GONE)
    with service(tmp_path, workers=2, command=program(tmp_path, f"exec {sys.executable} {gone}")) as server:
        assert await server.pid() in server.living()
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert server.log.count("ended unasked: exit code 1") == 1
    assert len(server.workers()) == 2
