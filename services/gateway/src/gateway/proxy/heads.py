"""Heads of answers that were read before: an upstream says mostly the same, but for its content."""

from typing import Final, NamedTuple

Headers = list[tuple[bytes, bytes]]

_MOST: Final = 512
_MOST_BYTES: Final = 2048
_END: Final = b"\r\n\r\n"
# What one client was given is not kept.
_PERSONAL: Final = (b"set-cookie", b"authorization", b"www-authenticate")


class Head(NamedTuple):
    """Of an answer with a declared length; shared, and so never changed."""

    status: int
    headers: Headers
    length: int
    keep_alive: bool


class Heads:
    """Known by their bytes, from the second time on: what differs in each answer is not kept."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}
        self._seen: set[int] = set()

    def split(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and the content of a whole answer; None where it has to be read."""
        end = data.find(_END) + len(_END)
        head = self._known.get(data[:end])
        if head is None or len(data) - end != head.length:
            return None
        return head, data[end:]

    def learn(self, data: bytes, head: Head) -> None:
        """`data` is a whole answer that was read as that."""
        wire = data[: data.find(_END) + len(_END)]
        if len(wire) > _MOST_BYTES or any(name in _PERSONAL for name, _ in head.headers):
            return
        mark = hash(wire)
        if mark in self._seen:
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[wire] = head
            return
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen.add(mark)
