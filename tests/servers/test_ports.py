"""A free port stays free until its server listens there."""

import socket

from tests.servers.processes import free_port, listens


def test_nothing_listens_on_a_free_port_until_one_server_does() -> None:
    port = free_port()
    assert not listens(port)
    with socket.create_server(("127.0.0.1", port)):
        assert listens(port)
    assert not listens(port)


def test_no_port_is_given_twice() -> None:
    """A server may be away for a while, and come back where it was."""
    ports = [free_port() for _ in range(300)]
    assert len(set(ports)) == 300


def test_the_system_does_not_give_a_free_port_away() -> None:
    """It is not given to a process that asks for any port, and not to a connection that leaves from here."""
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_connection(other.getsockname()) as leaving:
        assert port < min(other.getsockname()[1], leaving.getsockname()[1])
