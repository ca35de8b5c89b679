"""What a worker process gets from its supervisor, and the messages that the supervisor sends to it afterwards."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

# The response says whether the worker accepts connections.
PING: Final = b"ping"
# Stop while other workers go on serving the address.
RETIRE: Final = b"retire"


@dataclass(frozen=True, slots=True)
class Assignment:
    """`number` counts from 1. The worker that starts alone is `first`. After SIGHUP a worker `replaces` another one,
    which stops as soon as this one is ready. `channel` is the worker's end of the pipe to the supervisor."""

    number: int
    first: bool
    replaces: bool
    listeners: Sequence[socket.socket]
    channel: Any
