"""Every built-in rule, in the order in which the first to claim a text names it."""

from triage.domain.redaction.rules.keys import KEYS
from triage.domain.redaction.rules.personal import PERSONAL
from triage.domain.redaction.rules.platforms import PLATFORMS
from triage.domain.redaction.rules.products import PRODUCTS
from triage.domain.redaction.rules.shapes import SHAPES
from triage.domain.redaction.rules.structures import STRUCTURES

BUILT_IN = (*STRUCTURES, *KEYS, *PLATFORMS, *PRODUCTS, *PERSONAL, *SHAPES)

__all__ = ["BUILT_IN"]
