"""SECRET_KEY is changed where it signs the access tokens themselves: nobody is signed out on the way."""

from typing import Any

import pytest

from chassis.errors import Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb

NEW = "p7Wc2NnR8xV4tJ6zQ1mL9kB3hD5gF0sYp7Wc2NnR8xV4tJ6z"
HS256 = {"TOKEN_ALGORITHM": "HS256"}


async def test_replicas_before_and_after_the_change_accept_each_others_tokens(
    replicas: Any, database: str, environ: dict[str, str]
):
    old = environ["SECRET_KEY"]
    async with (
        replicas(database, **HS256, SECRET_KEY_PREVIOUS=NEW) as before,
        replicas(database, **HS256, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=old) as after,
        replicas(database, **HS256, SECRET_KEY=NEW) as over,
    ):
        for one, other in ((before, after), (after, before), (after, over)):
            tokens = await one.login()
            assert await other.call(other.auth.ListSessions, pb.ListSessionsRequest(), tokens)
        with pytest.raises(Unauthenticated):
            await over.call(over.auth.ListSessions, pb.ListSessionsRequest(), await before.login())


@pytest.mark.slow
@pytest.mark.alone
async def test_a_gateway_with_the_new_one_accepts_tokens_of_the_old_one(
    front: Any, database: str, password: str, environ: dict[str, str]
):
    changed = {**HS256, "SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": environ["SECRET_KEY"]}
    async with front(database, gateway=changed, **HS256) as suite:
        pair = await suite.login("ada", password)
        assert await suite.let_in(pair["access_token"])
