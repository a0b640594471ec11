"""KeyService on the wire."""

from collections.abc import Sequence
from typing import Any, Final

from auth.callers import admin
from auth.domain.signing_keys import SigningKey, State
from auth.signing.keyring import Keyring
from auth.signing.rotation import Rotation
from auth.wire import moment
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_STATES: Final[dict[State, pb.KeyState.ValueType]] = {
    "next": pb.KEY_STATE_NEXT,
    "active": pb.KEY_STATE_ACTIVE,
    "retired": pb.KEY_STATE_RETIRED,
}


class KeyServicer(rpc.KeyServiceServicer):
    def __init__(self, *, keyring: Keyring, rotation: Rotation, max_age: int) -> None:
        self._keyring = keyring
        self._rotation = rotation
        self._max_age = max_age

    async def GetKeySet(self, request: pb.GetKeySetRequest, context: Any) -> pb.GetKeySetResponse:
        return pb.GetKeySetResponse(jwks_json=self._keyring.jwks(), max_age=self._max_age)

    async def ListSigningKeys(
        self, request: pb.ListSigningKeysRequest, context: Any
    ) -> pb.ListSigningKeysResponse:
        admin()
        return pb.ListSigningKeysResponse(keys=_keys(await self._rotation.keys()))

    async def RotateSigningKeys(
        self, request: pb.RotateSigningKeysRequest, context: Any
    ) -> pb.RotateSigningKeysResponse:
        keys = await self._rotation.rotate(force=request.force, actor=admin().sub)
        return pb.RotateSigningKeysResponse(keys=_keys(keys))


def _keys(keys: Sequence[SigningKey]) -> list[pb.SigningKey]:
    return [
        pb.SigningKey(
            kid=key.kid,
            algorithm=key.algorithm,
            state=_STATES[key.state],
            created_at=moment(key.created_at),
            activated_at=moment(key.activated_at),
            retired_at=moment(key.retired_at),
            expires_at=moment(key.expires_at),
        )
        for key in keys
    ]
