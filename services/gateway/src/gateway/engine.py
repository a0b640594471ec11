"""The decision, wherever it is asked for: limits, token, revocation, role and scopes, in that order."""

from collections.abc import Sequence
from typing import Any

from chassis.errors import Forbidden, ServiceError, Unauthenticated
from chassis.security.tokens import Principal
from gateway.exchange import Fields, Headers
from gateway.limits.limiter import NOTHING, Limiter, Subject, Taken
from gateway.limits.notation import Key, Limit
from gateway.policy import Access, RoutePolicy
from gateway.problems import from_error
from gateway.telemetry import TokenMetrics
from gateway.tokens import TokenGate, Verified
from gateway.verdict import Verdict


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

    def decide_now(
        self, fields: Fields, host: str, client: str, policy: RoutePolicy, kept: dict[str, Any] | None = None
    ) -> Verdict | None:
        """Public routes and callers we know, as long as their limits are at hand."""
        known = None
        if policy.access is not Access.PUBLIC:
            known = self._gate.known(fields.get(b"authorization", b""))
            if known is None:
                return None
        taken = NOTHING
        if self._limiter is not None and policy.limits:
            checks = None if kept is None else kept.get("checks")
            if checks is None:
                subject = Subject(client, self._tenant(fields, host))
                checks = self._limiter.checks(
                    policy, policy.limits, subject if known is None else _as(subject, known)
                )
                if kept is not None:
                    # The same bytes hold the same token, and so the same caller.
                    kept["checks"] = checks
            at_hand = self._limiter.take_now(policy, checks)
            if at_hand is None:
                return None
            taken = at_hand
        return self._verdict(policy, known, taken)

    async def decide(self, fields: Fields, host: str, client: str, policy: RoutePolicy) -> Verdict:
        told: Headers = []
        try:
            return await self._judge(policy, fields, Subject(client, self._tenant(fields, host)), told)
        except ServiceError as error:
            return self._refused(error, told)

    async def _judge(self, policy: RoutePolicy, fields: Fields, anonymous: Subject, told: Headers) -> Verdict:
        if policy.access is Access.PUBLIC:
            return self._verdict(policy, None, await self._count(policy, policy.limits, anonymous))
        authorization = fields.get(b"authorization")
        known = None if authorization is None else self._gate.known(authorization)
        if known is not None:
            # A caller we know has all limits counted in one go.
            return self._verdict(
                policy, known, await self._count(policy, policy.limits, _as(anonymous, known))
            )
        # A stranger pays for being looked at before being looked at.
        before, after = _split(policy)
        taken = await self._count(policy, before, anonymous)
        told += taken.headers
        if taken.problem is not None:
            return Verdict(taken.problem, None, None, told)
        if authorization is None:
            raise Unauthenticated
        known = await self._gate.identify(authorization)
        taken = await self._count(policy, after, _as(anonymous, known))
        told += taken.headers
        return self._verdict(policy, known, Taken(taken.problem, told))

    def _verdict(self, policy: RoutePolicy, known: Verified | None, taken: Taken) -> Verdict:
        if taken.problem is not None or known is None:
            return Verdict(taken.problem, None, None, taken.headers)
        try:
            self._authorize(policy, known.principal)
        except ServiceError as error:
            return self._refused(error, taken.headers)
        return Verdict(None, known.principal, known.token, taken.headers)

    def _refused(self, error: ServiceError, told: Headers) -> Verdict:
        if isinstance(error, Unauthenticated):
            self._metrics.refused(error.reason)
        return Verdict(from_error(error), None, None, told)

    def _tenant(self, fields: Fields, host: str) -> str:
        if self._tenant_header is None:
            return host
        given = fields.get(self._tenant_header)
        return host if given is None else given.decode("latin-1")

    async def _count(self, policy: RoutePolicy, limits: Sequence[Limit], subject: Subject) -> Taken:
        if self._limiter is None or not limits:
            return NOTHING
        return await self._limiter.take(policy, limits, subject)

    def _authorize(self, policy: RoutePolicy, principal: Principal) -> None:
        self._gate.check_freshness(policy)
        if policy.roles and principal.role not in policy.roles:
            raise Forbidden("Your role does not allow this.", reason="ROLE_REQUIRED")
        # Only tokens made from API keys are narrowed by scopes; a person's role says it all.
        if policy.scopes and principal.scopes and not policy.scopes <= principal.scopes:
            raise Forbidden("This token's scopes do not allow this.", reason="SCOPE_REQUIRED")


def _split(policy: RoutePolicy) -> tuple[Sequence[Limit], Sequence[Limit]]:
    """What is counted before we know who asks, and after."""
    before = [limit for limit in policy.limits if limit.key is not Key.USER and not limit.tiers]
    return before, [limit for limit in policy.limits if limit not in before]


def _as(anonymous: Subject, known: Verified) -> Subject:
    return anonymous._replace(user=known.principal.sub, role=known.principal.role)
