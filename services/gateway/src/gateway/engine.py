"""The decision, wherever it is asked for: limits, token, revocation, role and scopes, in that order."""

from collections.abc import Sequence
from typing import Final

from chassis.errors import Forbidden, ServiceError, Unauthenticated
from chassis.security.tokens import MAX_TOKEN_BYTES, Principal
from gateway.exchange import Headers
from gateway.limits.limiter import Limiter, Subject
from gateway.limits.notation import Key, Limit
from gateway.policy import Access, RoutePolicy
from gateway.problems import from_error
from gateway.telemetry import TokenMetrics
from gateway.tokens import TokenGate
from gateway.verdict import Verdict

_SCHEME: Final = b"bearer "
_BY_WHOM: Final = frozenset({Key.USER})


class DecisionEngine:
    """One for the chain and for /authz, so that a limit is one limit.

    Args:
        gate: identifies tokens.
        limiter: counts; None where limits are switched off.
        metrics: told which tokens were refused.
        tenant_header: names the tenant; the host does where it is absent.
    """

    def __init__(
        self,
        gate: TokenGate,
        limiter: Limiter | None,
        metrics: TokenMetrics,
        *,
        tenant_header: bytes | None = None,
    ) -> None:
        self._gate = gate
        self._limiter = limiter
        self._metrics = metrics
        self._tenant_header = tenant_header

    async def decide(
        self,
        method: str,
        host: str,
        path: str,
        headers: list[tuple[bytes, bytes]],
        client: str,
        policy: RoutePolicy,
    ) -> Verdict:
        del method, path
        authorization: bytes | None = None
        presented = 0
        tenant = host
        for name, value in headers:
            if name == b"authorization":
                authorization = value
                presented += 1
            elif name == self._tenant_header:
                tenant = value.decode("latin-1")
        told: Headers = []
        try:
            if presented > 1:
                raise Unauthenticated("One token at a time.", reason="INVALID_TOKEN")
            token = None if policy.access is Access.PUBLIC else _bearer(authorization)
            principal = None if token is None else self._gate.known(token)
            # Known callers have all their limits counted in one go; strangers pay for being looked at first.
            anonymous, personal = _split(
                policy, known=principal is not None or policy.access is Access.PUBLIC
            )
            refused = await self._count(policy, anonymous, _subject(client, tenant, principal), told)
            if refused is not None or policy.access is Access.PUBLIC:
                return refused or Verdict(None, headers=tuple(told))
            if token is None:
                raise Unauthenticated
            if principal is None:
                principal = await self._gate.identify(token)
                refused = await self._count(policy, personal, _subject(client, tenant, principal), told)
                if refused is not None:
                    return refused
            self._authorize(policy, principal)
        except ServiceError as error:
            if isinstance(error, Unauthenticated):
                self._metrics.refused(error.reason)
            return Verdict(from_error(error), headers=tuple(told))
        return Verdict(None, principal, token, tuple(told))

    async def _count(
        self, policy: RoutePolicy, limits: Sequence[Limit], subject: Subject, told: Headers
    ) -> Verdict | None:
        if self._limiter is None or not limits:
            return None
        taken = await self._limiter.take(policy, limits, subject)
        told += taken.headers
        return None if taken.problem is None else Verdict(taken.problem, headers=tuple(told))

    def _authorize(self, policy: RoutePolicy, principal: Principal) -> None:
        self._gate.check_freshness(policy)
        if policy.roles and principal.role not in policy.roles:
            raise Forbidden("Your role does not allow this.", reason="ROLE_REQUIRED")
        # Only tokens made from API keys are narrowed by scopes; a person's role says it all.
        if policy.scopes and principal.scopes and not policy.scopes <= principal.scopes:
            raise Forbidden("This token's scopes do not allow this.", reason="SCOPE_REQUIRED")


def _split(policy: RoutePolicy, *, known: bool) -> tuple[Sequence[Limit], Sequence[Limit]]:
    """What is counted before we know who asks, and after."""
    if known or not policy.limits:
        return policy.limits, ()
    before = [limit for limit in policy.limits if limit.key not in _BY_WHOM and not limit.tiers]
    return before, [limit for limit in policy.limits if limit not in before]


def _subject(client: str, tenant: str, principal: Principal | None) -> Subject:
    if principal is None:
        return Subject(client, tenant)
    return Subject(client, tenant, principal.sub, principal.role)


def _bearer(authorization: bytes | None) -> str | None:
    """The token, or None where none was presented.

    Raises:
        Unauthenticated: another scheme, or what cannot be a token.
    """
    if authorization is None:
        return None
    if authorization[:7].lower() != _SCHEME:
        raise Unauthenticated("Present the access token as a bearer token.")
    if len(authorization) > MAX_TOKEN_BYTES:
        raise Unauthenticated("The access token is not valid.", reason="INVALID_TOKEN")
    return authorization[7:].decode("latin-1").strip(" ")
