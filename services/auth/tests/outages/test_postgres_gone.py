"""PostgreSQL hung, killed, restarted: told within a second, over by itself, nothing issued is lost."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from auth.migrate import migrate
from auth.storage.database import parse_url
from chassis.errors import ServiceError, Unavailable
from reliability.auth.v1 import auth_pb2 as pb

pytestmark = pytest.mark.alone

LONGEST = 1.0
_TICK = 0.01
AS_SHIPPED = {"DATABASE_TIMEOUT_SECONDS": "0.7"}


@pytest.fixture
def own_url(own_postgres: Any, add_user: Callable[..., Any]) -> str:
    url: str = own_postgres.url()
    migrate(parse_url(url))
    add_user(url, "ada")
    return url


async def told_in_time(work: Any) -> ServiceError:
    """A refusal that took less than a second, not counting what a busy machine took from this loop."""
    stolen = 0.0

    async def watch() -> None:
        nonlocal stolen
        while True:
            slept = time.monotonic()
            await asyncio.sleep(_TICK)
            stolen += max(0.0, time.monotonic() - slept - _TICK)

    watching = asyncio.ensure_future(watch())
    began = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await work
    took = time.monotonic() - began
    watching.cancel()
    assert took - stolen < LONGEST
    return refused.value


async def answers(work: Callable[[], Any]) -> Any:
    """What it answers once it does again."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await work()
            except Unavailable:
                await asyncio.sleep(0.02)


async def test_a_hung_database_is_told_within_a_second_and_its_return_is_noticed(
    replicas: Any, own_postgres: Any, own_url: str
):
    async with replicas(own_url, **AS_SHIPPED) as auth:
        tokens = await auth.login()
        own_postgres.pause()
        try:
            for _ in range(3):
                refusals = await asyncio.gather(
                    *(told_in_time(auth.refresh(tokens.refresh_token)) for _ in range(15)),
                    told_in_time(auth.login()),
                    told_in_time(auth.logout(tokens)),
                )
                assert {each.retry_after for each in refusals} == {1.0}
            keys = await auth.call(auth.keys.GetKeySet, pb.GetKeySetRequest())
            assert keys.jwks_json
        finally:
            own_postgres.resume()

        again = await answers(lambda: auth.refresh(tokens.refresh_token))
        assert again.session_id == tokens.session_id


async def test_a_dead_database_is_told_within_a_second_and_what_was_issued_survives_it(
    replicas: Any, own_postgres: Any, own_url: str
):
    async with replicas(own_url, **AS_SHIPPED) as auth:
        tokens = await auth.login()
        latest = await auth.refresh(tokens.refresh_token)
        own_postgres.kill()

        for _ in range(3):
            await told_in_time(auth.refresh(latest.refresh_token))
            await told_in_time(auth.login())

        own_postgres.start()
        again = await answers(lambda: auth.refresh(latest.refresh_token))
        assert again.session_id == tokens.session_id


async def test_a_restart_between_two_requests_costs_nobody_an_answer(
    replicas: Any, own_postgres: Any, own_url: str
):
    async with replicas(own_url, **AS_SHIPPED) as auth:
        tokens = await auth.login()
        own_postgres.restart()

        assert (await auth.refresh(tokens.refresh_token)).session_id == tokens.session_id
        assert (await auth.login()).session_id


async def test_revocations_go_on_after_the_connection_that_hears_them_was_cut(
    replicas: Any, own_postgres: Any, own_url: str
):
    async with replicas(own_url, **AS_SHIPPED) as auth, asyncio.timeout(10):
        tokens = await auth.login()
        stream = auth.revocations.WatchRevocations(pb.WatchRevocationsRequest())
        messages = aiter(stream)
        assert (await anext(messages)).snapshot_complete
        own_postgres.restart()

        await answers(lambda: auth.logout(tokens))

        async for message in messages:
            if any(each.subject == tokens.session_id for each in message.revocations):
                break


