"""`python -m tests.servers` makes sure that the programs of the real servers are there, before the tests run."""

import sys

from tests.servers.node_packages import provide_node_packages
from tests.servers.programs import ALL_PROGRAMS
from tests.servers.provide import provide


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# What cannot be brought fails the tests that need it, each with the same line; all others are still worth running.
provide(ALL_PROGRAMS, say)
provide_node_packages(say)
