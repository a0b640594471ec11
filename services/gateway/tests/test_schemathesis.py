"""The running gateway against its own description: every check of schemathesis, every phase."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Conflict, Invalid, NotFound, Unauthenticated
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import GatewayFactory
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc
from reliability.triage.v1 import triage_pb2 as triage
from reliability.triage.v1 import triage_pb2_grpc as triage_rpc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.json"
HOOKS = """
import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("text/event-stream")
def events(ctx, value):
    return b""
"""
CONFIG = """
[checks]
# A password may be refused, a token unknown, a user absent: right requests all the same.
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422, 503]
"""


def judged(password: str) -> None:
    if password and not 15 <= len(password) <= 128:
        raise Invalid("A password has 15 to 128 characters.", reason="WEAK_PASSWORD")


def now() -> Timestamp:
    return Timestamp(seconds=int(time.time()))


class Users(rpc.UserServiceServicer):
    def __init__(self) -> None:
        self.known: dict[str, pb.User] = {}

    def _user(self, user_id: str) -> pb.User:
        if user_id not in self.known:
            raise NotFound("There is no such user.", reason="USER_NOT_FOUND")
        return self.known[user_id]

    async def CreateUser(self, request: pb.CreateUserRequest, context: Any) -> pb.CreateUserResponse:
        judged(request.password)
        if any(user.username == request.username for user in self.known.values()):
            raise Conflict("The name is taken.", reason="USER_EXISTS")
        user = pb.User(
            id=f"u-{len(self.known)}",
            username=request.username,
            role=request.role,
            service_account=request.service_account,
            created_at=now(),
        )
        self.known[user.id] = user
        return pb.CreateUserResponse(user=user, reset_token="" if request.password else "prt_1")

    async def ListUsers(self, request: pb.ListUsersRequest, context: Any) -> pb.ListUsersResponse:
        return pb.ListUsersResponse(users=list(self.known.values())[: request.page_size])

    async def GetUser(self, request: pb.GetUserRequest, context: Any) -> pb.GetUserResponse:
        return pb.GetUserResponse(user=self._user(request.user_id))

    async def UpdateUser(self, request: pb.UpdateUserRequest, context: Any) -> pb.UpdateUserResponse:
        user = self._user(request.user_id)
        if request.HasField("disabled"):
            user.disabled = request.disabled
        return pb.UpdateUserResponse(user=user)

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Any) -> pb.ResetPasswordResponse:
        judged(request.new_password)
        self._user(request.user_id)
        return pb.ResetPasswordResponse(reset_token="prt_1", reset_token_expires_at=now())

    async def DeleteUser(self, request: pb.DeleteUserRequest, context: Any) -> pb.DeleteUserResponse:
        self._user(request.user_id)
        del self.known[request.user_id]
        return pb.DeleteUserResponse()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: Any) -> pb.CreateApiKeyResponse:
        if not self._user(request.user_id).service_account:
            raise Conflict("Only a service account has API keys.", reason="NOT_A_SERVICE_ACCOUNT")
        key = pb.ApiKey(id="k1", prefix="ark_", scopes=request.scopes, created_at=now(), expires_at=now())
        return pb.CreateApiKeyResponse(api_key=key, secret="ark_1")

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, context: Any) -> pb.ListApiKeysResponse:
        self._user(request.user_id)
        return pb.ListApiKeysResponse()

    async def DeleteApiKey(self, request: pb.DeleteApiKeyRequest, context: Any) -> pb.DeleteApiKeyResponse:
        self._user(request.user_id)
        return pb.DeleteApiKeyResponse()


class Clients(rpc.ClientServiceServicer):
    async def Introspect(self, request: pb.IntrospectRequest, context: Any) -> pb.IntrospectResponse:
        raise Unauthenticated("The client is not known.", reason="INVALID_CLIENT")

    async def RevokeToken(self, request: pb.RevokeTokenRequest, context: Any) -> pb.RevokeTokenResponse:
        raise Unauthenticated("The client is not known.", reason="INVALID_CLIENT")

    async def RegisterClient(
        self, request: pb.RegisterClientRequest, context: Any
    ) -> pb.RegisterClientResponse:
        return pb.RegisterClientResponse(credentials=pb.ClientCredentials(client_id="c1", client_secret="s1"))

    async def DeleteClient(self, request: pb.DeleteClientRequest, context: Any) -> pb.DeleteClientResponse:
        return pb.DeleteClientResponse()


class Audit(rpc.AuditServiceServicer):
    async def ListAuditEvents(
        self, request: pb.ListAuditEventsRequest, context: Any
    ) -> pb.ListAuditEventsResponse:
        event = pb.AuditEvent(
            sequence=1, at=now(), kind="sign_in.succeeded", details={"session": "s"}, hash="00"
        )
        return pb.ListAuditEventsResponse(events=[event])


class Triage(triage_rpc.TriageServiceServicer):
    async def Preview(self, request_iterator: AsyncIterator[Any], context: Any) -> triage.PreviewResponse:
        async for _ in request_iterator:
            pass
        return triage.PreviewResponse(reading=triage.Reading(lines=1))

    async def Summarize(
        self, request_iterator: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[triage.SummarizeResponse]:
        async for _ in request_iterator:
            pass
        yield triage.SummarizeResponse(progress=triage.Progress(stage=triage.STAGE_READING))
        yield triage.SummarizeResponse(summary=triage.Summary(id="t-1", created_at=now(), text="Nothing."))

    async def GetSummary(self, request: triage.GetSummaryRequest, context: Any) -> triage.GetSummaryResponse:
        if request.id != "t-1":
            raise NotFound("There is no such summary.", reason="SUMMARY_NOT_FOUND")
        return triage.GetSummaryResponse(summary=triage.Summary(id="t-1", created_at=now()))


@pytest.fixture
def more_services() -> list[Any]:
    """What stands beside the stand-in's sign-in: the rest of the contract, thin."""

    def register(server: grpc.aio.Server) -> None:
        rpc.add_UserServiceServicer_to_server(Users(), server)
        rpc.add_ClientServiceServicer_to_server(Clients(), server)
        rpc.add_AuditServiceServicer_to_server(Audit(), server)
        triage_rpc.add_TriageServiceServicer_to_server(Triage(), server)

    return [register]


# Whose token these end is let in no more, and nothing else would be tried.
ENDING = ("logout", "end_session", "end_all_sessions")


@pytest.mark.parametrize(
    "which", ["--exclude-operation-id", "--include-operation-id"], ids=["other", "ending"]
)
async def test_nothing_schemathesis_tries_is_answered_otherwise_than_described(
    start: GatewayFactory, auth: StandIn, tmp_path: Path, which: str
) -> None:
    gateway = await start(RATE_LIMIT_ENABLED="false", TRIAGE_GRPC_TARGET=auth.address)
    auth.keep_sessions = True
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = shutil.which(
        "schemathesis", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    assert command is not None
    process = await asyncio.create_subprocess_exec(
        command,
        *("run", str(DOCUMENT), "--url", f"http://127.0.0.1:{gateway.port}", "--no-color"),
        *("--header", f"Authorization: Bearer {auth.signer.token('admin')}"),
        *(part for ending in ENDING for part in (which, ending)),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        *(
            "--max-examples",
            "6",
            "--generation-deterministic",
            "--report",
            "json",
            "--report-dir",
            str(tmp_path),
        ),
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-6000:]
    assert json.loads(DOCUMENT.read_text())["paths"]
