"""Who signs in, as the rules see them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["admin", "user"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom an access token is issued to, as the database knew them at that moment."""

    user: uuid.UUID
    username: str
    role: Role


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account somebody claims to own."""

    holder: Holder
    password: str | None
    disabled: bool
    service_account: bool


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, as the gateway established it."""

    address: str = ""
    user_agent: str = ""
    device_token: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Permission to issue tokens: given by the database in the statement that recorded it.

    Attributes:
        holder: to whom.
        session: for which session.
        issued_at: the time to write into them, later than anything that has voided tokens of theirs.
        expires_at: when the refresh token ends if nobody uses it.
    """

    holder: Holder
    session: uuid.UUID
    issued_at: datetime
    expires_at: datetime
