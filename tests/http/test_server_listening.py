"""Where the server listens: both families, several addresses, Unix sockets."""

import asyncio
import signal
import socket
import stat
from pathlib import Path

import pytest

from bukhindor.server.listener import UNIX, CannotListen, close_listeners, open_listeners
from tests.http.probe_server import ProbeApp, running
from tests.http.raw_client import get, read_answer
from tests.http.worker_program import service, until


async def ask(host: str, port: int = 0) -> bytes:
    """The body of a response from a TCP address, or from a Unix socket without a port."""
    reader, writer = await (asyncio.open_connection(host, port) if port else asyncio.open_unix_connection(host))
    writer.write(get("/", "Connection: close"))
    answer = await read_answer(reader)
    writer.close()
    return answer.body


@pytest.mark.parametrize(
    ("hosts", "reached"),
    [
        ("::", ["127.0.0.1", "::1"]),
        ("::,0.0.0.0", ["127.0.0.1", "::1"]),
        ("127.0.0.1,::1", ["127.0.0.1", "::1"]),
        ("127.0.0.1,127.0.0.1", ["127.0.0.1"]),
    ],
)
async def test_every_address_is_served(hosts: str, reached: list[str]) -> None:
    said: list[str] = []
    with running(ProbeApp(), host=hosts, on_address=said.append) as server:
        assert [await ask(host, server.port) for host in reached] == [b"GET / "] * len(reached)

    shown = [f"[{host}]" if ":" in host else host for host in hosts.split(",")]
    assert said == [", ".join(f"http://{host}:{server.port}" for host in shown)]


def test_one_missing_address_of_several_is_refused() -> None:
    """And what was opened for the others is closed."""
    with pytest.raises(CannotListen, match=r"'192\.0\.2\.1' is not an address of this machine"):
        open_listeners(["127.0.0.1", "192.0.2.1"], 0)


async def test_a_unix_socket_is_served_beside_a_port_and_removed_at_the_end(tmp_path: Path) -> None:
    """Its user and group may open it, as the proxy of this machine does."""
    path, said = tmp_path / "a.sock", list[str]()
    with running(ProbeApp(), host=f"127.0.0.1,unix:{path}", on_address=said.append) as server:
        assert await ask(str(path)) == await ask("127.0.0.1", server.port) == b"GET / "
        assert stat.S_IMODE(path.stat().st_mode) == 0o660

    assert said == [f"http://127.0.0.1:{server.port}, unix:{path}"]
    assert not path.exists()


def test_a_socket_file_that_a_killed_program_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    (listener,) = open_listeners([f"{UNIX}{path}"], 0)
    with listener:
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        close_listeners([listener])
        assert not path.exists()
        path.touch()
        close_listeners([listener])

    assert path.exists()


def test_a_unix_socket_of_a_living_program_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    (listener,) = open_listeners([f"{UNIX}{path}"], 0)
    with listener:
        listener.listen()
        with pytest.raises(CannotListen, match="another program listens on"):
            open_listeners(["127.0.0.1", f"{UNIX}{path}"], 0)

    assert path.exists()


@pytest.mark.parametrize(
    ("place", "reason"), [("a.txt", "is no socket: set SERVER_HOST"), ("missing/a.sock", "No such file or directory")]
)
def test_other_files_and_folders_are_left_alone(tmp_path: Path, place: str, reason: str) -> None:
    (tmp_path / "a.txt").write_text("kept")
    with pytest.raises(CannotListen, match=reason):
        open_listeners([f"{UNIX}{tmp_path / place}"], 0)

    assert (tmp_path / "a.txt").read_text() == "kept"


async def test_workers_share_a_unix_socket_through_a_replacement(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with service(tmp_path, workers=2, hosts=f"unix:{path}") as server:
        before = server.living()
        assert int(await ask(str(path))) in before
        server.send(signal.SIGHUP)
        await until(lambda: len(server.workers()) == 4 and len(server.living()) == 2)
        assert int(await ask(str(path))) in set(server.living()) - set(before)
        server.send(signal.SIGTERM)
        assert await server.end() == 0

    assert not path.exists()
