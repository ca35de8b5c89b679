"""GET /metrics on a port of its own, answered by threads of its own."""

import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_SCRAPE_SECONDS = 10.0
_CONNECTION_SECONDS = 30.0
_CONNECTIONS_AT_ONCE = 64
_SCRAPES_AT_ONCE = 8
_POLL_SECONDS = 0.2


class CannotExpose(OSError):
    """The address for metrics can't be served. The message is one sentence that says what to do."""


class MetricsServer:
    """Listens from the start, so that a port in use is known before the service is; answers between start and close.

    Raises CannotExpose.
    """

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        handler = type("Handler", (_Handler,), {"registry": registry, "places": threading.Semaphore(_SCRAPES_AT_ONCE)})
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, _, _, _, address = found[0]
            kind = type("Server", (_Server,), {"address_family": family})
            self._server: _Server = kind(address, handler)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotExpose(f"port {port} can't be used for metrics ({reason}): set METRICS_PORT") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop listening; who is in the midst of a scrape is not waited for."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: Any, handler: type["_Handler"]) -> None:
        self._since: dict[socket.socket, float] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without the name of this machine, which the standard library would ask the network for."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def get_request(self) -> Any:
        try:
            return super().get_request()
        except OSError:
            # Without a file left the connection goes on waiting, and this would be called again at once, for ever.
            time.sleep(_POLL_SECONDS)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, of which a client could make any number."""
        if len(self._since) >= _CONNECTIONS_AT_ONCE:
            self.shutdown_request(request)
            return
        self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Leave those that send or read a little now and then, so that no step of theirs takes too long."""
        now = time.monotonic()
        for request, since in list(self._since.items()):
            if now - since > _CONNECTION_SECONDS:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that leaves early is no event."""


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    places: threading.Semaphore
    # How long one step of a connection may take: a scraper that is slower is left.
    timeout = _SCRAPE_SECONDS

    def do_GET(self) -> None:
        if urlsplit(self.path).path != "/metrics":
            self._answer(404, "text/plain; charset=utf-8", b"There is only /metrics.\n")
        elif not self.places.acquire(blocking=False):
            self._answer(503, "text/plain; charset=utf-8", b"Too many scrapes at once.\n")
        else:
            try:
                encode, media_type = choose_encoder(self.headers.get("accept", ""))
                body = encode(self.registry)
            finally:
                self.places.release()
            self._answer(200, media_type, body)

    def version_string(self) -> str:
        return "bukhindor"

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not logged."""

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
