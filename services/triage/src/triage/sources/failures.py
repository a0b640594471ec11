"""The two ways a source can fail its caller."""

from chassis.errors import Invalid, Unavailable


class InvalidSource(Invalid):
    default_reason = "INVALID_SOURCE"
    default_detail = "There is no such source; set TRIAGE_SOURCE, or send the lines."


class SourceUnavailable(Unavailable):
    default_reason = "SOURCE_UNAVAILABLE"
    default_detail = "The log could not be read; try again."
