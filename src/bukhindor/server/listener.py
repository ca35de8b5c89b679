"""Opening and closing the sockets that the server accepts connections on."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

_OPENING_SECONDS = 1.0


class CannotListen(OSError):
    """The address cannot be served. The message is one sentence that says what to do."""


def open_listeners(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of `host`; port 0 takes a free one, the same for all. They do not listen yet.

    Raises CannotListen.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CannotListen(f"the host {host!r} is not known: set SERVER_HOST to an address of this machine") from error
    listeners: list[socket.socket] = []
    failures: list[OSError] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        listener = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], listeners[0].getsockname()[1] if listeners else port, *address[2:]))
            listener.setblocking(False)
            listeners.append(listener)
        except OSError as error:
            listener.close()
            failures.append(error)
    # A machine may lack one kind of address, such as IPv6.
    fatal = [failure for failure in failures if not listeners or failure.errno == errno.EADDRINUSE]
    if fatal:
        for listener in listeners:
            listener.close()
        raise explain(fatal[0], host, port)
    return listeners


def explain(error: OSError, host: str, port: int) -> CannotListen:
    """The operating system's error as a sentence with a remedy."""
    if error.errno == errno.EADDRINUSE:
        return CannotListen(f"port {port} is in use: stop the other program or set SERVER_PORT")
    if error.errno == errno.EACCES:
        return CannotListen(f"port {port} needs more rights: set SERVER_PORT to 1024 or more")
    if error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(f"the host {host!r} is not an address of this machine: set SERVER_HOST")
    return CannotListen(f"cannot listen on {host!r} port {port}: {error.strerror}")


def address_of(listener: socket.socket, host: str) -> str:
    """The URL of `listener`, with `host` as it was configured."""
    shown = host or listener.getsockname()[0]
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}"


async def stop_listening(
    servers: Sequence[asyncio.AbstractServer],
    listeners: Sequence[socket.socket],
    make_protocol: Callable[[], asyncio.Protocol],
) -> None:
    """Close the listeners; connections that the kernel has completed already are served, not reset."""
    loop = asyncio.get_running_loop()
    spares: list[socket.socket] = []
    # Without a free file descriptor, the connections that wait in the kernel are reset; the requests under way matter
    # more.
    with suppress(OSError):
        spares.extend(listener.dup() for listener in listeners)
    # asyncio forgets connections that it accepted a turn ago when its server closes before it has set them up.
    for listener in listeners:
        loop.remove_reader(listener)
    for _ in range(2):
        await asyncio.sleep(0)
    for server in servers:
        server.close()
    # The event loop releases its sockets one turn later; until then both would accept.
    await asyncio.sleep(0)
    accepted: list[socket.socket] = []
    for spare in spares:
        with spare, suppress(OSError):
            spare.setblocking(False)
            while True:
                accepted.append(spare.accept()[0])
                accepted[-1].setblocking(False)
    if accepted:
        # A client that has left already must not hold up the others.
        opening = [asyncio.ensure_future(loop.connect_accepted_socket(make_protocol, each)) for each in accepted]
        await asyncio.wait(opening, timeout=_OPENING_SECONDS)
