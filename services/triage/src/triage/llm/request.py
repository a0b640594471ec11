"""A prompt as the bytes of one Chat Completions request: built once, previewed and sent as they are."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import orjson

from triage.domain.prompt import Prompt

PATH: Final = "/chat/completions"

# Their own endpoints refuse `max_tokens` and any temperature; the others know nothing newer.
_NEW_DIALECT: Final = ("openai.com", "azure.com")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which endpoint, which model, and how much it may answer."""

    endpoint: str
    """Base address without a trailing slash."""
    model: str
    max_output_tokens: int

    @property
    def url(self) -> str:
        return self.endpoint + PATH

    def body(self, prompt: Prompt) -> bytes:
        """The request body. Chat Completions with a JSON schema is what every provider speaks."""
        host = urlsplit(self.endpoint).hostname or ""
        if host.endswith(_NEW_DIALECT):
            limits: dict[str, object] = {"max_completion_tokens": self.max_output_tokens}
        else:
            limits = {"max_tokens": self.max_output_tokens, "temperature": 0}
        return orjson.dumps(
            {
                "model": self.model,
                "messages": [
                    {"role": "system", "content": prompt.system},
                    {"role": "user", "content": prompt.user},
                ],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "triage", "strict": True, "schema": prompt.schema},
                },
                "stream": False,
                **limits,
            }
        )
