"""The parts of auth that administer it: accounts, API keys, clients and the trail, with their servicers."""

import secrets
import uuid
from dataclasses import dataclass
from typing import Final, Self

import grpc

from auth.domain.admin.api_keys import ApiKeys
from auth.domain.admin.bootstrap import Bootstrap
from auth.domain.admin.clients import Clients
from auth.domain.admin.passwords import OwnPassword
from auth.domain.admin.users import Users
from auth.domain.opaque import OpaqueSecrets
from auth.domain.passwords.blocklist import Blocklist
from auth.domain.passwords.policy import PasswordPolicy
from auth.parts import Parts
from auth.servicer_audit import AuditServicer
from auth.servicer_clients import AccessTokenReader, ClientServicer
from auth.servicer_users import UserServicer
from auth.settings import AuthSettings
from auth.storage.audit import Audit
from chassis.clock import Clock
from reliability.auth.v1 import auth_pb2_grpc as rpc

SERVICES: Final = ("UserService", "ClientService", "AuditService")
# They prove their caller themselves, by a secret in the request.
PUBLIC: Final = (
    "AuthService/RedeemPasswordReset",
    "AuthService/Bootstrap",
    "AuthService/ExchangeApiKey",
    "ClientService/Introspect",
    "ClientService/RevokeToken",
)


@dataclass(frozen=True, slots=True)
class Administration:
    users: Users
    own_password: OwnPassword
    bootstrap: Bootstrap
    api_keys: ApiKeys
    clients: Clients

    @classmethod
    def of(cls, settings: AuthSettings, parts: Parts, clock: Clock) -> Self:
        begin = parts.database.begin
        policy = PasswordPolicy(blocklist=Blocklist.shipped(), service_words=(settings.token_issuer,))
        resets = _secrets(settings, "ars_pr_", "auth/password-reset/v1")
        given = settings.bootstrap_secret
        return cls(
            users=Users(
                begin=begin,
                sessions=parts.sessions,
                passwords=parts.passwords,
                policy=policy,
                resets=resets,
                clock=clock,
                new_id=uuid.uuid4,
            ),
            own_password=OwnPassword(
                begin=begin,
                sessions=parts.sessions,
                passwords=parts.passwords,
                policy=policy,
                throttle=parts.throttle,
                resets=resets,
                clock=clock,
            ),
            bootstrap=Bootstrap(
                secret=given.get_secret_value() if given else None,
                begin=begin,
                passwords=parts.passwords,
                policy=policy,
                clock=clock,
                new_id=uuid.uuid4,
            ),
            api_keys=ApiKeys(
                begin=begin,
                access_tokens=parts.access_tokens,
                secrets=_secrets(settings, "ars_ak_", "auth/api-key/v1"),
                clock=clock,
                new_id=uuid.uuid4,
            ),
            clients=Clients(
                begin=begin,
                secrets=_secrets(settings, "ars_cs_", "auth/client-secret/v1"),
                refresh_tokens=parts.refresh_tokens,
                access_tokens=parts.access_tokens,
                read_access_token=AccessTokenReader(parts.verifier),
                clock=clock,
                new_id=uuid.uuid4,
            ),
        )

    def register(self, server: grpc.aio.Server, parts: Parts, settings: AuthSettings) -> None:
        users = UserServicer(users=self.users, api_keys=self.api_keys)
        clients = ClientServicer(
            clients=self.clients, issuer=settings.token_issuer, audience=settings.token_audience
        )
        rpc.add_UserServiceServicer_to_server(users, server)
        rpc.add_ClientServiceServicer_to_server(clients, server)
        rpc.add_AuditServiceServicer_to_server(AuditServicer(trail=Audit(parts.database)), server)


def _secrets(settings: AuthSettings, prefix: str, purpose: str) -> OpaqueSecrets:
    return OpaqueSecrets(
        prefix=prefix, purpose=purpose, keys=settings.secrets, randomness=secrets.token_bytes
    )
