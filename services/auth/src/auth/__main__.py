"""`python -m auth` serves; `migrate` brings the database up to date.

`audit verify` checks the trail; `passwords` counts the hashes by key; `keys rotate` and `keys discard`
move the signing keys on.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from auth.settings import AuthSettings, MigrationSettings
from chassis import lifecycle
from chassis.lifecycle import Readiness
from chassis.observability import logging


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["audit"]:
        from auth.commands import audit  # noqa: PLC0415  serving does not need it

        sys.exit(audit.main(arguments[1:]))
    if arguments[:1] == ["passwords"]:
        from auth.commands import passwords  # noqa: PLC0415  serving does not need it

        sys.exit(passwords.main(arguments[1:]))
    if arguments[:1] == ["keys"]:
        from auth.commands import keys  # noqa: PLC0415  serving does not need it

        sys.exit(keys.main(arguments[1:]))
    parser = argparse.ArgumentParser(prog="python -m auth", description=__doc__)
    commands = ("serve", "migrate", "audit", "keys", "passwords")
    parser.add_argument("command", nargs="?", choices=commands, default="serve")
    match parser.parse_args(arguments).command:
        case "migrate":
            _migrate()
        case _:
            _serve()


def _serve() -> None:
    settings = AuthSettings.load()
    # A refusal of the settings does not wait for everything else to be read from disk.
    from auth.app import build  # noqa: PLC0415

    logging.configure("auth", settings.log_level)

    async def start(stack: AsyncExitStack, readiness: Readiness) -> None:
        await build(stack, readiness, settings)

    lifecycle.run(start, delay=settings.shutdown_delay)


def _migrate() -> None:
    settings = MigrationSettings.load()
    from auth.migrate import migrate  # noqa: PLC0415  serving does not need it

    logging.configure("auth", settings.log_level)
    run_role = settings.database.username
    migrate(
        settings.migration_database,
        run_role=run_role if run_role != settings.migration_database.username else None,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
