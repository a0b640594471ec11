"""`python -m auth wait`: returns when the database has the tables that this release needs.

Asks as the role of DATABASE_URL, which may alter nothing. Exit status 0 when they are there, also those of
a newer release; 69 (EX_UNAVAILABLE) when they were not in time.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.resources import files

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from auth.settings import MigrationSettings

_EX_UNAVAILABLE = 69
_PAUSE_SECONDS = 0.5
_VERSION = text("SELECT version_num FROM alembic_version")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m auth wait", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=float, default=300.0, metavar="SECONDS")
    ends = time.monotonic() + parser.parse_args(arguments).seconds
    engine = create_engine(
        MigrationSettings.load().database, poolclass=NullPool, connect_args={"connect_timeout": 5}
    )
    while True:
        try:
            with engine.connect() as connection:
                there = {
                    row[0] for row in connection.execute(text("SELECT version_num FROM alembic_version"))
                }
            lacking = "it has the tables of an older release" if not _enough(there) else ""
        except OperationalError:
            lacking = "it does not answer"
        except ProgrammingError:
            # No such table, or no right to look at it yet: the grants come last.
            lacking = "it has no tables yet"
        if not lacking:
            return 0
        if time.monotonic() >= ends:
            sys.stderr.write(f"The database was not made ready in time: {lacking}.\n")
            return _EX_UNAVAILABLE
        time.sleep(_PAUSE_SECONDS)


def _enough(there: set[str]) -> bool:
    config = Config()
    config.set_main_option("script_location", str(files("auth") / "migrations"))
    script = ScriptDirectory.from_config(config)
    older = {step.revision for step in script.walk_revisions()} - {script.get_current_head()}
    # A revision that is unknown here is a newer release's, whose steps this one can live with.
    return bool(there) and not there & older


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
