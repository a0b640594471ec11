"""`python -m triage records`: the records of standard input as NDJSON, in order, as they are complete."""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from triage.domain.model import RawRecord
from triage.domain.records.reader import RecordReader
from triage.faces import streams


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this face."""
    parser.description = __doc__
    parser.add_argument("--errors", action="store_true", help="only records that are errors")
    parser.add_argument(
        "--counts", action="store_true", help="at the end, what was read and cut on standard error"
    )


def run(args: argparse.Namespace) -> int:
    """Records of standard input to standard output; text is raw, not redacted."""
    streams.let_go()
    reader = RecordReader(every=not args.errors, now=datetime.now(UTC))
    for block in streams.blocks():
        streams.write([_row(record) for record in reader.feed(block)])
    streams.write([_row(record) for record in reader.finish()])
    if args.counts:
        sys.stderr.write(json.dumps(_counts(reader)) + "\n")
    return 0


def _row(record: RawRecord) -> Mapping[str, Any]:
    return {
        "level": record.level.name if record.level is not None else None,
        "is_error": record.is_error,
        "timestamp": record.timestamp.isoformat() if record.timestamp else None,
        "logger": record.logger,
        "message": record.message,
        "trace_id": record.trace_id,
        "first_line": record.first_line,
        "last_line": record.last_line,
        "text": record.text,
    }


def _counts(reader: RecordReader) -> Mapping[str, int]:
    return {
        "lines": reader.lines,
        "records": reader.records,
        "errors": reader.errors,
        "cut_lines": reader.cut_lines,
        "cut_records": reader.cut_records,
    }
