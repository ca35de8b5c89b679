"""The client's address in the headers of trusted proxies, as proxies write them"""

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from structlog.testing import capture_logs

from bukhindor.web.edge.client_address import ClientAddress

CLIENT, CLIENT_V6 = "198.51.100.7", "2001:db8:cafe::17"
PROXY = "10.0.0.5"
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.fixture
def unread() -> Counter[str]:
    return Counter()


@pytest.fixture
def address_of(unread: Counter[str]) -> Callable[[dict[str, str]], str]:
    client_address = ClientAddress(TRUSTED, lambda header: unread.update([header]))
    return lambda headers: client_address.of(PROXY, headers)


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}:4711", CLIENT),
        (f"{CLIENT}:", CLIENT),
        (CLIENT_V6, CLIENT_V6),
        (f"[{CLIENT_V6}]", CLIENT_V6),
        (f"[{CLIENT_V6}]:4711", CLIENT_V6),
        ("[2001:DB8:CAFE:0::17]:1", CLIENT_V6),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"[::ffff:{CLIENT}]:80", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:80", "fe80::1"),
    ],
)
def test_a_hop_may_have_brackets_and_a_port(
    address_of: Callable[[dict[str, str]], str], unread: Counter[str], hop: str, expected: str
) -> None:
    """LGN-07: Azure, HAProxy and others add the port."""
    for value in (hop, f"{hop},", f"{hop} , ", f"1.1.1.1, {hop}", f"{hop}, 10.1.1.1:80", f"{hop}, [fd00::2]:80,,"):
        assert address_of({"x-forwarded-for": value}) == expected
    assert address_of({"x-real-ip": hop}) == expected
    node = f'"{hop}"' if ":" in hop else hop
    for value in (
        f"for={node}",
        f"For={node};proto=https;by=203.0.113.43",
        f"by=203.0.113.43; for={node} ,",
        f"for=1.1.1.1, for={node}",
        f"for={node}, for=10.1.1.1;host=a",
        f'for={node}, for="[fd00::2]:_port"',
    ):
        assert address_of({"forwarded": value}) == expected
    assert not unread


@pytest.mark.parametrize("sent", ['for="', 'for="a\\', "for=1.1.1.1;", '"', "for=_hidden", 'for="1.1.1.1, for=2.2.2.2'])
def test_what_a_client_has_sent_hides_no_hop(address_of: Callable[[dict[str, str]], str], sent: str) -> None:
    """LGN-07: the proxy adds its element behind that."""
    assert address_of({"forwarded": f"{sent}, for={CLIENT}"}) == CLIENT


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-forwarded-for": CLIENT, "forwarded": "for=1.1.1.1", "x-real-ip": "2.2.2.2"}, CLIENT),
        ({"x-real-ip": CLIENT, "forwarded": "for=1.1.1.1"}, CLIENT),
        ({"forwarded": f"for={CLIENT}"}, CLIENT),
    ],
)
def test_one_header_is_believed(
    address_of: Callable[[dict[str, str]], str], headers: dict[str, str], expected: str
) -> None:
    assert address_of(headers) == expected


UNREADABLE = [
    ("x-forwarded-for", "unknown"), ("x-forwarded-for", f"{CLIENT}, unknown"), ("x-forwarded-for", "1.2.3"),
    ("x-forwarded-for", f"[{CLIENT_V6}"), ("x-forwarded-for", f"{CLIENT} 1"), ("x-forwarded-for", f"for={CLIENT}"),
    ("x-real-ip", "-"), ("forwarded", CLIENT), ("forwarded", "proto=https"), ("forwarded", "for=unknown"),
    ("forwarded", "for=_gazonk"), ("forwarded", f"for={CLIENT}, for="), ("x-forwarded-for", "9" * 5000),
]  # fmt: skip


@pytest.mark.parametrize(("header", "value"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_can_not_be_read_is_counted_and_reported(
    address_of: Callable[[dict[str, str]], str], unread: Counter[str], header: str, value: str
) -> None:
    """The proxy's address stands for the client's, and the operator can find out why."""
    with capture_logs() as lines:
        assert address_of({header: value}) == PROXY
    assert unread == {header: 1}
    (line,) = lines
    assert (line["log_level"], line["proxy"], line["header"]) == ("warning", PROXY, header)
    assert len(line["hop"]) < 80


@pytest.mark.parametrize("headers", [{}, {"x-forwarded-for": ""}, {"x-forwarded-for": " , ,"}, {"forwarded": ""}])
def test_a_proxy_that_asks_for_itself_is_no_problem(
    address_of: Callable[[dict[str, str]], str], unread: Counter[str], headers: dict[str, str]
) -> None:
    assert address_of(headers) == PROXY
    assert not unread


def test_the_log_has_one_line_a_minute_and_every_request_counts() -> None:
    now, unread = [1000.0], Counter[str]()
    client_address = ClientAddress(TRUSTED, lambda header: unread.update([header]), lambda: now[0])
    with capture_logs() as lines:
        for moment in (1000.0, 1001.0, 1059.9, 1060.0, 1061.0):
            now[0] = moment
            client_address.of(PROXY, {"x-forwarded-for": "unknown\x1b[31m"})
    assert len(lines) == 2
    assert "\x1b" not in str(lines)
    assert unread == {"x-forwarded-for": 5}


def test_a_strangers_headers_are_not_even_read(unread: Counter[str]) -> None:
    for trusted in ((), TRUSTED):
        client_address = ClientAddress(trusted, lambda header: unread.update([header]))
        assert client_address.of("203.0.113.9", {"forwarded": f"for={CLIENT}", "x-forwarded-for": "?"}) == "203.0.113.9"
    assert not unread


@pytest.mark.parametrize("networks", [(), TRUSTED])
def test_the_peer_at_a_unix_socket_is_a_proxy_of_this_machine(networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
    """The rights of the file decide who can open it; it has no address."""
    at_socket = ClientAddress(networks, lambda header: None)

    assert at_socket.of("", {"x-forwarded-for": f"1.1.1.1, {CLIENT}"}) == CLIENT
    assert at_socket.of("", {}) == "127.0.0.1"
