"""What concerns the way to the gateway: encryption, names, origins."""

from typing import Final

from chassis.finding import Finding
from gateway.audit.visitor import Unreachable, Visitor

_STRANGER: Final = "audit.invalid"
_YEAR_IN_PRACTICE: Final = 15_768_000
_PERMANENT: Final = frozenset({301, 308})


async def tls(visitor: Visitor) -> Finding:
    fix = "Give the Ingress or Gateway a certificate for this name, and audit its https:// address."
    if not visitor.encrypted:
        return Finding("tls", passed=False, seen="the address is plain HTTP", fix=fix)
    try:
        await visitor.get("/ready")
    except Unreachable as why:
        return Finding("tls", passed=False, seen=str(why), fix=fix)
    return Finding("tls", passed=True, seen="certificate and name are believed", fix=fix)


async def plain_http(visitor: Visitor) -> Finding:
    fix = "Set HTTPS_REDIRECT_ENABLED=true, or close port 80 in front of the gateway."
    try:
        read = await visitor.ask("GET", visitor.plain_url + "/ready")
        wrote = await visitor.ask("POST", visitor.plain_url + "/login", form={"username": "", "password": ""})
    except Unreachable:
        return Finding("plain-http", passed=True, seen="nobody answers there", fix=fix)
    where = read.headers.get("Location", "")
    passed = read.status in _PERMANENT and where.startswith("https://") and wrote.status in {403, *_PERMANENT}
    return Finding("plain-http", passed, f"GET is answered {read.status}, POST {wrote.status}", fix)


async def redirect_target(visitor: Visitor) -> Finding:
    fix = "Redirect to a fixed name (HTTPS_REDIRECT_HOST), never to the Host a client sent."
    try:
        seen = await visitor.ask("GET", visitor.plain_url + "/ready", {"Host": _STRANGER})
    except Unreachable:
        return Finding("redirect-target", passed=True, seen="nobody answers plain HTTP", fix=fix)
    echoed = _STRANGER in seen.headers.get("Location", "")
    return Finding(
        "redirect-target", not echoed, f"a foreign Host is {'echoed' if echoed else 'not echoed'}", fix
    )


async def strict_transport(visitor: Visitor) -> Finding:
    fix = "Let the proxy in front send X-Forwarded-Proto and list it in TRUSTED_PROXIES; HSTS follows."
    told = (await visitor.get("/ready")).headers.get("Strict-Transport-Security", "")
    age = next((part.partition("=")[2] for part in told.split(";") if "max-age" in part), "0")
    passed = visitor.encrypted and age.isdecimal() and int(age) >= _YEAR_IN_PRACTICE
    return Finding("hsts", passed, told or "absent", fix)


async def hosts(visitor: Visitor) -> Finding:
    fix = "List the names of this gateway in TRUSTED_HOSTS, without *."
    seen = await visitor.get("/ready", {"Host": _STRANGER})
    return Finding("hosts", seen.status >= 400, f"a foreign Host is answered {seen.status}", fix)  # noqa: PLR2004


async def origins(visitor: Visitor) -> Finding:
    fix = "List the origins of your own pages in CORS_ALLOW_ORIGINS, without *."
    seen = await visitor.get("/ready", {"Origin": f"https://{_STRANGER}"})
    allowed = seen.headers.get("Access-Control-Allow-Origin")
    return Finding("cors", allowed is None, f"a foreign origin is told {allowed or 'nothing'}", fix)
