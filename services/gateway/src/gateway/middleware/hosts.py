"""Answers only to the names it was told it has."""

from collections.abc import Sequence

from gateway.asgi import Scope, refusal
from gateway.exchange import Answer, Exchange
from gateway.problems import Problem

_REFUSAL = Problem(status=400, reason="UNTRUSTED_HOST", detail="This gateway does not go by that name.")


class TrustedHosts:
    """`*.example.com` stands for every subdomain and not for example.com itself; `*` for every name."""

    def __init__(self, names: Sequence[str]) -> None:
        lowered = [name.lower() for name in names]
        self._any = "*" in lowered
        self._names = frozenset(name for name in lowered if not name.startswith("*"))
        self._suffixes = tuple(name[1:] for name in lowered if name.startswith("*."))

    def __call__(self, scope: Scope, found: Exchange) -> Answer | None:
        del scope
        host = found.host
        if host in self._names or self._any or (self._suffixes and host.endswith(self._suffixes)):
            return None
        return refusal(found, _REFUSAL, close=True)
