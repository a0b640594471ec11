"""What the gateway's own routes ask of a request, by path and method; what is not here is not served."""

from collections.abc import Mapping

from gateway.limits.notation import Limit
from gateway.policy import Access, OnStoreFailure, RoutePolicy
from gateway.settings import GatewaySettings

_ADMIN = frozenset({"admin"})
_CHAOS_LIMIT = Limit.parse("30/minute")


def own_policies(settings: GatewaySettings) -> Mapping[str, Mapping[str, RoutePolicy]]:
    usual = Limit.parse(settings.rate_limit_default)
    login = Limit.parse(settings.rate_limit_login)
    refresh = Limit.parse(settings.rate_limit_refresh)
    triage = Limit.parse(settings.rate_limit_triage + " by user")
    health = Limit.parse(settings.rate_limit_health)

    def public(name: str, method: str, limit: Limit) -> dict[str, RoutePolicy]:
        return {method: _policy(name, method, Access.PUBLIC, frozenset(), (limit,))}

    def bearer(name: str, method: str, *limits: Limit) -> dict[str, RoutePolicy]:
        return {method: _policy(name, method, Access.BEARER, frozenset(), (usual, *limits))}

    def admin(name: str, method: str, *limits: Limit) -> dict[str, RoutePolicy]:
        return {method: _policy(name, method, Access.BEARER, _ADMIN, (usual, *limits))}

    policies = {
        "/login": public("login", "POST", login),
        "/token/refresh": public("refresh", "POST", refresh),
        "/logout": bearer("logout", "POST"),
        "/protected": bearer("protected", "GET"),
        "/sessions": bearer("list_sessions", "GET") | bearer("end_all_sessions", "DELETE"),
        "/sessions/{session_id}": bearer("end_session", "DELETE"),
        "/debug/summarize-errors": admin("summarize_errors", "GET", triage),
        "/health": public("health", "GET", health),
        "/ready": public("ready", "GET", usual),
        "/.well-known/jwks.json": public("jwks", "GET", usual),
        "/slo/report": admin("slo_report", "GET"),
    }
    if settings.chaos_routes_enabled and not settings.hardened:
        policies |= {
            "/simulate-failure/{state}": admin("simulate_failure", "POST", _CHAOS_LIMIT),
            "/force-error": admin("force_error", "GET", _CHAOS_LIMIT),
            "/slow": admin("slow", "GET", _CHAOS_LIMIT),
        }
    return policies


def _policy(
    name: str, method: str, access: Access, roles: frozenset[str], limits: tuple[Limit, ...]
) -> RoutePolicy:
    return RoutePolicy(
        name=name,
        methods=frozenset({method}),
        access=access,
        roles=roles,
        limits=limits,
        on_store_failure=OnStoreFailure.LOCAL,
    )
