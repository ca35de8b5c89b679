"""A worker: the server as usual, on sockets that it shares with others, told what to do by its supervisor."""

import asyncio
import signal
import socket
from asyncio import TimerHandle
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from uvicorn._types import ASGI3Application

from bukhindor.server.graceful import GracefulServer
from bukhindor.server.refusal import RefusalFormat
from bukhindor.server.worker_channel import BEAT, CUT_OFF, READY, RETIRE, STOP, Assignment


class WorkerServer(GracefulServer):
    """Serves on the sockets of its assignment. When the supervisor is gone, it stops as after SIGTERM."""

    def __init__(
        self,
        app: ASGI3Application,
        assignment: Assignment,
        *,
        refusal_format: RefusalFormat,
        shutdown_timeout: float,
        drain_delay: float,
        on_drain: Callable[[], None],
        beat_seconds: float = 2.0,
    ) -> None:
        host, port = assignment.listeners[0].getsockname()[:2]
        super().__init__(
            app,
            host,
            port,
            refusal_format=refusal_format,
            shutdown_timeout=shutdown_timeout,
            drain_delay=drain_delay,
            on_drain=on_drain,
            on_ready=lambda _: self._say(READY),
        )
        self._assignment = assignment
        self._channel = assignment.channel
        self._beat_seconds = beat_seconds
        self._beat: TimerHandle | None = None

    def run_until_stopped(self) -> int:
        """Serves until it is told to stop, by its supervisor or by a signal; exit codes as for one process alone."""
        # Terminals and service managers send it to every process; only the supervisor can do something about it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            self.run(sockets=list(self._assignment.listeners))
        finally:
            self._assignment.close()
        return self.exit_code

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """As the server alone, with an ear for the supervisor and a sign of life every `beat_seconds`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel.fileno(), self._listen)
        self._prove_life()
        try:
            await super().serve(sockets)
        finally:
            loop.remove_reader(self._channel.fileno())
            if self._beat is not None:
                self._beat.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal is only ever the first word: it may come beside the supervisor's own, to every process at once."""
        self.call_in_loop(self._stop)

    def _stop(self) -> None:
        if not self.should_exit:
            self.request_stop()

    def _listen(self) -> None:
        try:
            words = self._channel.recv(64)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        if not words:
            # Nothing more will come; without this the loop would call again at once, for ever.
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
        if RETIRE in words:
            self.retire()
        if not words or STOP in words or CUT_OFF in words:
            self._stop()
        if CUT_OFF in words:
            self.force_exit = True

    def _prove_life(self) -> None:
        self._say(BEAT)
        self._beat = asyncio.get_running_loop().call_later(self._beat_seconds, self._prove_life)

    def _say(self, word: bytes) -> None:
        # A supervisor that is gone is noticed by the end of its words; one that is behind needs no more of them.
        with suppress(OSError):
            self._channel.send(word)
