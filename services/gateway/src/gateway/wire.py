"""Whether a block of header lines is read by everybody as the lines it was made of, and no others."""

from typing import Final

_FAIR: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))


def sound(text: bytes, breaks: int) -> bool:
    """True where `text` has so many line breaks (CRLF) and no other control character but tabs."""
    return text.translate(None, _FAIR) == b"\r\n" * breaks
