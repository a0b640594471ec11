"""Who asks, from the token alone: verified here, remembered, and refused from the moment it was revoked."""

from collections import OrderedDict

from chassis.clock import Clock
from chassis.errors import Unauthenticated, Unavailable
from chassis.security import tokens
from chassis.security.keyring import VerifierKeys
from chassis.security.keyset import KeySet
from chassis.security.revocations import RevocationList
from chassis.security.tokens import LEEWAY_SECONDS, Principal
from gateway.policy import OnStale, RoutePolicy


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
        # With the key set it was verified by: a key that is gone takes its tokens with it.
        self._verified: OrderedDict[str, tuple[Principal, KeySet]] = OrderedDict()

    def known(self, token: str) -> Principal | None:
        """The principal of a token verified before and still good; None says nothing about it."""
        found = self._verified.get(token)
        if found is None:
            return None
        principal, keys = found
        if (
            keys is not self._keys.current
            or principal.expires_at + LEEWAY_SECONDS <= self._clock.now().timestamp()
        ):
            del self._verified[token]
            return None
        if self._revocations.is_revoked(principal):
            return None
        return principal

    async def identify(self, token: str) -> Principal:
        """Who the token speaks for.

        Raises:
            Unauthenticated: INVALID_TOKEN, TOKEN_EXPIRED, UNKNOWN_KEY or TOKEN_REVOKED.
            Unavailable: no key has ever been heard of, so nothing can be told about any token.
        """
        principal = self.known(token)
        if principal is not None:
            return principal
        keys = await self._keys.with_key(tokens.key_id(token))
        if not keys.kids:
            raise Unavailable("Tokens cannot be verified yet; try again.", reason="KEYS_UNAVAILABLE")
        principal = tokens.verify(
            token, keys=keys, issuer=self._issuer, audience=self._audience, now=self._clock.now().timestamp()
        )
        if self._revocations.is_revoked(principal):
            raise Unauthenticated("The session of this access token has ended.", reason="TOKEN_REVOKED")
        if self._most:
            self._verified[token] = (principal, keys)
            if len(self._verified) > self._most:
                self._verified.popitem(last=False)
        return principal

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
