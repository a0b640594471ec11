"""Whether a JSON text is nested too deep or has numbers too large to parse safely, in linear time."""

import re

MAX_DEPTH = 32
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_HUGE = re.compile(rb"[0-9]{64}|[0-9][eE][+-]?[0-9]{3}")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def too_elaborate(body: bytes) -> bool:
    bare = _STRINGS.sub(b'""', body) if b'"' in body else body
    if _HUGE.search(bare):
        return True
    if bare.count(b"[") + bare.count(b"{") <= MAX_DEPTH:
        return False
    # Each round takes off the innermost level, so what is left after MAX_DEPTH rounds is too deep.
    brackets = bare.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True
