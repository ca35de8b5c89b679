"""More connections than the process may have files."""

import asyncio
import os
import socket
from pathlib import Path

from tests.http.probe_server import child
from tests.http.raw_client import begin, connection, eventually, exchange, get, read_answer


async def test_more_connections_than_files_do_not_stop_the_server() -> None:
    """DOS-04: it goes on accepting afterwards and does not spin meanwhile."""
    with child("files=40") as server:
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(80)]
        await eventually(lambda: server.files() >= 39)
        before = cpu_seconds(server.process.pid)
        await asyncio.sleep(0.5)
        assert cpu_seconds(server.process.pid) - before < 0.2
        for client in clients:
            client.close()
        await eventually(lambda: server.files() < 30)
        (answer,) = await exchange(server.port, get("/", "Connection: close"))
        server.signal()
        code, _, _ = await server.end()

    assert answer.status == 200
    assert code == 0


async def test_a_stop_without_a_file_left_finishes_what_is_under_way() -> None:
    """REL-01, DOS-04: what waits to be accepted is lost."""
    with child("files=40", "timeout=60") as server:
        async with connection(server.port) as (reader, writer):
            await begin(reader, writer, "/slow/0.2")
            clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(80)]
            await eventually(lambda: server.files() >= 39)
            server.signal()
            await server.says("drain")
            writer.write(b"ab")
            answer = await read_answer(reader)
        for client in clients:
            client.close()
        code, out, err = await server.end()

    assert answer.status == 200
    assert (code, out) == (0, "drain\nclosed\n")
    assert "Traceback" not in err


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
