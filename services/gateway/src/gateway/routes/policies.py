"""What the gateway's own routes ask of a request, by path and method; what is not here is not served."""

from collections.abc import Mapping
from dataclasses import replace

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

    def lines(policies: dict[str, RoutePolicy]) -> dict[str, RoutePolicy]:
        """Long bodies, read as they come."""
        most, seconds = settings.triage_max_body_bytes, settings.triage_timeout_seconds
        return {
            method: replace(policy, max_body=most, body_timeout=seconds)
            for method, policy in policies.items()
        }

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
        "/password": bearer("change_password", "POST", login),
        "/password/redeem": public("redeem_password_reset", "POST", login),
        "/bootstrap": public("bootstrap", "POST", login),
        "/users": admin("list_users", "GET") | admin("create_user", "POST"),
        "/users/{user_id}": admin("get_user", "GET")
        | admin("update_user", "PATCH")
        | admin("delete_user", "DELETE"),
        "/users/{user_id}/password": admin("reset_password", "POST"),
        "/users/{user_id}/api-keys": admin("list_api_keys", "GET") | admin("create_api_key", "POST"),
        "/users/{user_id}/api-keys/{key_id}": admin("delete_api_key", "DELETE"),
        "/audit-events": admin("list_audit_events", "GET"),
        "/signing-keys": admin("list_signing_keys", "GET"),
        "/signing-keys/rotate": admin("rotate_signing_keys", "POST"),
        "/clients": admin("register_client", "POST"),
        "/clients/{client_id}": admin("delete_client", "DELETE"),
        "/.well-known/jwks.json": public("jwks", "GET", usual),
        "/.well-known/oauth-authorization-server": public("authorization_server", "GET", usual),
        "/oauth/introspect": public("introspect", "POST", usual),
        "/oauth/revoke": public("revoke", "POST", usual),
        "/oauth/token": public("token", "POST", refresh),
        "/debug/summarize-errors": admin("summarize_errors", "GET", triage),
        "/triage": lines(admin("triage", "POST", triage)),
        "/triage/preview": lines(admin("preview_triage", "POST", triage)),
        "/triage/{summary_id}": admin("get_summary", "GET", triage),
        "/health": public("health", "GET", health),
        "/ready": public("ready", "GET", usual),
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


def authz_policy(settings: GatewaySettings) -> RoutePolicy:
    """Of a proxy's question that names no request: a good token, within the usual limit."""
    return RoutePolicy(
        name="authz", methods=frozenset({"GET"}), limits=(Limit.parse(settings.rate_limit_default),)
    )
