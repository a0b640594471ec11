"""What is worth remembering, and how it is told without a secret in it.

In the trail: every sign-in and its failure, every session ended or replayed, every change to an
account, a key or a client. Not in it: a refresh that went well, which changes nobody's rights and must
not wait for the turn of the trail (the session's own row tells when it was last seen), and a try that
the throttle turned away, of which a flood has thousands a second (it is a metric).

An event never holds what somebody typed. The name at a failed sign-in may be a password typed into the
wrong field, so the trail knows it by a keyed hash: enough to count by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

Kind = Literal[
    "sign_in.succeeded",
    "sign_in.failed",
    "session.ended",
    "session.all_ended",
    "session.replayed",
    "user.created",
    "user.updated",
    "user.deleted",
    "password.changed",
    "password.reset",
    "password.reset_issued",
    "password.reset_redeemed",
    "bootstrap.completed",
    "api_key.created",
    "api_key.deleted",
    "api_key.exchanged",
    "client.registered",
    "client.deleted",
    "token.revoked",
    "signing_keys.rotated",
]

Detail = Literal[
    "account",  # keyed hash of the name at a failed sign-in
    "reason",
    "user",
    "session",
    "sessions",
    "known_device",
    "role",
    "disabled",
    "service_account",
    "api_key",
    "prefix",
    "scopes",
    "name",
    "kid",
]

MAX_TEXT: Final = 256


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        at: when, by the clock of who tells it.
        kind: what.
        actor: the id of the user or client that acted; empty where nobody was signed in.
        subject: the id of what it was done to.
        address: where the request came from, where it is known.
        details: short facts, none of them secret.
    """

    at: datetime
    kind: Kind
    actor: str = ""
    subject: str = ""
    address: str = ""
    details: Mapping[Detail, str] = field(default_factory=dict)


class AuditStore(Protocol):
    async def append(self, event: Event) -> None:
        """Becomes true with the commit; the last thing before it, for others wait for their turn."""
