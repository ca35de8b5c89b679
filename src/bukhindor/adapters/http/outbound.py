"""Requests to web servers of others: bounded in time and size, without redirects, and to no address that they must not
reach (OWASP ASVS 5.0 1.3.6, 4.1.3).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 4.0
"""Seconds for one exchange, from looking up the name of the server to the last byte of the body."""

MOST_BYTES = 256 * 1024

_CONNECT_SECONDS = 1.5
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "bukhindor",
}
# Addresses that stand for an IPv4 address behind a translator (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")

IpAddress = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Any]


class NotDelivered(OSError):
    """There was no usable response; the text says why, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`media_type` is without parameters, in lower case. A redirect is a response like any other."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


class OutboundHttp:
    """Requests over https, and over http to this machine if `allows_loopback` says so, as it may in development.

    Names are resolved here, every address is checked, and the connection goes to an address that was checked. So no
    name can mean one address when it is checked and another one when it is used. Environment variables with proxies
    are ignored. `tls` is the system's list of authorities by default.
    """

    def __init__(
        self,
        *,
        allows_loopback: bool = False,
        patience: float = PATIENCE,
        tls: ssl.SSLContext | None = None,
        resolve: Callable[[str, int], Any] | None = None,
    ) -> None:
        self._allows_loopback = allows_loopback
        self._patience = patience
        self._tls = tls
        self._resolve = resolve or _resolve

    async def get(self, url: str, *, is_named_by_operator: bool) -> Answer:
        """Get a JSON document. A host that the operator names may be in a private network; any other must be public.

        Raises NotDelivered.
        """
        return await self._exchange("GET", url, {}, None, is_named_by_operator)

    async def post(
        self, url: str, form: Mapping[str, str], *, is_named_by_operator: bool, authorization: str | None = None
    ) -> Answer:
        """Send a form. Raises NotDelivered."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization is not None:
            headers["Authorization"] = authorization
        return await self._exchange("POST", url, headers, urlencode(form).encode("ascii"), is_named_by_operator)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, is_named_by_operator: bool
    ) -> Answer:
        try:
            is_clear = urlsplit(url).scheme != "https"
        except ValueError:
            raise NotDelivered("the address is malformed") from None
        if is_clear and not self._allows_loopback:
            raise NotDelivered("the address is not https")

        def allows(address: IpAddress) -> bool:
            if address.is_loopback and self._allows_loopback:
                return is_named_by_operator
            if is_clear:
                return False
            return _is_anywhere_sensible(address) if is_named_by_operator else _is_public(address)

        try:
            async with asyncio.timeout(self._patience):
                # Loading takes a tenth of a second, in which other requests go on.
                library = await asyncio.to_thread(_library)
                return await self._send(library, allows, method, url, headers, content)
        except TimeoutError:
            raise NotDelivered(f"no complete response in {self._patience:g} seconds") from None

    async def _send(
        self,
        library: "_Library",
        allows: Callable[[IpAddress], bool],
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Answer:
        network = _CheckedNetwork(library, self._resolve, allows)
        backend: Any = network
        sent = list({**_HEADERS, **headers}.items())
        try:
            async with (
                library.pool(ssl_context=self._tls or library.tls, network_backend=backend) as pool,
                pool.stream(method, url, headers=sent, content=content) as response,
            ):
                received = {name.lower(): value for name, value in response.headers}
                if received.get(b"content-encoding", b"identity").lower() != b"identity":
                    raise NotDelivered("the response is compressed, which was not asked for")
                body = bytearray()
                async for chunk in response.aiter_stream():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise NotDelivered(f"the response is longer than {MOST_BYTES // 1024} KiB")
        except library.failures as error:
            raise NotDelivered(_reason(error)) from error
        finally:
            # httpcore leaves a connection open whose TLS handshake is cancelled.
            await network.close()
        media_type = received.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return Answer(response.status, media_type.decode("latin-1"), bytes(body))


class _Library:
    """httpcore and the system's authorities, loaded with the first request: an idle service does without 1.5 MB."""

    def __init__(self) -> None:
        import httpcore  # noqa: PLC0415

        self.pool = httpcore.AsyncConnectionPool
        self.network = httpcore.AnyIOBackend()
        self.tls = ssl.create_default_context()
        self.unconnected = (httpcore.ConnectError, httpcore.ConnectTimeout)
        self.failures: tuple[type[Exception], ...] = (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
        )


_library = cache(_Library)


class _CheckedNetwork:
    """Connects to addresses that were checked; this is what httpcore calls a network backend."""

    def __init__(self, library: _Library, resolve: Resolve, allows: Callable[[IpAddress], bool]) -> None:
        self._library, self._resolve, self._allows = library, resolve, allows
        self._opened: list[Any] = []

    async def close(self) -> None:
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(self, host: str, port: int, **options: Any) -> Any:
        addresses: Sequence[str] = await self._resolve(host, port)
        for address in addresses:
            if not self._allows(ip_address(address)):
                raise NotDelivered("the address of the server is not one that may be asked")
        for address in addresses[:-1]:
            try:
                return await self._connected(address, port, {**options, "timeout": _CONNECT_SECONDS})
            except self._library.unconnected:
                continue
        return await self._connected(addresses[-1], port, options)

    async def _connected(self, address: str, port: int, options: Mapping[str, Any]) -> Any:
        stream = await self._library.network.connect_tcp(address, port, **options)
        self._opened.append(stream)
        return stream


async def _resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, at least one and at most four. Raises NotDelivered."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered("the name of the server has no address") from error
    # A scope, as in fe80::1%eth0, belongs to link-local addresses alone.
    return [str(place[4][0]).partition("%")[0] for place in found][:4]


def _is_anywhere_sensible(address: IpAddress) -> bool:
    """Not where machines of clouds keep their credentials (169.254.169.254), and no address of many machines.

    A host of this machine is named by its own /etc/hosts as loopback, and proves its name by its certificate.
    """
    meant = _meant(address)
    return not (meant.is_link_local or meant.is_multicast or meant.is_unspecified)


def _is_public(address: IpAddress) -> bool:
    meant = _meant(address)
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def _meant(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _reason(error: Exception) -> str:
    # httpcore raises its own error from the one of TLS, and hides that.
    cause = error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({cause.reason or 'no TLS there'})"
    name = type(error).__name__
    if name in ("ProtocolError", "RemoteProtocolError", "LocalProtocolError", "UnsupportedProtocol"):
        return "what came is not HTTP, or it ended too soon"
    return "no connection" if name.startswith("Connect") else "the connection broke"
