"""What a supervisor and its workers agree on: what a worker is told at its start, and the words between them.

Each worker has one end of a socket pair. A word is one byte. When the other end is gone, so is the other process.
"""

import os
import socket
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

VARIABLE: Final = "BUKHINDOR_WORKER"
# Set where another worker stops as soon as this one is ready. Not part of the assignment, so that supervisors and
# workers of different versions understand each other.
REPLACES: Final = "BUKHINDOR_WORKER_REPLACES"

# From the worker: it accepts connections; its event loop turns.
READY: Final = b"r"
BEAT: Final = b"b"
# To the worker: stop as after SIGTERM; stop while others go on serving the address; cut off what is under way.
STOP: Final = b"s"
RETIRE: Final = b"t"
CUT_OFF: Final = b"c"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one worker is there for: its number from 1 up, its end of the channel, the sockets to accept on."""

    number: int
    channel: socket.socket
    listeners: Sequence[socket.socket]

    @classmethod
    def take(cls, environ: MutableMapping[str, str]) -> Self | None:
        """The assignment of this process, which is taken out of `environ`; None unless a supervisor started it.

        Raises ValueError or OSError when the variable was not set by a supervisor.
        """
        text = environ.pop(VARIABLE, "")
        if not text:
            return None
        number, channel, *listeners = map(int, text.split(","))
        return cls(number, _inherited(channel), [_inherited(each) for each in listeners])

    def close(self) -> None:
        for each in (self.channel, *self.listeners):
            each.close()


def assignment_text(number: int, channel: socket.socket, listeners: Sequence[socket.socket]) -> str:
    """The value of VARIABLE for a worker that inherits these sockets."""
    return ",".join(map(str, (number, channel.fileno(), *(listener.fileno() for listener in listeners))))


def _inherited(number: int) -> socket.socket:
    """The socket of that file number; programs that this process starts don't get it."""
    os.set_inheritable(number, False)
    inherited = socket.socket(fileno=number)
    inherited.setblocking(False)
    return inherited
