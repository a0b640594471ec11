"""Blocks of bytes to neutralised lines, each at most a given length; what is longer is cut and counted."""

from typing import Final

from triage.domain.records.neutral import neutralise

# C0 but for tab and newline, and DEL: what an ASCII block must be free of to be taken as it is.
_CONTROL: Final = bytes([*range(9), *range(11, 32), 127])


class LineSplitter:
    """Holds at most one unfinished line, itself within the limit."""

    def __init__(self, limit: int) -> None:
        self.cut = 0
        self._limit = limit
        self._rest = b""
        self._dropping = False

    def feed(self, block: bytes) -> list[str]:
        """The lines that are complete with this block."""
        if self._dropping:
            end = block.find(b"\n")
            if end < 0:
                return []
            # The newline stays: it ends the line of which the beginning was kept.
            block = block[end:]
            self._dropping = False
        end = block.rfind(b"\n")
        if end < 0:
            self._keep(self._rest + block)
            return []
        whole = self._rest + block[:end]
        self._rest = b""
        self._keep(block[end + 1 :])
        return self._lines(whole)

    def finish(self) -> list[str]:
        """The last line, where the source did not end it."""
        rest, self._rest, self._dropping = self._rest, b"", False
        return self._lines(rest) if rest else []

    def _keep(self, rest: bytes) -> None:
        if len(rest) > self._limit:
            self.cut += 1
            self._dropping = True
            rest = rest[: self._limit]
        self._rest = rest

    def _lines(self, whole: bytes) -> list[str]:
        if whole.isascii() and len(whole.translate(None, _CONTROL)) == len(whole):
            text = whole.decode("ascii")
        else:
            text = neutralise(whole.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\r"))
        lines = text.split("\n")
        if len(whole) > self._limit:
            for number, line in enumerate(lines):
                if len(line) > self._limit:
                    lines[number] = line[: self._limit]
                    self.cut += 1
        return lines
