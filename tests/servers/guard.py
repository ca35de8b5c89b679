"""Ends servers and removes their folders after the tests, however the tests ended.

A guard is a small process that reads orders from a pipe. The pipe closes when the test process ends, also when it was
killed; then the guard ends everything that it was ordered to end. A parent-death signal would not do: it is sent when
the thread that started the server ends, and it is forgotten when the server runs as another user.

The file is run as a script without the project's environment, so it imports the standard library alone.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 20.0


def process_table() -> dict[int, int]:
    """Every living process of this machine and its parent; what has ended and waits to be noticed is left out."""
    table: dict[int, int] = {}
    if Path("/proc/self/stat").exists():
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    state, parent = Path("/proc", entry, "stat").read_text("latin-1").rpartition(")")[2].split()[:2]
                    if state != "Z":
                        table[int(entry)] = int(parent)
        return table
    listing = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    for pid, parent, state in (line.split()[:3] for line in listing.splitlines()):
        if not state.startswith("Z"):
            table[int(pid)] = int(parent)
    return table


def tree(pid: int) -> list[int]:
    """The process and all that descends from it, the process itself first; empty when it has ended."""
    table = process_table()
    found = [pid] if pid in table else []
    for member in found:
        found.extend(child for child, parent in table.items() if parent == member)
    return found


def signal_tree(pid: int, number: signal.Signals) -> list[int]:
    """Sends the signal to the whole tree until no new member is found; returns the members.

    A process group would not reach them all: each PostgreSQL backend leads a session of its own.
    """
    reached: list[int] = []
    while missed := [member for member in tree(pid) if member not in reached]:
        for member in missed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)
            reached.append(member)
    return reached


def kill_tree(pid: int) -> None:
    """Ends the whole tree at once with SIGKILL and returns when nothing of it is left."""
    # Members that are stopped first can't start further ones or tidy up while the others die.
    members = signal_tree(pid, signal.SIGSTOP)
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    wait_gone(members, PATIENCE_SECONDS)


def wait_gone(pids: list[int], seconds: float) -> bool:
    """Whether none of the processes lives any more, waiting for it that long."""
    deadline = time.monotonic() + seconds
    while set(pids) & process_table().keys():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def main(folder: str) -> None:
    """Reads lines: "PID SIGNAL" is a server and the signal that ends it cleanly, "PID gone" is one that has ended."""
    servers: dict[int, str] = {}
    for line in sys.stdin:
        pid, order = line.split()
        if order == "gone":
            servers.pop(int(pid), None)
        else:
            servers[int(pid)] = order
    for server, number in servers.items():
        members = signal_tree(server, signal.SIGCONT)
        if members:
            os.kill(server, signal.Signals(int(number)))
            if not wait_gone([server], PATIENCE_SECONDS):
                kill_tree(server)
            wait_gone(members, PATIENCE_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
