"""Postgres stopped, killed, hung, slow, read-only and failing over to a standby."""

import os
import signal
import time

import psycopg

from suite import processes
from suite.chaos.fault import Fault, slow
from suite.chaos.stage import Stage
from suite.postgres import Postgres, PostgresNotStarted

_DELAY_SECONDS = 0.1
_SECONDS = 15
_RELOAD_SECONDS = 0.3


def _stop(stage: Stage) -> None:
    server = stage.suite.postgres
    os.kill(server.pid, signal.SIGINT)
    for _ in processes.deadline(_SECONDS, step=0.02):
        if not server.alive:
            break
    server.stop()
    stage.call(stage.postgres.refuse())


def _kill(stage: Stage) -> None:
    stage.suite.postgres.kill()
    stage.call(stage.postgres.refuse())


def _start(stage: Stage) -> None:
    stage.suite.postgres.start()
    stage.call(stage.postgres.open())


def _read_only(stage: Stage, *, yes: bool) -> None:
    """As a primary that was made a standby: in every session, from the next transaction on."""
    _tell(
        stage.suite.postgres,
        "SET default_transaction_read_only = off",
        f"ALTER SYSTEM SET default_transaction_read_only = {'on' if yes else 'off'}",
        "SELECT pg_reload_conf()",
    )
    # Each session notices by itself.
    time.sleep(_RELOAD_SECONDS)


def _follow(stage: Stage) -> None:
    """A standby that whatever is committed has reached."""
    primary, standby = stage.suite.postgres, stage.postgres_standby()
    primary.copy_to(standby)
    standby.start()
    _tell(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    for _ in processes.deadline(_SECONDS, step=0.05):
        if ("sync",) in _tell(primary, "SELECT sync_state FROM pg_stat_replication"):
            return
    raise PostgresNotStarted("The standby did not come up to date.")


def _promote(stage: Stage) -> None:
    """The standby takes over, at the address of the one that is gone."""
    standby = stage.postgres_standby()
    _tell(
        standby,
        "SELECT pg_promote()",
        "ALTER SYSTEM RESET synchronous_standby_names",
        "SELECT pg_reload_conf()",
    )
    stage.took_over(postgres=standby)
    stage.call(stage.postgres.open())


def _tell(server: Postgres, *statements: str) -> list[tuple[object, ...]]:
    """The rows of the last one."""
    with psycopg.connect(server.url(), autocommit=True, connect_timeout=_SECONDS) as connection:
        for statement in statements:
            rows = connection.execute(statement)
        return rows.fetchall() if rows.description is not None else []


FAULTS = {
    "stopped": Fault("SIGINT, the fast shutdown; its port is refused", _stop, _start),
    "killed": Fault("SIGKILL of all its processes; its port is refused", _kill, _start),
    "hung": Fault(
        "SIGSTOP of all its processes: connections stay, nothing answers",
        lambda stage: stage.suite.postgres.pause(),
        lambda stage: stage.suite.postgres.resume(),
        seconds=4.0,
    ),
    "slow": slow(lambda stage: (stage.postgres,), _DELAY_SECONDS),
    "read-only": Fault(
        "`default_transaction_read_only` for every session",
        lambda stage: _read_only(stage, yes=True),
        lambda stage: _read_only(stage, yes=False),
    ),
    "failing over": Fault(
        "the primary is killed, its synchronous standby promoted behind the same address",
        _kill,
        _promote,
        _follow,
    ),
}
