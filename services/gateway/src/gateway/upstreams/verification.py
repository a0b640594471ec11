"""What auth tells every gateway once, so that no request has to ask: keys and revocations."""

from collections.abc import AsyncIterator, Sequence

import grpc

from chassis.errors import Unavailable
from chassis.grpc.client import call, stream
from chassis.security.keyring import FetchedKeys
from chassis.security.keyset import KeySet
from chassis.security.revocations import Batch, Kind, Position, Revocation
from gateway.upstreams.auth import PEER
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_KINDS = {
    pb.REVOCATION_KIND_TOKEN: Kind.TOKEN,
    pb.REVOCATION_KIND_SESSION: Kind.SESSION,
    pb.REVOCATION_KIND_USER_NOT_BEFORE: Kind.USER_NOT_BEFORE,
}


class VerificationUpstream:
    def __init__(
        self, channel: grpc.aio.Channel, *, seconds: float, hs256_secrets: Sequence[bytes] = ()
    ) -> None:
        self._keys = rpc.KeyServiceStub(channel)
        self._revocations = rpc.RevocationServiceStub(channel)
        self._seconds = seconds
        self._secrets = hs256_secrets
        # As published, for the public route.
        self.jwks = b'{"keys":[]}'

    async def keys(self) -> FetchedKeys:
        """What tokens are verified with.

        Raises:
            ServiceError: auth is gone, or what it sent is no key set.
        """
        answer: pb.GetKeySetResponse = await call(
            self._keys.GetKeySet, pb.GetKeySetRequest(), peer=PEER, seconds=self._seconds
        )
        try:
            keys = KeySet.from_jwks(answer.jwks_json, hs256_secrets=self._secrets)
        except ValueError:
            raise Unavailable("The keys of auth are not readable.", reason="KEYS_UNREADABLE") from None
        self.jwks = answer.jwks_json
        return FetchedKeys(keys, answer.max_age)

    async def revocations(self, after: Position) -> AsyncIterator[Batch]:
        asked = pb.WatchRevocationsRequest(after_version=after.version, after_made_at=after.made_at)
        async for message in stream(self._revocations.WatchRevocations, asked, peer=PEER, seconds=None):
            yield Batch(
                tuple(
                    _revocation(revocation) for revocation in message.revocations if revocation.kind in _KINDS
                ),
                version=message.version,
                snapshot_complete=message.snapshot_complete,
                as_of=message.as_of.ToNanoseconds() / 1e9,
            )


def _revocation(revocation: pb.Revocation) -> Revocation:
    return Revocation(
        version=revocation.version,
        kind=_KINDS[revocation.kind],
        subject=revocation.subject,
        not_before=revocation.not_before,
        expires_at=revocation.expires_at.ToNanoseconds() / 1e9,
        created_at=revocation.created_at.ToNanoseconds() / 1e9,
    )
