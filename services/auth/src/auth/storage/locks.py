"""Advisory locks, and the order in which one transaction may take several.

Rows first, then REVOCATIONS, then AUDIT, then commit: whoever keeps to it
never waits for somebody who waits for them.
"""

from typing import Final

# Numbers of our own in PostgreSQL's one flat space; they never change.
MIGRATIONS: Final = 7_331_001
SIGNING_KEYS: Final = 7_331_002
REVOCATIONS: Final = 7_331_003
AUDIT: Final = 7_331_004
BOOTSTRAP: Final = 7_331_005
