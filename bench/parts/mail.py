"""What callers feel of a mail server that is healthy, silent or away: nothing."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.accounts import email_of
from bench.figures import Figure, milliseconds, percentile
from bench.parts.timing import ask
from bench.processes import free_port
from bench.stage import Stage

_ASKED = 200
_TOLERANCE_SECONDS = 0.005


def measure(stage: Stage) -> list[Figure]:
    with _listening(_accept_mail) as healthy, _listening(_keep_silent) as silent:
        ports = {"healthy": healthy, "silent": silent, "away": free_port()}
        p95 = {name: _p95_with(stage, port) for name, port in ports.items()}
    return [
        Figure(
            f"POST /auth/reset-password p95, mail server {name} (peer: healthy)",
            milliseconds(p95[name]),
            milliseconds(p95["healthy"]),
            p95[name] / p95["healthy"],
            f"<= peer + {_TOLERANCE_SECONDS * 1000:.0f} ms",
            p95[name] <= p95["healthy"] + _TOLERANCE_SECONDS,
        )
        for name in ("silent", "away")
    ]


def _p95_with(stage: Stage, smtp_port: int) -> float:
    mail = {"SMTP_URL": f"smtp://127.0.0.1:{smtp_port}?starttls=never", "MAIL_FROM": "no-reply@example.com"}
    with stage.serving(stage.scale.users, more=mail) as server, stage.cores.only(stage.cores.load):
        times = [
            ask(server.port, "/auth/reset-password", {"email": email_of(3_000 + number)})[0] for number in range(_ASKED)
        ]
    return percentile(times, 95)


@contextmanager
def _listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A mail server on a free port of loopback that talks to each client in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_talk, args=(client, talk), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _talk(client: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    with client:
        try:
            talk(client)
        except OSError:
            return


def _keep_silent(client: socket.socket) -> None:
    while client.recv(4096):
        pass


def _accept_mail(client: socket.socket) -> None:
    client.sendall(b"220 ready\r\n")
    with client.makefile("rb") as lines:
        in_data = False
        for line in lines:
            if in_data:
                in_data = line != b".\r\n"
                if in_data:
                    continue
                client.sendall(b"250 kept\r\n")
            elif line.upper().startswith(b"DATA"):
                in_data = True
                client.sendall(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 fine\r\n")
