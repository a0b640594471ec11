"""`python -m gateway` serves; `openapi` describes its API, `audit` judges an installation."""

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
    if arguments:
        sys.stderr.write("usage: python -m gateway [openapi | audit URL]\n")
        raise SystemExit(2)
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
