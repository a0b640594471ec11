"""The schema of the chart's values: their own types, made narrower where one is known.

Settings and routes come from the services themselves, so that the chart refuses what they would.
"""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import SecretStr

from auth.settings import AuthSettings
from charting.described import Value
from chassis.settings import ServiceSettings
from gateway.settings import GatewaySettings
from suite.places import ROOT
from triage.settings import Settings as TriageSettings

Schema = dict[str, Any]

SERVICES: Final[Mapping[str, type[ServiceSettings]]] = {
    "gateway": GatewaySettings,
    "auth": AuthSettings,
    "triage": TriageSettings,
}
# Values of the chart's own stand for these, or it decides them.
_DECIDED: Final = frozenset(
    (
        *("ENVIRONMENT", "LOG_LEVEL", "SHUTDOWN_DELAY_SECONDS", "SERVICE_MESH_MTLS", "HEALTH_BIND"),
        *("TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE", "GRPC_BIND", "METRICS_BIND"),
        *("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG", "AUTH_GRPC_TARGET", "TRIAGE_GRPC_TARGET"),
        *("TOKEN_ALGORITHM", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "HASHING_THREADS", "DEMO_USERNAME"),
        *("ACCESS_TOKEN_EXPIRE_MINUTES", "REFRESH_TOKEN_EXPIRE_DAYS", "RATE_LIMIT_REPLICAS"),
        *("GATEWAY_HOST", "GATEWAY_PORT", "GATEWAY_INTERNAL_HOST", "GATEWAY_INTERNAL_PORT"),
        *("TRUSTED_HOSTS", "TRUSTED_PROXIES", "TRUSTED_PROXY_HEADER", "GATEWAY_PUBLIC_URL", "ROUTES_FILE"),
        *("CORS_ALLOW_ORIGINS", "CORS_ALLOW_CREDENTIALS", "HTTPS_REDIRECT_ENABLED", "DRAIN_SECONDS"),
        *("RATE_LIMIT_LOGIN", "RATE_LIMIT_REFRESH", "RATE_LIMIT_TRIAGE", "RATE_LIMIT_HEALTH"),
        *("RATE_LIMIT_DEFAULT", "GATEWAY_EXT_AUTHZ_BIND", "TRIAGE_SOURCE", "TRIAGE_LOG_FILE"),
        *("TRIAGE_KUBERNETES_NAMESPACE", "TRIAGE_KUBERNETES_SELECTOR", "TRIAGE_LOKI_URL"),
        *("TRIAGE_LOKI_QUERY", "TRIAGE_LOKI_TENANT", "OPENAI_BASE_URL", "OPENAI_MODEL"),
    )
)

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "environment": ("development", "test", "staging", "production"),
    "logLevel": ("debug", "info", "warning", "error", "critical"),
    "spread": ("ScheduleAnyway", "DoNotSchedule"),
    "image.pullPolicy": ("Always", "IfNotPresent", "Never"),
    "tokens.algorithm": ("EdDSA", "ES256", "RS256", "HS256"),
    "tls.mode": ("chart", "certManager", "existing", "mesh"),
    "gateway.trustedProxyHeader": ("x-forwarded-for", "forwarded"),
    "gateway.service.type": ("ClusterIP", "LoadBalancer", "NodePort"),
    "triage.source": ("none", "file", "kubernetes", "loki"),
    "migrations.mode": ("auto", "job", "hook", "none"),
}
_QUANTITY: Final = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
_PATTERNS: Final[Mapping[str, str]] = {
    "digest": r"^(sha256:[0-9a-f]{64})?$",
    "size": _QUANTITY,
    "publicUrl": r"^(https?://[A-Za-z0-9.:\[\]-]+)?$",
    "endpoint": r"^(https?://.+)?$",
    "baseUrl": r"^(https?://.+)?$",
    "url": r"^(https?://.+)?$",
    "interval": r"^[0-9]+[smh]$",
    "duration": r"^[0-9]+[smh]$",
    "renewBefore": r"^[0-9]+[smh]$",
    "caDuration": r"^[0-9]+[smh]$",
    "maxMemory": r"^[0-9]+([kmg]b?)?$",
    "nameOverride": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$",
    "fullnameOverride": r"^([a-z]([-a-z0-9]*[a-z0-9])?)?$",
}
_MAP_OF_STRINGS: Final = ("labels", "annotations", "nodeSelector")
_RESOURCES: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        kind: {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
        for kind in ("requests", "limits")
    },
}
_WITH_A_NAME: Final[Schema] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}},
}
_HOST: Final[Schema] = {"type": "string", "minLength": 1, "not": {"const": "*"}}
_CIDR: Final[Schema] = {"type": "string", "pattern": r"^[0-9a-fA-F.:]+(/[1-9][0-9]{0,2})?$"}
_ITEMS: Final[Mapping[str, Schema]] = {
    "imagePullSecrets": _WITH_A_NAME,
    "pullSecrets": _WITH_A_NAME,
    "parentRefs": _WITH_A_NAME,
    "trustedHosts": _HOST,
    "hosts": _HOST,
    "hostnames": _HOST,
    "trustedProxies": _CIDR,
    "allowOrigins": {"type": "string", "pattern": r"^https?://[^/*]+$"},
    "extraObjects": {"type": ["object", "string"]},
}
_NUMBERS: Final = ("accessMinutes", "refreshDays")
_FROM_ZERO: Final = ("preStopSeconds", "delaySeconds", "targetRequestsPerSecond", "backoffLimit")


