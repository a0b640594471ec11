"""The chain: each event's hash covers the hash before it, so that none can be changed or taken out later.

    hash(n) = SHA-256( hash(n - 1) || canonical JSON of event n ),  hash(0) = 32 zero bytes

Who can write to the table can compute a whole new chain. What they cannot do is make it agree with the
hashes that were already told elsewhere: every event is on stdout too, and `verify` takes any of those
as an anchor. An anchor is also what shows that the latest events were cut off.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from auth.domain.audit.events import MAX_TEXT, Event

GENESIS: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Link:
    """One event as it is kept."""

    sequence: int
    at: datetime
    kind: str
    actor: str
    subject: str
    address: str
    trace_id: str
    details: Mapping[str, str]
    hash: bytes

    @classmethod
    def after(cls, sequence: int, previous: bytes, event: Event, *, trace_id: str) -> "Link":
        """The event in the place after `sequence`, whose hash is `previous`."""
        link = cls(
            sequence=sequence + 1,
            at=event.at.astimezone(UTC),
            kind=event.kind,
            actor=_plain(event.actor),
            subject=_plain(event.subject),
            address=_plain(event.address),
            trace_id=trace_id,
            details={name: _plain(text) for name, text in event.details.items()},
            hash=b"",
        )
        return replace(link, hash=link.digest(previous))

    def digest(self, previous: bytes) -> bytes:
        return hashlib.sha256(previous + self.canonical()).digest()

    def canonical(self) -> bytes:
        """One spelling only: sorted names, no spaces, UTF-8, time in UTC to the microsecond."""
        members = {name: getattr(self, name) for name in self.__slots__ if name != "hash"}
        members["at"] = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Anchor:
    """An event that is known from elsewhere, the log for one."""

    sequence: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """From `17:9f86d0...`; ValueError for anything else."""
        sequence, _, digest = text.partition(":")
        anchor = cls(int(sequence), bytes.fromhex(digest))
        if anchor.sequence < 1 or len(anchor.hash) != len(GENESIS):
            raise ValueError("an anchor is SEQUENCE:HASH, as told in the log")
        return anchor


class Verification:
    """Reads links in order and says what is wrong with each; `finish` says what is missing at the end."""

    def __init__(self, anchors: Iterable[Anchor] = ()) -> None:
        self._anchors = {anchor.sequence: anchor.hash for anchor in anchors}
        self.sequence = 0
        self.hash = GENESIS

    def read(self, link: Link) -> Iterator[str]:
        if link.sequence != self.sequence + 1:
            yield f"event {self.sequence + 1}: missing, the next one is {link.sequence}"
            # What came before it is gone: the chain can only be followed from here on.
        elif link.digest(self.hash) != link.hash:
            yield f"event {link.sequence}: it or its hash was changed"
        if self._anchors.pop(link.sequence, link.hash) != link.hash:
            yield f"event {link.sequence}: not the one that was told before"
        self.sequence, self.hash = link.sequence, link.hash

    def finish(self) -> Iterator[str]:
        for sequence in sorted(self._anchors):
            yield f"event {sequence}: missing, though it was told before"


def _plain(text: str) -> str:
    """What PostgreSQL and every log can hold: no NUL, no lone surrogate, not too much."""
    return text[:MAX_TEXT].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
