"""The decision, wherever it is asked for: limits, token, revocation, role and scopes, in that order."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from chassis.errors import Forbidden, ServiceError, Unauthenticated
from chassis.security.tokens import MAX_TOKEN_BYTES, Principal
from gateway.exchange import Headers
from gateway.limits.limiter import Limiter, Subject
from gateway.limits.notation import Key, Limit
from gateway.policy import Access, RoutePolicy
from gateway.problems import Problem, from_error
from gateway.telemetry import TokenMetrics
from gateway.tokens import TokenGate
from gateway.verdict import Verdict

_SCHEME: Final = b"bearer "


class _Asked(NamedTuple):
    authorization: bytes | None
    tenant: str


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
        told: Headers = []
        try:
            asked = self._asked(headers, host)
            principal, token, problem = await self._judge(policy, asked, client, told)
        except ServiceError as error:
            if isinstance(error, Unauthenticated):
                self._metrics.refused(error.reason)
            return Verdict(from_error(error), headers=tuple(told))
        return Verdict(problem, principal, token, tuple(told))

    def _asked(self, headers: list[tuple[bytes, bytes]], host: str) -> _Asked:
        authorization: bytes | None = None
        tenant = host
        for name, value in headers:
            if name == b"authorization":
                if authorization is not None:
                    raise Unauthenticated("One token at a time.", reason="INVALID_TOKEN")
                authorization = value
            elif name == self._tenant_header:
                tenant = value.decode("latin-1")
        return _Asked(authorization, tenant)

    async def _judge(
        self, policy: RoutePolicy, asked: _Asked, client: str, told: Headers
    ) -> tuple[Principal | None, str | None, Problem | None]:
        if policy.access is Access.PUBLIC:
            return None, None, await self._count(policy, policy.limits, Subject(client, asked.tenant), told)
        token = _bearer(asked.authorization)
        principal = None if token is None else self._gate.known(token)
        if token is not None and principal is not None:
            # A caller we know has all limits counted in one go.
            subject = Subject(client, asked.tenant, principal.sub, principal.role)
            problem = await self._count(policy, policy.limits, subject, told)
        else:
            # A stranger pays for being looked at before being looked at.
            anonymous, personal = _split(policy)
            problem = await self._count(policy, anonymous, Subject(client, asked.tenant), told)
            if problem is None:
                if token is None:
                    raise Unauthenticated
                principal = await self._gate.identify(token)
                subject = Subject(client, asked.tenant, principal.sub, principal.role)
                problem = await self._count(policy, personal, subject, told)
        if problem is None and principal is not None:
            self._authorize(policy, principal)
        return principal, token, problem

    async def _count(
        self, policy: RoutePolicy, limits: Sequence[Limit], subject: Subject, told: Headers
    ) -> Problem | None:
        if self._limiter is None or not limits:
            return None
        taken = await self._limiter.take(policy, limits, subject)
        told += taken.headers
        return taken.problem

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
