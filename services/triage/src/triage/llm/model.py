"""One question to the model within one deadline, tried again once where that can help."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx2
import openai

from chassis.clock import Clock
from triage.llm.answer import Completion
from triage.llm.outcome import Answer, Ending, NoAnswer
from triage.llm.request import PATH, Dialect
from triage.llm.transport import AnswerTooLarge, client

_MAX_CALLS: Final = 2
_PAUSE_SECONDS: Final = 0.2
_LONGEST_RETRY_AFTER: Final = 2.0
_CONNECT_SECONDS: Final = 3.0
_LEAST_SECONDS: Final = 0.5
"""With less than this left, a second try cannot end well."""
_HTTP_SERVER_ERROR: Final = 500
_HTTP_TOO_MANY: Final = 429
_NO_KEY: Final = "none-needed"


class Model:
    """An OpenAI-compatible endpoint.

    openai's own time-outs are per read and its retries multiply them; both are
    switched off, and the one deadline holds around everything.
    """

    def __init__(
        self, stack: AsyncExitStack, *, dialect: Dialect, key: str | None, connections: int, clock: Clock
    ) -> None:
        http = client(
            dialect.endpoint, connect_seconds=_CONNECT_SECONDS, total_seconds=600, connections=connections
        )
        stack.push_async_callback(http.aclose)
        self.dialect = dialect
        self._clock = clock
        self._client = openai.AsyncOpenAI(
            api_key=key or _NO_KEY, base_url=dialect.endpoint, max_retries=0, http_client=http
        )

    async def ask(self, body: bytes, *, seconds: float) -> Answer:
        """The model's draft.

        Args:
            body: exactly what is sent.
            seconds: for everything, a second try included.

        Raises:
            NoAnswer: there is none, and why.
        """
        attempt = _Attempt(self._clock.monotonic, seconds)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await self._once(body, attempt)
                    if found is not None:
                        return found
        except TimeoutError as late:
            raise NoAnswer(Ending.TIMEOUT, calls=attempt.calls) from late

    async def _once(self, body: bytes, attempt: "_Attempt") -> Answer | None:
        """An answer, or None where it should be tried again."""
        attempt.calls += 1
        try:
            response = await self._client.post(
                PATH,
                cast_to=httpx2.Response,
                content=body,
                options={"headers": {"content-type": "application/json"}},
            )
        except openai.APIStatusError as refused:
            await _after_status(refused, attempt)
            return None
        except openai.APITimeoutError as late:
            await attempt.again(Ending.TIMEOUT, late)
            return None
        except openai.APIConnectionError as lost:
            if isinstance(lost.__cause__, AnswerTooLarge):
                raise NoAnswer(Ending.TOO_LARGE, calls=attempt.calls) from lost
            await attempt.again(Ending.UNREACHABLE, lost)
            return None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as other:
            # Whatever else the client has to say: not one of them may cost the caller the answer.
            raise NoAnswer(Ending.MALFORMED, calls=attempt.calls) from other
        completion = Completion(response.content)
        if completion.draft is None:
            raise NoAnswer(
                completion.ending,
                calls=attempt.calls,
                input_tokens=completion.input_tokens,
                output_tokens=completion.output_tokens,
            )
        return Answer(completion.draft, completion.input_tokens, completion.output_tokens, attempt.calls)


async def _after_status(refused: openai.APIStatusError, attempt: "_Attempt") -> None:
    status = refused.status_code
    if status == _HTTP_TOO_MANY:
        after = _retry_after(refused.response.headers.get("retry-after"))
        await attempt.again(Ending.RATE_LIMITED, refused, after=after)
    elif status >= _HTTP_SERVER_ERROR:
        await attempt.again(Ending.SERVER_ERROR, refused)
    else:
        raise NoAnswer(Ending.REFUSED, calls=attempt.calls) from refused


def _retry_after(header: str | None) -> float:
    """Seconds; without the header, or with a date, longer than anyone waits here."""
    try:
        return max(_PAUSE_SECONDS, float(header)) if header else float("inf")
    except ValueError:
        return float("inf")


class _Attempt:
    """How often it was tried, and whether trying once more fits in what is left."""

    def __init__(self, monotonic: Callable[[], float], seconds: float) -> None:
        self.calls = 0
        self._monotonic = monotonic
        self._until = monotonic() + seconds

    async def again(self, ending: Ending, cause: Exception, after: float = _PAUSE_SECONDS) -> None:
        """Waits and returns where another try is due; raises NoAnswer where not."""
        left = self._until - self._monotonic()
        if self.calls >= _MAX_CALLS or after > _LONGEST_RETRY_AFTER or after + _LEAST_SECONDS > left:
            raise NoAnswer(ending, calls=self.calls) from cause
        await asyncio.sleep(after)
