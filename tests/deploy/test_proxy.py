"""deploy/nginx/nginx.conf as it is, but for addresses, in front of two servers that count what reaches them."""

import http.client
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.certificate import Certificate
from tests.servers.fixtures import opened
from tests.servers.nginx import NginxServer
from tests.servers.processes import free_port

FOLDER = Path(__file__).parents[2] / "deploy" / "nginx"
PATIENCE_SECONDS = 30
SERVER_BLOCK = re.compile(r"^    server \{\n(.*?)^    \}\n", re.MULTILINE | re.DOTALL)


@dataclass
class Replica:
    """Answers everything with `status`, and keeps what it was asked."""

    status: int = 200
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def start(self) -> ThreadingHTTPServer:
        replica = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                replica.requests.append((self.command, self.path, headers))
                self.send_response(replica.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


@pytest.fixture
def proxy() -> Iterator[NginxServer]:
    server = opened(NginxServer)
    yield server
    server.close()


def configuration(proxy: NginxServer, *ports: int) -> str:
    return moved((FOLDER / "nginx.conf").read_text("utf-8"), proxy, *ports)


def with_tls(proxy: NginxServer, tls_port: int, *ports: int) -> str:
    """nginx.conf with the blocks of tls.conf.example, put together as that file says."""
    whole = (FOLDER / "nginx.conf").read_text("utf-8")
    block = SERVER_BLOCK.search(whole)
    assert block is not None
    listen, kept = block[1].split("\n", 1)
    assert listen.split()[0] == "listen"
    tls, place = re.subn(r"    # Then all of .*\n", lambda _: kept, (FOLDER / "tls.conf.example").read_text("utf-8"))
    assert place == 1
    tls = re.sub(r"^ *listen \[::\].*\n", "", tls, flags=re.MULTILINE)
    tls = tls.replace("listen 443", f"listen 127.0.0.1:{tls_port}").replace(
        "listen 80 ", f"listen 127.0.0.1:{free_port()} "
    )
    tls = tls.replace("listen 127.0.0.1:8080", f"listen 127.0.0.1:{proxy.port}")
    # Distributions still have an nginx that does not know the directive; the image's does.
    tls = tls.replace("/etc/nginx/tls/", "").replace("    http2 on;\n", "")
    return moved(whole.replace(block[0], tls), proxy, *ports)


def moved(text: str, proxy: NginxServer, *ports: int) -> str:
    """The configuration with addresses and places of this test."""
    addresses = iter(ports)
    text = re.sub(r"server bukhindor-\d:8080", lambda _: f"server 127.0.0.1:{next(addresses)}", text)
    text = text.replace("listen 8080", f"listen 127.0.0.1:{proxy.port}").replace("/dev/stdout", "access.log")
    return text.replace("/tmp/", f"{proxy.process.folder}/").replace("worker_processes auto", "worker_processes 1")


def ask(proxy: NginxServer, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
    connection.request(method, path, b"{}" if method == "POST" else None, headers or {})
    status = connection.getresponse().status
    connection.close()
    return status


def access_log(proxy: NginxServer, path: str) -> str:
    """All of it, once it tells of a request to `path`: nginx writes that after its answer has left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while path not in (log := (proxy.process.folder / "access.log").read_text("utf-8")):
        assert time.monotonic() < deadline, log
        time.sleep(0.01)
    return log


def test_a_replica_that_can_not_serve_is_passed_over_and_no_post_is_carried_out_twice(proxy: NginxServer) -> None:
    ill, well = Replica(503), Replica(200)
    servers = [ill.start(), well.start()]
    proxy.start(configuration(proxy, *(server.server_address[1] for server in servers)))

    assert [ask(proxy, "GET", "/health") for _ in range(2)] == [200, 200]
    assert len(well.requests) == 2
    answers = [ask(proxy, "POST", "/api/v1/auth/register") for _ in range(2)]

    posts = [request for replica in (ill, well) for request in replica.requests if request[0] == "POST"]
    assert len(posts) == len(answers)
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_post_goes_to_the_other_replica_when_the_first_is_not_there(proxy: NginxServer) -> None:
    well = Replica()
    server = well.start()
    proxy.start(configuration(proxy, free_port(), server.server_address[1]))

    assert {ask(proxy, "POST", "/api/v1/auth/login") for _ in range(6)} == {200}

    assert len(well.requests) == 6
    server.shutdown()
    server.server_close()


def test_what_a_client_claims_about_itself_goes_no_further(proxy: NginxServer) -> None:
    well = Replica()
    server = well.start()
    port = int(server.server_address[1])
    proxy.start(configuration(proxy, port, port))
    claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "https"}

    assert ask(proxy, "GET", "/account/verify-email?token=very-secret", claims) == 200

    (_, path, headers) = well.requests[0]
    assert path.endswith("?token=very-secret")
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert "forwarded" not in headers
    assert "very-secret" not in access_log(proxy, "/account/verify-email")
    server.shutdown()
    server.server_close()


def test_a_mailed_token_is_not_in_the_error_log_when_no_replica_answers(proxy: NginxServer) -> None:
    proxy.start(configuration(proxy, free_port(), free_port()))

    assert ask(proxy, "GET", "/account/verify-email?token=very-secret") == 502
    assert ask(proxy, "POST", "/account/verify-email?token=very-secret") == 502
    assert ask(proxy, "GET", "/health?seen=yes") == 502

    log = proxy.process.log.read_text("utf-8")
    assert "seen=yes" in log, "what is no mailed link is still told"
    assert "very-secret" not in log


def test_tls_at_nginx_leads_to_the_same_replicas(proxy: NginxServer) -> None:
    well = Replica()
    server = well.start()
    port, tls_port = int(server.server_address[1]), free_port()
    certificate = Certificate.make(proxy.process.folder)
    for name in ("fullchain.pem", "privkey.pem"):
        shutil.copy(certificate.file, proxy.process.folder / name)
    proxy.start(with_tls(proxy, tls_port, port, port))

    connection = http.client.HTTPSConnection(
        "localhost", tls_port, timeout=PATIENCE_SECONDS, context=certificate.client()
    )
    connection.request("GET", "/account/verify-email?token=very-secret")
    assert connection.getresponse().status == 200
    connection.close()

    ((_, _, headers),) = well.requests
    assert headers["x-forwarded-proto"] == "https"
    assert ask(proxy, "GET", "/nginx-health") == 204
    assert ask(proxy, "GET", "/health") == 404, "in plain HTTP there is nothing but the health check"
    server.shutdown()
    server.server_close()
