"""`python -m triage groups`: NDJSON, kind `record` for each record, then kind `group` for each group.

Which group a record belongs to is known once all were seen, so the first line
comes at the end of the input; until then records wait in a temporary file,
as signatures and line numbers only.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from triage.domain.grouping import Grouper
from triage.domain.model import Group, Level, Raw, RawRecord, Record
from triage.domain.records.reader import RecordReader
from triage.domain.redaction import Redactor
from triage.domain.redaction.extra import RulesRefused
from triage.faces import streams
from triage.rules import load

_IN_MEMORY: Final = 4 * 1024 * 1024
_BATCH: Final = 512


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this face."""
    parser.description = __doc__
    parser.add_argument("--errors", action="store_true", help="group the errors alone")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="more redaction rules, in TOML or JSON")


def run(args: argparse.Namespace) -> int:
    """Groups of standard input to standard output, redacted. 2 where the rules are refused."""
    try:
        rules = load(args.rules)
    except RulesRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    streams.let_go()
    reader = RecordReader(every=not args.errors, now=datetime.now(UTC))
    redactor = Redactor(rules.rule_set)
    grouper = Grouper()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as waiting:
        for raw in reader.read(streams.blocks()):
            record = _redacted(redactor, raw)
            waiting.write(
                json.dumps([grouper.add(record), record.first_line, record.last_line]).encode() + b"\n"
            )
        waiting.seek(0)
        id_of = grouper.ids()
        for batch in _batches(iter(waiting.readline, b"")):
            streams.write(
                [_record_row(id_of(key), first, last) for key, first, last in map(orjson.loads, batch)]
            )
    streams.write([_group_row(group) for group in grouper.groups()])
    return 0


def _redacted(redactor: Redactor, raw: RawRecord) -> Record:
    text, message, logger = redactor.redact_all([raw.text, raw.message, Raw(raw.logger)])
    return Record(
        text=text,
        message=message,
        # A group takes a record without a level for an error, as all are that a summary is about.
        level=raw.level if raw.level or raw.is_error else Level.INFO,
        timestamp=raw.timestamp,
        logger=logger,
        trace_id=raw.trace_id,
        first_line=raw.first_line,
        last_line=raw.last_line,
    )


def _batches(lines: Iterator[bytes]) -> Iterator[Sequence[bytes]]:
    batch: list[bytes] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _record_row(id_: str, first: int, last: int) -> Mapping[str, Any]:
    return {"kind": "record", "group": id_, "first_line": first, "last_line": last}


def _group_row(group: Group) -> Mapping[str, Any]:
    return {
        "kind": "group",
        "id": group.id,
        "template": group.template,
        "level": group.level.name,
        "count": group.count,
        "first_seen": group.first_seen.isoformat() if group.first_seen else None,
        "last_seen": group.last_seen.isoformat() if group.last_seen else None,
        "first_line": group.first_line,
        "logger": group.logger,
        "trace_id": group.trace_id,
        "example": group.example,
    }
