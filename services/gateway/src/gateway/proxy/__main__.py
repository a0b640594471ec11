"""`python -m gateway.proxy check FILE` tells the faults of a routes file; `schema` prints the JSON schema."""

import json
import sys
from pathlib import Path

from gateway.proxy.document import RoutesFile
from gateway.proxy.loading import RoutesInvalid, load


def schema() -> str:
    return json.dumps(RoutesFile.model_json_schema(), indent=2) + "\n"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["schema"]:
            sys.stdout.write(schema())
            return 0
        case ["check", name]:
            try:
                document = load(Path(name).read_bytes(), can_sign=True)
            except RoutesInvalid as invalid:
                sys.stderr.writelines(f"{name}: {fault}\n" for fault in invalid.faults)
                return 1
            except OSError as error:
                sys.stderr.write(f"{name}: {error.strerror}.\n")
                return 1
            sys.stdout.write(f"{name}: {len(document.routes)} routes, {len(document.upstreams)} upstreams.\n")
            return 0
    sys.stderr.write("Usage: python -m gateway.proxy check FILE | schema\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
