"""deploy/nginx/nginx.conf as it is, but for addresses, in front of two servers that count what reaches them."""

import http.client
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.replica import PATIENCE_SECONDS, Replica
from tests.servers.certificate import Certificate
from tests.servers.fixtures import opened
from tests.servers.nginx import NginxServer
from tests.servers.processes import free_port

FOLDER = Path(__file__).parents[2] / "deploy" / "nginx"
SERVER_BLOCK = re.compile(r"^    server \{\n(.*?)^    \}\n", re.MULTILINE | re.DOTALL)


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
    tls = tls.replace("/etc/nginx/tls/", "")
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


def limited(text: str, *, burst: int = 1000, connections: int = 512) -> str:
    """The configuration with figures that a test reaches: a burst that comes back by one a minute, and connections.

    Addresses are those that X-Forwarded-For names, by the lines that the file has for a proxy in front of it.
    """
    for found, instead in (
        (r"rate=\d+r/s", "rate=1r/m"),
        (r"burst=1000", f"burst={burst}"),
        (r"limit_conn connections 512", f"limit_conn connections {connections}"),
        (r"# set_real_ip_from 172\.30\.85\.1;", "set_real_ip_from 127.0.0.1;"),
        (r"# real_ip_header X-Forwarded-For;", "real_ip_header X-Forwarded-For;"),
    ):
        text, places = re.subn(found, instead, text)
        assert places == 1, found
    return text


def access_log(proxy: NginxServer, path: str) -> str:
    """All of it, once it tells of a request to `path`: nginx writes that after its response has left."""
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


def test_the_cookies_of_other_programs_do_not_lock_a_browser_out(proxy: NginxServer) -> None:
    well = Replica()
    server = well.start()
    proxy.start(configuration(proxy, *(server.server_address[1] for _ in range(2))))

    assert ask(proxy, "POST", "/api/v1/auth/logout", {"Cookie": "a" * 16_384}) == 200

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


@pytest.mark.parametrize(
    ("flood", "same", "others"),
    [
        ("203.0.113.9", ["203.0.113.9"], ["203.0.113.10", "2001:db8::1"]),
        (
            "2001:db8:1:2::1",
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::a0a"],
            ["2001:db8:1:3::1", "2001:db8:0:2::1", "203.0.113.9"],
        ),
        ("2001:db8:0:a0a::1", ["2001:db8:0:a0a:a0a::"], ["2001:db8:0:a0b::1", "2001:db8::a0a:0:0:1"]),
    ],
)
def test_a_flood_is_refused_before_it_reaches_a_replica_and_others_are_served(
    proxy: NginxServer, flood: str, same: list[str], others: list[str]
) -> None:
    """DOS-09: an IPv4 address counts for itself, an IPv6 address with its /64."""
    well = Replica()
    server = well.start()
    port = int(server.server_address[1])
    proxy.start(limited(configuration(proxy, port, port), burst=4))

    answers = [ask(proxy, "GET", "/api/v1/auth/me", {"X-Forwarded-For": flood}) for _ in range(9)]
    assert answers == [200] * 5 + [429] * 4
    assert len(well.requests) == 5
    for address in same:
        assert ask(proxy, "POST", "/api/v1/auth/login", {"X-Forwarded-For": address}) == 429, address
        assert ask(proxy, "GET", "/account/verify-email", {"X-Forwarded-For": address}) == 429, address
    assert len(well.requests) == 5, "no way around it by method or path"
    for address in others:
        assert ask(proxy, "GET", "/api/v1/auth/me", {"X-Forwarded-For": address}) == 200, address
    assert ask(proxy, "GET", "/nginx-health", {"X-Forwarded-For": flood}) == 204, "nginx itself is well"
    assert '"status":429' in access_log(proxy, "/account/verify-email")
    assert "limiting" not in proxy.process.log.read_text("utf-8"), "a flood does not fill the error log"
    server.shutdown()
    server.server_close()


def test_what_nginx_refuses_reads_like_a_refusal_of_the_service(proxy: NginxServer) -> None:
    """DOS-09, ERR-01"""
    well, busy = Replica(), Replica(429)
    servers = [well.start(), busy.start()]
    ports = [int(server.server_address[1]) for server in servers]
    proxy.start(limited(configuration(proxy, ports[0], ports[0]), burst=1))
    assert [ask(proxy, "GET", "/health") for _ in range(2)] == [200, 200]
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/health")
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    assert (answer.status, answer.headers["Content-Type"]) == (429, "application/problem+json; charset=utf-8")
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("1", "no-store")
    assert (problem["status"], problem["code"], problem["error_code"]) == (429, 429, "rate_limited")
    assert problem["error"] == problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    connection.close()

    proxy.stop()
    proxy.start(limited(configuration(proxy, ports[1], ports[1])))
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/health")
    own = connection.getresponse()
    assert (own.status, own.read()) == (429, b""), "the service's own refusal is not replaced"
    connection.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_address_has_so_many_requests_under_way_and_others_have_theirs(proxy: NginxServer) -> None:
    """DOS-09"""
    slow = Replica()
    slow.may_answer.clear()
    server = slow.start()
    port = int(server.server_address[1])
    proxy.start(limited(configuration(proxy, port, port), connections=2))
    waiting = []
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
        connection.request("GET", "/api/v1/auth/me", headers={"X-Forwarded-For": "203.0.113.9"})
        waiting.append(connection)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(slow.requests) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert ask(proxy, "GET", "/api/v1/auth/me", {"X-Forwarded-For": "203.0.113.9"}) == 429
    assert len(slow.requests) == 2
    slow.may_answer.set()
    assert ask(proxy, "GET", "/api/v1/auth/me", {"X-Forwarded-For": "203.0.113.10"}) == 200
    assert [connection.getresponse().status for connection in waiting] == [200, 200], "what was under way is answered"
    assert ask(proxy, "GET", "/api/v1/auth/me", {"X-Forwarded-For": "203.0.113.9"}) == 200
    for connection in waiting:
        connection.close()
    server.shutdown()
    server.server_close()


def test_a_thousand_people_behind_one_address_may_come_at_once(proxy: NginxServer) -> None:
    """DOS-09: with the figures of the file as they are; a carrier puts thousands of phones behind an address."""
    well = Replica()
    server = well.start()
    port = int(server.server_address[1])
    proxy.start(configuration(proxy, port, port))
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_SECONDS)
    statuses = []
    for _ in range(1_000):
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    assert set(statuses) == {200}
    connection.close()
    server.shutdown()
    server.server_close()


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
