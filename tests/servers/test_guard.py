"""Servers end with the tests, also when the tests are killed; what is missing is said in one line."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import guard, provide
from tests.servers.fixtures import opened
from tests.servers.programs import PROJECT, REDIS, Program, ProgramMissing, locate

_STARTS_AND_WAITS = """
import sys
from tests.servers.redis import RedisServer
server = RedisServer()
server.start()
print(server.pid, server.process.folder, flush=True)
server.freeze()
sys.stdin.read()
"""


def test_a_server_and_its_folder_are_gone_after_the_tests_were_killed() -> None:
    opened(lambda: locate(REDIS))
    tests = subprocess.Popen(
        [sys.executable, "-c", _STARTS_AND_WAITS], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdin
    assert tests.stdout
    with tests.stdin, tests.stdout:
        pid, folder = tests.stdout.readline().split()
        (watcher,) = [child for child in guard.tree(tests.pid) if child not in {tests.pid, int(pid)}]
        assert Path(folder).exists()
        tests.send_signal(signal.SIGKILL)
        tests.wait()
    assert guard.wait_gone([int(pid), watcher], seconds=60)
    assert not Path(folder).exists()


def test_a_missing_program_is_named_with_what_to_install() -> None:
    program = Program(key="unheard-of", commands=("unheard-of-program",), advice="unheard-of (brew install unheard-of)")
    with pytest.raises(ProgramMissing, match=r"^the tests need unheard-of-program: install unheard-of \(brew .*\)$"):
        locate(program)
    lines: list[str] = []
    assert not provide.provide((program,), lines.append)
    (line,) = lines
    assert line.startswith("The tests need unheard-of-program: install unheard-of")
