"""A client that writes bytes, and waits for what another thread or process does."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """One parsed answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body, which must be a problem."""
        document: dict[str, Any] = json.loads(self.body)
        return document


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer on a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(head[0].split(" ")[1]), headers, body)


async def read_to_end(reader: asyncio.StreamReader) -> list[Answer]:
    """Every response until the server closes the connection; fails after PATIENCE_SECONDS."""
    answers: list[Answer] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                answers.append(await read_answer(reader))
            except asyncio.IncompleteReadError as end:
                if end.partial:
                    raise
                return answers


@contextlib.asynccontextmanager
async def connection(port: int) -> Any:
    """A reader and a writer, closed at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def exchange(port: int, *pieces: bytes) -> list[Answer]:
    """Sends `pieces` and reads every response until the server closes the connection."""
    async with connection(port) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01 if len(pieces) > 1 else 0)
        return await read_to_end(reader)


async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
    """A request that the application has in hand when this returns; it waits for two bytes of a body."""
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"


async def eventually(condition: Callable[[], object]) -> None:
    """Waits until `condition()`, which another thread or process makes true; fails after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "what was waited for never came"
        await asyncio.sleep(0.01)


def get(path: str = "/", *headers: str, host: str = "a") -> bytes:
    """A GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode("latin-1")
