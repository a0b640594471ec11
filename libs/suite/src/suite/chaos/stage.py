"""The suite with two replicas of each service, and a passage in front of everything that can break."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from suite.chaos.balancer import Balancer
from suite.chaos.loop import Loop
from suite.chaos.passage import HOST, Passage
from suite.chaos.stand_ins import StandIns, stand_ins
from suite.children import Child
from suite.postgres import Postgres
from suite.processes import free_port
from suite.run import Suite
from suite.valkey import Valkey
from triage.testing.fake_model import Mood

# As short as their promises allow, so that a fault that lasts seconds is long; all else is as shipped.
TRIAGE_SECONDS = 4
MODEL_SECONDS = 1.5
BREAKER_SECONDS = 2
TIMINGS: Mapping[str, Mapping[str, str]] = {
    "gateway": {"TRIAGE_TIMEOUT_SECONDS": "5", "SHUTDOWN_DELAY_SECONDS": "1"},
    "auth": {"SHUTDOWN_DELAY_SECONDS": "1"},
    "triage": {
        "SHUTDOWN_DELAY_SECONDS": "1",
        "TRIAGE_DEADLINE_SECONDS": str(TRIAGE_SECONDS),
        "TRIAGE_MODEL_TIMEOUT_SECONDS": str(MODEL_SECONDS),
        "CIRCUIT_BREAKER_RESET_SECONDS": str(BREAKER_SECONDS),
    },
}
LIMIT = 4
_MODEL = "OPENAI_BASE_URL"
TENANT = "X-Tenant"
_ROUTES = """
upstreams:
  orders: {{targets: ["http://127.0.0.1:{port}"]}}
routes:
  - {{name: orders, prefix: /orders, upstream: orders}}
"""
_LIMITED = """\
  - name: limited-{policy}
    prefix: /limited/{policy}
    upstream: orders
    auth: {{access: public}}
    limits: ["{limit}/minute by tenant"]
    on_store_failure: {policy}
