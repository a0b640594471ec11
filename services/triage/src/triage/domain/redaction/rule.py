"""One redaction rule, as data: what it finds, what it is called, and lines that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import re2

Where: TypeAlias = Literal["text", "prefix", "key", "structure"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret or personal datum.

    `where` says how `pattern` is read: against the text, against what follows one
    of the `keywords` (a token's fixed prefix), or against the normalised name of a
    key (`dbPassword` is `db_password`). A structure has no pattern: code finds it.
    """

    id: str
    description: str
    kind: str
    """The word in the placeholder: EMAIL in `<EMAIL_1>`."""
    where: Where
    pattern: str = ""
    keywords: tuple[str, ...] = ()
    """A prefix rule's prefixes; for a text rule, words of which one must be near (a cheap first look)."""
    context: str = ""
    """If given, the pattern is tried only on what follows this in the same line."""
    sign: str = ""
    """If given, what stands in every text in which the pattern is worth a look (see `looks`)."""
    validator: str = ""
    """A name in `validators.VALIDATORS`, asked about each match."""
    remember: bool = True
    """Whether further occurrences of a found value go too. Off where the shape alone finds them all."""
    matches: tuple[str, ...] = ()
    """Made-up lines in which the rule must find something."""
    ignores: tuple[str, ...] = ()
    """Made-up lines in which it must find nothing."""


Extent: TypeAlias = tuple[int, int]
"""Start and end, in bytes."""
Hit: TypeAlias = tuple[int, int, Rule]
"""Start and end, in bytes, of what a rule found."""


def _options() -> re2.Options:
    """Latin-1 makes every byte a character, so that invalid UTF-8 is text like any other."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 32 << 20
    options.log_errors = False
    return options


def compiled(pattern: bytes) -> "re2._Regexp":
    """A linear-time expression over bytes."""
    return re2.compile(pattern, options=_options())


def compiled_set(patterns: Sequence[bytes]) -> re2.Set:
    """Tells in one pass which of the patterns match at the start of a text."""
    return _filled(re2.Set.MatchSet(_options()), patterns)


def signs_told(patterns: Sequence[bytes]) -> re2.Set:
    """Tells in one pass which of the patterns match anywhere in a text."""
    return _filled(re2.Set.SearchSet(_options()), patterns)


def _filled(some: re2.Set, patterns: Sequence[bytes]) -> re2.Set:
    for pattern in patterns:
        some.Add(pattern)
    some.Compile()
    return some
