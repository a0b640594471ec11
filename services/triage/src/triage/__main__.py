"""`python -m triage`: the service without a command, one stage of the pipeline with one."""

import argparse
import importlib
import sys
from typing import Final

FACES: Final = {
    "records": "log lines in, records out: level, time, logger, message, whole text",
    "redact": "lines in, redacted lines out",
    "groups": "log lines in, each record's group out, then the groups",
    "summarize": "what went wrong in log files, how bad it is and where to look first",
}


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        from triage.app import main as serve  # noqa: PLC0415 - a face must not pay for gRPC, nor the service for a face

        return int(serve() or 0)
    if arguments[0] == "settings":
        from chassis import settings_audit  # noqa: PLC0415  # nor for this
        from triage.settings import Settings  # noqa: PLC0415

        return settings_audit.main("triage", Settings, arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m triage", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    # Only the face that was asked for is imported; the others are known by name.
    asked = next((word for word in arguments if not word.startswith("-")), "")
    for name, line in FACES.items():
        face = commands.add_parser(name, help=line, description=line)
        if name == asked:
            importlib.import_module(f"triage.faces.{name}").configure(face)
    line = "the settings of this place, judged as production would"
    commands.add_parser("settings", help=line, description=line)
    chosen = parser.parse_args(arguments)
    return int(importlib.import_module(f"triage.faces.{chosen.command}").run(chosen))


if __name__ == "__main__":
    sys.exit(main())
