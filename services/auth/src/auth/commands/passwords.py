"""`python -m auth passwords`: how many passwords can still be checked, and with which SECRET_KEY.

After SECRET_KEY was changed each password is hashed anew at its owner's next sign-in. This tells when
SECRET_KEY_PREVIOUS may go, and whose reset it would take. Exit status 0, or 1 where passwords are under
a key that is not given any more, 69 (EX_UNAVAILABLE) when the database cannot be reached.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.stored import SCHEME
from auth.settings import AuthSettings
from auth.storage.database import Database
from chassis.errors import Unavailable

_EX_UNAVAILABLE = 69
_SECONDS = 30.0
_COUNT: Final = text(
    """
    SELECT CASE
        WHEN password LIKE :ours THEN split_part(password, '$', 2)
        WHEN password LIKE '$2%' THEN 'imported'
        ELSE 'unusable'
    END AS made_with, count(*) AS number
    FROM users WHERE password IS NOT NULL GROUP BY made_with
    """
)


def main(arguments: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="python -m auth passwords", description=__doc__).parse_args(arguments)
    settings = AuthSettings.load()
    try:
        numbers = asyncio.run(_numbers(settings))
    except Unavailable as error:
        sys.stderr.write(f"{error.detail}\n")
        return _EX_UNAVAILABLE
    peppers = Peppers.derive(settings.secrets)
    imported, unusable = numbers.pop("imported", 0), numbers.pop("unusable", 0)
    current = numbers.pop(peppers.current.id, 0)
    previous = sum(numbers.pop(name, 0) for name in peppers.ids)
    lost = sum(numbers.values())
    for number, meaning in (
        (current, "under SECRET_KEY"),
        (previous, "under SECRET_KEY_PREVIOUS; keep it until their owners have signed in"),
        (imported, "imported; hashed anew when their owners sign in"),
        (lost, "under a key that is not given; give it as SECRET_KEY_PREVIOUS, or reset them"),
        (unusable, "not a hash; reset them"),
    ):
        sys.stdout.write(f"{number} {meaning}\n")
    return 1 if lost else 0


async def _numbers(settings: AuthSettings) -> dict[str, int]:
    database = Database(settings.database, pool_size=1, seconds=_SECONDS)
    try:
        rows = await database.execute(_COUNT, {"ours": f"{SCHEME}$%"}, repeatable=True)
        return {row.made_with: row.number for row in rows}
    finally:
        await database.close()
