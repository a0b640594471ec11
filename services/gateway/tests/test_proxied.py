"""The whole gateway in front of a team's own service: one decision, whoever carries the request."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from gateway.testing.origin import Origin, one_route, serving
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import GatewayFactory
from reliability.auth.v1 import auth_pb2
from reliability.ext_authz.v3 import external_auth_pb2 as pb
from reliability.ext_authz.v3 import external_auth_pb2_grpc as rpc


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with serving(Origin()) as started:
        yield started


def routes(folder: Path, origin: Origin) -> str:
    path = folder / "routes.yaml"
    path.write_text(one_route(origin).replace("access: public", "access: bearer"))
    return str(path)


async def test_a_revoked_token_reaches_no_upstream(
    start: "GatewayFactory", auth: "StandIn", origin: Origin, tmp_path: Path
):
    gateway = await start(ROUTES_FILE=routes(tmp_path, origin))
    token = auth.signer.token(jti="j-1")

    assert (await gateway.ask("GET", "/o/x", token=token)).status == 200
    assert (await gateway.ask("GET", "/authz", token=token)).status == 200
    await auth.revoke(auth_pb2.REVOCATION_KIND_TOKEN, "j-1")

    async def refused() -> bool:
        return (await gateway.ask("GET", "/authz", token=token)).status == 401

    while not await refused():
        pass
    reached = len(origin.seen)
    assert (await gateway.ask("GET", "/o/x", token=token)).status == 401
    assert len(origin.seen) == reached == 1


async def test_envoy_is_answered_on_the_internal_side(
    start: "GatewayFactory", auth: "StandIn", origin: Origin, tmp_path: Path
):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    await start(ROUTES_FILE=routes(tmp_path, origin), GATEWAY_EXT_AUTHZ_BIND=bind)

    async def check(method: str, path: str, **headers: str) -> pb.CheckResponse:
        http = pb.AttributeContext.HttpRequest(method=method, path=path, host="api", headers=headers)
        request = pb.AttributeContext.Request(http=http)
        return await stub.Check(pb.CheckRequest(attributes=pb.AttributeContext(request=request)), timeout=5)

    async with grpc.aio.insecure_channel(bind) as channel:
        stub = rpc.AuthorizationStub(channel)
        bearer = f"Bearer {auth.signer.token(sub='u-1')}"
        passed = await check("GET", "/o/x?y", authorization=bearer)
        assert passed.status.code == 0
        told = {option.header.key: option.header.value for option in passed.ok_response.headers}
        assert told["x-auth-subject"] == "u-1"
        for method, path, headers, status in [
            ("GET", "/o", {}, 401),
            ("PATCH", "/o", {"authorization": bearer}, 403),
            ("GET", "/o/..%2fx", {"authorization": bearer}, 403),
            ("GET", "/elsewhere", {"authorization": bearer}, 403),
            ("", "", {}, 403),
        ]:
            denied = await check(method, path, **headers)
            assert (denied.status.code != 0, denied.denied_response.status.code) == (True, status)
        assert origin.seen == []
