"""The rules as Prometheus reads them, in two files."""

from typing import Final

import yaml

from suite.watch.alerts import RUNBOOKS, burning, single
from suite.watch.objectives import Rule, recording

_HEAD: Final = "# Written by `make docs` from libs/suite/src/suite/watch/.\n"


def files(runbooks: str = RUNBOOKS) -> dict[str, str]:
    """Names, and what is in them; `runbooks` is where the pages are, each by the name of its alert."""
    return {
        "recording.yaml": _file(("slo-recording", list(recording()))),
        "alerts.yaml": _file(("slo-burn", list(burning())), ("suite", list(single()))).replace(
            f"runbook_url: {RUNBOOKS}/", f"runbook_url: {runbooks.rstrip('/')}/"
        ),
    }


def _file(*groups: tuple[str, list[Rule]]) -> str:
    document = {
        "groups": [{"name": name, "interval": "30s", "rules": rules} for name, rules in groups if rules]
    }
    return _HEAD + yaml.safe_dump(document, sort_keys=False, width=110)
