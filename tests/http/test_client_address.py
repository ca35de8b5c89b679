"""Whose address is the client's: only proxies that we trust may tell"""

import json
from ipaddress import ip_network

import httpx
import pytest

from tests.http.conftest import StartService
from tests.http.service import API, PASSWORD, PEER, PUBLIC_URL, Service, tokens_in

CLIENT = "198.51.100.7"
PROXY = "10.0.0.5"


async def address_of(service: Service, headers: dict[str, str], peer: str) -> str:
    """The address that a new session remembers."""
    tokens = await service.signed_in(service.people.user, headers=headers, peer=peer)
    sessions = (await service.get("/auth/sessions", by=tokens)).json()["sessions"]
    (ip,) = [session["ip"] for session in sessions if session["current"]]
    return str(ip)


@pytest.fixture
async def behind_proxies(start_service: StartService) -> Service:
    return await start_service(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


HEADERS = ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip", "x-client-ip", "via"]


@pytest.mark.parametrize("header", HEADERS)
async def test_a_stranger_invents_no_address(service: Service, behind_proxies: Service, header: str) -> None:
    """LGN-07"""
    for value in (CLIENT, f"for={CLIENT}", f"{CLIENT}, {PROXY}", "127.0.0.1"):
        assert await address_of(service, {header: value}, PEER) == PEER
        assert await address_of(behind_proxies, {header: value}, PEER) == PEER


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-forwarded-for": CLIENT}, CLIENT),
        ({"x-forwarded-for": f"{CLIENT}:4711,"}, CLIENT),
        ({"x-forwarded-for": "[2001:db8::1]:4711"}, "2001:db8::1"),
        ({"x-forwarded-for": f"1.1.1.1, {CLIENT}"}, CLIENT),
        ({"x-forwarded-for": f"1.1.1.1,{CLIENT} , 10.9.9.9"}, CLIENT),
        ({"x-forwarded-for": "10.1.1.1, 10.2.2.2"}, "10.1.1.1"),
        ({"x-real-ip": CLIENT}, CLIENT),
        ({"x-forwarded-for": CLIENT, "x-real-ip": "1.1.1.1"}, CLIENT),
        ({"x-forwarded-for": f"::ffff:{CLIENT}"}, CLIENT),
        ({"x-forwarded-for": "2001:DB8:0:0:0:0:0:1"}, "2001:db8::1"),
        ({"x-forwarded-for": f"fe80::1%{'9' * 100}"}, "fe80::1"),
        ({"x-forwarded-for": ""}, PROXY),
        ({"x-forwarded-for": "unknown"}, PROXY),
        ({"x-forwarded-for": "a\x1b[31m"}, PROXY),
        ({"x-forwarded-for": "9" * 5000}, PROXY),
        ({"forwarded": f"for={CLIENT}:4711;proto=https"}, CLIENT),
        ({}, PROXY),
    ],
)
async def test_a_trusted_proxy_is_believed_for_its_own_hop(
    behind_proxies: Service, headers: dict[str, str], expected: str
) -> None:
    """LGN-07: the right-most that is not a proxy of ours."""
    assert await address_of(behind_proxies, headers, PROXY) == expected


async def test_a_hop_on_a_line_of_its_own_is_the_newest(behind_proxies: Service) -> None:
    """LGN-07: the client has sent a line, and the proxy has put its own behind it."""
    lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", CLIENT), ("content-type", "application/json")]
    credentials = json.dumps({"email": behind_proxies.people.user.email, "password": PASSWORD})
    transport = httpx.ASGITransport(behind_proxies.application.web, client=(PROXY, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        answer = await client.post(f"{API}/auth/login", content=credentials, headers=lines)
    listed = await behind_proxies.get("/auth/sessions", by=tokens_in(answer))
    assert [session["ip"] for session in listed.json()["sessions"] if session["current"]] == [CLIENT]


async def test_a_mapped_address_of_a_proxy_is_the_proxy(behind_proxies: Service) -> None:
    """LGN-07"""
    assert await address_of(behind_proxies, {"x-forwarded-for": CLIENT}, f"::ffff:{PROXY}") == CLIENT
    assert await address_of(behind_proxies, {"x-forwarded-for": CLIENT}, "fd00::1") == CLIENT
