"""A client of everything: signs in once, keeps what later questions need, turns answers into outcomes.

An outcome is the status and what else a client can tell apart: `200 cached`, `503 without Retry-After`.
"""

import asyncio
import base64
import itertools
from collections import defaultdict, deque
from contextlib import AsyncExitStack
from http import HTTPStatus

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from suite.api import Answer, Api, Pair
from suite.chaos.passage import HOST
from suite.chaos.stage import LIMIT, TENANT, Stage
from suite.chaos.stand_ins import SPOIL
from suite.plan import Account

BURST = 14
_STOCK = 60
_TEXT = {"Content-Type": "text/plain"}
_COME_BACK = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
_LIVE = "live"


class Visitor:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._number = itertools.count()
        self._turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._stock: deque[Pair] = deque()
        self._api: Api
        self._pair: Pair
        self._refreshed: Pair
        self._basic = ""
        self._accounts: dict[str, Account] = {}
        self._sessions = ""
        self._health: dict[str, health_pb2_grpc.HealthStub] = {}

    async def open(self, stack: AsyncExitStack) -> None:
        # A connection for each request, so that each is balanced anew.
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
            )
        )
        self._api = Api(self._stage.base_url, http)
        self._pair = await self._api.sign_in(self._stage.suite.admin)
        for name in ("login", "refresh", "sessions"):
            await self._register(name)
        self._sessions = (await self._api.sign_in(self._accounts["sessions"])).access
        self._refreshed = await self._api.sign_in(self._accounts["refresh"])
        made = await self._api.call("POST", "/clients", token=self._pair.access, body={"name": "chaos"})
        told = made.json()
        self._basic = base64.b64encode(f"{told['client_id']}:{told['client_secret']}".encode()).decode()
        while len(self._stock) < _STOCK:
            self._stock.append(await self._api.sign_in(self._accounts["login"]))
        for name, port in self._stage.health.items():
            channel = grpc.aio.insecure_channel(
                f"{HOST}:{port}",
                options=[("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 100)],
            )
            stack.push_async_callback(channel.close)
            self._health[name] = health_pb2_grpc.HealthStub(channel)

    async def get(self, path: str, *, bearer: bool = True) -> str:
        return outcome(await self._api.get(path, self._pair.access if bearer else None))

    async def external(self, *, spoilt: bool) -> str:
        headers = {SPOIL: "1"} if spoilt else {}
        answer = await self._api.call("GET", "/external-api", headers=headers)
        if answer.status != HTTPStatus.OK:
            return outcome(answer)
        source = answer.json()["source"]
        marked = source == "upstream" or "X-Degraded" in answer.headers
        return f"200 {source}" + ("" if marked else " unmarked")

    async def login(self) -> str:
        account = self._accounts["login"]
        answer = await self._api.login(account.username, account.password)
        if answer.status == HTTPStatus.OK and len(self._stock) < _STOCK:
            self._stock.append(Pair.of(answer))
        return outcome(answer)

    async def refresh(self) -> str:
        answer = await self._api.refresh(self._refreshed.refresh)
        if answer.status == HTTPStatus.OK:
            self._refreshed = Pair.of(answer)
        elif answer.status == HTTPStatus.UNAUTHORIZED:
            self._refreshed = await self._api.sign_in(self._accounts["refresh"])
        return outcome(answer)

    async def logout(self) -> str | None:
        """None where there is nobody left to sign out."""
        if not self._stock:
            return None
        return outcome(await self._api.logout(self._stock.popleft().access))

    async def sessions(self) -> str:
        return outcome(await self._api.get("/sessions", self._sessions))

    async def introspect(self) -> str:
        answer = await self._api.call(
            "POST",
            "/oauth/introspect",
            form={"token": self._pair.access},
            headers={"Authorization": f"Basic {self._basic}"},
        )
        said = {200: " inactive"}.get(answer.status, "")
        return outcome(answer) + ("" if b'"active":true' in answer.body else said)

    async def limited(self, policy: str) -> str:
        """A burst by a tenant of its own, as one of: exact, open, closed, above, below."""
        tenant = {TENANT: f"tenant-{next(self._number)}"}
        statuses = [
            (await self._api.call("GET", f"/limited/{policy}", headers=tenant)).status for _ in range(BURST)
        ]
        admitted = statuses.count(HTTPStatus.OK)
        known = {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
        if strange := set(statuses) - known:
            return f"{min(strange)}"
        if HTTPStatus.SERVICE_UNAVAILABLE in statuses:
            return "closed" if admitted <= LIMIT else "above"
        if admitted == BURST:
            return "open"
        return "exact" if admitted == LIMIT else "above" if admitted > LIMIT else "below"

    async def triage(self, *, known: bool) -> str:
        """Of a log that was seen before, or of one nobody has seen."""
        word = "billing" if known else f"batch{_letters(next(self._number))}"
        lines = "".join(
            f'{{"level":"error","msg":"{word} worker lost its lease after {attempt} tries"}}\n'
            for attempt in range(5)
        )
        headers = {"Authorization": f"Bearer {self._pair.access}", **_TEXT}
        async with self._api.http.post(
            f"{self._api.base_url}/triage?fresh=true", data=lines, headers=headers
        ) as got:
            answer = Answer(got.status, got.headers, await got.read())
        if answer.status != HTTPStatus.OK:
            return outcome(answer)
        return f"200 {answer.json()['source']}"

    async def still(self) -> str:
        async with self._api.http.get(self._stage.still) as answer:
            return str(answer.status)

    async def probe(self, path: str) -> str | None:
        """Of the gateways in turn; None for one that is out."""
        gateways = zip(("gateway", "gateway-2"), self._stage.suite.gateway_ports, strict=True)
        name, ports = tuple(gateways)[next(self._turns[path]) % 2]
        if name in self._stage.out:
            return None
        try:
            async with asyncio.timeout(1), self._api.http.get(ports.internal_url + path) as answer:
                status = str(answer.status)
        except TimeoutError:
            status = "no answer in 1 s"
        except aiohttp.ClientError:
            status = "connection lost"
        return None if name in self._stage.out else status

    async def live(self) -> str | None:
        """Of auth and triage in turn."""
        name, stub = tuple(self._health.items())[next(self._turns[_LIVE]) % len(self._health)]
        if name in self._stage.out:
            return None
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=_LIVE), timeout=1)
        except grpc.aio.AioRpcError as failed:
            return None if name in self._stage.out else str(failed.code().name)
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return "SERVING" if serving else "not serving"

    async def _register(self, name: str) -> None:
        account = Account(f"chaos-{name}", f"made up for {name} in this run only")
        made = await self._api.call(
            "POST",
            "/users",
            token=self._pair.access,
            body={"username": account.username, "password": account.password},
        )
        if made.status != HTTPStatus.CREATED:
            raise AssertionError(f"No user {name} but {made.status}: {made.body!r}")
        self._accounts[name] = account


def outcome(answer: Answer) -> str:
    said = str(answer.status)
    if answer.status in _COME_BACK and "Retry-After" not in answer.headers:
        said += " without Retry-After"
    return said


def _letters(number: int) -> str:
    """A number as letters, for digits are taken out of templates."""
    text = ""
    while number:
        number, rest = divmod(number, 26)
        text = chr(ord("a") + rest) + text
    return text or "a"


async def answered(asked: "asyncio.Future[str | None]", seconds: float) -> str | None:
    """What was asked as an outcome, also where nothing came of it."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        return f"no answer in {seconds:.0f} s"
    except (aiohttp.ClientError, OSError):
        return "connection lost"
