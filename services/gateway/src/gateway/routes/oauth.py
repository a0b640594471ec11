"""The OAuth endpoints: keys and metadata for everybody, the rest for registered clients."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Form, Request, Response

from chassis.errors import Invalid, NotFound, Unauthenticated
from gateway.problems import Problem
from gateway.routes.context import Context, Refused, device, each_field_once, never_stored, problems, told
from gateway.shapes.oauth import Introspection, MachineToken, Metadata, TokenQuestion, TokenRequest

OAUTH = "/oauth/"
_KEYS_SECONDS = 60
_MAX_BASIC = 2048
_KEY_SET = {
    "type": "object",
    "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {"type": "object", "required": ["kty", "kid", "alg"]}}},
}

_TWO_CREDENTIALS = Problem(
    status=400,
    reason="TWO_CREDENTIALS",
    detail="Client credentials come as HTTP Basic or in the form, not both.",
    members={"error": "invalid_request"},
)


class KeySetResponse(Response):
    media_type = "application/jwk-set+json"


def oauth_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["OAuth"])
    oversight, verification = context.oversight, context.verification

    @router.get(
        "/.well-known/jwks.json",
        operation_id="jwks",
        response_class=KeySetResponse,
        responses={**problems(429), 200: {"content": {"application/jwk-set+json": {"schema": _KEY_SET}}}},
    )
    async def jwks() -> Response:
        """The public keys that access tokens are verified with (RFC 7517)."""
        return KeySetResponse(
            verification.jwks, headers={"Cache-Control": f"public, max-age={_KEYS_SECONDS}"}
        )

    @router.get(
        "/.well-known/oauth-authorization-server",
        operation_id="authorization_server",
        responses=problems(404, 429),
    )
    async def authorization_server(response: Response) -> Metadata:
        """Where things are (RFC 8414); absent where TOKEN_ISSUER is not the https address of this gateway."""
        if not context.settings.has_metadata:
            raise NotFound("The issuer is no https address, so it has no metadata.", reason="NO_METADATA")
        response.headers["Cache-Control"] = f"public, max-age={_KEYS_SECONDS}"
        # Of the settings, never of the Host that was sent.
        base = context.settings.public_url
        return Metadata(
            issuer=context.settings.token_issuer,
            jwks_uri=f"{base}/.well-known/jwks.json",
            token_endpoint=f"{base}/oauth/token",
            introspection_endpoint=f"{base}/oauth/introspect",
            revocation_endpoint=f"{base}/oauth/revoke",
        )

    @router.post(
        "/oauth/introspect",
        operation_id="introspect",
        dependencies=[Depends(each_field_once)],
        response_model_exclude_none=True,
        responses=problems(400, 401, 429, 503),
    )
    async def introspect(
        request: Request, response: Response, question: Annotated[TokenQuestion, Form()]
    ) -> Introspection:
        """Whether a token is live, and whose (RFC 7662)."""
        never_stored(response)
        client = _client(request, question.client_id, question.client_secret)
        with _oauth_errors():
            return await oversight.introspect(client, question)

    @router.post(
        "/oauth/revoke",
        operation_id="revoke",
        dependencies=[Depends(each_field_once)],
        responses=problems(400, 401, 429, 503),
    )
    async def revoke(
        request: Request, response: Response, question: Annotated[TokenQuestion, Form()]
    ) -> None:
        """Ends a token; one that is unknown is no error (RFC 7009)."""
        never_stored(response)
        client = _client(request, question.client_id, question.client_secret)
        with _oauth_errors():
            await oversight.revoke(client, question)

    @router.post(
        "/oauth/token",
        operation_id="token",
        dependencies=[Depends(each_field_once)],
        responses=problems(400, 401, 429, 503),
    )
    async def token(
        request: Request, response: Response, asked: Annotated[TokenRequest, Form()]
    ) -> MachineToken:
        """Exchanges a service account's API key, as the client secret, for an access token."""
        never_stored(response)
        _, key = _client(
            request, asked.client_id or ("" if asked.client_secret else None), asked.client_secret
        )
        with _oauth_errors():
            return await oversight.exchange(key, asked.scope.split(), device(request))

    return router


@contextmanager
def _oauth_errors() -> Iterator[None]:
    """The same outcomes with the words of RFC 6749 section 5.2 beside ours."""
    try:
        yield
    except Unauthenticated as error:
        raise Refused(_invalid_client(error.detail)) from None
    except Invalid as error:
        code = "invalid_scope" if error.reason == "INVALID_SCOPE" else "invalid_request"
        raise Refused(
            Problem(status=400, reason=error.reason, detail=error.detail, members={"error": code})
        ) from None


def _invalid_client(detail: str) -> Problem:
    return Problem(
        status=401,
        reason="INVALID_CLIENT",
        detail=detail,
        headers=((b"www-authenticate", b'Basic realm="api", charset="UTF-8"'),),
        members={"error": "invalid_client"},
    )


def _client(request: Request, form_id: str | None, form_secret: str | None) -> tuple[str, str]:
    """Id and secret, from one place: RFC 6749 section 2.3 forbids two.

    Raises:
        Refused: there are none, two, or none that can be read.
    """
    told(request)
    header = request.headers.get("authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        if form_id is None or form_secret is None:
            raise Refused(_invalid_client("Say which client asks."))
        return form_id, form_secret
    unreadable = _invalid_client("Client credentials come as HTTP Basic.")
    if len(encoded) > _MAX_BASIC:
        raise Refused(unreadable)
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Refused(unreadable) from None
    # Both were form-encoded before (RFC 6749 2.3.1).
    name, secret = unquote_plus(name), unquote_plus(secret)
    # Libraries repeat the id in the form; without a secret that is no second way to authenticate.
    if form_secret or form_id not in {None, name}:
        raise Refused(_TWO_CREDENTIALS)
    return name, secret
