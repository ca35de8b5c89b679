"""A client that takes nothing but well-formed answers."""

import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from tests.http.raw_client import PATIENCE_SECONDS

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9a-z-]+): ([!-~](?:[ -~]*[!-~])?)")
_ONCE = frozenset({b"cache-control", b"content-length", b"content-type", b"x-request-id"})
_PIECE = 65_536


@dataclass(frozen=True)
class StrictAnswer:
    """One response; header names are in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The first value of a header, and nothing where there is none."""
        return next((value for own, value in self.headers if own == name), b"")


def ask(port: int, raw: bytes, methods: Sequence[bytes]) -> list[StrictAnswer]:
    """Send `raw`, requests with these methods, and read every response until the server ends the connection.

    Fails when one of them is not well-formed (RFC 9112), or the end does not come.
    """
    return parse(received(port, raw), methods)


def received(port: int, raw: bytes) -> bytes:
    """Everything that a server says to `raw` until it ends the connection."""
    pieces = []
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(raw)
        while piece := connection.recv(_PIECE):
            pieces.append(piece)
    return b"".join(pieces)


def parse(stream: bytes, methods: Sequence[bytes] = ()) -> list[StrictAnswer]:
    """The answers to requests with these methods; those to requests beyond them have bodies."""
    answers: list[StrictAnswer] = []
    while stream:
        head, end, stream = stream.partition(b"\r\n\r\n")
        assert end, f"the answer ends within its head: {head!r}"
        status, headers = _parse_head(head)
        if status == 100:
            continue
        is_head = len(answers) < len(methods) and methods[len(answers)] == b"HEAD"
        has_body = not is_head and status not in (204, 304)
        # Without a length the body goes on until the connection ends.
        length = int(dict(headers).get(b"content-length", len(stream))) if has_body else 0
        assert (b"connection", b"close") in headers or not has_body or b"content-length" in dict(headers)
        assert len(stream) >= length, "the answer ends within its body"
        body, stream = stream[:length], stream[length:]
        answers.append(StrictAnswer(status, headers, body))
        if body:
            _check_body(answers[-1])
    return answers


def _parse_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    first, *lines = head.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    assert status, f"this is no status line: {first!r}"
    headers = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        assert header, f"this is no header: {line!r}"
        headers.append((header[1], header[2]))
    names = [name for name, _ in headers]
    assert all(names.count(name) <= 1 for name in _ONCE), f"a header is there twice: {head!r}"
    return int(status[1]), headers


def _check_body(answer: StrictAnswer) -> None:
    media_type = answer.header(b"content-type")
    text = answer.body.decode("utf-8") if not media_type.startswith(b"image/") else ""
    document = json.loads(text) if media_type.partition(b";")[0].endswith(b"json") else {}
    if answer.status >= 400 and not media_type.startswith(b"text/html"):
        assert media_type == b"application/problem+json; charset=utf-8", media_type
        assert document["status"] == document["code"] == answer.status
        assert document["request_id"].encode("ascii") == answer.header(b"x-request-id")
