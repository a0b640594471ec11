"""AuthService on the wire: each method translates, and decides nothing."""

import uuid
from typing import Any

from auth.callers import Verifier, bearer, caller, client, repeated
from auth.domain.access_tokens import TokenPair
from auth.domain.admin.api_keys import ApiKeys
from auth.domain.admin.bootstrap import Bootstrap
from auth.domain.admin.passwords import OwnPassword
from auth.domain.sessions import Sessions
from auth.domain.sign_in import SignIn
from auth.domain.stores import LiveSession
from auth.outcomes import Outcomes
from auth.servicer_accounts import AccountMethods
from auth.wire import ROLES, moment
from chassis.grpc.begun import tell_begun
from chassis.security.tokens import current_principal
from reliability.auth.v1 import auth_pb2 as pb


class AuthServicer(AccountMethods):
    def __init__(
        self,
        *,
        sign_in: SignIn,
        sessions: Sessions,
        verifier: Verifier,
        outcomes: Outcomes,
        own_password: OwnPassword,
        bootstrap: Bootstrap,
        api_keys: ApiKeys,
    ) -> None:
        super().__init__(own_password=own_password, bootstrap=bootstrap, api_keys=api_keys)
        self._sign_in = sign_in
        self._sessions = sessions
        self._verifier = verifier
        self._outcomes = outcomes

    async def Login(self, request: pb.LoginRequest, context: Any) -> pb.LoginResponse:
        await tell_begun(context)
        with self._outcomes.sign_in():
            done = await self._sign_in.with_password(
                request.username, request.password, client(request.client)
            )
        return pb.LoginResponse(tokens=_tokens(done.tokens), device_token=done.device_token)

    async def Refresh(self, request: pb.RefreshRequest, context: Any) -> pb.RefreshResponse:
        with self._outcomes.refresh():
            pair = await self._sessions.refresh(request.refresh_token, repeated=repeated(context))
        return pb.RefreshResponse(tokens=_tokens(pair))

    async def Logout(self, request: pb.LogoutRequest, context: Any) -> pb.LogoutResponse:
        who = bearer(context, self._verifier.genuine)
        # Signing out a second time: everybody knows already.
        if not self._verifier.is_revoked(who):
            await self._sessions.logout(caller(who), request.refresh_token)
        return pb.LogoutResponse()

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Any) -> pb.ListSessionsResponse:
        who = current_principal()
        live = await self._sessions.live(uuid.UUID(who.sub))
        return pb.ListSessionsResponse(sessions=[_session(each, who.sid) for each in live])

    async def EndSession(self, request: pb.EndSessionRequest, context: Any) -> pb.EndSessionResponse:
        await self._sessions.end(uuid.UUID(current_principal().sub), request.session_id)
        return pb.EndSessionResponse()

    async def EndAllSessions(
        self, request: pb.EndAllSessionsRequest, context: Any
    ) -> pb.EndAllSessionsResponse:
        return pb.EndAllSessionsResponse(
            ended=await self._sessions.end_all(uuid.UUID(current_principal().sub))
        )


def _tokens(pair: TokenPair) -> pb.TokenPair:
    return pb.TokenPair(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
        refresh_expires_in=pair.refresh_expires_in,
        session_id=pair.session,
        role=ROLES[pair.role],
    )


def _session(live: LiveSession, current: str) -> pb.Session:
    return pb.Session(
        id=str(live.session),
        user_agent=live.user_agent,
        address=live.address,
        created_at=moment(live.created_at),
        last_seen_at=moment(live.last_seen_at),
        expires_at=moment(live.expires_at),
        current=str(live.session) == current,
    )
