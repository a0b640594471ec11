"""What was generated once is there after an upgrade: another key would end every session, or worse."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from charting.kept import cluster_with
from charting.rendering import Objects, of_kind

Render = Callable[..., Objects]
ALL = {"postgres": {"tls": {"enabled": True}}, "redis": {"tls": {"enabled": True}}}


def secrets(objects: Objects) -> dict[str, dict[str, str]]:
    return {item["metadata"]["name"]: item["data"] for item in of_kind(objects, "Secret")}


def upgraded(render: Render, before: Objects, values: object, folder: Path) -> Objects:
    with cluster_with(before, folder) as kubeconfig:
        # It is a server that knows Secrets, not one that validates.
        asking = ("--dry-run=server", "--disable-openapi-validation", "--kubeconfig", str(kubeconfig))
        return render(values, *asking)


def test_an_upgrade_changes_no_secret_and_no_certificate(render: Render, tmp_path: Path):
    before = render(ALL)
    after = upgraded(render, before, {**ALL, "gateway": {"replicas": 5}}, tmp_path)
    assert secrets(after) == secrets(before)
    assert len(secrets(before)) == 9


def test_without_a_cluster_to_ask_everything_is_generated_anew(render: Render):
    """Which is why `secrets.generate=false` is for whoever renders so."""
    one, other = secrets(render(ALL)), secrets(render(ALL))
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


@pytest.mark.parametrize("component", ["auth", "redis"])
def test_a_certificate_that_is_missing_is_signed_by_the_ca_that_is_kept(
    render: Render, tmp_path: Path, component: str
):
    before = render(ALL)
    name = f"suite-api-reliability-suite-{component}-tls"
    left = [item for item in before if item["metadata"]["name"] != name]
    after = secrets(upgraded(render, left, ALL, tmp_path))
    was = secrets(before)

    assert after[name]["tls.crt"] != was[name]["tls.crt"]
    assert {key: after[key] for key in after if key != name} == {key: was[key] for key in was if key != name}
    issued = x509.load_pem_x509_certificate(base64.b64decode(after[name]["tls.crt"]))
    issued.verify_directly_issued_by(x509.load_pem_x509_certificate(base64.b64decode(after[name]["ca.crt"])))


def test_without_its_ca_every_certificate_is_made_anew(render: Render, tmp_path: Path):
    before = render({})
    left = [item for item in before if not item["metadata"]["name"].endswith("-ca")]
    after, was = secrets(upgraded(render, left, {}, tmp_path)), secrets(before)
    for name in was:
        assert (after[name] == was[name]) == (not name.endswith(("-ca", "-tls"))), name


def test_a_secret_key_being_changed_is_kept_with_its_predecessor(render: Render, tmp_path: Path):
    before = render({})
    (keys,) = (item for item in of_kind(before, "Secret") if item["metadata"]["name"].endswith("-keys"))
    keys["data"]["secret_key_previous"] = base64.b64encode(b"the one before").decode()
    assert secrets(upgraded(render, before, {}, tmp_path)) == secrets(before)
