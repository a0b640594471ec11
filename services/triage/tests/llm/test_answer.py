"""An answer is taken by the schema that was asked for, or not at all; and never longer than it may be."""

import json
from typing import Any

import pytest

from triage.domain import prompt
from triage.llm.answer import Completion
from triage.llm.outcome import Ending

FINDING = {
    "title": "t",
    "explanation": "e",
    "severity": "low",
    "next_step": "n",
    "citations": [{"group_id": "g-1", "quote": "q"}],
}
CONTENT: dict[str, Any] = {"headline": "h", "findings": [FINDING]}


def completion(content: object, **changed: Any) -> Completion:
    text = content if isinstance(content, str) else json.dumps(content)
    choice = {"message": {"content": text}, "finish_reason": "stop"} | changed
    return Completion(json.dumps({"choices": [choice]}).encode())


def test_the_schemas_own_shape_is_taken() -> None:
    draft = completion(CONTENT).draft
    assert draft is not None
    assert draft.claims[0].citations == (("g-1", "q"),)


@pytest.mark.parametrize(
    "content",
    [
        CONTENT | {"note": "one more field"},
        CONTENT | {"findings": [FINDING | {"note": "one more field"}]},
        CONTENT | {"findings": [FINDING | {"severity": "apocalyptic"}]},
        CONTENT | {"findings": [FINDING | {"severity": 3}]},
        CONTENT | {"findings": [FINDING | {"citations": ["g-1"]}]},
        CONTENT | {"findings": FINDING},
        CONTENT | {"headline": None},
        CONTENT | {"headline": "h" * 10_000},
        CONTENT | {"findings": [FINDING] * 1000},
        {"headline": "h"},
        [],
        "null",
        "Here is the JSON you asked for: {}",
        "```json\n{}\n```",
        "",
    ],
)
def test_any_other_shape_is_malformed(content: object) -> None:
    found = completion(content)
    assert (found.draft, found.ending) == (None, Ending.MALFORMED)


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls", None, ""])
def test_an_answer_that_did_not_finish_is_not_read(reason: str | None) -> None:
    found = completion(CONTENT, finish_reason=reason)
    assert (found.draft, found.ending) == (None, Ending.UNFINISHED)


def test_what_is_a_little_too_long_is_cut_to_what_may_be_shown() -> None:
    draft = completion(
        CONTENT | {"headline": "h" * (prompt.MAX_TITLE + 50), "findings": [FINDING] * 20}
    ).draft
    assert draft is not None
    assert len(draft.headline) == prompt.MAX_TITLE
    assert len(draft.claims) == prompt.MAX_FINDINGS


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"choices":[]}', b'{"choices":[{}]}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_completion_is_malformed(body: bytes) -> None:
    assert Completion(body).ending is Ending.MALFORMED
