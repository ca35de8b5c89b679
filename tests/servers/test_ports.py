"""A free port is nobody else's until its server listens there."""

import socket
import sys

from tests.servers.processes import free_port, listens


def takes(probe: socket.socket, port: int) -> bool:
    """Whether the port can be bound."""
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_nothing_listens_on_a_free_port_until_one_server_does() -> None:
    port = free_port()
    assert not listens(port)
    with socket.socket() as server, socket.socket() as second:
        for each in (server, second):
            # As servers do.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        assert takes(server, port)
        server.listen()
        assert listens(port)
        assert not takes(second, port)
    assert not listens(port)


def test_the_system_does_not_give_a_free_port_away() -> None:
    """To a process that asks for any port, or a connection that leaves from here: both ask like this one."""
    with socket.socket() as other:
        assert takes(other, free_port()) is (sys.platform != "linux")


def test_many_free_ports_keep_few_files_open() -> None:
    with socket.socket() as before:
        for _ in range(300):
            free_port()
        with socket.socket() as after:
            assert after.fileno() < before.fileno() + 300
