"""Requests to web servers of others: what ends them, and where they never go (IN-13)."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from bukhindor.adapters.http.outbound import MOST_BYTES, Answer, NotDelivered, OutboundHttp
from tests.servers.certificate import Certificate
from tests.servers.listening import Talk, listening
from tests.servers.processes import free_port

GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"


def saying(*pieces: bytes, pause: float = 0.0, asked: list[bytes] | None = None) -> Talk:
    """A server that reads a request, and says this, whatever was asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(request)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


def resolving(*addresses: str) -> Callable[[str, int], Any]:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.fixture
def asked() -> list[bytes]:
    """The requests that a server of the test got."""
    return []


async def get(talk: Talk, patience: float = 4.0) -> Answer:
    async with listening(talk) as port:
        outbound = OutboundHttp(allows_loopback=True, patience=patience)
        return await outbound.get(f"http://127.0.0.1:{port}/a?b=c", is_named_by_operator=True)


async def test_a_document_comes_with_its_status_and_media_type(asked: list[bytes]) -> None:
    assert await get(saying(GOOD, asked=asked)) == Answer(200, "application/json", b"{}")
    assert asked[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"authorization" not in asked[0].lower()


async def test_a_form_is_sent_with_the_authorization(asked: list[bytes]) -> None:
    async with listening(saying(GOOD, asked=asked)) as port:
        outbound = OutboundHttp(allows_loopback=True)
        await outbound.post(
            f"http://127.0.0.1:{port}/t", {"a": "ü &"}, is_named_by_operator=True, authorization="Basic x"
        )
    assert b"\r\nAuthorization: Basic x\r\n" in asked[0]
    assert b"\r\nContent-Length: 12\r\n" in asked[0]


async def test_a_redirect_is_a_response_and_is_not_followed(asked: list[bytes]) -> None:
    async with listening(saying(GOOD, asked=asked)) as other:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n".encode()
        assert (await get(saying(moved))).status == 302
    assert asked == []


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * (MOST_BYTES + 1)
BAD = {
    "a body that is too long": (saying(LONG), "longer than 256 KiB"),
    "a compressed body": (saying(GOOD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")), "compressed"),
    "a body that is cut": (saying(GOOD[:-1]), "not HTTP, or it ended too soon"),
    "no response": (saying(b""), "not HTTP, or it ended too soon"),
    "another protocol": (saying(b"220 mail.example ESMTP\r\n"), "not HTTP, or it ended too soon"),
    "headers without an end": (saying(*[b"HTTP/1.1 200 OK\r\n", *[b"a: " + b"b" * 9000 + b"\r\n"] * 20]), "not HTTP"),
    "silence": (saying(b"HTTP/1.1 200 OK\r\n", pause=9), "no complete response in 0.4 seconds"),
    "a byte now and then": (saying(*[bytes([byte]) for byte in GOOD], pause=0.05), "no complete response"),
    "hints without an end": (saying(*[b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 400, pause=0.01), "no complete response"),
}


@pytest.mark.parametrize(("talk", "why"), BAD.values(), ids=BAD.keys())
async def test_a_bad_response_is_none(talk: Talk, why: str) -> None:
    began = monotonic()
    with pytest.raises(NotDelivered, match=why):
        await get(talk, patience=0.4)
    assert monotonic() - began < 2


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(NotDelivered, match="no connection"):
        await OutboundHttp(allows_loopback=True).get(f"http://127.0.0.1:{free_port()}/", is_named_by_operator=True)


async def test_a_name_without_an_address_is_a_failure() -> None:
    with pytest.raises(NotDelivered, match="has no address"):
        await OutboundHttp().get("https://nowhere.invalid/", is_named_by_operator=False)


async def test_the_next_address_is_tried_when_one_does_not_respond() -> None:
    async with listening(saying(GOOD)) as port:
        outbound = OutboundHttp(allows_loopback=True, resolve=resolving("127.0.0.3", "127.0.0.1"))
        assert (await outbound.get(f"http://localhost:{port}/", is_named_by_operator=True)).status == 200


async def test_a_certificate_must_be_trusted_and_be_of_the_host(tmp_path: Path) -> None:
    certificate = Certificate.make(tmp_path)
    trusting = OutboundHttp(allows_loopback=True, tls=certificate.client())
    async with listening(saying(GOOD), certificate.server()) as port:
        assert (await trusting.get(f"https://localhost:{port}/", is_named_by_operator=True)).status == 200
        for outbound, host in ((OutboundHttp(allows_loopback=True), "localhost"), (trusting, "127.0.0.1")):
            with pytest.raises(NotDelivered, match="certificate is not trusted"):
                await outbound.get(f"https://{host}:{port}/", is_named_by_operator=True)


async def test_a_server_without_tls_is_a_failure() -> None:
    async def clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    for talk, why in ((clear, "TLS failed"), (saying(GOOD), "no complete response")):
        async with listening(talk) as port:
            outbound = OutboundHttp(allows_loopback=True, patience=0.5)
            with pytest.raises(NotDelivered, match=why):
                await outbound.get(f"https://localhost:{port}/", is_named_by_operator=True)


@pytest.mark.parametrize(
    "url", ["http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//x/", "https://[/"]
)
async def test_nothing_but_https_is_asked_in_production(url: str) -> None:
    with pytest.raises(NotDelivered):
        await OutboundHttp(resolve=resolving("93.184.216.34")).get(url, is_named_by_operator=True)


async def test_http_in_development_is_for_this_machine_alone() -> None:
    outbound = OutboundHttp(allows_loopback=True, resolve=resolving("93.184.216.34"))
    with pytest.raises(NotDelivered, match="not one that may be asked"):
        await outbound.get("http://example.com/", is_named_by_operator=True)


LOOPBACK = ["127.0.0.1", "::1", "::ffff:127.0.0.1"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"]
NOWHERE = [
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize(
    "address", [*LOOPBACK, *PRIVATE, *NOWHERE, "240.0.0.1", "192.0.2.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]
)
async def test_a_host_that_a_document_names_must_be_public(address: str) -> None:
    outbound = OutboundHttp(resolve=resolving("93.184.216.34", address))
    with pytest.raises(NotDelivered, match="not one that may be asked"):
        await outbound.get("https://example.com/", is_named_by_operator=False)


@pytest.mark.parametrize("address", NOWHERE)
async def test_a_host_that_the_operator_names_is_not_just_anywhere(address: str) -> None:
    with pytest.raises(NotDelivered, match="not one that may be asked"):
        await OutboundHttp(resolve=resolving(address)).get("https://example.com/", is_named_by_operator=True)


async def test_loopback_is_for_hosts_that_the_operator_names(tmp_path: Path) -> None:
    outbound = OutboundHttp(allows_loopback=True)
    async with listening(saying(GOOD)) as port:
        with pytest.raises(NotDelivered, match="not one that may be asked"):
            await outbound.get(f"http://127.0.0.1:{port}/", is_named_by_operator=False)
    certificate = Certificate.make(tmp_path)
    async with listening(saying(GOOD), certificate.server()) as port:
        # In production, a provider on this machine.
        outbound = OutboundHttp(tls=certificate.client())
        assert (await outbound.get(f"https://localhost:{port}/", is_named_by_operator=True)).status == 200


async def test_a_private_network_is_for_hosts_that_the_operator_names() -> None:
    """The address is allowed; that no server is there shows in the reason."""
    for address in PRIVATE:
        outbound = OutboundHttp(patience=0.05, resolve=resolving(address))
        with pytest.raises(NotDelivered) as failed:
            await outbound.get("https://keycloak.example/", is_named_by_operator=True)
        assert "may be asked" not in str(failed.value)


async def test_proxies_of_the_environment_are_ignored(asked: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(saying(GOOD, asked=asked)) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("no_proxy", "")
        assert (await get(saying(GOOD))).status == 200
    assert asked == []
