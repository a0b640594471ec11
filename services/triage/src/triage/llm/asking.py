"""From groups to the one request about them: what fits, behind a fence, and the key of its answer."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from triage.domain import prompt
from triage.domain.budget import estimated_tokens, fitting
from triage.domain.model import Group
from triage.llm.request import Dialect

_FENCE_BYTES: Final = 8
_MOST_GROUPS: Final = 300
"""More would not be read with care by any model, and each is looked at before it is shown."""


@dataclass(frozen=True, slots=True)
class Request:
    body: bytes
    """What is sent, byte for byte."""
    groups: Sequence[Group]
    """Those it is about, worst first."""
    key: str
    """The same for the same question, whatever the counts."""


class Requests:
    def __init__(self, dialect: Dialect, redactor_version: str, max_input_tokens: int) -> None:
        self._dialect = dialect
        self._redactor_version = redactor_version
        self._max_input_tokens = max_input_tokens
        self._fence_key = secrets.token_bytes(32)

    def of(self, groups: Sequence[Group], *, scope: str) -> Request | None:
        """The request for these groups, worst first; None where there is nothing to ask."""

        def size(shown: Sequence[Group]) -> int:
            return estimated_tokens(len(self._body(shown, omitted=len(groups) - len(shown))))

        shown = fitting(groups[:_MOST_GROUPS], size, self._max_input_tokens)
        if not shown:
            return None
        return Request(self._body(shown, omitted=len(groups) - len(shown)), shown, self._key(shown, scope))

    def _body(self, shown: Sequence[Group], *, omitted: int) -> bytes:
        # Unpredictable to whoever wrote the log, and the same for the same groups,
        # so that a preview shows the very bytes that a summary then sends.
        content = "\n".join(f"{group.id} {group.count} {group.example}" for group in shown)
        fence = hmac.digest(self._fence_key, content.encode("utf-8", "replace"), "sha256")[
            :_FENCE_BYTES
        ].hex()
        return self._dialect.body(prompt.compose(shown, fence=fence, omitted=omitted))

    def _key(self, shown: Sequence[Group], scope: str) -> str:
        dialect = self._dialect
        parts = (dialect.endpoint, dialect.model, prompt.VERSION, self._redactor_version, scope)
        lines = (*parts, *sorted(f"{group.level.name} {group.template}" for group in shown))
        return "answer:" + hashlib.sha256("\x00".join(lines).encode("utf-8", "replace")).hexdigest()
