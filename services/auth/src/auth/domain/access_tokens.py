"""Access tokens: the claims of RFC 9068, signed by whatever key is active."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from auth.domain.accounts import Holder, Issue, Role


class Signer(Protocol):
    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWT of type at+jwt.

        Raises:
            Unavailable: no key has been loaded yet.
        """


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets; times in seconds from now."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int
    session: str
    role: Role


@dataclass(frozen=True, slots=True)
class Profile:
    """What all access tokens of an installation have in common.

    Attributes:
        issuer: `iss`.
        audience: `aud`.
        client_id: RFC 9068's `client_id` where a person signed in by the gateway itself.
        lifetime: from issue to expiry.
    """

    issuer: str
    audience: str
    client_id: str
    lifetime: timedelta


class AccessTokens:
    def __init__(self, profile: Profile, signer: Signer, new_id: Callable[[], uuid.UUID]) -> None:
        self._profile = profile
        self._signer = signer
        self._new_id = new_id

    @property
    def lifetime(self) -> timedelta:
        return self._profile.lifetime

    def issue(
        self,
        holder: Holder,
        *,
        session: str,
        issued_at: float,
        client_id: str | None = None,
        scopes: Sequence[str] = (),
    ) -> str:
        """A signed token; `issued_at` in seconds since the epoch."""
        # Whole seconds: many readers of JWTs know no others.
        issued = int(issued_at)
        claims: dict[str, Any] = {
            "iss": self._profile.issuer,
            "aud": self._profile.audience,
            "sub": str(holder.user),
            "client_id": client_id or self._profile.client_id,
            "sid": session,
            "jti": str(self._new_id()),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(self._profile.lifetime.total_seconds()),
            "role": holder.role,
            "preferred_username": holder.username,
        }
        if scopes:
            claims["scope"] = " ".join(scopes)
        return self._signer.sign(claims)

    def pair(self, issue: Issue, refresh_token: str) -> TokenPair:
        left = issue.expires_at - issue.issued_at
        session = str(issue.session)
        return TokenPair(
            access_token=self.issue(issue.holder, session=session, issued_at=issue.issued_at.timestamp()),
            refresh_token=refresh_token,
            expires_in=int(self._profile.lifetime.total_seconds()),
            refresh_expires_in=max(0, int(left.total_seconds())),
            session=session,
            role=issue.holder.role,
        )
