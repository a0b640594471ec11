"""How a reader process is spoken to: kind, length and bytes, over its own pipes."""

import struct
from typing import Final

HEADER: Final = struct.Struct(">cI")

BLOCK: Final = b"B"
BOUNDARY: Final = b"M"
CUT: Final = b"C"
END: Final = b"E"
PROGRESS: Final = b"P"
DIGEST: Final = b"D"

MAX_FRAME: Final = 64 * 1024 * 1024


def frame(kind: bytes, content: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(content)) + content
