"""A recorded trace reaches the database: each statement by what it does to which tables, never by a value."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Insert, insert, text
from sqlalchemy.exc import IntegrityError

from auth.storage import sessions
from auth.storage.database import Database, parse_url
from auth.storage.rotations import _SPEND
from auth.storage.spans import summarized
from auth.storage.tables import clients
from chassis import deadline
from chassis.errors import Unavailable
from chassis.observability import tracing
from chassis.observability.context import TraceContext, attached

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
SECRET = "a-name-nobody-may-read"


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(parse_url(postgres_url), pool_size=3, seconds=5)
    yield made
    await made.close()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    yield kept
    provider.shutdown()


def client(id_: str, name: str) -> Insert:
    return insert(clients).values(
        id=id_, name=name, secret_hash=b"hash", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def one(spans: InMemorySpanExporter) -> ReadableSpan:
    (span,) = spans.get_finished_spans()
    return span


async def test_a_statement_is_a_client_span_below_its_caller(
    pool: Database, spans: InMemorySpanExporter, postgres_url: str
) -> None:
    with attached(TRACE):
        await pool.execute(text("SELECT count(*) FROM users WHERE username = :name"), {"name": SECRET})

    span = one(spans)
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == TRACE.span_id
    assert (span.name, span.kind.name) == ("SELECT users", "CLIENT")
    url = parse_url(postgres_url)
    assert dict(span.attributes or {}) == {
        "db.system.name": "postgresql",
        "db.namespace": url.database,
        "db.operation.name": "SELECT",
        "db.query.summary": "SELECT users",
        "server.address": url.host or "",
        "server.port": url.port or 5432,
    }


async def test_a_unit_of_work_ends_with_its_commit(pool: Database, spans: InMemorySpanExporter) -> None:
    with attached(TRACE):
        async with pool.begin() as work:
            await work.execute(client("a", SECRET))
            await work.commit()

    assert [span.name for span in spans.get_finished_spans()] == ["INSERT clients", "COMMIT"]
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_what_is_not_recorded_makes_no_span(pool: Database, spans: InMemorySpanExporter) -> None:
    await pool.execute(text("SELECT 1"))
    with attached(TRACE._replace(sampled=False)):
        await pool.execute(text("SELECT 1"))

    assert spans.get_finished_spans() == ()


async def test_a_database_that_is_too_slow_is_an_error_of_ours(
    pool: Database, spans: InMemorySpanExporter
) -> None:
    with attached(TRACE), deadline.within(0.1), pytest.raises(Unavailable):
        await pool.execute(text("SELECT pg_sleep(3)"))

    assert dict(one(spans).attributes or {})["error.type"] == "DATABASE_UNAVAILABLE"
    assert not one(spans).status.is_ok


async def test_an_error_is_told_by_its_kind_and_not_by_its_words(
    pool: Database, spans: InMemorySpanExporter
) -> None:
    twice = client(SECRET, "a")
    await pool.execute(twice)
    with attached(TRACE), pytest.raises(IntegrityError, match=SECRET):
        await pool.execute(twice)

    assert dict(one(spans).attributes or {})["error.type"] == "IntegrityError"
    assert SECRET not in one(spans).to_json()


@pytest.mark.parametrize(
    ("statement", "summary"),
    [
        (str(sessions._OPEN), "UPDATE users INSERT sessions"),
        (str(sessions._END), "SELECT sessions UPDATE sessions"),
        (str(_SPEND), "SELECT sessions users UPDATE sessions UPDATE sessions"),
        ("SELECT pg_notify(:channel, '')", "SELECT"),
        ("INSERT INTO users VALUES (:a) ON CONFLICT (a) DO UPDATE SET a = :a", "INSERT users"),
        ("SELECT a FROM users WHERE b IS DISTINCT FROM c ORDER BY a FOR UPDATE", "SELECT users"),
        ("SELECT 'what a client wrote' FROM somewhere_else", "SELECT"),
    ],
)
def test_a_statement_is_told_by_its_steps_and_our_tables(statement: str, summary: str) -> None:
    assert summarized(statement) == summary
