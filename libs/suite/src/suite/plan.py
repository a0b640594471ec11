"""What each program of the suite is told, and nothing that is another's to know."""

from collections.abc import Mapping
from dataclasses import dataclass

from suite import processes
from suite.kept import Kept

# Given by the person who starts the suite, passed on to one service only.
_PRIVATE = {
    "DATABASE_URL": "auth",
    "MIGRATION_DATABASE_URL": "auth",
    "DEMO_USERNAME": "auth",
    "DEMO_PASSWORD": "auth",
    "OPENAI_API_KEY": "triage",
    "TRIAGE_LOKI_TOKEN": "triage",
}
# Not the services' business, or decided here.
_OURS = {"SETTINGS_SECRETS_DIR", "GATEWAY_PORT", "GATEWAY_INTERNAL_PORT", "GRPC_BIND", "METRICS_BIND"}


@dataclass(frozen=True, slots=True)
class Account:
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a gateway listens on the loopback interface."""

    public: int
    internal: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.public}"

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.internal}"


def ports(environ: Mapping[str, str]) -> Ports:
    """8000 and the one above, or what GATEWAY_PORT and GATEWAY_INTERNAL_PORT say; 0 lets the system choose.

    Raises:
        ValueError: with a sentence, where one is no port or both are the same.
    """
    public = _port("GATEWAY_PORT", environ.get("GATEWAY_PORT", "8000")) or processes.free_port()
    internal = environ.get("GATEWAY_INTERNAL_PORT")
    if internal is None:
        internal_port = public + 1 if environ.get("GATEWAY_PORT") != "0" else processes.free_port()
    else:
        internal_port = _port("GATEWAY_INTERNAL_PORT", internal) or processes.free_port()
    if public == internal_port:
        raise ValueError("GATEWAY_PORT and GATEWAY_INTERNAL_PORT are the same: choose two.")
    return Ports(public, internal_port)


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65536):  # noqa: PLR2004  the number of ports there are
        raise ValueError(f"{name} is not a port: give a number from 1 to 65535.")
    return int(text)


def environment(
    service: str,
    *,
    given: Mapping[str, str],
    defaults: Mapping[str, str],
    secrets: Mapping[str, str],
    kept: Kept,
) -> dict[str, str]:
    """The whole environment of one service: what was given beats our defaults.

    Secrets go as files into a folder of the service's own, so that no environment shows them.
    """
    told = {
        name: value
        for name, value in given.items()
        if _PRIVATE.get(name, service) == service and name not in _OURS
    }
    folder = kept.folder_of(service)
    for name, value in secrets.items():
        folder.put(name.lower(), value)
    return {
        "ENVIRONMENT": "development",
        "TOKEN_ISSUER": "api-reliability-suite",
        "TOKEN_AUDIENCE": "api",
        **defaults,
        **told,
        "SETTINGS_SECRETS_DIR": str(folder.folder),
    }
