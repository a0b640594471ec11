"""One reading of a path for everybody: what two programs could read differently is refused.

A policy is chosen by the path, and the upstream acts on it. If they could disagree (dot segments,
encoded slashes, empty segments, `..;` as Tomcat reads it), the policy of one path would guard another.
"""

import re
from functools import lru_cache

from chassis.errors import Invalid

_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)+/?|/")
_ALLOWED = re.compile(rb"/[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e\x25]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Slash, backslash and the controls.
_DANGEROUS = frozenset(b"/\\\x7f") | frozenset(range(0x20))
_DOTS = re.compile(r"\.{1,2}(?:;.*)?", re.DOTALL)
_QUERY = re.compile(rb"[\x21\x23-\x7e]*")


@lru_cache(maxsize=1024)
def canonical(raw: bytes) -> str:
    """The one form of a request's path, as it is matched and as it is sent on.

    Escapes of unreserved characters are undone and the rest are in upper case
    (RFC 3986 section 6.2.2). Raises Invalid for a path of more than one reading.
    """
    if _PLAIN.fullmatch(raw):
        return raw.decode("ascii")
    if _ALLOWED.fullmatch(raw) is None:
        raise Invalid("The path has characters that no path may have.", reason="INVALID_PATH")
    path = _ESCAPE.sub(_unescape, raw).decode("ascii")
    segments = path.split("/")[1:]
    if any(_DOTS.fullmatch(segment) for segment in segments):
        raise Invalid("The path has dot segments.", reason="INVALID_PATH")
    if "" in segments[:-1]:
        raise Invalid("The path has empty segments.", reason="INVALID_PATH")
    return path


def query(raw: bytes) -> bytes:
    """The query as it came, if it can be written into a request line."""
    if _QUERY.fullmatch(raw) is None:
        raise Invalid("The query has characters that no query may have.", reason="INVALID_QUERY")
    return raw


def _unescape(match: re.Match[bytes]) -> bytes:
    digits = match.group(1)
    if digits is None:
        raise Invalid("The path has a broken escape.", reason="INVALID_PATH")
    value = int(digits, 16)
    if value in _DANGEROUS:
        raise Invalid("The path has an escaped slash or control character.", reason="INVALID_PATH")
    return bytes((value,)) if value in _UNRESERVED else b"%" + digits.upper()
