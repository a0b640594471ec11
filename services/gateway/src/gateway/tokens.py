"""Who asks, from the token alone: verified here, remembered, and refused from the moment it was revoked."""

from typing import Final, NamedTuple

from chassis.clock import Clock
from chassis.errors import Unauthenticated, Unavailable
from chassis.security import tokens
from chassis.security.keyring import VerifierKeys
from chassis.security.keyset import KeySet
from chassis.security.revocations import RevocationList
from chassis.security.tokens import LEEWAY_SECONDS, MAX_TOKEN_BYTES, Principal
from gateway.policy import OnStale, RoutePolicy

_SCHEME: Final = b"bearer "


class Verified(NamedTuple):
    principal: Principal
    # As it was presented, for calls on the caller's behalf.
    token: str
    # It was verified by: a key that is gone takes its tokens with it.
    keys: KeySet
    # Seconds since the epoch.
    until: float


class TokenGate:
    """Judges tokens without asking anybody.

    Args:
        keys: the verifying keys.
        revocations: what has been ended early.
        issuer: the right `iss`.
        audience: the right `aud`.
        remembered: verified tokens kept at most; the oldest go first.
        clock: the wall clock.
    """

    def __init__(
        self,
        keys: VerifierKeys,
        revocations: RevocationList,
        *,
        issuer: str,
        audience: str,
        remembered: int,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._most = remembered
        self._clock = clock
        # By the header as it came, so that what is known costs one look.
        self._verified: dict[bytes, Verified] = {}

    def known(self, authorization: bytes) -> Verified | None:
        """What was verified before and is still good; None says nothing about it."""
        found = self._verified.get(authorization)
        if found is None:
            return None
        if found.keys is not self._keys.current or found.until <= self._clock.timestamp():
            del self._verified[authorization]
            return None
        return None if self._revocations.is_revoked(found.principal) else found

    async def identify(self, authorization: bytes) -> Verified:
        """Who the token speaks for.

        Raises:
            Unauthenticated: another scheme, or INVALID_TOKEN, TOKEN_EXPIRED, UNKNOWN_KEY, TOKEN_REVOKED.
            Unavailable: no key has ever been heard of, so nothing can be told about any token.
        """
        known = self.known(authorization)
        if known is not None:
            return known
        token = bearer(authorization)
        keys = await self._keys.with_key(tokens.key_id(token))
        if not keys.kids:
            raise Unavailable("Tokens cannot be verified yet; try again.", reason="KEYS_UNAVAILABLE")
        principal = tokens.verify(
            token, keys=keys, issuer=self._issuer, audience=self._audience, now=self._clock.timestamp()
        )
        if self._revocations.is_revoked(principal):
            raise Unauthenticated("The session of this access token has ended.", reason="TOKEN_REVOKED")
        verified = Verified(principal, token, keys, principal.expires_at + LEEWAY_SECONDS)
        if self._most:
            if len(self._verified) >= self._most:
                del self._verified[next(iter(self._verified))]
            self._verified[authorization] = verified
        return verified

    def check_freshness(self, policy: RoutePolicy) -> None:
        """Holds a route to its bound.

        Raises:
            Unavailable: the revocations are older than the route puts up with.
        """
        bound = policy.revocation_staleness
        if bound is not None and policy.on_stale is OnStale.DENY and self._revocations.staleness() > bound:
            raise Unavailable(
                "Revocations are not known well enough for this route; try again.", reason="REVOCATIONS_STALE"
            )


def bearer(authorization: bytes) -> str:
    """The token of an Authorization header.

    Raises:
        Unauthenticated: another scheme, or what cannot be a token.
    """
    if authorization[:7].lower() != _SCHEME:
        raise Unauthenticated("Present the access token as a bearer token.")
    if len(authorization) > MAX_TOKEN_BYTES:
        raise Unauthenticated("The access token is not valid.", reason="INVALID_TOKEN")
    return authorization[7:].decode("latin-1").strip(" ")
