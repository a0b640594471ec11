"""Who asks, from the access token alone: keys and revocations come from auth in the background."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

import grpc

from chassis.clock import Clock
from chassis.errors import Unauthenticated, Unavailable
from chassis.grpc.client import call, stream
from chassis.lifecycle import Readiness, spawn
from chassis.security import tokens
from chassis.security.keyring import FetchedKeys, VerifierKeys
from chassis.security.keyset import KeySet
from chassis.security.revocations import Batch, Kind, Position, Revocation, RevocationList, follow
from chassis.security.tokens import Principal
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_PEER: Final = "auth"
_SECONDS: Final = 2.0
_KINDS: Final = {
    pb.REVOCATION_KIND_TOKEN: Kind.TOKEN,
    pb.REVOCATION_KIND_SESSION: Kind.SESSION,
    pb.REVOCATION_KIND_USER_NOT_BEFORE: Kind.USER_NOT_BEFORE,
}

IDEMPOTENT: Final = ("/reliability.auth.v1.KeyService/GetKeySet",)


class Verification:
    """Verifies against memory only; auth being down ages the revocations and stops nothing."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        issuer: str,
        audience: str,
        hs256_secrets: Sequence[bytes],
        clock: Clock,
    ) -> None:
        self._key_service = rpc.KeyServiceStub(channel)
        self._revocation_service = rpc.RevocationServiceStub(channel)
        self._issuer = issuer
        self._audience = audience
        self._secrets = hs256_secrets
        self._clock = clock
        self._keys = VerifierKeys(self._fetch, clock)
        self._revocations = RevocationList(clock)

    def keep(self, stack: AsyncExitStack, readiness: Readiness) -> None:
        """Keeps both up to date for as long as the stack lives; nobody is served before the first of each."""
        readiness.need("keys", met=False)
        readiness.need("revocations", met=False)
        spawn(stack, self._keys.keep(), "keys")
        spawn(stack, follow(self._revocations, self._watch), "revocations")
        spawn(stack, self._heard(readiness), "trust")

    async def _heard(self, readiness: Readiness) -> None:
        await self._keys.loaded.wait()
        readiness.need("keys", met=True)
        await self._revocations.complete.wait()
        readiness.need("revocations", met=True)

    async def verify(self, token: str) -> Principal:
        """The principal a token proves.

        Raises:
            Unauthenticated: INVALID_TOKEN, TOKEN_EXPIRED, UNKNOWN_KEY or TOKEN_REVOKED.
            Unavailable: no key, or no revocation list, has ever been heard of.
        """
        keys = await self._keys.with_key(tokens.key_id(token))
        if not keys.kids:
            raise Unavailable("Tokens cannot be verified yet; try again.", reason="KEYS_UNAVAILABLE")
        now = self._clock.now().timestamp()
        who = tokens.verify(token, keys=keys, issuer=self._issuer, audience=self._audience, now=now)
        if not self._revocations.complete.is_set():
            # Nobody knows who has signed out; logs are not read on such terms.
            raise Unavailable("Revocations are not known yet; try again.", reason="REVOCATIONS_UNAVAILABLE")
        if self._revocations.is_revoked(who):
            raise Unauthenticated("The session of this access token has ended.", reason="TOKEN_REVOKED")
        return who

    async def _fetch(self) -> FetchedKeys:
        answer = await call(self._key_service.GetKeySet, pb.GetKeySetRequest(), peer=_PEER, seconds=_SECONDS)
        try:
            keys = KeySet.from_jwks(answer.jwks_json, hs256_secrets=self._secrets)
        except ValueError:
            raise Unavailable("The keys of auth are not readable.", reason="KEYS_UNREADABLE") from None
        return FetchedKeys(keys, answer.max_age)

    async def _watch(self, after: Position) -> AsyncIterator[Batch]:
        asked = pb.WatchRevocationsRequest(after_version=after.version, after_made_at=after.made_at)
        method = self._revocation_service.WatchRevocations
        async for message in stream(method, asked, peer=_PEER, seconds=None):
            yield Batch(
                tuple(_revocation(one) for one in message.revocations if one.kind in _KINDS),
                version=message.version,
                snapshot_complete=message.snapshot_complete,
                as_of=message.as_of.ToNanoseconds() / 1e9,
            )


def _revocation(told: pb.Revocation) -> Revocation:
    return Revocation(
        version=told.version,
        kind=_KINDS[told.kind],
        subject=told.subject,
        not_before=told.not_before,
        expires_at=told.expires_at.ToNanoseconds() / 1e9,
        created_at=told.created_at.ToNanoseconds() / 1e9,
    )
