"""What every worker on lines of text understands: one JSON command a line, one JSON answer a line.

{"file": PATH}       the lines to work on from now on
{"seconds": N}       work on them again and again for that long: {"lines": ..., "cpu": ...}
{"answers": true}    one answer for each line, each line on its own where that is possible

Needs the standard library alone, so that it runs in anybody's environment.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def serve(work: Callable[[list[str]], object], answers: Callable[[list[str]], Sequence[str]]) -> None:
    """Answers until standard input ends."""
    lines: list[str] = []
    for command in map(json.loads, sys.stdin):
        if "file" in command:
            lines = json.loads(Path(command["file"]).read_text(encoding="utf-8"))
            said: object = {"lines": len(lines)}
        elif "seconds" in command:
            said = _rate(work, lines, command["seconds"])
        else:
            said = list(answers(lines))
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _rate(work: Callable[[list[str]], object], lines: list[str], seconds: float) -> dict[str, float]:
    began, spent, done = time.monotonic(), time.process_time(), 0
    # Slow ones in parts, so that a round has an end.
    part = 100
    while time.monotonic() < began + seconds:
        for at in range(0, len(lines), part):
            chosen = lines[at : at + part]
            work(chosen)
            done += len(chosen)
            if time.monotonic() >= began + seconds:
                break
        part = len(lines)
    return {"lines": done, "cpu": time.process_time() - spent}