"""


class Stage:
    """Everything up between `with` and its end.

    Faults use what is here: `suite` for the processes, the passages, `call` for their loop, `replicas`.
    """

    def __init__(self, folder: Path) -> None:
        self.call = Loop()
        self.redis = Passage(lambda: [self.suite.valkey.port])
        self.postgres = Passage(lambda: [self.suite.postgres.port])
        self.auths = tuple(Passage(self._onward("auth_ports", number)) for number in range(2))
        self.triages = tuple(Passage(self._onward("triage_ports", number)) for number in range(2))
        self.model = Passage(lambda: [self._stand_ins.model_port])
        self.collector = Passage(lambda: [self._stand_ins.collector])
        self.front = Passage(self._first_ready)
        # Of each auth and triage, where health is served apart; whoever is out is not asked.
        self.health = {name: free_port() for name in ("auth", "auth-2", "triage", "triage-2")}
        self.out: set[str] = set()
        self._stack = ExitStack()
        self._stand_ins: StandIns
        folder.mkdir(parents=True, exist_ok=True)
        self._routes = folder / "routes.yaml"
        self._told: dict[str, dict[str, str]] = {}
        self.suite = Suite(
            folder / "suite",
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            service_env=self._told,
            gateways=2,
            auths=2,
            triages=2,
        )
        # What was answered for is kept, and there is something for a standby to follow.
        self.suite.postgres.settings |= {
            "synchronous_commit": "on",
            "wal_level": "replica",
            "max_wal_senders": "4",
        }
        self._balancer = Balancer(self.suite.gateway_ports, self.front.cut)
        self._folder = folder
        self._takeovers = 0
        self._replica: Valkey | None = None
        self._standby: Postgres | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self.call.close)
            behind = AsyncExitStack()
            undo.callback(lambda: self.call(behind.aclose()))
            self._stand_ins = self.call(behind.enter_async_context(stand_ins()))
            self.call(self._open(behind))
            self._tell()
            undo.enter_context(self.suite)
            self._stack = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            for left in (self._replica, self._standby):
                if left is not None:
                    left.stop()

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.front.port}"

    @property
    def still(self) -> str:
        """A process that nothing befalls and that does next to nothing: what it feels is the machine."""
        return f"http://{HOST}:{self.suite.wiring.upstream_port}/"

    def replicas(self, service: str) -> list[Child]:
        return [self.suite.children[service], self.suite.children[f"{service}-2"]]

    def passages(self, service: str) -> tuple[Passage, ...]:
        return self.auths if service == "auth" else self.triages

    def soon(self, act: Callable[[], None]) -> None:
        """Done in the loop of the passages."""

        async def done() -> None:
            act()

        self.call(done())

    def feel(self, mood: Mood) -> None:
        self._stand_ins.model.behaves(mood)

    def tell_model(self, triage: Child, *, configured: bool) -> None:
        """Whether it has a model from its next start on."""
        env = {name: value for name, value in triage.env.items() if name != _MODEL}
        triage.env = {**env, _MODEL: self._told["triage"][_MODEL]} if configured else env

    def valkey_replica(self) -> Valkey:
        """Of the server there is: the same one until it took over."""
        if self._replica is None:
            password = urlsplit(self.suite.valkey.url()).password
            self._replica = Valkey(
                self._folder / f"valkey-{self._takeovers + 2}",
                password=password,
                follows=self.suite.valkey.port,
            )
        return self._replica

    def postgres_standby(self) -> Postgres:
        """The same for Postgres."""
        if self._standby is None:
            password = urlsplit(self.suite.postgres.url()).password
            self._standby = Postgres(self._folder / f"postgres-{self._takeovers + 2}", password=password)
            self._standby.settings |= self.suite.postgres.settings
        return self._standby

    def took_over(self, *, valkey: Valkey | None = None, postgres: Postgres | None = None) -> None:
        self._takeovers += 1
        if valkey is not None:
            self.suite.valkey, self._replica = valkey, None
        if postgres is not None:
            self.suite.postgres, self._standby = postgres, None

    async def _open(self, stack: AsyncExitStack) -> None:
        everything = (self.redis, self.postgres, *self.auths, *self.triages, self.model, self.collector)
        for passage in (*everything, self.front):
            await passage.open()
            stack.push_async_callback(passage.refuse)
        watching = asyncio.ensure_future(self._balancer.watch())

        async def end() -> None:
            watching.cancel()
            await asyncio.wait({watching})

        stack.push_async_callback(end)

    def _first_ready(self) -> Sequence[int]:
        return self._balancer.onward()

    def _onward(self, ports: str, number: int) -> Callable[[], list[int]]:
        return lambda: [getattr(self.suite.wiring, ports)[number]]

    def _tell(self) -> None:
        text = _ROUTES.format(port=self._stand_ins.upstream)
        text += "".join(_LIMITED.format(policy=policy, limit=LIMIT) for policy in ("open", "closed", "local"))
        self._routes.write_text(text, encoding="utf-8")
        auth = {"AUTH_GRPC_TARGET": _target(self.auths)}
        collector = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self.collector.port}",
            "OTEL_TRACES_SAMPLER_ARG": "0.1",
        }
        each = {"ENVIRONMENT": "test", **collector}
        many = {f"RATE_LIMIT_{name}": "100000/minute" for name in ("LOGIN", "REFRESH", "TRIAGE")}
        redis = _through(self.suite.valkey.url(), self.redis)
        self._told["gateway"] = {
            **each,
            **auth,
            **many,
            **TIMINGS["gateway"],
            "RATE_LIMIT_DEFAULT": "600000/minute bucket",
            "RATE_LIMIT_REPLICAS": "2",
            "RATE_LIMIT_TENANT_HEADER": TENANT.lower(),
            "RATE_LIMIT_STORAGE_URI": redis,
            "TRIAGE_GRPC_TARGET": _target(self.triages),
            "EXTERNAL_API_URL": f"http://{HOST}:{self._stand_ins.upstream}",
            "ROUTES_FILE": str(self._routes),
        }
        self._told["auth"] = {
            **each,
            **TIMINGS["auth"],
            "BCRYPT_ROUNDS": "4",
            "DATABASE_URL": _through(self.suite.postgres.url(), self.postgres),
            "RATE_LIMIT_STORAGE_URI": redis,
        }
        self._told["triage"] = {
            **each,
            **auth,
            **TIMINGS["triage"],
            "CIRCUIT_BREAKER_CACHE_URL": redis,
            "TRIAGE_DAILY_TOKENS": "0",
            "TRIAGE_DAILY_TOKENS_PER_USER": "0",
            _MODEL: f"http://{HOST}:{self.model.port}/v1",
        }
        for name, port in self.health.items():
            self._told.setdefault(name, {})["HEALTH_BIND"] = f"{HOST}:{port}"


def _target(passages: tuple[Passage, ...]) -> str:
    return "ipv4:" + ",".join(f"{HOST}:{passage.port}" for passage in passages)


def _through(url: str, passage: Passage) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{HOST}:{passage.port}"))
