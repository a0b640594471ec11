"""The services' own judgement of what the chart tells them: in production, no fault."""

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from charting.rendering import WAYS, Object, Objects, component, containers, name_of, of_kind
from charting.schema import SERVICES
from chassis.testing.pki import Authority
from gateway.proxy.loading import load

URLS = {
    "database_url": "postgresql://suite_run:made-up@db.example.com:5432/suite?sslmode=verify-full",
    "migration_database_url": "postgresql://suite_owner:made-up@db.example.com:5432/suite",
    "rate_limit_storage_uri": "rediss://:made-up@redis.example.com:6380/0",
    "circuit_breaker_cache_url": "rediss://:made-up@redis.example.com:6380/1",
}


def files_of(pod: Object, folder: Path) -> Path:
    """The Secrets' files, as the kubelet would lay them out."""
    folder.mkdir()
    (volume,) = (volume for volume in pod["spec"]["volumes"] if volume["name"] == "secrets")
    for source in volume["projected"]["sources"]:
        for item in source["secret"]["items"]:
            (folder / item["path"]).write_text(URLS.get(item["key"]) or secrets.token_urlsafe(48))
    return folder


def environment(container: Object, folder: Path, tls: Path) -> dict[str, str]:
    told = {}
    for entry in container["env"]:
        if "valueFrom" in entry:
            # The kubelet rounds the container's limit up.
            told[entry["name"]] = str(-(-float(container["resources"]["limits"]["cpu"]) // 1))[:-2]
        else:
            told[entry["name"]] = entry["value"].replace("/run/suite/tls", str(tls))
    return {**told, "SETTINGS_SECRETS_DIR": str(folder)}


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    made = Authority().issue(folder)
    for name, path in (("tls.crt", made.cert), ("tls.key", made.key), ("ca.crt", made.ca)):
        (folder / name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_each_service_would_start_in_production(
    ways: dict[str, Objects], way: str, tmp_path: Path, tls: Path
):
    judged = 0
    for item in of_kind(ways[way], "Deployment"):
        pod = item["spec"]["template"]
        service = component(pod)
        (container,) = (one for one in containers(pod) if one["name"] == service)
        folder = files_of(pod, tmp_path / service)

        given = environment(container, folder, tls)
        settings, faults = SERVICES[service].inspect(given)

        assert given["ENVIRONMENT"] == "production"
        assert faults == [], name_of(item)
        assert settings is not None
        unread = {name for name in given if name.lower() not in SERVICES[service].model_fields}
        assert unread == {"SETTINGS_SECRETS_DIR"}, name_of(item)
        judged += 1
    assert judged >= 2


def test_what_must_not_be_in_production_is_refused_by_the_services(render: Any, tmp_path: Path, tls: Path):
    """The test above would notice."""
    objects = render({"logLevel": "debug", "gateway": {"settings": {"CHAOS_ROUTES_ENABLED": True}}})
    (item,) = (
        one for one in of_kind(objects, "Deployment") if component(one["spec"]["template"]) == "gateway"
    )
    (container,) = item["spec"]["template"]["spec"]["containers"]
    given = environment(container, files_of(item["spec"]["template"], tmp_path / "gateway"), tls)
    _, faults = SERVICES["gateway"].inspect(given)
    assert [fault.split()[0] for fault in faults] == ["LOG_LEVEL", "CHAOS_ROUTES_ENABLED"]


def test_the_gateway_takes_the_routes_as_they_are_rendered(ways: dict[str, Objects]):
    (config,) = (
        item for item in of_kind(ways["routes"], "ConfigMap") if item["metadata"]["name"].endswith("-routes")
    )
    text = config["data"]["routes.yaml"]
    assert len(load(text.encode(), can_sign=False).routes) == len(yaml.safe_load(text)["routes"])


def test_the_gateway_calls_the_services_by_names_their_certificates_have(ways: dict[str, Objects]):

    objects = {name_of(item): item for item in ways["default"]}
    (container,) = objects["Deployment/suite-api-reliability-suite-gateway"]["spec"]["template"]["spec"][
        "containers"
    ]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    for callee in ("auth", "triage"):
        secret = objects[f"Secret/suite-api-reliability-suite-{callee}-tls"]
        certificate = x509.load_pem_x509_certificate(decoded(secret["data"]["tls.crt"]))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        host = env[f"{callee.upper()}_GRPC_TARGET"].removeprefix("dns:///").partition(":")[0]
        assert host in names.get_values_for_type(x509.DNSName)
        authority = x509.load_pem_x509_certificate(decoded(secret["data"]["ca.crt"]))
        certificate.verify_directly_issued_by(authority)


def decoded(text: str) -> bytes:

    return base64.b64decode(text)
