"""`envoy.service.auth.v3.Authorization/Check`: the same decision for Envoy, on the internal side only."""

import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import grpc

from chassis.errors import Forbidden, Unauthenticated
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness
from chassis.observability import context as trace_context
from chassis.security.tls import TlsFiles
from chassis.security.tokens import Principal
from gateway.authz.decider import IDENTITY_HEADERS, Decider, Decision
from gateway.authz.question import Question, plain_path
from gateway.clients import normalised
from gateway.problems import CONTENT_TYPE, Problem, from_error
from reliability.ext_authz.v3 import external_auth_pb2 as pb
from reliability.ext_authz.v3 import external_auth_pb2_grpc as rpc

SERVICE: Final = "envoy.service.auth.v3.Authorization"

_CODES: Final = {401: grpc.StatusCode.UNAUTHENTICATED, 429: grpc.StatusCode.RESOURCE_EXHAUSTED}
_REPLACE = pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD

Context = grpc.aio.ServicerContext[pb.CheckRequest, pb.CheckResponse]


class AuthorizationServicer(rpc.AuthorizationServicer):
    def __init__(self, decider: Decider) -> None:
        self._decider = decider

    async def Check(
        self, request: pb.CheckRequest, context: Context
    ) -> pb.CheckResponse:  # the contract's name
        del context
        http = request.attributes.request.http
        try:
            asked = Question(http.method, plain_path(http.path), http.host.lower())
        except Forbidden as unclear:
            return _refused(from_error(unclear), ())
        client = normalised(request.attributes.source.address.socket_address.address) or ""
        fields = {
            name.lower().encode("latin-1", "replace"): value.encode("latin-1", "replace")
            for name, value in http.headers.items()
        }
        matter = self._decider.matter(asked, http.host.partition(":")[0].lower())
        decision = await self._decider.decide(matter, fields=fields, client=client)
        if decision.problem is not None:
            return _refused(decision.problem, decision.headers)
        return _passed(decision)


def _passed(decision: Decision) -> pb.CheckResponse:
    told = {name.decode() for name, _ in decision.identity}
    return pb.CheckResponse(
        status=pb.Status(code=0),
        ok_response=pb.OkHttpResponse(
            headers=_options(decision.identity),
            headers_to_remove=[name for name in IDENTITY_HEADERS if name not in told],
            response_headers_to_add=_options(decision.headers),
        ),
    )


def _refused(problem: Problem, headers: Sequence[tuple[bytes, bytes]]) -> pb.CheckResponse:
    trace = trace_context.current()
    body = problem.document(
        request_id=secrets.token_hex(16), trace_id=trace.trace_id if trace is not None else ""
    )
    code = _CODES.get(problem.status, grpc.StatusCode.PERMISSION_DENIED)
    return pb.CheckResponse(
        status=pb.Status(code=code.value[0], message=problem.detail),
        denied_response=pb.DeniedHttpResponse(
            status=pb.HttpStatus(code=problem.status),
            headers=_options(((b"content-type", CONTENT_TYPE), *problem.headers, *headers)),
            body=body.decode(),
        ),
    )


def _options(pairs: Sequence[tuple[bytes, bytes]]) -> list[pb.HeaderValueOption]:
    return [
        pb.HeaderValueOption(
            header=pb.HeaderValue(key=name.decode("latin-1"), value=value.decode("latin-1")),
            append_action=_REPLACE,
        )
        for name, value in pairs
    ]


async def serve_ext_authz(
    stack: AsyncExitStack, decider: Decider, *, bind: str, readiness: Readiness, tls: TlsFiles | None
) -> int:
    """Starts answering Envoy, and whoever else reaches it, so keep it internal; returns the bound port."""

    def register(server: grpc.aio.Server) -> None:
        rpc.add_AuthorizationServicer_to_server(AuthorizationServicer(decider), server)

    return await serve(
        stack,
        bind=bind,
        register=register,
        services=(SERVICE,),
        readiness=readiness,
        verify=_nobody,
        public=frozenset({f"/{SERVICE}/Check"}),
        tls=tls,
    )


async def _nobody(token: str) -> Principal:
    """The one method is the proxy's own; tokens travel inside of what it asks."""
    del token
    raise Unauthenticated
