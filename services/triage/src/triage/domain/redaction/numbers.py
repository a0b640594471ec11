"""Which digits are a card, an account, a person or a telephone, by checksum, range and length."""

import hashlib

from triage.domain.redaction.rule import Extent, compiled
from triage.domain.redaction.signs import ALNUM, DIGITS, NINE, WORD, after, before, digits_in, starts_word

_CARD_CONTEXT = compiled(rb"(?i)card|pan\b|visa|amex|mastercard|maestro|\bcc\b|payment|charge")
_PRINTED = frozenset({b"078051120", b"219099999", b"123456789"})
"""Social security numbers of advertisements and examples, which are nobody's."""
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_IBAN_LENGTHS = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BI": 27,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DJ": 27,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FK": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HN": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MN": 20,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NI": 28,
    "NL": 18,
    "NO": 15,
    "OM": 23,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "RU": 33,
    "SA": 24,
    "SC": 31,
    "SD": 18,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "SO": 23,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
    "YE": 30,
}


def luhn(digits: bytes) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = digit - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2  # noqa: PLR2004 - Luhn's own figures
        total += value
    return total % 10 == 0


def card(text: bytes, start: int, end: int) -> Extent | None:
    """A payment card by issuer range, length and Luhn; 17 digits and more only where cards are spoken of."""
    while start < end and text[start] not in DIGITS:
        start += 1
    if before(text, start) in WORD or before(text, start) in b"-." or after(text, end) in WORD:
        return None
    if after(text, end) in b".-" and after(text, end + 1) in DIGITS:
        return None
    digits = digits_in(text[start:end])
    size, head = len(digits), int(digits[:4])
    sixteen = size == 16  # noqa: PLR2004
    known = (
        (digits[:1] == b"4" and size in {13, 16, 19})
        or (sixteen and (5100 <= head <= 5599 or 2221 <= head <= 2720))  # noqa: PLR2004
        or (size == 15 and digits[:2] in {b"34", b"37"})  # noqa: PLR2004
        or (size == 14 and (3000 <= head <= 3059 or digits[:2] in {b"36", b"38", b"39"}))  # noqa: PLR2004
        or (16 <= size <= 19 and (digits[:2] in {b"35", b"60", b"62", b"64", b"65"}))  # noqa: PLR2004
        or (13 <= size <= 19 and digits[:2] in {b"50", b"56", b"57", b"58", b"63", b"67", b"68", b"69"})  # noqa: PLR2004
    )
    if not known or not luhn(digits) or len(set(digits)) == 1:
        return None
    usual = sixteen or digits[:2] in {b"34", b"37"} or text[start:end] != digits
    return (start, end) if usual or _CARD_CONTEXT.search(text[max(0, start - 80) : start]) else None


def iban(text: bytes, start: int, end: int) -> Extent | None:
    """An account number of its country's length whose remainder by 97 is 1."""
    if not starts_word(text, start):
        return None
    size = _IBAN_LENGTHS.get(text[start : start + 2].decode("latin-1"))
    if size is None:
        return None
    letters, at = bytearray(), start
    while at < end and len(letters) < size:
        if text[at] in ALNUM:
            letters.append(text[at])
        at += 1
    if len(letters) != size or after(text, at) in WORD:
        return None
    digits = "".join(str(int(chr(letter), 36)) for letter in letters[4:] + letters[:4])
    return (start, at) if int(digits) % 97 == 1 else None


def ssn(text: bytes, start: int, end: int) -> Extent | None:
    """A number in an issued range that touches no other."""
    if before(text, start) in b"-." or after(text, end) in WORD:
        return None
    if after(text, end) in b"-." and after(text, end + 1) in WORD:
        return None
    digits = digits_in(text[start:end])
    if (
        digits in _PRINTED
        or digits[:3] in {b"000", b"666"}
        or digits[0] == NINE
        or digits[3:5] == b"00"
        or digits[5:] == b"0000"
    ):
        return None
    return start, end


def phone(text: bytes, start: int, end: int) -> Extent | None:
    """A number written as one, `+49 30 ...` or `(415) 555-...`, that touches no other word or number."""
    if before(text, start) in WORD or before(text, start) in b"-.+" or after(text, end) in WORD:
        return None
    if after(text, end) in b".-:/" and after(text, end + 1) in DIGITS:
        return None
    digits = sum(byte in DIGITS for byte in text[start:end])
    return (start, end) if 7 <= digits <= 15 else None  # noqa: PLR2004 - E.164


def bitcoin(text: bytes, start: int, end: int) -> Extent | None:
    """Base58 with its checksum, or bech32 by its prefix."""
    value = text[start:end]
    if before(text, start) in WORD or after(text, end) in WORD:
        return None
    if value.startswith((b"bc1", b"tb1", b"ltc1")):
        return start, end
    number = 0
    for byte in value:
        digit = _BASE58.find(byte)
        if digit < 0:
            return None
        number = number * 58 + digit
    if number >> 200:
        return None
    raw = number.to_bytes(25, "big")
    checked = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4]
    return (start, end) if checked == raw[-4:] else None
