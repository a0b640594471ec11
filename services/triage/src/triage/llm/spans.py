"""A span of each question to the model, where the trace is recorded: what it cost, never what was said.

Names are those of https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.
"""

from collections.abc import Awaitable
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind

from chassis.observability.tracing import failed, span
from triage.llm.outcome import Answer, NoAnswer
from triage.llm.request import Dialect


async def traced(dialect: Dialect, asking: Awaitable[Answer]) -> Answer:
    """What the model answers, or NoAnswer raised."""
    with span(f"chat {dialect.model}", SpanKind.CLIENT, judged=True) as made:
        if made is None:
            return await asking
        made.set_attributes(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": dialect.model,
                "gen_ai.request.max_tokens": dialect.max_output_tokens,
                "server.address": urlsplit(dialect.endpoint).hostname or "",
            }
        )
        try:
            answer = await asking
        except NoAnswer as none:
            failed(made, none.ending.value)
            _used(made, none)
            raise
        _used(made, answer)
        return answer


def _used(made: Span, spent: Answer | NoAnswer) -> None:
    made.set_attributes(
        {
            "gen_ai.usage.input_tokens": spent.input_tokens,
            "gen_ai.usage.output_tokens": spent.output_tokens,
        }
    )