async def test_what_is_revoked_after_the_database_went_back_in_time_reaches_everybody(
    replicas: Any, database: str
):
    """Restored from a backup, or a standby promoted that had not heard all: numbers are given again."""

    async def until_told(messages: Any, session: str) -> pb.WatchRevocationsResponse:
        async for message in messages:
            if any(each.subject == session for each in message.revocations):
                return message
        raise AssertionError("the stream ended")

    async with replicas(database) as auth, asyncio.timeout(10):
        lost, later = await auth.login(), await auth.login()
        listening = aiter(auth.revocations.WatchRevocations(pb.WatchRevocationsRequest()))
        await auth.logout(lost)
        message = await until_told(listening, lost.session_id)
        followed = message.revocations[-1]
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM revocations WHERE version = %s", (followed.version,))
            connection.execute("SELECT setval('revocations_version', %s, false)", (followed.version,))

        await auth.logout(later)

        assert (await until_told(listening, later.session_id)).version == followed.version
        returning = pb.WatchRevocationsRequest(
            after_version=followed.version, after_made_at=followed.created_at.ToMicroseconds()
        )
        await until_told(aiter(auth.revocations.WatchRevocations(returning)), later.session_id)


async def test_the_heartbeat_goes_on_and_tells_how_old_it_is(replicas: Any, own_postgres: Any, own_url: str):
    async with replicas(own_url, **AS_SHIPPED) as auth, asyncio.timeout(10):
        messages = aiter(auth.revocations.WatchRevocations(pb.WatchRevocationsRequest()))
        await anext(messages)
        own_postgres.kill()
        ages = []
        last = time.monotonic()
        while not ages or ages[-1] < 2:
            message = await anext(messages)
            assert time.monotonic() - last < 1.5
            last = time.monotonic()
            ages.append(time.time() - message.as_of.ToNanoseconds() / 1e9)


async def test_a_storm_of_callers_who_leave_costs_no_connection(replicas: Any, database: str):
    async with replicas(database, DATABASE_POOL_SIZE="4", **AS_SHIPPED) as auth:
        tokens = await auth.login()
        for round_number in range(20):
            storm = [asyncio.ensure_future(auth.refresh(tokens.refresh_token)) for _ in range(50)]
            await asyncio.sleep(0.001 * (round_number % 10))
            for each in storm:
                each.cancel()
            await asyncio.gather(*storm, return_exceptions=True)

        assert (await answers(lambda: auth.refresh(tokens.refresh_token))).session_id

        with psycopg.connect(database) as connection:
            held = connection.execute(
                "SELECT state, count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'auth' GROUP BY state"
            ).fetchall()
    assert dict(held).keys() == {"idle"}
    assert dict(held)["idle"] <= 4


async def test_a_primary_that_became_a_standby_is_left_for_one_that_can_write(
    replicas: Any, own_postgres: Any, own_url: str
):
    def only_reads(*, yes: bool) -> None:
        with psycopg.connect(own_url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {yes}")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'auth'"
            )

    async with replicas(own_url, **AS_SHIPPED) as auth:
        tokens = await auth.login()
        only_reads(yes=True)
        await told_in_time(auth.refresh(tokens.refresh_token))
        await told_in_time(auth.login())

        only_reads(yes=False)
        again = await answers(lambda: auth.refresh(tokens.refresh_token))
        assert again.session_id == tokens.session_id


async def test_a_replica_that_starts_before_the_database_waits_for_it_and_for_its_tables(
    replicas: Any, own_postgres: Any, add_user: Callable[..., Any], caplog: pytest.LogCaptureFixture
):
    async def told(reason: str) -> None:
        async with asyncio.timeout(5):
            while reason not in {getattr(record, "reason", None) for record in caplog.records}:
                await asyncio.sleep(0.01)

    own_postgres.kill()
    url = own_postgres.url()
    entering = replicas(url, **AS_SHIPPED)
    starting = asyncio.ensure_future(entering.__aenter__())
    await told("DATABASE_UNAVAILABLE")
    own_postgres.start()
    await told("DATABASE_NOT_MIGRATED")
    assert not starting.done()

    migrate(parse_url(url))
    add_user(url, "ada")
    auth = await starting
    assert (await auth.login()).session_id
    await entering.__aexit__(None, None, None)
