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
from dataclasses import KW_ONLY, dataclass
from types import FrameType
from typing import Any

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.server import HANDLED_SIGNALS

from bukhindor.server.assignment import RETIRE, Assignment
from bukhindor.server.connection import BoundedConnection
from bukhindor.server.cycle import BoundedServerState
from bukhindor.server.head import ConnectionLimits
from bukhindor.server.listener import addresses_of, close_listeners, explain, open_listeners, stop_listening
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


@dataclass(eq=False)
class GracefulServer(uvicorn.Server):
    """One server process, one event loop.

    `shutdown_timeout` and `drain_delay` are seconds from the first signal; the delay is the shorter one.
    `resources` is entered before connections are accepted and left at the end. `on_ready` gets the addresses, such as
    `http://127.0.0.1:8080`, once connections are accepted. For `hosts` see `open_listeners`.
    """

    app: ASGI3Application
    hosts: Sequence[str]
    port: int
    _: KW_ONLY
    refuse: Refuse
    shutdown_timeout: float
    drain_delay: float
    on_drain: Callable[[], None]
    resources: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    on_ready: Callable[[str], None] = lambda address: None
    assignment: Assignment | None = None
    limits: ConnectionLimits | None = None

    def __post_init__(self) -> None:
        super().__init__(
            uvicorn.Config(
                self.app,
                http=BoundedConnection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )
        self.server_state: BoundedServerState = BoundedServerState(self.limits or ConnectionLimits(), self.refuse)
        self.exit_code = EXIT_FINISHED
        self._open_resources = AsyncExitStack()
        self._listeners: list[socket.socket] = []
        self._to_look_at: list[BoundedConnection] = []

    def run_until_stopped(self) -> int:
        """Serve until a signal; return the exit code of the process.

        EXIT_FINISHED: everything was finished. EXIT_CUT_OFF: requests had to be cut off, or the resources did not close
        cleanly. Raises CannotListen when the address can't be served, and what opening the resources raised.
        """
        assigned = self.assignment
        # The supervisor closes its own sockets and removes their files.
        self._listeners = list(assigned.listeners) if assigned else open_listeners(self.hosts, self.port)
        try:
            self.run(self._listeners)
        finally:
            close_listeners(self._listeners, with_files=self.assignment is None)
        return self.exit_code

    # A tenth of a second later, the main loop acts on these.

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at SIGTERM or SIGINT, cut off what is under way at a second one, and let a third one kill."""
        if self.assignment:
            # Terminals send SIGINT to every process, service managers SIGTERM. The supervisor kills late workers.
            self.should_exit = self.should_exit or sig == signal.SIGTERM
            return
        if self.should_exit:
            self.force_exit = True
            for handled in HANDLED_SIGNALS:
                signal.signal(handled, signal.SIG_DFL)
        self.should_exit = True

    def _obey(self, channel: Any) -> None:
        """Carry out the supervisor's orders. When it has ended, stop."""
        try:
            if channel.recv() != RETIRE:
                channel.send(self.started)
            elif not self.should_exit:
                # Other workers continue to serve the address, so it stops at once and without a change of readiness.
                self.drain_delay, self.on_drain = 0.0, lambda: None
                self.should_exit = True
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(channel.fileno())
            self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the resources, then listen."""
        await self._open_resources.enter_async_context(self.resources())
        # What has been built by now is never collected: looking at it again would stop all requests for 0.1 s.
        gc.collect()
        gc.freeze()
        loop = asyncio.get_running_loop()
        await self.on_tick(0)
        try:
            # uvloop would close the file of a socket that cannot listen without updating the socket object.
            for listener in self._listeners:
                # As it is for the other workers; a copy would change that.
                listener.setblocking(False)
                listener.listen(self.config.backlog)
        except OSError as error:
            await self._open_resources.aclose()
            raise explain(error, ", ".join(self.hosts), self.port) from error
        # The event loop gets copies: what it has not accepted when it stops is left in ours.
        self.servers = [
            await loop.create_server(self._make_connection, sock=listener.dup(), backlog=self.config.backlog)
            for listener in self._listeners
        ]
        self.started = True
        if self.assignment:
            loop.add_reader(self.assignment.channel.fileno(), self._obey, self.assignment.channel)
        report_failure("on_ready", lambda: self.on_ready(addresses_of(self._listeners, self.hosts)))

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; a look at very many connections takes several calls, so that requests go on."""
        now = asyncio.get_running_loop().time()
        self._to_look_at = self._to_look_at[_LOOKS_PER_TICK:] or list(self.server_state.connections)
        for connection in self._to_look_at[:_LOOKS_PER_TICK]:
            connection.end_overdue(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, cut off what is left, close the resources."""
        start = asyncio.get_running_loop().time()
        state = self.server_state
        state.draining = True
        for connection in state.connections:
            connection.stop_keeping_alive()
        report_failure("on_drain", self.on_drain)
        logger.info(
            "stopping: no new requests after %.1f s, all ends after %.1f s", self.drain_delay, self.shutdown_timeout
        )
        await self._tick_until(start + self.drain_delay, lambda: False)
        await stop_listening(self.servers, self._listeners, self._make_connection, with_files=self.assignment is None)
        state.idle_seconds = min(state.idle_seconds, _IDLE_GRACE_SECONDS)
        await self._tick_until(start + self.shutdown_timeout, lambda: not state.connections and not state.tasks)
        await self._cut_off()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._open_resources.aclose()
        except Exception as error:
            logger.error("the application did not close cleanly: %s", str(error) or type(error).__name__)
            self.exit_code = EXIT_CUT_OFF
        logger.info("stopped")

    async def _tick_until(self, when: float, done: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        while not done() and not self.force_exit and (left := when - loop.time()) > 0:
            await asyncio.sleep(min(left, _TICK_SECONDS))
            # 0 keeps the Date header going.
            await self.on_tick(0)

    async def _cut_off(self) -> None:
        connections, tasks = list(self.server_state.connections), list(self.server_state.tasks)
        unfinished = max(sum(connection.is_answering() for connection in connections), len(tasks))
        for connection in connections:
            connection.transport.abort()
        # One turn of the loop informs the applications that their clients are gone.
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        if unfinished:
            logger.error("cut off %d unfinished requests", unfinished)
            self.exit_code = EXIT_CUT_OFF

    def _make_connection(self) -> BoundedConnection:
        return BoundedConnection(self.config, self.server_state, self.lifespan.state)


def report_failure(name: str, call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:
        logger.exception("%s failed", name)
