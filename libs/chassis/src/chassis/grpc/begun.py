"""A replica's word that it has begun on a call that may take long: until then its silence is a bad sign.

Sent ahead of the answer, as initial metadata.
"""

from typing import Any, Final

BEGUN: Final = "reliability-begun"


async def tell_begun(context: Any) -> None:
    """For the server; once per call, before the long part."""
    await context.send_initial_metadata(((BEGUN, "1"),))


def has_begun(metadata: Any) -> bool:
    """Whether initial metadata is that word."""
    return any(key == BEGUN for key, _ in metadata or ())
