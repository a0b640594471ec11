"""What operators change, sessions survive: upgrades, rollbacks, another SECRET_KEY."""

import json
import secrets
from pathlib import Path

import pytest

from charting.cluster import PREFIX, RELEASE, Cluster
from suite.api import Api, Pair
from suite.plan import Account

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

GENERATED = ("keys", "postgres", "redis", "ca", "gateway-tls", "auth-tls", "triage-tls")


async def test_an_upgrade_and_its_rollback_keep_secrets_and_sessions(
    cluster: Cluster, values_file: Path, api: Api, account: Account
):
    before = {name: cluster.secret(f"{PREFIX}-{name}") for name in GENERATED}
    pair = await api.sign_in(account)

    cluster.install(values_file, "--set", "tokens.accessMinutes=5,commonLabels.turn=second")
    upgraded = Pair.of(await again(cluster, api, pair.refresh))
    cluster.helm("rollback", RELEASE, "--wait", "--timeout", "10m")
    Pair.of(await again(cluster, api, upgraded.refresh))

    assert {name: cluster.secret(f"{PREFIX}-{name}") for name in GENERATED} == before


async def test_sessions_survive_another_secret_key(cluster: Cluster, api: Api, account: Account):
    pair = await api.sign_in(account)
    old = cluster.secret(f"{PREFIX}-keys")["secret_key"]
    patch = {"stringData": {"secret_key": secrets.token_urlsafe(48), "secret_key_previous": old}}
    cluster.kubectl("patch", "secret", f"{PREFIX}-keys", "--patch", json.dumps(patch))

    cluster.restart("auth")

    renewed = Pair.of(await again(cluster, api, pair.refresh))
    with cluster.forward(f"service/{PREFIX}-gateway", 80) as address:
        api.base_url = f"http://{address}"
        assert (await api.protected(renewed.access)).status == 200
        await api.sign_in(account)


async def again(cluster: Cluster, api: Api, refresh: str):
    """A refresh on a new way in: the old one led to a pod that may be gone."""
    with cluster.forward(f"service/{PREFIX}-gateway", 80) as address:
        api.base_url = f"http://{address}"
        return await api.refresh(refresh)
