"""No password and no token of anybody is in any line that any process wrote."""

import pytest

from suite.api import Api, Pair
from suite.plan import Account
from suite.run import Suite

pytestmark = pytest.mark.local


async def test_a_whole_life_of_a_session_leaves_no_secret(api: Api, suite: Suite, admin: Account) -> None:
    wrong = "a wrong password that nobody should ever read"
    assert (await api.login(admin.username, wrong)).status == 401
    # People do type their password into the field of the name.
    assert (await api.login(wrong, wrong)).status == 401
    first = await api.sign_in(admin)
    second = Pair.of(await api.refresh(first.refresh))
    await api.refresh(second.refresh)
    assert (await api.refresh(first.refresh)).status == 401
    pair = await api.sign_in(admin)
    await api.get("/debug/summarize-errors", pair.access)
    await api.get(f"/protected?access_token={pair.access}", pair.access)
    await api.protected(pair.access + "x")
    await api.logout(pair.access)
    await api.protected(pair.access)

    written = {
        log.name: log.read_text(encoding="utf-8")
        for log in suite.folder.rglob("*.log")
        if log.name != "shop.log"
    }
    assert {"auth.log", "gateway.log", "triage.log", "postgres.log"} <= written.keys()
    assert all(written[f"{service}.log"] for service in ("auth", "gateway", "triage"))
    kept = {
        file.read_text(encoding="utf-8") for file in (suite.folder / "secrets").iterdir() if file.is_file()
    }
    assert len(api.secrets) >= 6
    for secret in api.secrets | kept:
        assert [name for name, text in written.items() if secret in text] == []
