"""Which networks may be trusted to tell a client's address."""

from ipaddress import IPv4Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config.networks import networks

CLOUDFLARE = (
    "173.245.48.0/20,103.21.244.0/22,103.22.200.0/22,103.31.4.0/22,141.101.64.0/18,108.162.192.0/18,190.93.240.0/20,"
    "188.114.96.0/20,197.234.240.0/22,198.41.128.0/17,162.158.0.0/15,104.16.0.0/13,104.24.0.0/14,172.64.0.0/13,"
    "131.0.72.0/22,2400:cb00::/32,2606:4700::/32,2803:f800::/32,2405:b500::/32,2405:8100::/32,2a06:98c0::/29,"
    "2c0f:f248::/32"
)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16",
        "fc00::/7,fe80::/10,::1",
        CLOUDFLARE,
        "8.0.0.0/8",
        "8.0.0.0/8,8.1.0.0/16,8.0.0.0/9",
        "2600::/16",
    ],
)
def test_proxies_may_have_any_private_network_and_as_many_addresses_as_the_largest_provider(text: str) -> None:
    assert networks(text) == tuple(map(ip_network, text.split(",")))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/1,128.0.0.0/1",
        "::/1,8000::/1",
        "::/1",
        "2000::/3",
        "2600::/15",
        "0.0.0.0/1",
        "8.0.0.0/7",
        "8.0.0.0/8,12.0.0.0/8",
        "10.0.0.0/8,8.0.0.0/7",
        ",".join(f"{first}.0.0.0/8" for first in range(1, 224, 2)),
        ",".join(f"{first}.{second}.0.0/16" for first in range(50, 60) for second in range(0, 256, 2)),
        "127.0.0.1,0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/2",
    ],
)
def test_a_part_of_the_internet_is_no_proxy_however_it_is_cut(text: str) -> None:
    """CFG-01"""
    with pytest.raises(ValueError, match="is a large part of the internet"):
        networks(text)


@given(st.integers(0, 6), st.integers(8, 12))
def test_cutting_a_network_into_equal_pieces_changes_nothing(first: int, prefix: int) -> None:
    """CFG-01"""
    whole = IPv4Network(f"{first * 32}.0.0.0/3")
    with pytest.raises(ValueError, match="is a large part of the internet"):
        networks(",".join(map(str, whole.subnets(new_prefix=prefix))))
