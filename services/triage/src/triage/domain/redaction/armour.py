"""Private keys between their BEGIN and END, or as far as a key's body goes where the END is missing."""

from collections.abc import Iterator

from triage.domain.redaction.looks import Look
from triage.domain.redaction.rule import Hit, compiled
from triage.domain.redaction.rules.structures import PRIVATE_KEY

_BEGIN = compiled(
    rb"-{4,5}[ ]?BEGIN[ A-Z0-9]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?[ ]?-{4,5}"
    rb"|PuTTY-User-Key-File-[0-9]:|Private-Lines:|BEGIN SSH2 ENCRYPTED PRIVATE KEY"
)
_END = compiled(rb"-{4,5}[ ]?END[ A-Z0-9]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?[ ]?-{4,5}|Private-MAC:[^\n]*")
_BODY = compiled(rb"[0-9A-Za-z+/=]{16,}")
_LAST = compiled(rb"[^0-9A-Za-z+/=]*[0-9A-Za-z+/]{1,64}={0,2}[\"'+\s\\n,;]*\z")
_HEADER = compiled(
    rb"[^\n]{0,40}(?:Proc-Type|DEK-Info|Comment|Version|Encryption|Public-Lines|Argon2"
    rb"|Key-Derivation|Charset|Hash): ?"
)
FARTHEST = 65_536
"""Bytes of one key that are looked at. The largest in use, RSA of 16,384 bits, takes 13,000."""


def private_keys(text: bytes) -> Iterator[Hit]:
    """The whole of each private key, its markers with it."""
    done = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < done:
            continue
        limit = min(len(text), begin.end() + FARTHEST)
        following = _BEGIN.search(text, begin.end(), limit)
        end = _END.search(text, begin.end(), following.start() if following else limit)
        done = end.end() if end else begin.end() + body_length(text[begin.end() : limit])
        if not end and text.find(b"\n", begin.end(), done) < 0:
            done = max(done, _same_line(text, begin.end(), limit))
        yield begin.start(), done, PRIVATE_KEY


def continues(text: bytes) -> int:
    """How many bytes at the start of a block still belong to a key that an earlier block began."""
    end = _END.search(text, 0, FARTHEST)
    begin = _BEGIN.search(text, 0, FARTHEST)
    if end and not (begin and begin.start() < end.start()):
        return int(end.end())
    return body_length(text[:FARTHEST])


def is_open(text: bytes) -> bool:
    """Whether a block ends inside a key that another block may carry on."""
    last = None
    for last in _BEGIN.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    if last is None or _END.search(text, last.end()):
        return False
    return body_length(text[last.end() :]) >= len(text[last.end() :].rstrip(b"\n"))


def body_length(text: bytes) -> int:
    """The length of the lines that look like a key's body, its headers and its blank lines included."""
    done = at = 0
    while at < len(text):
        stop = text.find(b"\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        if _BODY.search(line) or _HEADER.match(line):
            done = stop
        elif line.strip(b" \t\r\"'+\\,;") and at > 0:
            # The last line of a body is often short; prose has spaces.
            return stop if _LAST.match(line) and b" " not in line.strip() and done else done
        at = stop + 1
    return done


def _same_line(text: bytes, at: int, limit: int) -> int:
    """The end of a key written in one line: its closing quote, or the line's end."""
    stop = text.find(b"\n", at, limit)
    stop = limit if stop < 0 else stop
    quote = text.find(b'"', at, stop)
    return quote if quote > 0 else stop


LOOKS = (Look(rb"BEGIN|PuTTY-User-Key-File-|Private-Lines:", private_keys),)
