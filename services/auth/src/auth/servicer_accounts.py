"""The methods of AuthService for people without an admin at hand: passwords, the first admin, API keys."""

from typing import Any

from auth.callers import caller, client
from auth.domain.admin.api_keys import ApiKeys
from auth.domain.admin.bootstrap import Bootstrap
from auth.domain.admin.passwords import OwnPassword
from auth.servicer_users import shown
from auth.wire import ROLES
from chassis.grpc.begun import tell_begun
from chassis.security.tokens import current_principal
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc


class AccountMethods(rpc.AuthServiceServicer):
    def __init__(self, *, own_password: OwnPassword, bootstrap: Bootstrap, api_keys: ApiKeys) -> None:
        self._own_password = own_password
        self._bootstrap = bootstrap
        self._api_keys = api_keys

    async def ChangePassword(
        self, request: pb.ChangePasswordRequest, context: Any
    ) -> pb.ChangePasswordResponse:
        await tell_begun(context)
        who = caller(current_principal())
        await self._own_password.change(who, request.current_password, request.new_password)
        return pb.ChangePasswordResponse()

    async def RedeemPasswordReset(
        self, request: pb.RedeemPasswordResetRequest, context: Any
    ) -> pb.RedeemPasswordResetResponse:
        await tell_begun(context)
        await self._own_password.redeem(request.reset_token, request.new_password)
        return pb.RedeemPasswordResetResponse()

    async def Bootstrap(self, request: pb.BootstrapRequest, context: Any) -> pb.BootstrapResponse:
        await tell_begun(context)
        user = await self._bootstrap.run(
            request.bootstrap_secret, username=request.username, password=request.password
        )
        return pb.BootstrapResponse(user=shown(user))

    async def ExchangeApiKey(
        self, request: pb.ExchangeApiKeyRequest, context: Any
    ) -> pb.ExchangeApiKeyResponse:
        made = await self._api_keys.exchange(request.api_key, request.scopes, client(request.client))
        tokens = pb.TokenPair(
            access_token=made.access_token,
            expires_in=made.expires_in,
            session_id=made.session,
            role=ROLES[made.role],
        )
        return pb.ExchangeApiKeyResponse(tokens=tokens, scopes=made.scopes)
