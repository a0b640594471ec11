"""What a stranger finds: routes that must not be there, headers that must, words that say too much."""

from typing import Final

import orjson

from chassis.finding import Finding
from gateway.audit.visitor import Visitor

_CHAOS: Final = (("GET", "/force-error"), ("GET", "/slow"), ("POST", "/simulate-failure/open"))
_DOCS: Final = ("/docs", "/redoc", "/openapi.json")
_INTERNAL: Final = ("/metrics", "/livez", "/readyz")
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'",
}
_SECRET_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_MANY: Final = 100
_ABSENT: Final = 404


async def chaos(visitor: Visitor) -> Finding:
    there = [
        path
        for method, path in _CHAOS
        if (await visitor.ask(method, visitor.url + path)).status not in {_ABSENT, 429}
    ]
    fix = "Remove CHAOS_ROUTES_ENABLED and set ENVIRONMENT=production."
    return Finding("chaos-routes", not there, f"there: {', '.join(there)}" if there else "absent", fix)


async def docs(visitor: Visitor) -> Finding:
    there = [path for path in _DOCS if (await visitor.get(path)).status not in {_ABSENT, 401, 403}]
    fix = "Do not serve API documentation to strangers; the description is in docs/openapi.json."
    return Finding("api-docs", not there, f"there: {', '.join(there)}" if there else "absent", fix)


async def internal(visitor: Visitor) -> Finding:
    there = [path for path in _INTERNAL if (await visitor.get(path)).status not in {_ABSENT, 401, 403}]
    fix = "Route only the public port to clients; metrics and probes live on GATEWAY_INTERNAL_PORT."
    return Finding("internal-port", not there, f"public: {', '.join(there)}" if there else "not public", fix)


async def headers(visitor: Visitor) -> Finding:
    told = (await visitor.get("/ready")).headers
    absent = [name for name, value in _HEADERS.items() if not told.get(name, "").startswith(value)]
    fix = "Something in front of the gateway removes or replaces its security headers; let them pass."
    seen = f"absent: {', '.join(absent)}" if absent else "all there"
    return Finding("security-headers", not absent, seen, fix)


async def silence(visitor: Visitor) -> Finding:
    seen = await visitor.get("/audit-%00-<nothing>?echo=me-not")
    told = [
        name for name in ("Server", "X-Powered-By") if any(c.isdigit() for c in seen.headers.get(name, ""))
    ]
    echoed = b"me-not" in seen.body or b"Traceback" in seen.body
    fix = "Errors must be problem documents without the input, and no header may tell a version."
    said = [*(f"{name} tells a version" for name in told), *(["the input is echoed"] if echoed else [])]
    return Finding("silence", not said, ", ".join(said) or "no version, no echo", fix)


async def public_keys(visitor: Visitor) -> Finding:
    fix = "The key set must hold public keys only; with HS256 it is empty: use EdDSA (TOKEN_ALGORITHM)."
    seen = await visitor.get("/.well-known/jwks.json")
    try:
        keys = orjson.loads(seen.body)["keys"]
        private = [key for key in keys if _SECRET_MEMBERS & key.keys()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Finding("key-set", passed=False, seen=f"answered {seen.status}, no key set", fix=fix)
    passed = bool(keys) and not private
    return Finding("key-set", passed, f"{len(keys)} keys, {len(private)} with private parts", fix)


async def guards(visitor: Visitor) -> Finding:
    many = {f"X-Audit-{number}": "1" for number in range(_MANY)}
    status = (await visitor.get("/ready", many)).status
    fix = "Keep MAX_HEADER_COUNT at its default; something lets any number of headers through."
    return Finding("header-guard", status in {400, 413, 431}, f"{_MANY} headers are answered {status}", fix)
