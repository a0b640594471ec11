"""Users, keys, clients and the audit trail as the API shows and takes them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.shapes.sign_in import Password
from gateway.shapes.strict import Instant, Taken, Told

# Auth judges it, and says why not; these are the bounds it has.
NewPassword = Annotated[Password, Field(json_schema_extra={"minLength": 15, "maxLength": 128})]
NewUsername = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Role = Literal["user", "admin"]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9:._-]+$")]
_YEAR_SECONDS = 365 * 24 * 3600


class UserShown(Told):
    id: str
    username: str
    role: Role
    disabled: bool
    service_account: bool
    created_at: Instant
    last_sign_in_at: Instant | None


class UserPage(Told):
    users: list[UserShown]
    next_page_token: str = Field(description="Empty on the last page.")


class UserCreation(Taken):
    username: NewUsername
    role: Role = "user"
    password: NewPassword | None = Field(
        None, description="Without one, the answer holds a one-time reset token."
    )
    service_account: bool = False


class UserCreated(Told):
    user: UserShown
    reset_token: str | None = Field(description="Shown this once.")


class UserChange(Taken):
    """Either ends every session of the user."""

    role: Role | None = None
    disabled: bool | None = None


class PasswordSet(Taken):
    new_password: NewPassword | None = Field(
        None, description="Without one, the answer holds a one-time token."
    )


class PasswordReset(Told):
    reset_token: str | None = Field(description="Shown this once.")
    expires_at: Instant | None


class PasswordChange(Taken):
    current_password: Password
    new_password: NewPassword


class PasswordRedemption(Taken):
    reset_token: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    new_password: NewPassword


class Bootstrap(Taken):
    bootstrap_secret: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    username: NewUsername
    password: NewPassword


class ApiKeyCreation(Taken):
    scopes: Annotated[list[Scope], Field(max_length=32, default_factory=list)]
    expires_in: Annotated[int, Field(ge=60, le=_YEAR_SECONDS, description="Seconds.")] = 90 * 24 * 3600


class ApiKeyShown(Told):
    id: str
    prefix: str = Field(description="The first characters, to recognise it by.")
    scopes: list[str]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None


class ApiKeyCreated(Told):
    api_key: ApiKeyShown
    secret: str = Field(description="Shown this once.")


class ApiKeyList(Told):
    api_keys: list[ApiKeyShown]


class SigningKeyShown(Told):
    kid: str
    algorithm: str
    state: Literal["next", "active", "retired"]
    created_at: Instant
    activated_at: Instant | None
    retired_at: Instant | None
    expires_at: Instant | None


class SigningKeyList(Told):
    keys: list[SigningKeyShown]


class Rotation(Taken):
    force: bool = Field(default=False, description="Do not wait until every verifier has seen the next key.")


class AuditEventShown(Told):
    sequence: int
    at: Instant
    kind: str
    actor: str
    subject: str
    address: str
    trace_id: str
    details: dict[str, str]
    hash: str


class AuditPage(Told):
    events: list[AuditEventShown]
    next_page_token: str = Field(description="Empty on the last page.")


class ClientRegistration(Taken):
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ClientCredentials(Told):
    client_id: str
    client_secret: str = Field(description="Shown this once.")
