"""The production list as the gateway itself would hold it, from the settings of the place where this runs."""

from collections.abc import Iterator, Mapping

from gateway.audit.finding import Finding
from gateway.settings import GatewaySettings


def settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """One line for each fault; none of them repeats a value."""
    _, faults = GatewaySettings.inspect({**environ, "ENVIRONMENT": "production"})
    hardened = environ.get("ENVIRONMENT") in {"staging", "production"}
    yield Finding(
        "environment",
        hardened,
        f"ENVIRONMENT is {'hardened' if hardened else 'not a hardened one'}",
        "Set ENVIRONMENT=production, so that the gateway refuses to start with such faults.",
    )
    for fault in faults:
        yield Finding("settings", passed=False, seen=fault.rstrip("."), fix="The sentence says it.")
    if not faults:
        yield Finding("settings", passed=True, seen="nothing that production refuses", fix="")
