"""The files of deploy/ for Caddy, HAProxy and Traefik as they are, but for addresses and certificates, in the real
programs.
"""

import http.client
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.replica import Replica
from tests.servers.certificate import Certificate
from tests.servers.fixtures import opened
from tests.servers.processes import ServerProcess, free_port, listens
from tests.servers.programs import CADDY, HAPROXY, TRAEFIK, Program, environment, locate

DEPLOY = Path(__file__).parents[2] / "deploy"
PATIENCE_SECONDS = 30
FRONT_END = "app.example.com"
TOKEN = "very-secret"


@dataclass(frozen=True)
class Proxy:
    """`prepare` writes the configuration for these ports into a folder and returns the command line after the program:
    the folder, the port for HTTPS, and those of the replicas.
    """

    program: Program
    prepare: Callable[[Path, int, Sequence[int]], list[str]]


def _text(name: str, changes: dict[str, str]) -> str:
    """A file of deploy/ with changes, each of which has its place in it."""
    text = (DEPLOY / name).read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _addresses(ports: Sequence[int]) -> dict[str, str]:
    return {f"bukhindor-{number}:8080": f"127.0.0.1:{port}" for number, port in enumerate(ports, start=1)}


def _caddy(folder: Path, port: int, replicas: Sequence[int]) -> list[str]:
    own = f"local_certs\n skip_install_trust\n admin off\n storage file_system {folder}\n"
    ports = f"http_port {free_port()}\n https_port {port}\n"
    changes = {"{\n\t# Requests": f"{{\n {own} {ports}\n\t# Requests", "api.example.com": "localhost"}
    (folder / "Caddyfile").write_text(_text("caddy/Caddyfile", changes | _addresses(replicas)), "utf-8")
    return ["run", "--adapter", "caddyfile", "--config", "Caddyfile"]


def _haproxy(folder: Path, port: int, replicas: Sequence[int]) -> list[str]:
    changes = {
        "server bukhindor-1 ": "server one ",
        "server bukhindor-2 ": "server two ",
        "bind :80": f"bind 127.0.0.1:{free_port()}",
        "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/haproxy/bukhindor.pem": str(Certificate.make(folder).file),
    }
    (folder / "haproxy.cfg").write_text(_text("haproxy/haproxy.cfg", changes | _addresses(replicas)), "utf-8")
    return ["-f", "haproxy.cfg", "-db"]


def _traefik(folder: Path, port: int, replicas: Sequence[int]) -> list[str]:
    static = {'":80"': f'"127.0.0.1:{free_port()}"', '":443"': f'"127.0.0.1:{port}"', "/etc/traefik/": f"{folder}/"}
    text = _text("traefik/traefik.yml", static)
    # No certificate authority is asked: Traefik's own certificate stands in.
    text, places = re.subn(r"^certificatesResolvers:\n(?:  .*\n)+\n", "", text, flags=re.MULTILINE)
    assert places == 1
    (folder / "traefik.yml").write_text(text, "utf-8")
    dynamic = _text("traefik/bukhindor.yml", {"        certResolver: letsencrypt\n": ""} | _addresses(replicas))
    (folder / "bukhindor.yml").write_text(dynamic.partition("\ntls:")[0], "utf-8")
    return ["--configFile=traefik.yml"]


PROXIES = [Proxy(CADDY, _caddy), Proxy(HAPROXY, _haproxy), Proxy(TRAEFIK, _traefik)]


class Running:
    def __init__(self, proxy: Proxy) -> None:
        self._program = locate(proxy.program)
        self._prepare = proxy.prepare
        self.process = ServerProcess(proxy.program.key)
        self.port = free_port()

    def start(self, replicas: Sequence[int]) -> None:
        folder = self.process.folder
        command = self._prepare(folder, self.port, replicas)
        variables = environment(self._program) | {"HOME": str(folder)}
        self.process.start([self._program, *command], variables, lambda: listens(self.port))

    def ask(self, method: str, path: str, headers: dict[str, str]) -> int:
        """One request in TLS that names no host, as nginx sends it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS, context=context)
        try:
            connection.request(method, path, b"{}" if method == "POST" else None, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def until_ready(self) -> None:
        """Its certificate and its view of the replicas may take a moment after the start."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(OSError):
                if self.ask("GET", "/health", {"Host": FRONT_END}) == 200:
                    return
            assert time.monotonic() < deadline, self.process.log.read_text("utf-8")
            time.sleep(0.1)

    def close(self) -> None:
        self.process.close()


@contextmanager
def serving(*replicas: Replica) -> Iterator[list[int]]:
    servers = [replica.start() for replica in replicas]
    yield [int(server.server_address[1]) for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=PROXIES, ids=lambda proxy: proxy.program.key)
def proxy(request: pytest.FixtureRequest) -> Iterator[Running]:
    running = opened(lambda: Running(request.param))
    yield running
    running.close()


def test_a_front_end_that_forwards_with_its_own_host_is_served_and_no_post_is_lost(proxy: Running) -> None:
    """One of two replicas is not there. Claims of clients go no further, and no log has a mailed token."""
    well = Replica()
    with serving(well) as ports:
        proxy.start([free_port(), *ports])
        proxy.until_ready()
        well.requests.clear()
        claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}
        headers = {"Host": FRONT_END, **claims}
        assert {proxy.ask("POST", "/api/v1/auth/login", headers) for _ in range(4)} == {200}
        assert proxy.ask("GET", f"/account/verify-email?token={TOKEN}", headers) == 200

    asked = [(method, path, headers) for method, path, headers in well.requests if path != "/health/ready"]
    assert [method for method, _, _ in asked] == ["POST"] * 4 + ["GET"]
    assert asked[-1][1] == f"/account/verify-email?token={TOKEN}"
    for _, _, headers in asked:
        assert (headers["host"], headers["x-forwarded-host"]) == (FRONT_END, FRONT_END)
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
        assert "forwarded" not in headers
    assert TOKEN not in proxy.process.log.read_text("utf-8")


def test_no_replica_is_an_error_and_no_token_is_logged(proxy: Running) -> None:
    proxy.start([free_port(), free_port()])
    deadline = time.monotonic() + PATIENCE_SECONDS
    status = 404
    # Traefik says 404 until it has read the second file; a certificate may take a moment, too.
    while status == 404:
        assert time.monotonic() < deadline, proxy.process.log.read_text("utf-8")
        time.sleep(0.1)
        with suppress(OSError):
            status = proxy.ask("GET", f"/account/verify-email?token={TOKEN}", {"Host": FRONT_END})
    assert status in (502, 503, 504)
    assert TOKEN not in proxy.process.log.read_text("utf-8")
