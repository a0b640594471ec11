"""`python -m gateway` serves; with a word it does one thing and ends.

`openapi` prints the description of its API; `audit URL` judges a live installation; `settings` judges
the settings of this place as production would.
"""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack

from chassis.lifecycle import Readiness, run
from gateway.settings import GatewaySettings


def main(arguments: list[str]) -> None:
    if arguments == ["openapi"]:
        from gateway.routes.openapi import described, printed  # noqa: PLC0415  # serving does not need it

        sys.stdout.write(printed(asyncio.run(described())))
        return
    if arguments[:1] == ["audit"]:
        from gateway.audit import program  # noqa: PLC0415  # serving does not need it

        raise SystemExit(program.main(arguments[1:]))
    if arguments[:1] == ["settings"]:
        from chassis import settings_audit  # noqa: PLC0415  # serving does not need it

        raise SystemExit(settings_audit.main("gateway", GatewaySettings, arguments[1:]))
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("serve", "openapi", "audit", "settings"))
    parser.parse_args(arguments)
    settings = GatewaySettings.load()
    # A refusal of the settings does not wait for everything else to be read from disk.
    from gateway.app import build  # noqa: PLC0415

    async def start(stack: AsyncExitStack, readiness: Readiness) -> None:
        await build(stack, readiness, settings)

    try:
        run(start, delay=settings.shutdown_delay)
    except OSError as error:
        sys.stderr.write(f"The gateway cannot listen: {error.strerror or error}.\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
