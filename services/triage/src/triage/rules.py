"""The redaction rules of this installation, and a version that changes whenever they do."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from triage.domain.redaction import RuleSet, built_in
from triage.domain.redaction.extra import RulesRefused, parsed
from triage.domain.redaction.rules import BUILT_IN

_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rules:
    rule_set: RuleSet
    version: str
    """Part of every cache key: an answer redacted by other rules is another answer."""


def load(path: Path | None) -> Rules:
    """The built-in rules with those of the file, if any.

    Raises:
        RulesRefused: the file cannot be read or used; the message says why.
    """
    # Their representation names every pattern and keyword; only its hash is kept.
    digest = hashlib.sha256(repr(BUILT_IN).encode())
    if path is None:
        return Rules(built_in(), digest.hexdigest()[:12])
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise RulesRefused(f"{path.name} cannot be read: {error.strerror}.") from None
    if len(text) > _MAX_FILE_BYTES:
        raise RulesRefused(f"{path.name} is larger than 1 MiB.")
    digest.update(text)
    return Rules(parsed(text.decode("utf-8", "replace"), path.name).rule_set(), digest.hexdigest()[:12])