def schema(described: Iterable[Value]) -> Schema:
    """JSON Schema (draft 7) of all values together; what is not named is refused."""
    routes = json.loads((ROOT / "services/gateway/src/gateway/proxy/routes.schema.json").read_text())
    root = _closed({})
    for value in described:
        at = root
        for step in value.path[:-1]:
            at = at["properties"].setdefault(step, _closed({}))
        at["properties"][value.path[-1]] = {"description": value.meaning, **_of(value.path, value.default)}
    gateway = root["properties"]["gateway"]["properties"]
    definitions = routes.pop("$defs")
    gateway["routes"] = {
        "description": gateway["routes"]["description"],
        "anyOf": [{"type": "object", "maxProperties": 0}, routes],
    }
    # Parents of this chart pass theirs on to every chart below them.
    root["properties"]["global"]["additionalProperties"] = True
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of api-reliability-suite",
        **root,
        "$defs": definitions,
    }


def _of(path: tuple[str, ...], default: Any) -> Schema:
    name, key = ".".join(path), path[-1]
    if key == "settings":
        return _settings(SERVICES[path[0]])
    if key == "resources":
        return copy.deepcopy(_RESOURCES)
    if key.endswith(("Labels", "Annotations")) or key in _MAP_OF_STRINGS:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if name in _WORDS:
        return {"enum": list(_WORDS[name])}
    return _by_default(path, default)


def _by_default(path: tuple[str, ...], default: Any) -> Schema:
    match default:
        case Mapping() if default:
            return _closed({inner: _of((*path, inner), of) for inner, of in default.items()})
        case Mapping():
            return {"type": "object"}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return _number(path[-1])
        case list():
            return {"type": "array", "items": _ITEMS.get(path[-1], {"type": "object"})}
    return _text(path)


def _number(key: str) -> Schema:
    if key == "sampleRatio":
        return {"type": "number", "minimum": 0, "maximum": 1}
    if key in _NUMBERS:
        return {"type": "number", "exclusiveMinimum": 0}
    return {"type": "integer", "minimum": 0 if key in _FROM_ZERO else 1}


def _text(path: tuple[str, ...]) -> Schema:
    key = path[-1]
    if path[:2] == ("gateway", "limits"):
        return {"type": "string", "pattern": r"^[1-9][0-9]*/([1-9][0-9]* ?)?(second|minute|hour|day)s?"}
    if key == "tag":
        return {"type": "string", "not": {"const": "latest"}}
    return {"type": "string", **({"pattern": _PATTERNS[key]} if key in _PATTERNS else {})}


def _settings(service: type[ServiceSettings]) -> Schema:
    """Every setting that the chart does not decide and that is no secret: those go into Secrets."""
    named = {
        name.upper(): {"type": ["string", "number", "boolean"], "description": field.description or ""}
        for name, field in sorted(service.model_fields.items())
        if name.upper() not in _DECIDED and SecretStr.__name__ not in str(field.annotation)
    }
    return _closed(named)


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}
