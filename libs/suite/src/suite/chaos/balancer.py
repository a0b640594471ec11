"""Which gateways get the next connection: those whose `/readyz` says so, in turn.

One that said nothing twice also loses the connections it has; one that only says no keeps them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from suite.plan import Ports

PERIOD_SECONDS = 0.1
PATIENCE_SECONDS = 0.3
SILENCES = 2


@dataclass(slots=True)
class Balancer:
    """Found unready, a gateway gets no new connection; refusing one, it loses it to the next."""

    gateways: Sequence[Ports]
    cut: Callable[[int], None]
    _ready: dict[int, bool] = field(default_factory=dict)
    _turn: int = 0

    def onward(self) -> Sequence[int]:
        self._turn += 1
        count = len(self.gateways)
        ports = [self.gateways[(self._turn + step) % count].public for step in range(count)]
        return sorted(ports, key=lambda port: not self._ready.get(port, False))

    async def watch(self) -> None:
        """Asks for ever."""
        patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(timeout=patience) as http:
            await asyncio.gather(*(self._watch(http, ports) for ports in self.gateways))

    async def _watch(self, http: aiohttp.ClientSession, ports: Ports) -> None:
        silent = 0
        while True:
            try:
                async with http.get(f"{ports.internal_url}/readyz") as answer:
                    self._ready[ports.public] = answer.status == HTTPStatus.OK
                    silent = 0
            except TimeoutError:
                silent += 1
                if silent == SILENCES:
                    self._ready[ports.public] = False
                    self.cut(ports.public)
            except aiohttp.ClientConnectionError:
                self._ready[ports.public] = False
            await asyncio.sleep(PERIOD_SECONDS)
