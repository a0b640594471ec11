"""A span for each statement of a recorded trace: what it does and to which tables, never a value.

Names are those of https://opentelemetry.io/docs/specs/semconv/database/postgresql/.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from opentelemetry.trace import Span, SpanKind
from sqlalchemy import Executable
from sqlalchemy.engine import URL

from auth.storage.tables import metadata
from chassis.observability.context import recorded
from chassis.observability.tracing import span

COMMIT: Final = "COMMIT"
_NOTHING: Final[AbstractContextManager[Span | None]] = nullcontext()
_TABLES: Final = frozenset(metadata.tables)
# `FOR UPDATE` and `DO UPDATE` are parts of something else; FROM belongs to DELETE or to SELECT.
_STEPS: Final = re.compile(
    r"\b(?:(SELECT)|(INSERT) INTO (\w+)|(?<!FOR )(?<!DO )(UPDATE) (\w+)|(DELETE) FROM (\w+)"
    r"|(?:FROM|JOIN) (\w+))"
)
_POSTGRES_PORT: Final = 5432


def asking(statement: Executable | str, url: URL) -> AbstractContextManager[Span | None]:
    """Around a statement; nothing where nobody records."""
    if recorded() is None:
        return _NOTHING
    summary = statement if isinstance(statement, str) else summarized(str(statement))
    return span(
        summary,
        SpanKind.CLIENT,
        db_system_name="postgresql",
        db_namespace=url.database or "",
        db_operation_name=summary.partition(" ")[0],
        db_query_summary=summary,
        server_address=url.host or "",
        server_port=url.port or _POSTGRES_PORT,
    )


def summarized(text: str) -> str:
    """What a statement does to which of our tables, in its own order: `UPDATE users INSERT sessions`."""
    plain = " ".join(text.split())
    return " ".join(_steps(plain)) or plain.partition(" ")[0].upper()


def _steps(text: str) -> Iterator[str]:
    reading = True
    for found in _STEPS.finditer(text):
        words = [word for word in found.groups() if word is not None]
        table = words[-1]
        if words == ["SELECT"]:
            reading = False
        elif len(words) > 1 and table in _TABLES:
            yield " ".join(words)
            reading = True
        elif len(words) == 1 and table in _TABLES:
            # A second table of the same SELECT is told without the word.
            yield table if reading else f"SELECT {table}"
            reading = True
