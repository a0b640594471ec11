"""`python -m auth audit verify`: reads the whole trail and says whether anybody tampered with it.

Exit status 0 when it is whole, 1 when it is not, 2 when asked wrongly, 69 (EX_UNAVAILABLE) when the
database cannot be reached.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from auth.domain.audit.chain import Anchor, Verification
from auth.settings import MigrationSettings
from auth.storage.audit import Audit
from auth.storage.database import Database
from chassis.errors import Unavailable

_EX_UNAVAILABLE = 69
_SECONDS_A_BATCH = 30.0
_FAULTS_TOLD = 20


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m auth audit", description=__doc__)
    parser.add_argument("what", choices=("verify",))
    parser.add_argument(
        "--expect",
        metavar="SEQUENCE:HASH",
        type=Anchor.parse,
        action="append",
        default=[],
        help="an event as the log told it, which must be there unchanged; may be given many times",
    )
    asked = parser.parse_args(arguments)
    try:
        return asyncio.run(_verify(asked.expect))
    except Unavailable as error:
        sys.stderr.write(f"{error.detail}\n")
        return _EX_UNAVAILABLE


async def _verify(anchors: Sequence[Anchor]) -> int:
    database = Database(MigrationSettings.load().database, pool_size=1, seconds=_SECONDS_A_BATCH)
    verification = Verification(anchors)
    faults: list[str] = []
    try:
        async for link in Audit(database).every():
            faults += verification.read(link)
    finally:
        await database.close()
    faults += verification.finish()
    for fault in faults[:_FAULTS_TOLD]:
        sys.stdout.write(f"{fault}\n")
    if len(faults) > _FAULTS_TOLD:
        sys.stdout.write(f"and {len(faults) - _FAULTS_TOLD} more\n")
    verdict = f"{len(faults)} faults" if faults else "whole"
    sys.stdout.write(f"{verification.sequence} events, {verdict}, up to hash {verification.hash.hex()}\n")
    return 1 if faults else 0
