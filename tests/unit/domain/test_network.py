"""Networks of clients"""

import pytest

from bukhindor.domain.network import network_of, wider_network_of


@pytest.mark.parametrize(
    ("ip", "network", "wider"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3::1", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::1", "::/64", "::/48"),
        ("", "", ""),
        ("no address", "no address", "no address"),
    ],
)
def test_an_address_belongs_to_a_customer_and_a_wider_network(ip: str, network: str, wider: str) -> None:
    """LGN-07"""
    assert (network_of(ip), wider_network_of(ip)) == (network, wider)
