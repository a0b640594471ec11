"""`python -m auth settings`: what production would refuse of the settings of this place."""

from collections.abc import Sequence

from auth.settings import AuthSettings
from chassis import settings_audit


def main(arguments: Sequence[str]) -> int:
    return settings_audit.main("auth", AuthSettings, arguments)
