"""`python -m triage redact`: a redacted line on standard output for each line on standard input."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from triage.domain.model import Raw
from triage.domain.redaction import Redactor
from triage.domain.redaction.extra import RulesRefused
from triage.domain.redaction.placeholders import NUMBERED, REMEMBERED
from triage.rules import load

_READ = 65_536
LONGEST_LINE = 1024 * 1024
"""Bytes of a line that are kept; the rest is dropped and the line says so."""
_CUT = b" [line cut at 1 MiB]"
_BACK = 4_096
"""How far back from the cut a blank is looked for, so that no half of a secret stays."""
_INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this face."""
    parser.description = __doc__
    parser.epilog = (
        f"One value has one placeholder for the whole stream, for the latest {NUMBERED:,} values; the latest"
        f" {REMEMBERED:,} secrets known by their context also go wherever else they stand. Memory is bounded:"
        " a line is cut at 1 MiB and says so."
    )
    parser.add_argument(
        "--json", action="store_true", help="each line is a JSON string holding one record, in and out"
    )
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="more rules and allowances, in TOML or JSON"
    )
    parser.add_argument(
        "--report", action="store_true", help="at the end, counts and lines by rule on standard error"
    )


def run(args: argparse.Namespace) -> int:
    """Redact standard input. 2 where the rules are refused."""
    try:
        rules = load(args.rules)
    except RulesRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    # Whoever reads us may stop reading; that is no fault of ours to tell.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    redactor = Redactor(rules.rule_set)
    redact = _records(redactor) if args.json else redactor.redact_block
    out = sys.stdout.buffer
    try:
        for block in _blocks(sys.stdin.buffer):
            out.write(redact(block))
            out.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    if args.report:
        report = redactor.report
        sys.stderr.write(json.dumps({"counts": dict(report.counts), "lines": dict(report.lines)}) + "\n")
    return 0


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    """Whole lines, as many as a read brought; the last one may lack its line feed."""
    rest, dropping = b"", False
    while chunk := source.read1(_READ):  # type: ignore[attr-defined]  # every buffered reader has it
        if dropping:
            _, feed, chunk = chunk.partition(b"\n")
            if not feed:
                continue
            dropping = False
        rest += chunk
        whole, feed, rest = rest.rpartition(b"\n")
        if feed:
            yield whole + feed
        if len(rest) > LONGEST_LINE:
            yield _cut(rest) + b"\n"
            rest, dropping = b"", True
    if rest:
        yield rest


def _cut(line: bytes) -> bytes:
    kept = line[:LONGEST_LINE]
    blank = kept.rfind(b" ", LONGEST_LINE - _BACK)
    return (kept[:blank] if blank > 0 else kept[: LONGEST_LINE - _BACK]) + _CUT


def _records(redactor: Redactor) -> Callable[[bytes], bytes]:
    """Blocks of JSON strings to blocks of JSON strings.

    The records of a block are redacted together, which is many times faster. A
    redaction never adds or takes a line, so the lines tell them apart again.
    """

    def redact(block: bytes) -> bytes:
        ended = block.endswith(b"\n")
        records = [_record(line) for line in block.removesuffix(b"\n").split(b"\n")]
        lines = redactor.redact(Raw("\n".join(records))).split("\n")
        out, at = [], 0
        for record in records:
            count = record.count("\n") + 1
            out.append(json.dumps("\n".join(lines[at : at + count])))
            at += count
        return "\n".join(out).encode() + (b"\n" if ended else b"")

    return redact


def _record(line: bytes) -> str:
    """The record that a line holds; what is no JSON string is a record as it stands."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    return record if isinstance(record, str) else line.decode("utf-8", "replace")
