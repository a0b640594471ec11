"""How a model call can end, by name; the names are told in answers and counted in metrics."""

from dataclasses import dataclass
from enum import StrEnum

from triage.domain.cite import Draft


class Ending(StrEnum):
    """Why there is no answer of the model's."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REFUSED = "refused"
    """The endpoint will not have this request: a wrong key, model or address."""
    TOO_LARGE = "answer_too_large"
    UNFINISHED = "unfinished"
    MALFORMED = "malformed"
    """Not the schema that was asked for, or no JSON at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    draft: Draft
    input_tokens: int
    output_tokens: int
    calls: int


class NoAnswer(Exception):
    """The model did not answer, or not usably.

    Args:
        ending: why.
        calls: how many requests were made.
        input_tokens: what the endpoint says it charged, 0 where it says nothing.
        output_tokens: the same.
    """

    def __init__(self, ending: Ending, *, calls: int, input_tokens: int = 0, output_tokens: int = 0) -> None:
        super().__init__(ending.value)
        self.ending = ending
        self.calls = calls
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
