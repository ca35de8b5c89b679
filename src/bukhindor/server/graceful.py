"""Serving the ASGI application until a signal says stop, and stopping without losing a request.

The first SIGTERM or SIGINT calls `on_drain` at once (readiness says no), every response from then on says
`Connection: close`, the listener stays open for `drain_delay` seconds, requests under way are finished, idle
connections are closed, and only then the application's resources are closed. What is not finished `shutdown_timeout`
seconds after the signal is cut off. A second signal cuts off at once, a third one ends the process immediately.
"""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from types import FrameType
from typing import Any

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.server import HANDLED_SIGNALS

from bukhindor.server.assignment import RETIRE, Assignment
from bukhindor.server.connection import BoundedServerState
from bukhindor.server.head import ConnectionLimits
from bukhindor.server.listener import (
    addresses_of,
    explain,
    open_listeners,
    remove_files,
    socket_files,
    stop_listening,
)
from bukhindor.server.protocol import BoundedHttpProtocol
from bukhindor.server.refusal import Refuse

logger = logging.getLogger("bukhindor.server")

EXIT_FINISHED = 0
EXIT_CUT_OFF = 1

_TICK_SECONDS = 0.05
# A recently used connection may have its next request on the way; closing it now would reset that.
_IDLE_GRACE_SECONDS = 1.0
_CANCEL_SECONDS = 1.0
_LOOKS_PER_TICK = 500
# How long the application may take to close its resources.
_CLOSING_SECONDS = 10.0


