"""Refreshes as clients make them: each spends the token that the one before it gave."""

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bench import load
from bench.installation import Installation

CHAINS = 32
CONNECTIONS = 16


@dataclass(slots=True)
class Chain:
    """One connection's sessions, taken in turn.

    A token whose answer was no success is not presented again: that would end its session.
    """

    host: str
    tokens: deque[str] = field(default_factory=deque)

    def next(self) -> bytes | None:
        if not self.tokens:
            return None
        body = json.dumps({"refresh_token": self.tokens.popleft()}).encode()
        return load.post(self.host, "/token/refresh", body, {"Content-Type": "application/json"})

    def answered(self, status: int, body: bytes) -> None:
        if status in load.SUCCESS:
            self.tokens.append(json.loads(body)["refresh_token"])


def chains(there: Installation, number: int = CHAINS) -> list[load.Asking]:
    """Sessions of their own, spread over the connections."""
    each = [Chain(there.uvicorn.host) for _ in range(min(number, CONNECTIONS))]
    with ThreadPoolExecutor(4) as pool:
        for at, pair in enumerate(pool.map(lambda _: there.sign_in(), range(number))):
            each[at % len(each)].tokens.append(pair["refresh_token"])
    return list[load.Asking](each)
