"""The gateway's paths and what one would put in their place, each as requests to one port."""

import os
from contextlib import ExitStack
from pathlib import Path

from bench import load
from bench.chains import chains
from bench.installation import Gateway, Installation
from bench.servers import proxies
from bench.servers.serving import granian, running, uvicorn
from bench.targets import BARE
from bench.workload import Workload, same
from suite import processes
from suite.places import ROOT

CONNECTIONS = 16
OTHERS = ROOT / ".venv" / "others" / "bin" / "python"


def at_root(told: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **told}


def yardsticks(stack: ExitStack, folder: Path) -> list[Workload]:
    """What needs nothing but this Python; the first is what everything is compared with."""
    apps = "bench.servers.apps:"
    ports = [processes.free_port() for _ in range(4)]
    commands = {
        BARE: uvicorn(f"{apps}fastapi_app", ports[0]),
        "bare ASGI app, uvicorn": uvicorn(f"{apps}asgi_app", ports[1]),
        "bare ASGI app, granian": granian(f"{apps}asgi_app", ports[2], "asginl"),
        "bare RSGI app, granian": granian(f"{apps}rsgi_app", ports[3], "rsgi"),
    }
    found = []
    for (name, command), port in zip(commands.items(), ports, strict=True):
        server = stack.enter_context(running(command, port, folder / name.replace(" ", "-"), at_root({})))
        found.append(
            Workload("floor", name, port, same(load.get(f"127.0.0.1:{port}", "/")), {"app": server.pid})
        )
    return found


def ours(there: Installation, token: str) -> list[Workload]:
    bearer = {"Authorization": f"Bearer {token}"}
    found = []

    def paths(server: str, gateway: Gateway) -> None:
        asked = {
            "X-Forwarded-Method": "GET",
            "X-Forwarded-Uri": "/kib",
            "X-Forwarded-Host": gateway.host,
        }
        each = {
            ("decision", "/authz"): (load.get(gateway.host, "/authz", bearer | asked), there.redis),
            ("proxied", "GET 1 KiB"): (
                load.get(gateway.host, "/kib", bearer),
                there.redis | {"upstream": there.origin.pid},
            ),
            ("own routes", "/protected"): (load.get(gateway.host, "/protected", bearer), there.redis),
        }
        for (topic, name), (request, stores) in each.items():
            pids = {"gateway": gateway.pid}
            told = f"{name}, {server}"
            found.append(Workload(topic, told, gateway.port, same(request), pids, stores, ours=True))

    paths("uvicorn", there.uvicorn)
    found += differing(there, bearer)
    paths("granian", there.granian)
    found.append(refreshes(there))
    return found


def differing(there: Installation, bearer: dict[str, str]) -> list[Workload]:
    """What is known by its bytes when it comes again, so that it is not."""
    gateway, mark = there.uvicorn, "0123456789ABCDEF"
    pids, ids = {"gateway": gateway.pid}, {"X-Request-Id": mark}
    origin = {"upstream": there.origin.pid}
    each = {
        ("decision", "/authz, each another, uvicorn", "/authz"): there.redis,
        ("proxied", "GET 1 KiB, each another, uvicorn", "/kib"): there.redis | origin,
    }
    found = []
    for (topic, name, path), stores in each.items():
        request = load.get(gateway.host, path, bearer | ids)
        askings: list[load.Asking] = [
            load.Differing(request, mark.encode(), number * 10**9) for number in range(CONNECTIONS)
        ]
        found.append(Workload(topic, name, gateway.port, askings, pids, stores, ours=True))
    return found


def refreshes(there: Installation) -> Workload:
    servers = {"gateway": there.uvicorn.pid, "auth": there.auth}
    stores = there.redis | there.postgres
    name = "refresh (gateway and auth)"
    asking = chains(there)
    return Workload("sessions", name, there.uvicorn.port, asking, servers, stores, ours=True)


def usual_parts(stack: ExitStack, folder: Path, there: Installation, token: str) -> Workload:
    port = processes.free_port()
    env = at_root(
        {
            "COLLECTOR": there.collector,
            "REDIS": there.suite.valkey.url(),
            "JWKS": f"{there.uvicorn.url}/.well-known/jwks.json",
        }
    )
    server = stack.enter_context(
        running(uvicorn("bench.servers.usual:app", port), port, folder / "usual", env)
    )
    request = load.get(f"127.0.0.1:{port}", "/authz", {"Authorization": f"Bearer {token}"})
    name = "the usual parts, uvicorn"
    return Workload("decision", name, port, same(request), {"app": server.pid}, there.redis)


def in_front(stack: ExitStack, folder: Path, there: Installation, token: str) -> list[Workload]:
    """The proxies one would otherwise take, and nginx with the gateway's decision behind it."""
    bearer = {"Authorization": f"Bearer {token}"}
    origin = {"upstream": there.origin.pid}
    envoy = stack.enter_context(proxies.envoy(folder / "envoy", there.jwks(), there.origin.port))
    caddy = stack.enter_context(proxies.caddy(folder / "caddy", there.origin.port))
    asking = proxies.nginx_auth_request
    found = [
        Workload(
            "decision",
            "Envoy, jwt_authn + local limit",
            envoy.port,
            same(load.get(f"127.0.0.1:{envoy.port}", "/decision", bearer)),
            {"Envoy": envoy.pid},
        ),
        Workload(
            "proxied",
            "Envoy, jwt_authn + local limit",
            envoy.port,
            same(load.get(f"127.0.0.1:{envoy.port}", "/kib", bearer)),
            {"Envoy": envoy.pid},
            origin,
        ),
        Workload(
            "proxied",
            "Caddy, no checks",
            caddy.port,
            same(load.get(f"127.0.0.1:{caddy.port}", "/kib", bearer)),
            {"Caddy": caddy.pid},
            origin,
            open=True,
        ),
    ]
    for server, gateway in (("uvicorn", there.uvicorn), ("granian", there.granian)):
        nginx = stack.enter_context(asking(folder / f"nginx-{server}", gateway.port, there.origin.port))
        found.append(
            Workload(
                "proxied",
                f"nginx auth_request + {server} gateway",
                nginx.port,
                same(load.get(f"127.0.0.1:{nginx.port}", "/kib", bearer)),
                {"nginx": nginx.pid, "gateway": gateway.pid},
                there.redis | origin,
                ours=True,
            )
        )
    return found
