"""`python -m auth keys rotate|discard`: moves the signing keys on from where auth runs.

`rotate` does what time would have done (`--force` also where verifiers may not have seen the next key
yet). `discard` is for a lost SECRET_KEY: new keys sign from now on, the old ones only verify.
Exit status 0 when done, 1 when refused, 69 (EX_UNAVAILABLE) when the database cannot be reached.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from auth.domain.signing_keys import SigningKey
from auth.parts import signing
from auth.settings import AuthSettings
from auth.signing.sealing import SealedWithAnotherKey
from auth.storage.database import Database
from chassis.clock import SystemClock
from chassis.errors import Conflict, Unavailable
from chassis.observability import logging

_EX_UNAVAILABLE = 69
_SECONDS = 10.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m auth keys", description=__doc__)
    parser.add_argument("what", choices=("rotate", "discard"))
    parser.add_argument("--force", action="store_true", help="do not wait for verifiers to see the next key")
    asked = parser.parse_args(arguments)
    settings = AuthSettings.load()
    # The event of the audit trail goes to the log here as it does in the service.
    logging.configure("auth", settings.log_level)
    try:
        keys = asyncio.run(_move(settings, discard=asked.what == "discard", force=asked.force))
    except Unavailable as error:
        sys.stderr.write(f"{error.detail}\n")
        return _EX_UNAVAILABLE
    except Conflict as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    except SealedWithAnotherKey:
        sys.stderr.write("The keys were sealed with another SECRET_KEY; set SECRET_KEY_PREVIOUS to it.\n")
        return 1
    for key in keys:
        sys.stdout.write(f"{key.kid} {key.algorithm} {key.state}\n")
    return 0


async def _move(settings: AuthSettings, *, discard: bool, force: bool) -> Sequence[SigningKey]:
    database = Database(settings.database, pool_size=1, seconds=_SECONDS)
    try:
        _, rotation = signing(settings, database, SystemClock())
        return await (rotation.discard() if discard else rotation.rotate(force=force))
    finally:
        await database.close()
