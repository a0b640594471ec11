"""Two replicas as processes, one of them killed again and again while tokens are spent at both."""

import asyncio
import random
from typing import Any

import psycopg
import pytest

from chassis.errors import ServiceError, Unavailable

pytestmark = pytest.mark.alone

ROUNDS = 200
AT_ONCE = 16
KILL_EVERY = 10


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_kill_breaks_a_session(processes: Any, database: str, add_user: Any):
    add_user(database, "grace")
    made = [processes(database), processes(database)]
    replicas = list(await asyncio.gather(*(each.start() for each in made)))
    chains = {name: await replicas[number].login(name) for number, name in enumerate(("ada", "grace"))}
    starting: asyncio.Task[Any] | None = None

    for number in range(ROUNDS):
        victim = number // KILL_EVERY % 2
        if number % KILL_EVERY == 0 and starting is not None:
            replicas[1 - victim] = await starting
        attempts = {
            name: [
                asyncio.ensure_future(spend(replicas, each % 2, pair.refresh_token))
                for each in range(AT_ONCE // 2)
            ]
            for name, pair in chains.items()
        }
        if number % KILL_EVERY == KILL_EVERY - 1:
            await asyncio.sleep(random.uniform(0, 0.02))
            await made[victim].kill()
            starting = asyncio.ensure_future(made[victim].start())
        for name, under_way in attempts.items():
            pairs = await asyncio.gather(*under_way)
            assert {pair.session_id for pair in pairs} == {chains[name].session_id}
            assert len({pair.refresh_token for pair in pairs}) == 1
            chains[name] = pairs[0]
    if starting is not None:
        await starting

    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT generation, ended_at FROM sessions").fetchall()
    assert rows == [(ROUNDS, None)] * 2


async def spend(replicas: list[Any], first: int, token: str) -> Any:
    """As a client does: at one replica, and at the other one if that one is gone."""
    async with asyncio.timeout(8):
        for attempt in range(1000):
            try:
                return await replicas[(first + attempt) % 2].refresh(token)
            except Unavailable:
                await asyncio.sleep(0.01)
    raise ServiceError


@pytest.mark.slow
async def test_a_replay_ends_the_session_at_every_replica_though_its_witness_is_killed(
    processes: Any, database: str
):
    made = [processes(database, REFRESH_TOKEN_GRACE_SECONDS="0") for _ in range(2)]
    one, other = await asyncio.gather(*(each.start() for each in made))
    first = await one.login()
    second = await one.refresh(first.refresh_token)
    with pytest.raises(ServiceError) as replayed:
        await one.refresh(first.refresh_token)
    await made[0].kill()

    assert replayed.value.reason == "SESSION_REPLAYED"
    with pytest.raises(ServiceError) as ended:
        await other.refresh(second.refresh_token)
    assert ended.value.reason == "SESSION_ENDED"
