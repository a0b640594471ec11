"""One trace from the edge to the database and to the model."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Told, Watched

pytestmark = pytest.mark.slow

LOGIN = "reliability.auth.v1.AuthService/Login"
REFRESH = "reliability.auth.v1.AuthService/Refresh"
SUMMARIZE = "reliability.triage.v1.TriageService/Summarize"


def below(spans: list[Told], parent: Told) -> dict[str, Told]:
    return {span.name: span for span in spans if span.parent_id == parent.span_id}


def whole(watched: Watched, trace_id: str, names: set[str], seconds: float = 20) -> list[Told]:
    """The spans of a trace, once those of these names have been pushed."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = [span for span in watched.collector.told if span.trace_id == trace_id]
        if names <= {span.name for span in found}:
            return found
        time.sleep(0.1)
    raise AssertionError(f"Missing {names - {span.name for span in found}} of {found}.")


def test_a_sign_in_and_a_summary_are_one_trace_down_to_the_database_and_the_model(watched: Watched) -> None:
    trace_id, client = secrets.token_hex(16), secrets.token_hex(8)
    sent = {"traceparent": f"00-{trace_id}-{client}-01"}
    admin = watched.suite.admin

    async def ask() -> None:
        form = {"username": admin.username, "password": admin.password}
        signed_in = await watched.api.call("POST", "/login", form=form, headers=sent)
        token, spent = (signed_in.json()[name] for name in ("access_token", "refresh_token"))
        body = {"refresh_token": spent}
        assert (await watched.api.call("POST", "/token/refresh", body=body, headers=sent)).status == 200
        path = "/debug/summarize-errors"
        assert (await watched.api.call("GET", path, token=token, headers=sent)).status == 200

    watched.run(ask())
    edge = {"POST login", "POST refresh", "GET summarize_errors"}
    spans = whole(
        watched,
        trace_id,
        {*edge, LOGIN, REFRESH, SUMMARIZE, "UPDATE users INSERT sessions", "chat gpt-5-mini"},
    )

    roots = {span.name: span for span in spans if span.parent_id == client}
    assert {(span.service, span.kind) for span in roots.values()} == {("gateway", "SERVER")}
    assert set(roots) == edge
    login = below(spans, roots["POST login"])[LOGIN]
    assert (login.service, login.kind) == ("auth", "SERVER")
    statements = below(spans, login)
    assert {"UPDATE users INSERT sessions", "COMMIT"} <= set(statements)
    assert {(span.service, span.kind) for span in statements.values()} == {("auth", "CLIENT")}
    (refresh,) = below(spans, roots["POST refresh"]).values()
    assert [(each.service, each.kind) for each in below(spans, refresh).values()] == [("auth", "CLIENT")]
    summarize = below(spans, roots["GET summarize_errors"])[SUMMARIZE]
    assert (summarize.service, summarize.kind) == ("triage", "SERVER")
    inside = below(spans, summarize)
    assert inside["triage.digest"].kind == "INTERNAL"
    assert inside["chat gpt-5-mini"].kind == "CLIENT"
