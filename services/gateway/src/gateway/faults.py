"""What is wrong with the gateway's settings, everywhere or in production, one sentence each with the fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chassis.settings_faults import memory_storage

if TYPE_CHECKING:
    from gateway.settings import GatewaySettings


# Of granian's HTTP library, which answers 431 to more.
_GRANIAN_HEADERS = 100


def contradictory(settings: GatewaySettings) -> Iterator[str]:
    """What cannot be in any environment."""
    if "*" in settings.cors_allow_origins and settings.cors_allow_credentials:
        yield "CORS_ALLOW_ORIGINS is * with CORS_ALLOW_CREDENTIALS; name the origins, or allow none."
    if settings.https_redirect_enabled and settings.redirect_host.startswith("*"):
        yield "HTTPS_REDIRECT_HOST must be set: TRUSTED_HOSTS has no plain name to redirect to."
    if settings.symmetric and settings.secret_key is None:
        yield "SECRET_KEY must be set where TOKEN_ALGORITHM is HS256."
    if settings.gateway_server == "granian" and settings.max_header_count > _GRANIAN_HEADERS:
        yield f"MAX_HEADER_COUNT is above {_GRANIAN_HEADERS}, which is all that granian takes."


def exposed(settings: GatewaySettings) -> Iterator[str]:
    """Who would be let in or believed who must not be."""
    if not settings.trusted_hosts:
        yield "TRUSTED_HOSTS is empty, so nobody would be answered; list the names of this gateway."
    if "*" in settings.trusted_hosts:
        yield "TRUSTED_HOSTS admits every name; list the names this gateway is reached by."
    if "*" in settings.cors_allow_origins:
        yield "CORS_ALLOW_ORIGINS admits every origin; list the origins of your own pages."
    if any(network.prefixlen == 0 for network in settings.proxies):
        yield "TRUSTED_PROXIES trusts every address; list the CIDRs of your own proxies."
    if settings.chaos_routes_enabled:
        yield "CHAOS_ROUTES_ENABLED is true; routes that break things have no place here, remove it."


def unlimited(settings: GatewaySettings) -> Iterator[str]:
    """Where limits would not be what they say."""
    stores = {
        "RATE_LIMIT_STORAGE_URI": settings.rate_limit_storage_uri,
        "CIRCUIT_BREAKER_CACHE_URL": settings.circuit_breaker_cache_url,
    }
    for name, uri in stores.items():
        if uri is not None and (fault := memory_storage(name, uri.get_secret_value())):
            yield fault
    if not settings.rate_limit_enabled:
        yield "RATE_LIMIT_ENABLED is false, which removes every limit; remove the setting."
    if settings.rate_limit_in_memory_fallback_enabled and settings.rate_limit_replicas is None:
        yield (
            "RATE_LIMIT_IN_MEMORY_FALLBACK_ENABLED would multiply every limit by the number of replicas; "
            "set RATE_LIMIT_REPLICAS beside it, or switch it off."
        )
