"""A proxy that makes of this service a later version of it: every JSON object has one more member."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection", "accept-encoding", "date", "server"}


@contextmanager
def later_version(port: int) -> Iterator[int]:
    """The port of the proxy in front of `port`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            upstream.request(self.command, self.path, body or None, sent)
            answer = upstream.getresponse()
            content = answer.read()
            if "json" in answer.headers.get("content-type", ""):
                content = json.dumps(_extended(json.loads(content))).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_GET = do_POST = do_PATCH = do_DELETE = _pass_on  # noqa: N815  # The names that http.server looks for.

        def log_message(self, format: str, *args: object) -> None:  # The name is inherited.
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _extended(value: object) -> object:
    if isinstance(value, list):
        return [_extended(one) for one in value]
    if isinstance(value, dict):
        return {name: _extended(one) for name, one in value.items()} | {"added_later": {"since": "1.9"}}
    return value
