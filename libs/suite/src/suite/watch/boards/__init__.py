"""The six dashboards, by the names of their files."""

from collections.abc import Mapping
from typing import Final

from suite.watch.boards import auth, gateway, overview, revocations, runtime, triage
from suite.watch.panel import Board

BOARDS: Final[Mapping[str, Board]] = {
    board.uid: board
    for board in (
        overview.BOARD,
        auth.BOARD,
        gateway.BOARD,
        revocations.BOARD,
        triage.BOARD,
        runtime.BOARD,
    )
}
