"""Your own password, the one-time token that replaces it, and the first admin."""

from fastapi import APIRouter, Request, Response

from gateway.limits.local_ring import slow
from gateway.routes.context import Context, Token, never_stored, problems, told
from gateway.shapes.admin import Bootstrap, PasswordChange, PasswordRedemption, UserShown


def password_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Passwords"])
    auth, ring, guesses = context.auth, context.ring, slow(context.settings.rate_limit_login)

    @router.post(
        "/password", operation_id="change_password", status_code=204, responses=problems(400, 401, 429, 503)
    )
    @ring.limit(guesses)
    async def change_password(request: Request, token: Token, body: PasswordChange) -> None:
        """Replaces your password and ends your other sessions."""
        del request
        await auth.change_password(token, body.current_password, body.new_password)

    @router.post(
        "/password/redeem",
        operation_id="redeem_password_reset",
        status_code=204,
        responses=problems(400, 401, 429, 503),
    )
    @ring.limit(guesses)
    async def redeem(request: Request, body: PasswordRedemption) -> None:
        """Sets a password with the one-time token an admin made; ends every session of the user."""
        told(request)
        await auth.redeem_reset(body.reset_token, body.new_password)

    @router.post(
        "/bootstrap",
        operation_id="bootstrap",
        status_code=201,
        responses=problems(400, 401, 409, 429, 503),
    )
    @ring.limit(guesses)
    async def bootstrap(request: Request, response: Response, body: Bootstrap) -> UserShown:
        """Creates the first admin with the installation's one-time secret."""
        told(request)
        never_stored(response)
        return await auth.bootstrap(body)

    return router
