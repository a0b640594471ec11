"""An auth that keeps those promises of the contract that a gateway relies on, in memory."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.security.keyset import KeySet
from chassis.security.tokens import Principal, verify
from gateway.testing.signer import AUDIENCE, ISSUER, Signer
from reliability.auth.v1 import auth_pb2 as pb

PASSWORD = "correct horse battery staple"  # noqa: S105  # everybody's favourite


def _open() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


async def _nothing_to_stop() -> None: ...


@dataclass
class StandIn:
    signer: Signer = field(default_factory=Signer)
    calls: Counter[str] = field(default_factory=Counter)
    revoked: list[pb.Revocation] = field(default_factory=list)
    refreshes: set[str] = field(default_factory=set)
    clients: list[pb.ClientContext] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    # It says that it has begun on a Login, once it has a voice; an auth of the release before does not.
    announces: bool = True
    voice: asyncio.Event = field(default_factory=_open)
    # Answers of Login wait for this.
    gate: asyncio.Event = field(default_factory=_open)
    # Logging out revokes nothing: whoever tries everything keeps their token.
    keep_sessions: bool = False
    address: str = ""
    # Auth is gone from then on.
    stop: Callable[[], Awaitable[None]] = _nothing_to_stop

    async def verify(self, token: str) -> Principal:
        keys = KeySet.from_jwks(self.signer.jwks())
        return verify(token, keys=keys, issuer=ISSUER, audience=AUDIENCE, now=time.time())

    async def revoke(
        self, kind: "pb.RevocationKind.ValueType", subject: str, not_before: float = 0, ago: float = 0
    ) -> None:
        """Made `ago` seconds before now."""
        created = Timestamp()
        created.FromMicroseconds(round((time.time() - ago) * 1e6))
        expires = Timestamp(seconds=int(time.time()) + 3600)
        entry = pb.Revocation(
            version=len(self.revoked) + 1,
            kind=kind,
            subject=subject,
            not_before=not_before,
            expires_at=expires,
            created_at=created,
        )
        async with self.changed:
            self.revoked.append(entry)
            self.changed.notify_all()

    def pair(self, role: str) -> pb.TokenPair:
        refresh = f"rt_{time.monotonic_ns()}"
        self.refreshes.add(refresh)
        return pb.TokenPair(
            access_token=self.signer.token(role),
            refresh_token=refresh,
            expires_in=900,
            refresh_expires_in=86_400,
            session_id="s-1",
            role=pb.ROLE_ADMIN if role == "admin" else pb.ROLE_USER,
        )
