"""Signing keys, the audit trail and registered clients, asked of auth."""

from typing import Literal

import grpc

from chassis.grpc.client import call
from gateway.shapes import admin as shapes
from gateway.shapes import oauth
from gateway.upstreams.auth import PEER, Device, role
from gateway.upstreams.timestamps import moment, moment_or_none
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

_STATES: dict[int, Literal["active", "retired"]] = {
    pb.KEY_STATE_ACTIVE: "active",
    pb.KEY_STATE_RETIRED: "retired",
}


class OversightUpstream:
    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        self._keys = rpc.KeyServiceStub(channel)
        self._audit = rpc.AuditServiceStub(channel)
        self._clients = rpc.ClientServiceStub(channel)
        self._auth = rpc.AuthServiceStub(channel)
        self._seconds = seconds

    async def signing_keys(self, token: str) -> shapes.SigningKeyList:
        request = pb.ListSigningKeysRequest()
        answer = await call(
            self._keys.ListSigningKeys, request, peer=PEER, seconds=self._seconds, token=token
        )
        return shapes.SigningKeyList(keys=[_key(key) for key in answer.keys])

    async def rotate(self, token: str, *, force: bool) -> shapes.SigningKeyList:
        request = pb.RotateSigningKeysRequest(force=force)
        answer = await call(
            self._keys.RotateSigningKeys, request, peer=PEER, seconds=self._seconds, token=token
        )
        return shapes.SigningKeyList(keys=[_key(key) for key in answer.keys])

    async def audit(self, token: str, size: int, page_token: str) -> shapes.AuditPage:
        request = pb.ListAuditEventsRequest(page_size=size, page_token=page_token)
        answer = await call(
            self._audit.ListAuditEvents, request, peer=PEER, seconds=self._seconds, token=token
        )
        return shapes.AuditPage(
            events=[_event(event) for event in answer.events], next_page_token=answer.next_page_token
        )

    async def register_client(self, token: str, name: str) -> shapes.ClientCredentials:
        request = pb.RegisterClientRequest(name=name)
        answer = await call(
            self._clients.RegisterClient, request, peer=PEER, seconds=self._seconds, token=token
        )
        given = answer.credentials
        return shapes.ClientCredentials(client_id=given.client_id, client_secret=given.client_secret)

    async def delete_client(self, token: str, client_id: str) -> None:
        request = pb.DeleteClientRequest(client_id=client_id)
        await call(self._clients.DeleteClient, request, peer=PEER, seconds=self._seconds, token=token)

    async def introspect(self, client: tuple[str, str], asked: oauth.TokenQuestion) -> oauth.Introspection:
        request = pb.IntrospectRequest(
            credentials=_credentials(client), token=asked.token, token_type_hint=asked.token_type_hint
        )
        answer: pb.IntrospectResponse = await call(
            self._clients.Introspect, request, peer=PEER, seconds=self._seconds
        )
        return _introspection(answer) if answer.active else oauth.Introspection(active=False)

    async def revoke(self, client: tuple[str, str], asked: oauth.TokenQuestion) -> None:
        request = pb.RevokeTokenRequest(
            credentials=_credentials(client), token=asked.token, token_type_hint=asked.token_type_hint
        )
        await call(self._clients.RevokeToken, request, peer=PEER, seconds=self._seconds)

    async def exchange(self, api_key: str, scopes: list[str], device: Device) -> oauth.MachineToken:
        request = pb.ExchangeApiKeyRequest(api_key=api_key, scopes=scopes, client=device.wire())
        answer = await call(self._auth.ExchangeApiKey, request, peer=PEER, seconds=self._seconds)
        return oauth.MachineToken(
            access_token=answer.tokens.access_token,
            expires_in=answer.tokens.expires_in,
            scope=" ".join(answer.scopes),
        )


def _credentials(client: tuple[str, str]) -> pb.ClientCredentials:
    return pb.ClientCredentials(client_id=client[0], client_secret=client[1])


def _key(message: pb.SigningKey) -> shapes.SigningKeyShown:
    return shapes.SigningKeyShown(
        kid=message.kid,
        algorithm=message.algorithm,
        state=_STATES.get(message.state, "next"),
        created_at=moment(message.created_at),
        activated_at=moment_or_none(message.activated_at),
        retired_at=moment_or_none(message.retired_at),
        expires_at=moment_or_none(message.expires_at),
    )


def _event(message: pb.AuditEvent) -> shapes.AuditEventShown:
    return shapes.AuditEventShown(
        sequence=message.sequence,
        at=moment(message.at),
        kind=message.kind,
        actor=message.actor,
        subject=message.subject,
        address=message.address,
        trace_id=message.trace_id,
        details=dict(message.details),
        hash=message.hash,
    )


def _introspection(message: pb.IntrospectResponse) -> oauth.Introspection:
    use = message.token_type
    return oauth.Introspection(
        active=True,
        scope=" ".join(message.scopes) or None,
        username=message.username or None,
        # Nobody may take a refresh token for one that lets its bearer in.
        token_type="Bearer" if use == "access_token" else None,
        token_use=use or None,
        exp=message.expires_at.seconds,
        iat=message.issued_at.seconds,
        nbf=message.not_before.seconds or None,
        sub=message.subject,
        aud=list(message.audience) or None,
        iss=message.issuer or None,
        jti=message.token_id or None,
        sid=message.session_id or None,
        role=role(message.role),
    )
