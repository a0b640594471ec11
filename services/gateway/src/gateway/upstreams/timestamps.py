"""Protobuf timestamps as aware datetimes."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def moment_or_none(stamp: Timestamp) -> datetime | None:
    """None for the unset, which protobuf cannot tell from 1970."""
    return moment(stamp) if stamp.seconds or stamp.nanos else None
