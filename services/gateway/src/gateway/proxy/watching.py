"""A changed routes file is in force within a second, or told to be wrong while the last good one stays."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Collection
from contextlib import AsyncExitStack
from pathlib import Path

from chassis.lifecycle import spawn
from gateway.proxy.loading import RoutesInvalid, load
from gateway.proxy.pool import Address
from gateway.proxy.table import LiveRoutes, address_of
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import Upstream

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_LOOK_UP_SECONDS = 2.0
_EX_CONFIG = 78

Stamp = tuple[int, int, int]


class Watcher:
    def __init__(
        self,
        routes: LiveRoutes,
        path: Path,
        *,
        can_sign: bool,
        reserved: Collection[str],
        observer: Observer,
    ) -> None:
        self._routes = routes
        self._path = path
        self._can_sign = can_sign
        self._reserved = reserved
        self._observer = observer
        self._seen: Stamp | None = None
        self._told = asyncio.Event()
        # Rejections and acceptances since the start, for whoever waits for one.
        self.generation = 0

    def reload(self) -> None:
        """Look at the file now, changed or not."""
        self._seen = None
        self._told.set()

    async def begin(self) -> None:
        """Put the file in force; one that is wrong ends the process, as wrong settings do."""
        try:
            await self._read()
        except RoutesInvalid as invalid:
            for fault in invalid.faults:
                sys.stderr.write(f"{self._path}: {fault}\n")
            raise SystemExit(_EX_CONFIG) from invalid

    async def follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._told.wait()
            self._told.clear()
            await self.look()

    async def look(self) -> None:
        """Read the file if it has changed since it was last read."""
        if await asyncio.to_thread(_stamp, self._path) == self._seen:
            return
        try:
            await self._read()
        except RoutesInvalid as invalid:
            self._observer.reloaded(accepted=False)
            for fault in invalid.faults:
                log.error("routes.rejected", extra={"fault": fault})  # noqa: TRY400 - the fault says it all
        else:
            log.info("routes.accepted", extra={"routes": len(self._routes.table.routes)})
        self.generation += 1

    async def _read(self) -> None:
        # The stamp comes first: what changes while it is read is read again.
        self._seen = await asyncio.to_thread(_stamp, self._path)
        try:
            text = await asyncio.to_thread(self._path.read_bytes)
        except OSError as error:
            raise RoutesInvalid((f"The file cannot be read ({error.strerror}).",)) from error
        document = load(text, can_sign=self._can_sign, reserved=self._reserved)
        try:
            self._routes.apply(document)
        except OSError as error:
            raise RoutesInvalid(("A file of some upstream's tls cannot be used.",)) from error
        self._observer.reloaded(accepted=True)


def _stamp(path: Path) -> Stamp | None:
    """Follows links: Kubernetes swaps one when a ConfigMap changes."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def watch(stack: AsyncExitStack, watcher: Watcher, routes: LiveRoutes) -> None:
    """Start from the file, then follow it, SIGHUP and the names of upstreams until the stack unwinds."""
    await watcher.begin()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, watcher.reload)
    stack.callback(loop.remove_signal_handler, signal.SIGHUP)
    spawn(stack, watcher.follow(), "routes-file")
    resolver = Resolver(routes)
    await resolver.turn()
    spawn(stack, resolver.follow(), "upstream-names")


class Resolver:
    """Keeps the endpoints of upstreams that are a DNS name; when the name fails, the last ones stay."""

    def __init__(self, routes: LiveRoutes) -> None:
        self._routes = routes
        self._due: dict[Upstream, float] = {}

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await self.turn()

    async def turn(self) -> None:
        """Look up what is due."""
        now = asyncio.get_running_loop().time()
        due = {
            upstream: part
            for part, upstream in self._routes.upstreams.values()
            if part.dns is not None and self._due.get(upstream, 0.0) <= now
        }
        self._due = {
            upstream: when
            for upstream, when in self._due.items()
            if any(upstream is known for _, known in self._routes.upstreams.values())
        }
        for upstream, part in due.items():
            self._due[upstream] = now + part.dns_refresh_seconds
        await asyncio.gather(
            *(self._look_up(u, address_of(p.dns or "", tls_name=p.tls.server_name)) for u, p in due.items())
        )

    async def _look_up(self, upstream: Upstream, name: Address) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                found = await loop.getaddrinfo(name.host, name.port, type=1)
        except (OSError, TimeoutError):
            log.warning("upstream.name_failed", extra={"upstream": upstream.name})
            return
        hosts = sorted({str(entry[4][0]) for entry in found})
        upstream.update(tuple(Address(host, name.port, name.authority, name.tls_name) for host in hosts))
