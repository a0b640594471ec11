"""What is ended before its time: a token, a session, or everything a user held until now."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, Self

Kind = Literal["token", "session", "user_not_before"]

# Past the expiry of the last token concerned: for clocks that disagree and verifiers that are lenient.
MARGIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What every verifier is told.

    Attributes:
        kind: what `subject` names: a `jti`, a `sid` or a `sub`.
        subject: the claim's value.
        expires_at: when every token it can concern has expired.
        not_before: for a user: tokens issued up to this moment are void.
    """

    kind: Kind
    subject: str
    expires_at: datetime
    not_before: datetime | None = None

    @classmethod
    def of_token(cls, token: str, *, now: datetime, lifetime: timedelta) -> Self:
        return cls("token", token, now + lifetime + MARGIN)

    @classmethod
    def of_session(cls, session: uuid.UUID | str, *, now: datetime, lifetime: timedelta) -> Self:
        return cls("session", str(session), now + lifetime + MARGIN)

    @classmethod
    def of_user(cls, user: uuid.UUID, *, not_before: datetime, lifetime: timedelta) -> Self:
        return cls("user_not_before", str(user), not_before + lifetime + MARGIN, not_before)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A revocation that was committed; versions ascend in the order of commits."""

    version: int
    revocation: Revocation
    created_at: datetime


class RevocationStore(Protocol):
    async def add(self, *revocations: Revocation) -> None:
        """The last thing before the audit event and the commit: others wait for this transaction."""
