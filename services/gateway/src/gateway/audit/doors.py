"""What concerns getting in: protected routes, well-known accounts, limits. Last, for it uses limits up."""

import secrets
from typing import Final

from chassis.finding import Finding
from gateway.audit.visitor import Visitor

_PROTECTED: Final = (
    "/protected",
    "/sessions",
    "/users",
    "/audit-events",
    "/slo/report",
    "/debug/summarize-errors",
)
_WELL_KNOWN: Final = (("demo", "demo"), ("admin", "admin"), ("admin", "password"))
_ENOUGH: Final = 40
_ENOUGH_SIGN_INS: Final = 12
_TOO_MANY: Final = 429


async def protected(visitor: Visitor) -> Finding:
    passed_without = [path for path in _PROTECTED if (await visitor.get(path)).status not in {401, _TOO_MANY}]
    fix = "These routes need an access token; look for a proxy in front that answers for them."
    seen = f"not 401: {', '.join(passed_without)}" if passed_without else "401 without a token"
    return Finding("tokens", not passed_without, seen, fix)


async def forged(visitor: Visitor) -> Finding:
    none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbiJ9."
    status = (await visitor.get("/protected", {"Authorization": f"Bearer {none}"})).status
    fix = "An unsigned token was let in: do not expose this installation."
    return Finding("forged-token", status in {401, _TOO_MANY}, f"an unsigned token is answered {status}", fix)


async def well_known(visitor: Visitor, more: tuple[str, str] | None = None) -> Finding:
    """Also the account that was given: that of a demonstration must not work here."""
    entered = []
    for username, password in (*((more,) if more else ()), *_WELL_KNOWN):
        form = {"username": username, "password": password}
        if (await visitor.ask("POST", visitor.url + "/login", form=form)).status == 200:  # noqa: PLR2004
            entered.append(username)
    fix = "Remove DEMO_USERNAME and DEMO_PASSWORD, and delete or reset that account."
    seen = f"signs in: {', '.join(entered)}" if entered else "refused"
    return Finding("demo-user", not entered, seen, fix)


async def sign_in_limit(visitor: Visitor) -> Finding:
    fix = "Remove RATE_LIMIT_ENABLED, and let RATE_LIMIT_LOGIN be small (5/minute)."
    name = f"audit-{secrets.token_hex(4)}"
    for attempt in range(1, _ENOUGH_SIGN_INS + 1):
        form = {"username": name, "password": secrets.token_urlsafe(16)}
        seen = await visitor.ask("POST", visitor.url + "/login", form=form)
        if seen.status == _TOO_MANY:
            passed = "Retry-After" in seen.headers
            told = "429" if passed else "429 without Retry-After"
            return Finding("sign-in-limit", passed, f"{told} at attempt {attempt}", fix)
    return Finding("sign-in-limit", passed=False, seen=f"{_ENOUGH_SIGN_INS} attempts in a row", fix=fix)


async def rate_limit(visitor: Visitor) -> Finding:
    fix = "Remove RATE_LIMIT_ENABLED; if addresses are all the proxy's, list it in TRUSTED_PROXIES."
    for request in range(1, _ENOUGH + 1):
        if (await visitor.get("/health")).status == _TOO_MANY:
            return Finding("rate-limit", passed=True, seen=f"429 at request {request}", fix=fix)
    return Finding("rate-limit", passed=False, seen=f"{_ENOUGH} requests in a row", fix=fix)
