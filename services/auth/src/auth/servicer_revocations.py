"""RevocationService on the wire."""

from collections.abc import AsyncIterator
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from auth.feed import RevocationFeed
from chassis.security.revocations import Batch, Kind, Position, Revocation
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_KINDS: Final = {
    Kind.TOKEN: pb.REVOCATION_KIND_TOKEN,
    Kind.SESSION: pb.REVOCATION_KIND_SESSION,
    Kind.USER_NOT_BEFORE: pb.REVOCATION_KIND_USER_NOT_BEFORE,
}


class RevocationServicer(rpc.RevocationServiceServicer):
    def __init__(self, feed: RevocationFeed) -> None:
        self._feed = feed

    async def WatchRevocations(
        self, request: pb.WatchRevocationsRequest, context: Any
    ) -> AsyncIterator[pb.WatchRevocationsResponse]:
        after = Position(request.after_version, request.after_made_at)
        async for batch in self._feed.watch(after):
            yield _response(batch)


def _response(batch: Batch) -> pb.WatchRevocationsResponse:
    return pb.WatchRevocationsResponse(
        revocations=[_revocation(each) for each in batch.revocations],
        snapshot_complete=batch.snapshot_complete,
        version=batch.version,
        as_of=_moment(batch.as_of),
    )


def _revocation(revocation: Revocation) -> pb.Revocation:
    return pb.Revocation(
        version=revocation.version,
        kind=_KINDS[revocation.kind],
        subject=revocation.subject,
        not_before=revocation.not_before,
        expires_at=_moment(revocation.expires_at),
        created_at=_moment(revocation.created_at),
    )


def _moment(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1e6))
    return stamp
