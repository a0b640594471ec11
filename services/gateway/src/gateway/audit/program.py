"""`python -m gateway audit URL`: the production list against a live installation, one line for each item.

Exit status 0 when every item holds, 1 when one does not, 2 when asked wrongly, 69 (EX_UNAVAILABLE) when
nobody answers.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from chassis.finding import Finding
from chassis.settings_audit import judged, told
from gateway.audit import doors, surface, transport
from gateway.audit.visitor import Unreachable, Visitor
from gateway.settings import GatewaySettings

_EX_UNAVAILABLE: Final = 69
Check = Callable[[Visitor], Awaitable[Finding]]
# Those that use limits up come last.
CHECKS: Final[tuple[Check, ...]] = (
    transport.tls,
    transport.plain_http,
    transport.redirect_target,
    transport.strict_transport,
    transport.hosts,
    transport.origins,
    surface.chaos,
    surface.docs,
    surface.internal,
    surface.headers,
    surface.silence,
    surface.public_keys,
    surface.guards,
    doors.protected,
    doors.forged,
)


async def audit(visitor: Visitor, account: tuple[str, str] | None = None) -> AsyncIterator[Finding]:
    """Every item in order.

    Raises:
        Unreachable: nobody answers at all.
    """
    for check in CHECKS:
        yield await check(visitor)
    yield await doors.well_known(visitor, account)
    yield await doors.sign_in_limit(visitor)
    yield await doors.rate_limit(visitor)


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    parts = urlsplit(asked.url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        sys.stderr.write("Give the address of an installation, such as https://api.example.com.\n")
        return 2
    plain = asked.plain_url or (
        f"http://{parts.hostname}" if parts.scheme == "https" else asked.url.rstrip("/")
    )
    return asyncio.run(_told(asked, plain))


async def _told(asked: argparse.Namespace, plain: str) -> int:
    account = None
    if "AUDIT_DEMO_USERNAME" in os.environ:
        account = os.environ["AUDIT_DEMO_USERNAME"], os.environ.get("AUDIT_DEMO_PASSWORD", "")
    findings = list(judged(GatewaySettings, os.environ)) if asked.settings else []
    try:
        async with Visitor(asked.url, plain, asked.ca_file) as visitor:
            findings += [finding async for finding in audit(visitor, account)]
    except Unreachable as why:
        sys.stdout.writelines(f"{finding}\n" for finding in findings)
        sys.stderr.write(f"{asked.url}: {why}.\n")
        return _EX_UNAVAILABLE
    return told(findings, as_json=asked.json, url=asked.url)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway audit", description=__doc__)
    parser.add_argument("url", help="the installation, such as https://api.example.com")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    parser.add_argument(
        "--plain-url", help="where plain HTTP arrives; port 80 of the same name when not given"
    )
    parser.add_argument("--ca-file", help="a CA to believe beside the system's, PEM")
    parser.add_argument(
        "--settings",
        action="store_true",
        help="also judge the settings of this environment, as in a pod of the gateway",
    )
    return parser
