"""`python -m auth` serves; with a word it does one thing and ends.

`migrate` brings the database up to date; `wait` waits for that; `audit verify` checks the trail;
`passwords` counts the hashes by key; `keys rotate` and `keys discard` move the signing keys on;
`settings` judges the settings of this place as production would.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from auth.settings import AuthSettings
from chassis import lifecycle
from chassis.lifecycle import Readiness
from chassis.observability import logging

# Modules of auth.commands, read from disk only when asked for.
_COMMANDS: Final = ("audit", "keys", "migrate", "passwords", "settings", "wait")


def main(arguments: Sequence[str]) -> None:
    if arguments and arguments[0] in _COMMANDS:
        sys.exit(importlib.import_module(f"auth.commands.{arguments[0]}").main(arguments[1:]))
    parser = argparse.ArgumentParser(prog="python -m auth", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("serve", *_COMMANDS), default="serve")
    parser.parse_args(arguments)
    _serve()


def _serve() -> None:
    settings = AuthSettings.load()
    # A refusal of the settings does not wait for everything else to be read from disk.
    from auth.app import build  # noqa: PLC0415

    logging.configure("auth", settings.log_level)

    async def start(stack: AsyncExitStack, readiness: Readiness) -> None:
        await build(stack, readiness, settings)

    lifecycle.run(start, delay=settings.shutdown_delay)


if __name__ == "__main__":
    main(sys.argv[1:])
