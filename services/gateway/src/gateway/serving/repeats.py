"""Requests that come again byte by byte: most of what clients and proxies ask is what they asked before.

Whatever is a matter of the bytes alone (how they are read, which route they are for, whether they pass
the guards) is found out once. Who may pass is decided for each.
"""

from typing import Final

from gateway.asgi import Scope
from gateway.chain import Chain, Known
from gateway.exchange import KEY, SAY

MOST_BYTES: Final = 4096
_MOST: Final = 2048
_MOST_SEEN: Final = 8192
_OF_ONE_REQUEST: Final = frozenset({KEY, SAY, "state"})

# The peer, for whom it believes depends on that, and the whole request.
Name = tuple[str, bytes]


class Repeats:
    """One for all connections of a server; the oldest go first."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._known: dict[Name, Known] = {}
        # Came once. Their hashes do: two that share one only cost a look.
        self._seen: set[int] = set()

    def find(self, name: Name) -> Known | None:
        return self._known.get(name)

    def forget(self, name: Name) -> None:
        del self._known[name]

    def saw(self, name: Name, scope: Scope) -> None:
        """A request that was let in; from its second time on it is known."""
        if len(name[1]) > MOST_BYTES:
            return
        mark = hash(name)
        if mark not in self._seen:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen.add(mark)
            return
        known = self.chain.rehearse(
            {key: value for key, value in scope.items() if key not in _OF_ONE_REQUEST}
        )
        if known is None:
            return
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[name] = known
