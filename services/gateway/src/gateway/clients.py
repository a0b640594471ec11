"""Who the client is: the right-most address that is no proxy of ours, never what a client claims."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from gateway.exchange import Fields
from gateway.settings import Network

_FORWARDED_PAIR = re.compile(r'\s*([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]+)\s*')
# At commas outside of quotes, in linear time; an odd quote ends its element.
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_MAX_HOPS = 32
_CACHED = 8192


class Client(NamedTuple):
    # Text form without port or zone; empty where the transport has no address (a Unix socket).
    address: str
    scheme: str


@lru_cache(maxsize=_CACHED)
def normalised(text: str) -> str | None:
    """The address in `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]:5`; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(maxsize=_CACHED)
def counted_as(address: str) -> str:
    """What limits count an address as: IPv6 by /64, since one customer has that many."""
    if ":" not in address:
        return address
    network = ipaddress.ip_network(f"{address}/64", strict=False)
    return str(network.network_address) + "/64"


class Clients:
    def __init__(self, proxies: Sequence[Network], header: Literal["x-forwarded-for", "forwarded"]) -> None:
        self._proxies = tuple(proxies)
        self._header = header.encode()
        self._trusted = lru_cache(maxsize=_CACHED)(self._is_trusted)
        self._located = lru_cache(maxsize=_CACHED)(self._locate)

    def _is_trusted(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._proxies if network.version == parsed.version)

    def trusts(self, peer: str) -> bool:
        """Whether the peer is one of our proxies."""
        return bool(self._proxies) and (address := normalised(peer)) is not None and self._trusted(address)

    def locate(self, peer: str, scheme: str, fields: Fields) -> Client:
        if not self._proxies:
            return Client(normalised(peer) or "", scheme)
        # The same few clients come again and again.
        return self._located(
            peer, scheme, fields.get(self._header, b""), fields.get(b"x-forwarded-proto", b"")
        )

    def _locate(self, peer: str, scheme: str, addresses: bytes, protos: bytes) -> Client:
        address = normalised(peer) or ""
        if not address or not self._trusted(address):
            return Client(address, scheme)
        for hop, proto in reversed(self._hops(addresses, protos)[-_MAX_HOPS:]):
            if proto in {"http", "https"}:
                scheme = proto
            if hop is None:
                # What is not an address was not written by a proxy of ours: stop at the last one that was.
                break
            address = hop
            if not self._trusted(hop):
                break
        return Client(address, scheme)

    def _hops(self, addresses: bytes, protos: bytes) -> list[tuple[str | None, str]]:
        """Address and scheme of each hop, the nearest last."""
        text = addresses.decode("latin-1")
        if self._header == b"forwarded":
            return [_element(part) for part in _ELEMENT.findall(text)]
        # One header for the whole way: it was written, or let through, by the nearest proxy.
        proto = protos.decode("latin-1").rpartition(",")[2].strip().lower()
        if not text:
            return [(None, proto)]
        hops: list[tuple[str | None, str]] = [(normalised(part), "") for part in text.split(",")]
        hops[-1] = (hops[-1][0], proto)
        return hops


def _element(text: str) -> tuple[str | None, str]:
    pairs = {
        found[1].lower(): found[2].strip('"').replace("\\", "") for found in _FORWARDED_PAIR.finditer(text)
    }
    return normalised(pairs.get("for", "")), pairs.get("proto", "").lower()
