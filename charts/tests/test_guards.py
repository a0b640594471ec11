"""Values that would install and then not work are refused, with a sentence that says what to do."""

from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[[object], str]
PROXIES = {"gateway": {"trustedProxies": ["10.0.0.0/8"]}}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"postgres": {"enabled": False}}, "set externalDatabase.existingSecret"),
        ({"externalDatabase": {"existingSecret": "db"}}, "set postgres.enabled=false"),
        ({"redis": {"enabled": False}}, "set externalRedis.existingSecret"),
        ({"externalRedis": {"existingSecret": "redis"}}, "set redis.enabled=false"),
        ({"secrets": {"generate": False}}, "set auth.existingSecret"),
        ({"secrets": {"generate": False}, "auth": {"existingSecret": "a"}}, "set postgres.enabled=false"),
        ({"tls": {"mode": "existing"}}, "set tls.existingSecrets.gateway"),
        ({"tls": {"mode": "mesh"}, "redis": {"tls": {"enabled": True}}}, "set postgres.tls.enabled=false"),
        ({"migrations": {"mode": "hook"}}, "use auto or job"),
        ({"ingress": {"enabled": True, "hosts": ["a.example.com"]}}, "gateway.trustedProxies is empty"),
        ({"ingress": {"enabled": True}, **PROXIES}, "ingress.hosts is empty"),
        ({"httpRoute": {"enabled": True}, **PROXIES}, "httpRoute.parentRefs"),
        ({"ingress": {"enabled": True, "hosts": ["a.example.com"]}, **PROXIES}, "networkPolicy.from.clients"),
        ({"gateway": {"extAuthz": {"enabled": True}}}, "networkPolicy.from.proxies"),
        (
            {"gateway": {"routes": {"routes": [{"name": "a", "prefix": "/a"}]}}},
            "networkPolicy.to.upstreams",
        ),
        ({"observability": {"podMonitor": {"enabled": True}}}, "networkPolicy.from.prometheus"),
        ({"triage": {"source": "kubernetes"}}, "set triage.podLogs.namespace"),
        ({"triage": {"source": "loki"}}, "set triage.loki.url"),
        ({"triage": {"source": "file"}}, "set triage.logFile"),
    ],
)
def test_a_contradiction_is_told_with_its_mend(refusal: Refusal, values: dict[str, Any], sentence: str):
    said = refusal(values)
    assert sentence in said


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"gatway": {}}, "gatway"),
        ({"gateway": {"replica": 3}}, "replica"),
        ({"gateway": {"replicas": 0}}, "/gateway/replicas"),
        ({"gateway": {"settings": {"RATE_LIMIT_LOGINS": "1/minute"}}}, "RATE_LIMIT_LOGINS"),
        ({"gateway": {"settings": {"SECRET_KEY": "x"}}}, "SECRET_KEY"),
        ({"auth": {"settings": {"DATABASE_URL": "postgresql://x"}}}, "DATABASE_URL"),
        ({"auth": {"settings": {"DEMO_USERNAME": "x"}}}, "DEMO_USERNAME"),
        ({"gateway": {"trustedHosts": ["*"]}}, "/gateway/trustedHosts/0"),
        ({"gateway": {"trustedProxies": ["0.0.0.0/0"]}}, "/gateway/trustedProxies/0"),
        ({"gateway": {"cors": {"allowOrigins": ["*"]}}}, "/gateway/cors/allowOrigins/0"),
        ({"image": {"tag": "latest"}}, "/image/tag"),
        ({"gateway": {"image": {"digest": "sha256:1"}}}, "/gateway/image/digest"),
        ({"tls": {"mode": "off"}}, "/tls/mode"),
        ({"gateway": {"limits": {"login": "many"}}}, "/gateway/limits/login"),
        ({"gateway": {"routes": {"routes": [{"name": "a", "prefix": "/a", "uptream": "b"}]}}}, "uptream"),
        ({"triage": {"resources": {"limit": {}}}}, "limit"),
    ],
)
def test_a_value_the_chart_does_not_know_is_refused_by_name(
    refusal: Refusal, values: dict[str, Any], where: str
):
    # Helm 3 writes a.b.0 where Helm 4 writes /a/b/0.
    said = refusal(values)
    assert where in said or where.strip("/").replace("/", ".") in said
    assert "values don't meet the specifications of the schema" in said
