"""What third parties and machines exchange: RFC 7662, RFC 7009, RFC 6749 section 4.4, RFC 8414."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.shapes.strict import Taken, Told

_CLIENT_METHODS = ("client_secret_basic", "client_secret_post")
_Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]
# As long as the longest header with a token may be.
_AnyToken = Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class TokenQuestion(Taken):
    """Client credentials come as HTTP Basic or in the form, never both."""

    token: _AnyToken
    # A hint we do not know is ignored (RFC 7662 2.1), so any text is taken.
    token_type_hint: Annotated[str, StringConstraints(max_length=64)] = ""
    client_id: _Text | None = None
    client_secret: _Text | None = None


class Introspection(Told):
    """RFC 7662 section 2.2; `active` alone for a token that is not, for whatever reason."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    username: str | None = None
    token_type: Literal["Bearer"] | None = Field(None, description="Of access tokens, RFC 6749 section 7.1.")
    token_use: str | None = Field(None, description="`access_token` or `refresh_token`.")
    exp: int | None = None
    iat: int | None = None
    nbf: int | None = None
    sub: str | None = None
    aud: list[str] | None = None
    iss: str | None = None
    jti: str | None = None
    sid: str | None = None
    role: Literal["user", "admin"] | None = None


class TokenRequest(Taken):
    """The API key is the client secret; its client id is the part before the last dot, or left out."""

    grant_type: Literal["client_credentials"]
    client_id: _Text | None = None
    client_secret: _Text | None = None
    scope: Annotated[str, StringConstraints(max_length=1024)] = ""


class MachineToken(Told):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    expires_in: int
    scope: str


class Metadata(Told):
    """RFC 8414."""

    issuer: str
    jwks_uri: str
    token_endpoint: str
    introspection_endpoint: str
    revocation_endpoint: str
    grant_types_supported: tuple[str, ...] = ("client_credentials",)
    response_types_supported: tuple[str, ...] = Field((), description="There is no authorization endpoint.")
    token_endpoint_auth_methods_supported: tuple[str, ...] = _CLIENT_METHODS
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = _CLIENT_METHODS
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = _CLIENT_METHODS
