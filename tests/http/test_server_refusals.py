"""The server does not know how a refusal looks: the program that runs it says so."""

import pytest

from bukhindor.server.refusal import RefusalFormat
from tests.http.probe_server import ProbeApp, running
from tests.http.raw_client import exchange, get


def plain(status: int, error_code: str, detail: str, /, *, instance: str, request_id: str) -> bytes:
    return f"{status} {error_code} at {instance}: {detail}".encode()


@pytest.mark.parametrize(
    ("request_bytes", "body"),
    [
        (get("/a", "Host: b"), b"400 malformed_request at /a: The request is not valid HTTP/1.1."),
        (get("/crash"), b"500 internal_error at /crash: Something went wrong on the server."),
    ],
    ids=["by the parser", "for the application"],
)
async def test_a_refusal_looks_as_the_program_says(request_bytes: bytes, body: bytes) -> None:
    refusal_format = RefusalFormat("text/plain", plain)
    with running(ProbeApp(), refusal_format=refusal_format) as server:
        (answer,) = await exchange(server.port, request_bytes)

    assert answer.headers["content-type"] == "text/plain"
    assert answer.body == body
