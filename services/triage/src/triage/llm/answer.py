"""A completion's bytes as a draft, strictly: finished, by the schema, of bounded size."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.domain import prompt
from triage.domain.cite import Claim, Draft
from triage.llm.outcome import Ending


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Lenient(BaseModel):
    """The provider's envelope: fields come and go, only what is needed is read."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Citation(_Strict):
    group_id: Annotated[str, Field(max_length=64)]
    quote: Annotated[str, Field(max_length=prompt.MAX_QUOTE * 4)]


class _Finding(_Strict):
    title: Annotated[str, Field(max_length=prompt.MAX_TITLE * 2)]
    explanation: Annotated[str, Field(max_length=prompt.MAX_EXPLANATION * 2)]
    severity: Literal["none", "low", "medium", "high", "critical"]
    next_step: Annotated[str, Field(max_length=prompt.MAX_NEXT_STEP * 2)]
    citations: Annotated[list[_Citation], Field(max_length=64)]


class _Content(_Strict):
    headline: Annotated[str, Field(max_length=prompt.MAX_TITLE * 2)]
    findings: Annotated[list[_Finding], Field(max_length=64)]


class _Message(_Lenient):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Lenient):
    message: _Message
    finish_reason: str | None = None


class _Usage(_Lenient):
    prompt_tokens: Annotated[int, Field(ge=0)] = 0
    completion_tokens: Annotated[int, Field(ge=0)] = 0


class _Completion(_Lenient):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class Completion:
    """What came back, read as far as it can be.

    `draft` is None where `ending` says why.
    """

    def __init__(self, body: bytes) -> None:
        self.draft: Draft | None = None
        self.ending = Ending.MALFORMED
        self.input_tokens = self.output_tokens = 0
        try:
            completion = _Completion.model_validate_json(body)
        except ValidationError:
            return
        if completion.usage is not None:
            self.input_tokens = completion.usage.prompt_tokens
            self.output_tokens = completion.usage.completion_tokens
        choice = completion.choices[0]
        if choice.finish_reason != "stop" or choice.message.content is None:
            # Cut by length or by a filter: half an answer reads like a whole one.
            self.ending = Ending.UNFINISHED
            return
        try:
            content = _Content.model_validate_json(choice.message.content)
        except ValidationError:
            return
        self.draft = _draft(content)


def _draft(content: _Content) -> Draft:
    return Draft(
        headline=content.headline[: prompt.MAX_TITLE],
        claims=tuple(
            Claim(
                title=finding.title[: prompt.MAX_TITLE],
                explanation=finding.explanation[: prompt.MAX_EXPLANATION],
                severity=finding.severity,
                next_step=finding.next_step[: prompt.MAX_NEXT_STEP],
                citations=tuple(
                    (cited.group_id, cited.quote[: prompt.MAX_QUOTE])
                    for cited in finding.citations[: prompt.MAX_CITATIONS]
                ),
            )
            for finding in content.findings[: prompt.MAX_FINDINGS]
        ),
    )
