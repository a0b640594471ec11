"""Checks auth makes of itself while it serves: the trail of audit events is whole, the schema is its own."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from alembic.config import Config
from alembic.script import ScriptDirectory
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation
from sqlalchemy import text

from auth.domain.audit.chain import Verification
from auth.storage.audit import Audit
from auth.storage.database import Database
from chassis.errors import Unavailable

log = logging.getLogger(__name__)

_PASS_SECONDS: Final = 60.0
# A long trail is read in strides, so that checking it is never what keeps the database busy.
_STRIDE: Final = 1000
_STRIDE_SECONDS: Final = 1.0
_VERSION: Final = text("SELECT version_num FROM alembic_version")


@dataclass(slots=True)
class Findings:
    """None until the first check has ended."""

    trail_whole: bool | None = None
    migration_pending: bool | None = None


async def keep_checked(database: Database) -> None:
    """For ever: after each pass a minute's rest; what cannot be read now is read at the next one."""
    findings = Findings()
    _watch(findings)
    while True:
        try:
            await check_schema(database, findings)
            await check_trail(database, findings)
        except Unavailable:
            # That the database is gone is told where it is needed.
            pass
        await asyncio.sleep(_PASS_SECONDS)


async def check_trail(database: Database, findings: Findings) -> None:
    """One pass over the whole trail; a fault is told as soon as it is seen."""
    verification = Verification()
    faults = 0
    async for link in Audit(database).every():
        for fault in verification.read(link):
            if not faults:
                log.error("audit.trail_broken", extra={"fault": fault})
            faults += 1
            findings.trail_whole = False
        if link.sequence % _STRIDE == 0:
            await asyncio.sleep(_STRIDE_SECONDS)
    findings.trail_whole = not faults


async def check_schema(database: Database, findings: Findings) -> None:
    """Whether the database has the schema that this release knows."""
    found: str | None = (await database.execute(_VERSION)).scalar_one_or_none()
    findings.migration_pending = found != await asyncio.to_thread(_head)


@cache
def _head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(files("auth") / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def _watch(findings: Findings) -> None:
    def whole(_: CallbackOptions) -> Iterable[Observation]:
        return [] if findings.trail_whole is None else [Observation(int(findings.trail_whole))]

    def pending(_: CallbackOptions) -> Iterable[Observation]:
        return [] if findings.migration_pending is None else [Observation(int(findings.migration_pending))]

    meter = metrics.get_meter("auth")
    meter.create_observable_gauge(
        "auth.audit.trail_whole", [whole], description="1 if the chain of audit events holds, 0 if broken."
    )
    meter.create_observable_gauge(
        "auth.migration.pending", [pending], description="1 while the schema is not this release's."
    )
