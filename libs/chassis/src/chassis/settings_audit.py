"""A service's settings as production would judge them, from the place where this runs."""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from chassis.finding import Finding
from chassis.settings import ServiceSettings


def judged(settings: type[ServiceSettings], environ: Mapping[str, str]) -> Iterator[Finding]:
    """One line for each fault, whatever ENVIRONMENT says; none of them repeats a value."""
    _, faults = settings.inspect({**environ, "ENVIRONMENT": "production"})
    hardened = environ.get("ENVIRONMENT", "production") in {"staging", "production"}
    yield Finding(
        "environment",
        hardened,
        f"ENVIRONMENT is {'hardened' if hardened else 'not a hardened one'}",
        "Set ENVIRONMENT=production, so that the service refuses to start with such faults.",
    )
    for fault in faults:
        yield Finding("settings", passed=False, seen=fault.rstrip("."), fix="The sentence says it.")
    if not faults:
        yield Finding("settings", passed=True, seen="nothing that production refuses", fix="")


def told(findings: Sequence[Finding], *, as_json: bool, **about: str) -> int:
    """Prints them, as lines or as one document with what else is known `about` them; the exit status."""
    if as_json:
        document = {**about, "findings": [dataclasses.asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 0 if all(finding.passed for finding in findings) else 1


def main(service: str, settings: type[ServiceSettings], arguments: Sequence[str]) -> int:
    """`python -m SERVICE settings [--json]`: 0 where production takes them, 1 where not, 2 asked wrongly."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {service} settings",
        description="The settings of this place, judged as production would. Exit status 0 where it takes "
        "them, 1 where not.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    asked = parser.parse_args(arguments)
    return told(list(judged(settings, os.environ)), as_json=asked.json, service=service)
