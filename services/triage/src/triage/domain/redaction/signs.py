"""Bytes by their names, for code that walks a text one byte at a time."""

NEWLINE = 0x0A
BLANK = 0x20
PERCENT = 0x25
AMPERSAND = 0x26
APOSTROPHE = 0x27
OPEN_ROUND = 0x28
PLUS = 0x2B
DOT = 0x2E
NINE = 0x39
COLON = 0x3A
SEMICOLON = 0x3B
LESS = 0x3C
BACKSLASH = 0x5C
UNDERSCORE = 0x5F
SMALL_U = 0x75
OPEN_BRACE = 0x7B

DIGITS = frozenset(b"0123456789")
UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
ALNUM = DIGITS | UPPER | LOWER
WORD = ALNUM | {UNDERSCORE}


def before(text: bytes, at: int) -> int:
    """The byte before `at`; a newline at the very start."""
    return text[at - 1] if at else NEWLINE


def after(text: bytes, at: int) -> int:
    """The byte at `at`; a newline at the very end."""
    return text[at] if at < len(text) else NEWLINE


def escaped(text: bytes, at: int) -> bool:
    r"""Whether the letter before `at` is the n of a `\n` written out, hence no part of a word."""
    return at > 1 and text[at - 1] in b"nrt" and text[at - 2] == BACKSLASH


def starts_word(text: bytes, at: int) -> bool:
    """Whether no word is under way at `at`."""
    return before(text, at) not in WORD or escaped(text, at)


def digits_in(text: bytes) -> bytes:
    """The digits alone."""
    return bytes(byte for byte in text if byte in DIGITS)
