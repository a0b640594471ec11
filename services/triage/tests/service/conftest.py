"""An auth that keeps the contract and nothing else: one key, and revocations as a test makes them."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Unauthenticated
from chassis.security.tokens import Principal
from chassis.testing.grpc import serving
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_PUBLIC = frozenset(
    {
        "/reliability.auth.v1.KeyService/GetKeySet",
        "/reliability.auth.v1.RevocationService/WatchRevocations",
    }
)


class FakeAuth(rpc.KeyServiceServicer, rpc.RevocationServiceServicer):
    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.told: list[pb.Revocation] = []
        self.changed = asyncio.Event()
        self.address = ""

    def revoke_session(self, sid: str) -> None:
        until = Timestamp()
        until.FromSeconds(int(time.time()) + 900)
        self.told.append(
            pb.Revocation(
                version=len(self.told) + 1, kind=pb.REVOCATION_KIND_SESSION, subject=sid, expires_at=until
            )
        )
        self.changed.set()

    def token(self, role: str = "admin", **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "api-reliability-suite",
            "aud": "api",
            "sub": "u-1",
            "sid": "s-1",
            "jti": f"t-{time.monotonic_ns()}",
            "role": role,
            "client_id": "gateway",
            "iat": now,
            "nbf": now,
            "exp": now + 900,
            **changed,
        }
        return jwt.encode(claims, self.private, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": "k1"})

    async def GetKeySet(self, request: pb.GetKeySetRequest, context: Any) -> pb.GetKeySetResponse:
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": x}
        return pb.GetKeySetResponse(jwks_json=json.dumps({"keys": [key]}).encode(), max_age=60)

    async def WatchRevocations(
        self, request: pb.WatchRevocationsRequest, context: Any
    ) -> AsyncIterator[pb.WatchRevocationsResponse]:
        while True:
            self.changed.clear()
            as_of = Timestamp()
            as_of.FromNanoseconds(time.time_ns())
            yield pb.WatchRevocationsResponse(
                revocations=self.told, version=len(self.told), snapshot_complete=True, as_of=as_of
            )
            await self.changed.wait()


async def _nobody(_: str) -> Principal:
    raise Unauthenticated


@pytest.fixture
async def auth() -> AsyncIterator[FakeAuth]:
    fake = FakeAuth()

    def register(server: Any) -> None:
        rpc.add_KeyServiceServicer_to_server(fake, server)
        rpc.add_RevocationServiceServicer_to_server(fake, server)

    async with AsyncExitStack() as stack:
        watch = frozenset({"/reliability.auth.v1.RevocationService/WatchRevocations"})
        fake.address = await stack.enter_async_context(
            serving(register, verify=_nobody, public=_PUBLIC, unbounded=watch)
        )
        yield fake
