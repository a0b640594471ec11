"""The whole suite on this machine: `with Suite(folder) as suite: ... suite.base_url ...`."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from suite import processes, sample_log
from suite.children import Child, ChildFailed
from suite.kept import Kept
from suite.plan import Account, Ports
from suite.postgres import Postgres
from suite.valkey import Valkey
from suite.wiring import Wiring

START_SECONDS = 60
Step = Callable[[str], AbstractContextManager[None]]


def _quiet(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def _bare_environment() -> dict[str, str]:
    """What a program needs of this machine, without what somebody happens to have set for the suite."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


@dataclass(slots=True)
class Suite:
    """Embedded servers and the service processes, from `start` until `stop`.

    Args:
        folder: where data, logs and secrets are; kept between runs if the caller keeps it.
        ports: of the first gateway; chosen by the system when None.
        env: settings for every service, by their names; given settings beat the suite's own.
        service_env: the same for one service (`auth`, `triage`, `gateway`), beating `env`; and for one
            replica (`auth-2`), beating both.
        gateways: how many; their addresses are `gateway_ports`.
        auths: how many.
        triages: how many.
        durable: survive a crash of the machine; for people's data, not for tests.
        step: shows progress: called with what starts now, left when it is up.
    """

    folder: Path
    ports: Ports | None = None
    env: Mapping[str, str] = field(default_factory=_bare_environment)
    service_env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gateways: int = 1
    auths: int = 1
    triages: int = 1
    durable: bool = False
    step: Step = _quiet
    postgres: Postgres = field(init=False)
    valkey: Valkey = field(init=False)
    admin: Account = field(init=False)
    gateway_ports: tuple[Ports, ...] = field(init=False)
    wiring: Wiring = field(init=False)
    children: dict[str, Child] = field(default_factory=dict, init=False)
    log_lines: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        # The servers run in another folder than the caller, who may name this one from where they are.
        self.folder = self.folder.resolve()
        kept = Kept(self.folder / "secrets")
        first = self.ports or Ports(processes.free_port(), processes.free_port())
        more = (Ports(processes.free_port(), processes.free_port()) for _ in range(self.gateways - 1))
        self.gateway_ports = (first, *more)
        password = self.env.get("DEMO_PASSWORD") or kept.secret("demo", size=18)
        self.admin = Account(self.env.get("DEMO_USERNAME", "demo"), password)
        self.postgres = Postgres(
            self.folder / "postgres", password=kept.secret("postgres", size=24), durable=self.durable
        )
        self.valkey = Valkey(
            self.folder / "valkey", password=kept.secret("valkey", size=24), durable=self.durable
        )

    @property
    def base_url(self) -> str:
        return self.gateway_ports[0].base_url

    @property
    def internal_url(self) -> str:
        return self.gateway_ports[0].internal_url

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def start(self) -> Self:
        """Returns when the gateways are ready.

        Raises:
            ChildFailed, PostgresNotStarted, ValkeyNotStarted: with a sentence; all is stopped again.
        """
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._start()
            undo.pop_all()
        return self

    def stop(self, patience: float = 2.0) -> None:
        """Gateways first, so that what they are answering can end; then the rest, all at once."""
        gateways = [child for name, child in self.children.items() if name.startswith("gateway")]
        rest = [child for child in self.children.values() if child not in gateways]
        for group in (gateways, rest):
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.stop(patience)
        self.children.clear()
        self.valkey.stop()
        self.postgres.stop()

    def loss(self) -> str | None:
        """What ended without having been told to, in words for people; None while all is well."""
        for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if not server.alive:
                return f"{name} ended. Its log {server.log} ends:\n{processes.tail(server.log)}"
        return next((child.obituary() for child in self.children.values() if child.dead), None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in self.logs.glob("*.log"):
            old.unlink()
        with self.step("PostgreSQL"):
            self.postgres.start()
        with self.step("Valkey"):
            self.valkey.start()
        self.wiring = self._wiring()
        with self.step("Migrations"):
            self._migrate(self.wiring)
        # All at once: each spends its first second importing.
        for child in self.wiring.children():
            self.children[child.name] = child
            child.start()
        for name, child in self.children.items():
            with self.step(name.capitalize()):
                child.wait(START_SECONDS)

    def _wiring(self) -> Wiring:
        log = self.folder / "sample" / "shop.log"
        self.log_lines = sample_log.write(log)
        return Wiring(
            folder=self.folder,
            kept=Kept(self.folder / "secrets"),
            env=self.env,
            service_env=self.service_env,
            database_url=self.postgres.url(),
            valkey_url=self.valkey.url(),
            sample_log=log,
            admin=self.admin,
            gateways=self.gateway_ports,
            auths=self.auths,
            triages=self.triages,
        )

    def _migrate(self, wiring: Wiring) -> None:
        log = self.logs / "migrations.log"
        with log.open("wb") as opened:
            done = subprocess.run(
                [sys.executable, "-m", "auth", "migrate"],
                env=wiring.auth_env(0),
                stdin=subprocess.DEVNULL,
                stdout=opened,
                stderr=subprocess.STDOUT,
                timeout=START_SECONDS,
                check=False,
            )
        if done.returncode != 0:
            raise ChildFailed(f"The migrations ended with status {done.returncode}:\n{processes.tail(log)}")
