"""Signing in, staying signed in, and ending it."""

import hashlib
import unicodedata
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response

from gateway.limits.limiter import Subject
from gateway.limits.local_ring import slow
from gateway.limits.notation import Limit
from gateway.policy import Access, RoutePolicy
from gateway.routes.context import (
    Asked,
    Context,
    Refused,
    Token,
    device,
    each_field_once,
    ended_here,
    never_stored,
    problems,
)
from gateway.shapes.sign_in import (
    Credentials,
    LogoutAsked,
    RefreshAsked,
    TokenPair,
    WhoAmI,
)

_DEVICE_COOKIE = "device"
_DEVICE_SECONDS = 180 * 24 * 3600
_MAX_DEVICE_TOKEN = 512


def sign_in_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Sign-in"])
    ring, settings, auth = context.ring, context.settings, context.auth
    per_account = RoutePolicy(
        name="login_account",
        methods=frozenset({"POST"}),
        access=Access.PUBLIC,
        limits=(Limit.parse(settings.rate_limit_login + " by user"),),
    )

    @router.post(
        "/login",
        operation_id="login",
        dependencies=[Depends(each_field_once)],
        responses=problems(400, 401, 429, 503),
    )
    @ring.limit(slow(settings.rate_limit_login))
    async def login(
        request: Request,
        response: Response,
        found: Asked,
        credentials: Annotated[Credentials, Form()],
        device_token: Annotated[str, Cookie(alias=_DEVICE_COOKIE, include_in_schema=False)] = "",
    ) -> TokenPair:
        """Exchanges a user name and password for a token pair; every failure looks the same."""
        device_token = device_token if len(device_token) <= _MAX_DEVICE_TOKEN else ""
        if context.limiter is not None:
            # A device that claims to be known counts by itself, so that nobody else's
            # attempts lock it out; whether it is known, auth's own throttle finds out.
            account = Subject(found.client, "", user=_account(credentials.username, device_token))
            taken = await context.limiter.take(per_account, per_account.limits, account)
            if taken.problem is not None:
                # Beside the address's own, which may have plenty left.
                spent = tuple(header for header in taken.headers if header[0].startswith(b"ratelimit"))
                raise Refused(replace(taken.problem, headers=taken.problem.headers + spent))
        pair, proof = await auth.login(
            credentials.username, credentials.password, device(request, device_token)
        )
        never_stored(response)
        if proof:
            response.set_cookie(
                _DEVICE_COOKIE,
                proof,
                max_age=_DEVICE_SECONDS,
                path="/login",
                secure=settings.device_cookie_secure,
                httponly=True,
                samesite="strict",
            )
        return pair

    @router.post("/token/refresh", operation_id="refresh", responses=problems(401, 429, 503))
    @ring.limit(slow(settings.rate_limit_refresh))
    async def refresh(request: Request, response: Response, body: RefreshAsked) -> TokenPair:
        """Spends a refresh token for a fresh pair; presenting it again ends the session."""
        never_stored(response)
        return await auth.refresh(body.refresh_token, device(request))

    @router.post("/logout", operation_id="logout", status_code=204, responses=problems(401, 429, 503))
    async def logout(token: Token, found: Asked, body: LogoutAsked | None = None) -> None:
        """Ends this access token and its session: here at once, everywhere within a second."""
        await auth.logout(token, body.refresh_token if body is not None else None)
        ended_here(context, found)

    @router.get("/protected", operation_id="protected", responses=problems(401, 429))
    async def protected(found: Asked) -> WhoAmI:
        """Who the token says you are."""
        return WhoAmI.of(found.principal)

    return router


def _account(username: str, device_token: str) -> str:
    """What attempts on one account are counted as; neither name nor proof can be read from it."""
    name = unicodedata.normalize("NFKC", username).casefold()
    return hashlib.sha256(f"{name}\x00{device_token}".encode("utf-8", "surrogatepass")).hexdigest()
