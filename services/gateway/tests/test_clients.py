"""Whom a request is from: the right-most hop that is no proxy of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clients import Client, Clients, counted_as
from gateway.settings import GatewaySettings
from gateway.testing.whole import Gateway, GatewayFactory


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(start: GatewayFactory) -> None:
    trusting, wary = await start(TRUSTED_PROXIES="127.0.0.1"), await start()

    async def statuses(gateway: Gateway) -> list[int]:
        return [
            (await gateway.ask("GET", "/health", headers={"X-Forwarded-For": f"198.51.100.{n}"})).status
            for n in range(7)
        ]

    assert await statuses(trusting) == [200] * 7
    assert await statuses(wary) == [200] * 5 + [429] * 2


PROXIES = GatewaySettings(trusted_proxies=("10.0.0.0/8", "2001:db8:ff::/48", "192.0.2.1")).proxies  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.1.1.1", "198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "1.1.1.1, 198.51.100.7, 10.2.2.2", "198.51.100.7"),
        ("10.1.1.1", "198.51.100.7, not-an-address", "10.1.1.1"),
        ("10.1.1.1", "10.9.9.9", "10.9.9.9"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.1.1.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.1.1.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:ff::1", "2001:db8::7", "2001:db8::7"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("192.0.2.1", "198.51.100.7%eth0", "198.51.100.7"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_proxy(peer: str, forwarded: str, client: str) -> None:
    headers = {b"x-forwarded-for": forwarded.encode(), b"forwarded": b"for=6.6.6.6"}

    assert Clients(PROXIES, "x-forwarded-for").locate(peer, "http", headers) == Client(client, "http")


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("for=198.51.100.7;proto=https", Client("198.51.100.7", "https")),
        ('for="[2001:db8::7]:443";proto=https;host=evil', Client("2001:db8::7", "https")),
        ("for=1.1.1.1;proto=http, for=198.51.100.7;proto=https", Client("198.51.100.7", "https")),
        ("For=198.51.100.7, FOR=10.3.3.3;Proto=https", Client("198.51.100.7", "https")),
        ("for=unknown", Client("10.1.1.1", "http")),
        ("for=_hidden;proto=https", Client("10.1.1.1", "https")),
        ('for="1.1.1.1, for=198.51.100.7', Client("198.51.100.7", "http")),
        ("", Client("10.1.1.1", "http")),
    ],
)
def test_forwarded_is_read_where_that_is_what_the_proxies_write(forwarded: str, client: Client) -> None:
    headers = {b"forwarded": forwarded.encode(), b"x-forwarded-for": b"6.6.6.6"}

    assert Clients(PROXIES, "forwarded").locate("10.1.1.1", "http", headers) == client


@given(st.text(max_size=300))
def test_no_forwarded_header_ever_makes_a_client_of_a_claim_beyond_an_untrusted_peer(text: str) -> None:
    headers = dict.fromkeys((b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"), text.encode())
    for header in ("forwarded", "x-forwarded-for"):
        clients = Clients(PROXIES, header)
        assert clients.locate("203.0.113.9", "http", headers) == Client("203.0.113.9", "http")
        assert clients.locate("10.1.1.1", "http", headers).scheme in {"http", "https"}


def test_ipv6_customers_are_counted_by_their_network() -> None:
    assert counted_as("2001:db8:0:1::a") == counted_as("2001:db8:0:1:ffff::b") == "2001:db8:0:1::/64"
    assert counted_as("198.51.100.7") == "198.51.100.7"
