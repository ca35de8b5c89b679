"""Networks of clients"""

import pytest

from bukhindor.domain.network import network_of, site_network_of, wider_network_of
from bukhindor.domain.origin import Origin


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


@pytest.mark.parametrize(
    ("ip", "site"),
    [("198.51.100.7", "198.51.100.7"), ("::ffff:198.51.100.7", "198.51.100.7"), ("2001:db8:1:2::1", "2001:db8:1::/48")],
)
def test_a_site_has_one_ipv4_address_or_65536_networks_of_ipv6(ip: str, site: str) -> None:
    """DOS-07"""
    assert (site_network_of(ip), Origin(ip).site) == (site, site)
