"""What a model would be sent, shown to whoever has to approve it; empty where the guard would stop it."""

from collections.abc import Sequence
from typing import Final

from triage.domain.model import Group
from triage.domain.redaction.guard import Guard
from triage.llm.asking import Requests
from triage.llm.request import Dialect
from triage.rules import Rules
from triage.settings import Settings

# Where a key alone would lead to; the commonest first question is what this one would be sent.
_USUAL: Final = "https://api.openai.com/v1"


class Previews:
    """`endpoint` is where it would go; empty where no model is set."""

    def __init__(self, requests: Requests, guard: Guard, endpoint: str) -> None:
        self._requests = requests
        self._guard = guard
        self.endpoint = endpoint

    def of(self, groups: Sequence[Group], *, scope: str) -> bytes:
        """The request about these groups, byte for byte; empty where nothing would be sent."""
        request = self._requests.of(groups, scope=scope)
        return b"" if request is None or self._guard.scan(request.body) else request.body


def imagined(settings: Settings, rules: Rules) -> Previews:
    """Without a model: what one would be sent, so that it can be approved before one is set."""
    dialect = Dialect(_USUAL, settings.openai_model, settings.triage_model_max_output_tokens)
    requests = Requests(dialect, rules.version, settings.triage_model_max_input_tokens)
    return Previews(requests, Guard(rules.rule_set), "")
