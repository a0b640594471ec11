"""ClientService on the wire."""

from typing import Any

from auth.callers import Verifier, admin
from auth.domain.admin.clients import AccessFacts, Clients
from auth.wire import ROLES, moment
from chassis.errors import Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc


class ClientServicer(rpc.ClientServiceServicer):
    """`issuer` and `audience` are those of every access token of this installation."""

    def __init__(self, *, clients: Clients, issuer: str, audience: str) -> None:
        self._clients = clients
        self._issuer = issuer
        self._audience = audience

    async def Introspect(self, request: pb.IntrospectRequest, context: Any) -> pb.IntrospectResponse:
        asked = request.credentials
        found = await self._clients.introspect(asked.client_id, asked.client_secret, request.token)
        if found is None:
            return pb.IntrospectResponse(active=False)
        facts = found.facts
        return pb.IntrospectResponse(
            active=True,
            subject=facts.subject,
            username=facts.username,
            session_id=facts.session,
            token_id=facts.token,
            role=ROLES[facts.role],
            issuer=self._issuer,
            audience=[self._audience],
            issued_at=moment(facts.issued_at),
            not_before=moment(facts.issued_at),
            expires_at=moment(facts.expires_at),
            token_type=found.kind,
            scopes=facts.scopes,
        )

    async def RevokeToken(self, request: pb.RevokeTokenRequest, context: Any) -> pb.RevokeTokenResponse:
        asked = request.credentials
        await self._clients.revoke(asked.client_id, asked.client_secret, request.token)
        return pb.RevokeTokenResponse()

    async def RegisterClient(
        self, request: pb.RegisterClientRequest, context: Any
    ) -> pb.RegisterClientResponse:
        made = await self._clients.register(admin().sub, request.name)
        credentials = pb.ClientCredentials(client_id=made.id, client_secret=made.secret)
        return pb.RegisterClientResponse(credentials=credentials)

    async def DeleteClient(self, request: pb.DeleteClientRequest, context: Any) -> pb.DeleteClientResponse:
        await self._clients.delete(admin().sub, request.client_id)
        return pb.DeleteClientResponse()


class AccessTokenReader:
    """What a live access token says, or None."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    async def __call__(self, token: str) -> AccessFacts | None:
        try:
            who = await self._verifier.live(token)
        except Unauthenticated:
            return None
        return AccessFacts(
            subject=who.sub,
            username=who.username,
            session=who.sid,
            token=who.jti,
            role=who.role,
            issued_at=who.issued_at,
            expires_at=who.expires_at,
            scopes=tuple(sorted(who.scopes)),
        )
