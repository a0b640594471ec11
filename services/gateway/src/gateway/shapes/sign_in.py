"""Tokens and sessions as the API shows them."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from chassis.errors import Unauthenticated
from chassis.security.tokens import Principal
from gateway.shapes.strict import Instant, Taken, Told

# As long as an access token may be: whoever mistakes one for the other is told that it is not valid.
RefreshToken = Annotated[str, StringConstraints(min_length=1, max_length=8192, pattern=r"^[\x21-\x7e]+$")]
Username = Annotated[str, StringConstraints(min_length=1, max_length=256)]
# Longer than any password may be, so that its length tells nothing apart.
Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Credentials(Taken):
    username: Username
    password: Password


class RefreshAsked(Taken):
    refresh_token: RefreshToken


class LogoutAsked(Taken):
    refresh_token: RefreshToken | None = None


class TokenPair(Told):
    """RFC 6749 section 5.1."""

    access_token: str = Field(description="JWT for `Authorization: Bearer`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    expires_in: int = Field(description="Seconds the access token lives.")
    refresh_token: str = Field(description="Spend it once at /token/refresh.")
    refresh_expires_in: int = Field(description="Seconds the refresh token lives, unless spent before.")
    session_id: str
    role: Literal["user", "admin"]


class SessionShown(Told):
    id: str
    user_agent: str
    address: str
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    current: bool = Field(description="The session of the token that asked.")


class SessionList(Told):
    sessions: list[SessionShown]


class SessionsEnded(Told):
    ended: int


class WhoAmI(Told):
    user_id: str
    username: str
    role: Literal["user", "admin"]
    session_id: str
    scopes: list[str]
    expires_at: Instant

    @classmethod
    def of(cls, principal: Principal | None) -> Self:
        if principal is None:
            raise Unauthenticated
        return cls(
            user_id=principal.sub,
            username=principal.username,
            role=principal.role,
            session_id=principal.sid,
            scopes=sorted(principal.scopes),
            expires_at=datetime.fromtimestamp(principal.expires_at, UTC),
        )
