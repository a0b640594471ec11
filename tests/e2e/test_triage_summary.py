"""An error log becomes a summary without a secret or a person in it."""

import re

import pytest

from suite.api import Answer, Api
from suite.plan import Account
from suite.run import Suite

# What the sample log is full of, in its error records too.
_TELLTALE = re.compile(
    rb"@example\.com|key-[A-Za-z0-9]{32}|Bearer [A-Za-z0-9]{36}\.|\b4\d{15}\b"
    rb"|203\.0\.113\.\d|198\.51\.100\.\d"
)


@pytest.fixture
async def summary(api: Api, admin: Account) -> Answer:
    pair = await api.sign_in(admin)
    return await api.get("/debug/summarize-errors", pair.access)


async def test_the_whole_log_is_read_and_its_errors_are_grouped(summary: Answer) -> None:
    assert summary.status == 200
    told = summary.json()
    assert told["reading"]["lines"] >= 10_000
    assert told["reading"]["errors"] > 100
    assert 1 < len(told["groups"]) < 100
    assert sum(group["count"] for group in told["groups"]) <= told["reading"]["errors"]


async def test_there_is_always_an_answer_and_it_says_where_from(summary: Answer) -> None:
    told = summary.json()
    assert told["source"] in {"model", "cached", "extractive"}
    assert told["headline"]
    assert told["summary"]
    assert told["severity"] in {"low", "medium", "high", "critical"}


async def test_nothing_that_identifies_anybody_comes_out(summary: Answer) -> None:
    assert _TELLTALE.search(summary.body) is None


@pytest.mark.local
async def test_the_log_itself_is_full_of_what_must_not_come_out(suite: Suite) -> None:
    log = (suite.folder / "sample" / "shop.log").read_bytes()
    assert len(set(_TELLTALE.findall(log))) > 3


async def test_the_report_tells_what_was_redacted_by_rule(summary: Answer) -> None:
    redactions = summary.json()["redactions"]
    assert redactions["total"] > 100
    assert {rule["rule"] for rule in redactions["rules"]}
    assert all(rule["count"] > 0 for rule in redactions["rules"])


async def test_a_trace_and_its_message_are_one_record(summary: Answer) -> None:
    groups = summary.json()["groups"]
    declined = [group for group in groups if "could not charge" in group["template"]]
    assert len(declined) == 1
    assert "CardDeclined" in declined[0]["example"] + declined[0]["root_cause"]


async def test_without_a_token_there_is_no_summary(api: Api) -> None:
    assert (await api.get("/debug/summarize-errors")).status == 401
