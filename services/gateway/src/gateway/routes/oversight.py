"""What an admin watches over: the audit trail, signing keys, registered clients, targets and figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from gateway.routes.context import Context, Token, never_stored, problems
from gateway.routes.users import PageSize, PageToken
from gateway.shapes.admin import (
    AuditPage,
    ClientCredentials,
    ClientRegistration,
    Rotation,
    SigningKeyList,
)
from gateway.shapes.strict import Id

_REFUSALS = problems(401, 403, 429, 503)


def oversight_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Oversight"])
    oversight = context.oversight

    @router.get(
        "/audit-events", operation_id="list_audit_events", responses=problems(400, 401, 403, 429, 503)
    )
    async def list_audit_events(
        token: Token, response: Response, page_size: PageSize = 50, page_token: PageToken = ""
    ) -> AuditPage:
        """What happened, latest first; each event's hash covers the one before it."""
        never_stored(response)
        return await oversight.audit(token, page_size, page_token)

    @router.get("/signing-keys", operation_id="list_signing_keys", responses=_REFUSALS)
    async def list_signing_keys(token: Token, response: Response) -> SigningKeyList:
        """Every key that signs or verifies access tokens; no private half."""
        never_stored(response)
        return await oversight.signing_keys(token)

    @router.post(
        "/signing-keys/rotate",
        operation_id="rotate_signing_keys",
        responses=problems(401, 403, 409, 429, 503),
    )
    async def rotate_signing_keys(
        token: Token, response: Response, body: Rotation | None = None
    ) -> SigningKeyList:
        """Signs with the next key from now on; tokens of the old one stay good until they expire."""
        never_stored(response)
        return await oversight.rotate(token, force=body is not None and body.force)

    @router.post("/clients", operation_id="register_client", status_code=201, responses=_REFUSALS)
    async def register_client(
        token: Token, response: Response, body: ClientRegistration
    ) -> ClientCredentials:
        """Registers a third party that may introspect and revoke tokens."""
        never_stored(response)
        return await oversight.register_client(token, body.name)

    @router.delete("/clients/{client_id}", operation_id="delete_client", status_code=204, responses=_REFUSALS)
    async def delete_client(token: Token, client_id: Annotated[Id, Path()]) -> None:
        await oversight.delete_client(token, client_id)

    return router
