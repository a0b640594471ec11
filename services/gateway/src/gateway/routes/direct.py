"""Own routes that answer from what the chain has established, without the framework in between."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.exchange import Answer, Exchange
from gateway.shapes.sign_in import WhoAmI

_JSON: Final = (b"content-type", b"application/json")


def who_am_i(found: Exchange) -> Answer:
    """`GET /protected`; FastAPI has it too, for the documentation."""
    body = WhoAmI.of(found.principal).model_dump_json().encode()
    return Answer(200, [_JSON, (b"content-length", b"%d" % len(body))], body)


# By the name of their policy.
DIRECT: Final[Mapping[str, Callable[[Exchange], Answer]]] = {"protected": who_am_i}
