"""The OAuth endpoints in the words of their RFCs: 6749 section 5.2, 7662 and 7009."""

import base64
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Unauthenticated
from gateway.testing.servicers import Register
from gateway.testing.stand_in import PASSWORD
from gateway.testing.whole import Answer, Gateway
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

CLIENT = {"client_id": "c1", "client_secret": "s1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Clients(rpc.ClientServiceServicer):
    """Knows one client, and an access and a refresh token."""

    async def Introspect(self, request: pb.IntrospectRequest, context: Any) -> pb.IntrospectResponse:
        self._known(request.credentials)
        if request.token not in {"access_token", "refresh_token"}:
            return pb.IntrospectResponse(active=False)
        soon = Timestamp(seconds=2_000_000_000)
        return pb.IntrospectResponse(
            active=True, subject="u-1", token_type=request.token, expires_at=soon, issued_at=soon
        )

    async def RevokeToken(self, request: pb.RevokeTokenRequest, context: Any) -> pb.RevokeTokenResponse:
        self._known(request.credentials)
        return pb.RevokeTokenResponse()

    def _known(self, given: pb.ClientCredentials) -> None:
        if (given.client_id, given.client_secret) != ("c1", "s1"):
            raise Unauthenticated("The client is not known.", reason="INVALID_CLIENT")


@pytest.fixture
def more_services() -> list[Register]:
    return [lambda server: rpc.add_ClientServiceServicer_to_server(Clients(), server)]


async def post(gateway: Gateway, path: str, **fields: str) -> Answer:
    return await gateway.ask("POST", path, data={**CLIENT, **fields})


async def test_only_an_access_token_is_told_to_be_a_bearer_token(gateway: Gateway) -> None:
    access = (await post(gateway, "/oauth/introspect", token="access_token")).json()
    refresh = (await post(gateway, "/oauth/introspect", token="refresh_token")).json()

    assert (access["active"], access["token_type"], access["token_use"]) == (True, "Bearer", "access_token")
    assert (refresh["active"], refresh.get("token_type"), refresh["token_use"]) == (
        True,
        None,
        "refresh_token",
    )


async def test_of_a_token_that_is_not_live_nothing_else_is_said(gateway: Gateway) -> None:
    answer = await post(gateway, "/oauth/introspect", token="whatever", token_type_hint="nonsense")

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"active": False}


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
async def test_a_client_that_is_not_known_is_challenged_with_basic(gateway: Gateway, path: str) -> None:
    answer = await gateway.ask("POST", path, data={"token": "t", "client_id": "c2", "client_secret": "s1"})

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke", "/oauth/token"])
@pytest.mark.parametrize("form", ["", "token=&grant_type=", "nothing=1"])
async def test_what_is_not_a_request_of_theirs_is_a_400_invalid_request(
    gateway: Gateway, path: str, form: str
) -> None:
    answer = await gateway.ask("POST", path, data=form, headers=FORM)

    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json()["error"], answer.json()["status"]) == ("invalid_request", 400)
    assert answer.json()["errors"]


async def test_another_grant_is_told_by_its_own_name(gateway: Gateway) -> None:
    answer = await post(gateway, "/oauth/token", grant_type="password")

    assert (answer.status, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/oauth/introspect", "client_id=c1&client_secret=s1&token=a&token=access_token"),
        ("/oauth/revoke", "client_id=c1&client_id=c1&client_secret=s1&token=a"),
        ("/oauth/token", "grant_type=client_credentials&client_secret=s1&client_secret=s2"),
        ("/login", f"username=mallory&username=alice&password={PASSWORD}"),
    ],
)
async def test_a_field_that_is_said_twice_is_refused(gateway: Gateway, path: str, form: str) -> None:
    answer = await gateway.ask("POST", path, data=form, headers=FORM)

    assert answer.status == 400
    assert answer.json()["type"] == "urn:problem-type:reliability:repeated-field"
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("beside", "status"), [({}, 200), ({"client_id": "c1"}, 200), ({"client_id": "c2"}, 400), (CLIENT, 400)]
)
async def test_beside_basic_the_form_may_repeat_the_id_and_nothing_else(
    gateway: Gateway, beside: dict[str, str], status: int
) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(b"c1:s1").decode()}
    answer = await gateway.ask("POST", "/oauth/introspect", data={"token": "t", **beside}, headers=basic)

    assert answer.status == status
