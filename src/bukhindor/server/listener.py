"""Opening and closing the sockets that the server accepts connections on."""

import asyncio
import errno
import os
import socket
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

# What is before the path of a Unix socket.
UNIX: Final = "unix:"

_OPENING_SECONDS = 1.0


class CannotListen(OSError):
    """The address cannot be served. The message is one sentence that says what to do."""


def open_listeners(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Sockets bound to every address of `hosts`; port 0 takes a free one, the same for all. They do not listen yet.

    A host is a name, an IP address, or `unix:` and the path of a socket; `::` means every address of both families.
    Raises CannotListen.
    """
    listeners: dict[str, socket.socket] = {}
    try:
        for host in hosts:
            if host.startswith(UNIX):
                listeners[host] = _open_unix(host.removeprefix(UNIX))
            else:
                port = _open_tcp(host, port, listeners)
    except BaseException:
        close_listeners(listeners.values())
        raise
    return list(listeners.values())


def _open_tcp(host: str, port: int, listeners: dict[str, socket.socket]) -> int:
    """Add the sockets of `host`, by address; return their port."""
    names = ("::", "0.0.0.0") if host == "::" else (host or None,)  # noqa: S104 - As configured.
    try:
        found = [
            each
            for name in names
            for each in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ]
    except OSError as error:
        raise CannotListen(f"the host {host!r} is not known: set SERVER_HOST to an address of this machine") from error
    failures = []
    for family, _, _, _, address in found:
        name = str(address[0])
        if name not in listeners:
            try:
                listeners[name] = _bound(family, (name, port, *address[2:]))
            except OSError as error:
                failures.append(error)
                continue
        port = listeners[name].getsockname()[1]
    # A machine may lack one kind of address, such as IPv6.
    fatal = [failure for failure in failures if failure.errno == errno.EADDRINUSE or len(failures) == len(found)]
    if fatal:
        raise explain(fatal[0], host, port)
    return port


def _bound(family: int, address: tuple[object, ...] | str) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix" and family != socket.AF_UNIX:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _open_unix(path: str) -> socket.socket:
    """A socket that user and group of this process may open. It replaces a file that no program listens on any more."""
    try:
        if os.path.lexists(path):
            if not stat.S_ISSOCK(os.lstat(path).st_mode):
                raise CannotListen(f"{path} is there and is no socket: set SERVER_HOST to another path")
            with socket.socket(socket.AF_UNIX) as client, suppress(ConnectionRefusedError):
                client.connect(path)
                raise CannotListen(f"another program listens on {path}: stop it or set SERVER_HOST")
            os.unlink(path)
        others_have_no_rights = os.umask(0o117)
        try:
            return _bound(socket.AF_UNIX, path)
        finally:
            os.umask(others_have_no_rights)
    except CannotListen:
        raise
    except OSError as error:
        raise CannotListen(f"cannot listen on {path}: {error.strerror or error}") from error


def close_listeners(listeners: Iterable[socket.socket], *, with_files: bool = True) -> None:
    """Close the sockets, and remove the files of Unix sockets while they are listened on: later they may be another's.

    A second call changes nothing.
    """
    for listener in listeners:
        if with_files and listener.family == socket.AF_UNIX and listener.fileno() != -1:
            with suppress(OSError):
                os.unlink(listener.getsockname())
        listener.close()


def explain(error: OSError, host: str, port: int) -> CannotListen:
    """The operating system's error as a sentence with a remedy."""
    if error.errno == errno.EADDRINUSE:
        return CannotListen(f"port {port} is in use: stop the other program or set SERVER_PORT")
    if error.errno == errno.EACCES:
        return CannotListen(f"port {port} needs more rights: set SERVER_PORT to 1024 or more")
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(f"the host {host!r} is not an address of this machine: set SERVER_HOST")
    return CannotListen(f"cannot listen on {host!r} port {port}: {error.strerror}")


def addresses_of(listeners: Sequence[socket.socket], hosts: Sequence[str]) -> str:
    """Where `listeners` are reached, with `hosts` as they were configured: URLs, and paths behind `unix:`."""
    names = [listener.getsockname() for listener in listeners if listener.family != socket.AF_UNIX]
    return ", ".join(host if host.startswith(UNIX) else _url(host or names[0][0], names[0][1]) for host in hosts)


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def stop_listening(
    servers: Sequence[asyncio.Server],
    listeners: Sequence[socket.socket],
    make_protocol: Callable[[], asyncio.Protocol],
    *,
    with_files: bool = True,
) -> None:
    """Close the servers, which have copies of `listeners`, and then those.

    Connections that the kernel has completed already are served, not reset. Without a free file descriptor they are
    lost; the requests under way matter more.
    """
    loop = asyncio.get_running_loop()
    # asyncio forgets connections that it accepted a turn ago when its server closes before it has set them up.
    for copy in (each for server in servers for each in server.sockets):
        loop.remove_reader(copy)
    for _ in range(2):
        await asyncio.sleep(0)
    for server in servers:
        server.close()
    # The event loop releases its sockets one turn later; until then both would accept.
    await asyncio.sleep(0)
    accepted: list[socket.socket] = []
    for listener in listeners:
        with suppress(OSError):
            while True:
                accepted.append(listener.accept()[0])
    close_listeners(listeners, with_files=with_files)
    if accepted:
        # A client that has left already must not hold up the others.
        opening = [asyncio.ensure_future(loop.connect_accepted_socket(make_protocol, each)) for each in accepted]
        await asyncio.wait(opening, timeout=_OPENING_SECONDS)
