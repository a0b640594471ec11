"""What a header parser found in one line, filled in as it goes from the outside in."""

from dataclasses import dataclass
from typing import Final

UNHEADED: Final = -1
"""A line that does not begin like a record of any known format."""
UNLEVELLED: Final = 0
"""A line that begins a record and states no level. Anything above is a `Level`."""

CLIENT_FAULT: Final = 16
"""A 4xx in an access log: kept as an error, filed at WARN so that a crawler never outranks an outage."""


@dataclass(slots=True)
class Parts:
    """Filled by the parsers; the innermost statement of each part wins, but for the outermost stamp."""

    message: str = ""
    stamp: str | float = ""
    logger: str = ""
    trace_id: str = ""
    failed: bool | None = None
    """A verdict that is not a level: a status, an `error` field. None leaves it to the words."""
