"""Redis stopped, killed, hung, slow, read-only and failing over to a replica."""

from suite import processes
from suite.chaos.fault import Fault, slow
from suite.chaos.stage import Stage
from suite.valkey import Valkey, ValkeyNotStarted

_DELAY_SECONDS = 0.1
_SYNC_SECONDS = 15


def _stop(stage: Stage) -> None:
    stage.suite.valkey.stop()
    stage.call(stage.redis.refuse())


def _kill(stage: Stage) -> None:
    stage.suite.valkey.kill()
    stage.call(stage.redis.refuse())


def _start(stage: Stage) -> None:
    stage.suite.valkey.start()
    stage.call(stage.redis.open())


def _only_reads(stage: Stage) -> None:
    # A replica of nobody: it tells what it knows and takes nothing new.
    _told(stage.suite.valkey, "REPLICAOF 127.0.0.1 1")


def _writes(stage: Stage) -> None:
    _told(stage.suite.valkey, "REPLICAOF NO ONE")


def _follow(stage: Stage) -> None:
    """A replica that has everything."""
    replica = stage.valkey_replica().start()
    for _ in processes.deadline(_SYNC_SECONDS, step=0.05):
        if b"master_link_status:up" in replica.command("INFO replication"):
            return
    raise ValkeyNotStarted("The replica of Valkey did not come up to date.")


def _promote(stage: Stage) -> None:
    """The replica takes over, at the address of the one that is gone."""
    replica = stage.valkey_replica()
    _told(replica, "REPLICAOF NO ONE")
    stage.took_over(valkey=replica)
    stage.call(stage.redis.open())


def _told(server: Valkey, command: str) -> None:
    reply = server.command(command)
    if not reply.startswith(b"+OK"):
        raise ValkeyNotStarted(f"Valkey refused {command}.")


FAULTS = {
    "stopped": Fault("SIGTERM; its port is refused", _stop, _start),
    "killed": Fault("SIGKILL; its port is refused", _kill, _start),
    "hung": Fault(
        "SIGSTOP: connections stay, nothing answers",
        lambda stage: stage.suite.valkey.pause(),
        lambda stage: stage.suite.valkey.resume(),
    ),
    "slow": slow(lambda stage: (stage.redis,), _DELAY_SECONDS),
    "read-only": Fault("made a replica of nobody: it refuses every write", _only_reads, _writes),
    "failing over": Fault(
        "the primary is killed, its replica promoted behind the same address", _kill, _promote, _follow
    ),
}
