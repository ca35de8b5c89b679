"""The pulse tells a machine that stood still from a service that was slow."""

import os
import signal
import subprocess
import sys
import time

from tests.faults.launcher import ROOT
from tests.faults.pulse import Pulse

_WATCHES_ITSELF = """
import sys, time
from tests.faults.pulse import Pulse

with Pulse() as pulse:
    began = time.monotonic()
    print(flush=True)
    sys.stdin.readline()
    ended = time.monotonic()
print(ended - began, pulse.stood_still(began, ended))
"""


def test_a_thread_that_is_busy_is_no_excuse() -> None:
    with Pulse() as pulse:
        began, until = time.monotonic(), time.thread_time() + 0.3
        while time.thread_time() < until:
            pass
        ended = time.monotonic()
    # The machine may have stood still as well, but not while this thread was at work.
    assert ended - began - pulse.stood_still(began, ended) > 0.1
    assert pulse.stood_still(began - 10, began - 5) == 0


def test_a_process_that_was_stopped_knows_for_how_long() -> None:
    command = [sys.executable, "-c", _WATCHES_ITSELF]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGCONT)
        took, stopped = map(float, process.communicate("\n")[0].split())
    assert 0.4 < stopped <= took
