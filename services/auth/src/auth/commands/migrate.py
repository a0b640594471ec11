"""`python -m auth migrate`: brings the database up to date, waiting for it to be there.

Exit status 0 when it is up to date, 69 (EX_UNAVAILABLE) when the database did not answer in time.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from auth.migrate import migrate
from auth.settings import MigrationSettings
from chassis.observability import logging

_EX_UNAVAILABLE = 69
_PAUSE_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m auth migrate", description=__doc__)
    parser.add_argument(
        "--wait", type=float, default=60.0, metavar="SECONDS", help="for the database to answer"
    )
    ends = time.monotonic() + parser.parse_args(arguments).wait
    settings = MigrationSettings.load()
    logging.configure("auth", settings.log_level)
    run_role = settings.database.username
    while True:
        try:
            migrate(
                settings.migration_database,
                run_role=run_role if run_role != settings.migration_database.username else None,
            )
        except OperationalError as error:
            # Not there, starting up, or a lock that traffic holds: each is over sooner or later.
            if time.monotonic() >= ends:
                sys.stderr.write(f"The database could not be migrated in time: {error.orig}\n")
                return _EX_UNAVAILABLE
            time.sleep(_PAUSE_SECONDS)
        else:
            return 0
