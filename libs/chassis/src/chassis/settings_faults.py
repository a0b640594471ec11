"""Sentences for what can be wrong with a setting; none of them repeats its value."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from pydantic import ValidationError

MIN_SECRET_LENGTH = 32
_MIN_SECRET_BITS = 96.0
# Characters that do not follow from those before them; 32 random digits have more than twenty.
_MIN_SURPRISES = 16
_LEAST_RUN = 3
_LOOKED_AT = 256
_NEAR = 2
_MIN_NAME_LENGTH = 8
_WORDY = 0.8
_SHARED_SCHEMES = frozenset(
    f"{asynchronous}{scheme}"
    for asynchronous in ("", "async+")
    for scheme in (
        "redis",
        "rediss",
        "redis+unix",
        "unix",
        "valkey",
        "valkeys",
    )
)
_PLACEHOLDERS = (
    *("changeme", "change-me", "change_me", "change this", "replace", "placeholder", "default", "example"),
    *("insecure", "your-", "your_", "secret", "password", "todo", "dummy", "sample", "test", "dev-"),
    *("xxxx", "1234", "qwerty", "letmein"),
)
# Of tutorials: as random as any, and known to everybody.
_KNOWN = frozenset({"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"})


def weak_secret(name: str, value: str) -> str | None:
    """Why this cannot be a secret, in one sentence; None where it can.

    Entropy is estimated by the frequency of its characters and by how many of
    them could not be told from those before, which sees repetition and
    sequences but not words; 32 random characters of any usual alphabet pass.
    """
    fix = "generate one with `openssl rand -base64 48`."
    if not value.strip():
        return f"{name} is empty; {fix}"
    lowered = value.lower()
    # A random secret may contain a short word by chance; a placeholder is made of little else.
    placeholder = any(word in lowered for word in _PLACEHOLDERS) and _wordiness(value) > _WORDY
    if placeholder or lowered in _KNOWN:
        return f"{name} looks like a placeholder; {fix}"
    if len(value) < MIN_SECRET_LENGTH:
        return f"{name} is shorter than {MIN_SECRET_LENGTH} characters; {fix}"
    if _shannon_bits(value) < _MIN_SECRET_BITS or _surprises(value[:_LOOKED_AT]) < _MIN_SURPRISES:
        return f"{name} repeats itself too much to be random; {fix}"
    return None


def memory_storage(name: str, uri: str) -> str | None:
    """Why a storage URI will not do for more than one process; None where it will."""
    scheme = urlsplit(uri).scheme.lower()
    if scheme.endswith(("+sentinel", "+cluster")):
        return f"{name} names Sentinel or Cluster, which are not spoken; name what leads to the one primary."
    if scheme not in _SHARED_SCHEMES:
        return f"{name} does not name a store that replicas share; point it at Redis or Valkey (redis://, rediss://)."
    return None


def misspelt_of(name: str, known: Collection[str]) -> str | None:
    """The known name that `name` is most likely a slip of, if any."""
    if len(name) < _MIN_NAME_LENGTH:
        return None
    near = [(distance, other) for other in known if (distance := _edits(name, other)) <= _NEAR]
    return min(near)[1] if near else None


def readable(error: ValidationError) -> Iterator[str]:
    """One sentence per fault of a settings model, by the operators' names."""
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else "The settings"
        if fault["type"] == "missing":
            yield f"{name} is not set."
        else:
            message = fault["msg"].removeprefix("Value error, ").rstrip(".")
            yield f"{name} is wrong: {message[:1].lower()}{message[1:]}."


def _wordiness(value: str) -> float:
    # Digits in a row are what is put behind words to make them long enough.
    bare = re.sub(r"\d{3,}", "", value)
    return sum(c.isalpha() or c in "-_ ." for c in bare) / len(bare) if bare else 1.0


def _surprises(value: str) -> int:
    """Characters, with a sequence (abc, 987, 000) and what stood there before counted as one each."""
    count = at = 0
    while at < len(value):
        count += 1
        run = max(_sequence(value, at), _repeated(value, at))
        at += run if run >= _LEAST_RUN else 1
    return count


def _sequence(value: str, at: int) -> int:
    steps = [ord(b) - ord(a) for a, b in itertools.pairwise(value[at:])]
    same = list(itertools.takewhile(lambda step: step == steps[0], steps))
    return len(same) + 1 if same and abs(same[0]) <= 1 else 1


def _repeated(value: str, at: int) -> int:
    """The length of what begins here and begins earlier too; it may run into itself."""
    length = 0
    while at + length < len(value) and value.find(value[at : at + length + 1], 0, at + length) >= 0:
        length += 1
    return length


def _shannon_bits(value: str) -> float:
    size = len(value)
    return -sum(n * math.log2(n / size) for n in Counter(value).values())


def _edits(a: str, b: str) -> int:
    """Levenshtein distance, given up on past _NEAR."""
    if abs(len(a) - len(b)) > _NEAR:
        return _NEAR + 1
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, cb in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (ca != cb))
        if min(row) > _NEAR:
            return _NEAR + 1
    return row[-1]
