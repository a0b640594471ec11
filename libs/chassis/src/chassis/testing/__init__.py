"""What tests of every service stand on; nothing here ships in a running service."""

from chassis.testing.clock import FrozenClock

__all__ = ["FrozenClock"]