class GracefulServer(uvicorn.Server):
    """One server process, one event loop.

    `shutdown_timeout` and `drain_delay` are seconds from the first signal; the delay is part of the time-out.
    `resources` is entered before connections are accepted and left at the end. `on_ready` gets the addresses, such as
    `http://127.0.0.1:8080`, once connections are accepted. For `hosts` see `open_listeners`.
    """

    server_state: BoundedServerState

    def __init__(
        self,
        app: ASGI3Application,
        hosts: Sequence[str],
        port: int,
        *,
        refuse: Refuse,
        shutdown_timeout: float,
        drain_delay: float,
        on_drain: Callable[[], None],
        resources: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        on_ready: Callable[[str], None] | None = None,
        assignment: Assignment | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                port=port,
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )
        self.server_state = BoundedServerState(limits or ConnectionLimits(), refuse)
        self.exit_code = EXIT_FINISHED
        self._shutdown_timeout = shutdown_timeout
        self._drain_delay = min(drain_delay, shutdown_timeout)
        self._on_drain = on_drain
        self._open_resources = resources
        self._resources = AsyncExitStack()
        self._on_ready = on_ready
        self._assignment = assignment
        self._hosts = hosts
        self._socket_files: list[str] = []
        self._listeners: Sequence[socket.socket] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested_at = 0.0
        self._ticks = 0
        self._to_look_at: list[BoundedHttpProtocol] = []

    def run_until_stopped(self) -> int:
        """Serve until a signal; return the exit code of the process.

        EXIT_FINISHED: everything was finished. EXIT_CUT_OFF: requests had to be cut off, or the resources did not close
        cleanly. Raises CannotListen when the address can't be served, and what opening the resources raised.
        """
        assigned = self._assignment
        listeners = list(assigned.listeners) if assigned else open_listeners(self._hosts, self.config.port)
        # Those of an assignment are its supervisor's.
        self._socket_files = [] if assigned else socket_files(listeners)
        try:
            self.run(sockets=listeners)
        finally:
            remove_files(self._socket_files)
            for listener in listeners:
                listener.close()
        return self.exit_code

    def request_stop(self) -> None:
        """Begin to stop; a second call cuts off what is under way. Runs in the event loop."""
        if self.should_exit:
            self.force_exit = True
        else:
            self.begin_to_stop()

    def begin_to_stop(self) -> None:
        """Stop in order; a second call changes nothing. Runs in the event loop."""
        if not self.should_exit:
            self._stop_accepting()
            report_failure("on_drain", self._on_drain)

    def retire(self) -> None:
        """Stop while other processes continue to serve the address: at once, and without a change of readiness."""
        if not self.should_exit:
            self._drain_delay = 0.0
            self._stop_accepting()

    def _obey(self, channel: Any) -> None:
        """Carry out the supervisor's orders. When it has ended, stop."""
        try:
            word = channel.recv()
            if word == RETIRE:
                self.retire()
            else:
                channel.send(self.started)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(channel.fileno())
            self.begin_to_stop()

    def _stop_accepting(self) -> None:
        self.should_exit = True
        self._stop_requested_at = asyncio.get_running_loop().time()
        self.server_state.draining = True
        for connection in self.connections():
            connection.stop_keeping_alive()

    def call_in_loop(self, function: Callable[[], None]) -> None:
        """Run `function` soon in the event loop; for signal handlers and other threads."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the interpreter for SIGTERM and SIGINT. The signal is not raised again after the shutdown."""
        if self._assignment:
            # The supervisor and the service manager may both send a signal; the supervisor kills a worker that is late.
            self.call_in_loop(self.begin_to_stop)
            return
        if self.should_exit:
            for handled in HANDLED_SIGNALS:
                signal.signal(handled, signal.SIG_DFL)
        self.call_in_loop(self.request_stop)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Start-up, main loop and shutdown on `sockets`."""
        self._loop = asyncio.get_running_loop()
        self._listeners = sockets or ()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the resources, then listen."""
        await self._resources.enter_async_context(self._open_resources())
        # What has been built by now is never collected: looking at it again would stop all requests for 0.1 s.
        gc.collect()
        gc.freeze()
        loop = asyncio.get_running_loop()
        self.servers = []
        await self.on_tick(0)
        try:
            # uvloop would close the file of a socket that cannot listen without updating the socket object.
            for listener in self._listeners:
                listener.listen(self.config.backlog)
        except OSError as error:
            await self._resources.aclose()
            raise explain(error, ", ".join(self._hosts), self.config.port) from error
        for listener in self._listeners:
            self.servers.append(
                await loop.create_server(self._make_protocol, sock=listener, backlog=self.config.backlog)
            )
        self.started = True
        if self._assignment:
            loop.add_reader(self._assignment.channel.fileno(), self._obey, self._assignment.channel)
        on_ready = self._on_ready
        if on_ready is not None:
            address = addresses_of(self._listeners, self._hosts)
            report_failure("on_ready", lambda: on_ready(address))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, cut off what is left, close the resources."""
        start = self._stop_requested_at
        deadline = start + self._shutdown_timeout
        logger.info(
            "stopping: no new requests after %.1f s, all ends after %.1f s", self._drain_delay, self._shutdown_timeout
        )
        await self._tick_until(start + self._drain_delay, lambda: False)
        remove_files(self._socket_files)
        await stop_listening(self.servers, self._listeners, self._make_protocol)
        await self._tick_until(deadline, self._drained)
        await self._cut_off()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._resources.aclose()
        except Exception as error:
            logger.error("the application did not close cleanly: %s", str(error) or type(error).__name__)
            self.exit_code = EXIT_CUT_OFF
        logger.info("stopped")

    def _drained(self) -> bool:
        for connection in self.connections():
            if connection.idle_seconds() > _IDLE_GRACE_SECONDS:
                connection.shutdown()
        return not self.server_state.connections and not self.server_state.tasks

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; a look at very many connections takes several calls, so that requests go on."""
        now = asyncio.get_running_loop().time()
        if not self._to_look_at:
            self._to_look_at = self.connections()
        for connection in self._to_look_at[-_LOOKS_PER_TICK:]:
            connection.end_overdue(now)
        del self._to_look_at[-_LOOKS_PER_TICK:]
        return await super().on_tick(counter)

    async def _tick_until(self, when: float, done: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        while not done() and not self.force_exit and (left := when - loop.time()) > 0:
            await asyncio.sleep(min(left, _TICK_SECONDS))
            # Keeps the Date header going; uvicorn refreshes it at every tenth call.
            self._ticks += 1
            await self.on_tick(self._ticks)

    async def _cut_off(self) -> None:
        connections = self.connections()
        unanswered = sum(connection.is_answering() for connection in connections)
        for connection in connections:
            connection.transport.abort()
        # One turn of the loop informs the applications that their clients are gone.
        await asyncio.sleep(0)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        if unanswered or tasks:
            logger.error("cut off %d unfinished requests", max(unanswered, len(tasks)))
            self.exit_code = EXIT_CUT_OFF

    def connections(self) -> list[BoundedHttpProtocol]:
        """The open connections."""
        return [each for each in self.server_state.connections if isinstance(each, BoundedHttpProtocol)]

    def _make_protocol(self) -> BoundedHttpProtocol:
        return BoundedHttpProtocol(self.config, self.server_state, self.lifespan.state)


def report_failure(name: str, call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:
        logger.exception("%s failed", name)
