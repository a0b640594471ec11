"""Sessions behave as a model of a few lines says, whatever is done to them in whatever order."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from auth.domain.access_tokens import TokenPair
from auth.domain.accounts import Client
from auth.domain.passwords.pool import HashingPool
from auth.domain.sessions import Caller
from auth.domain.throttle.devices import DeviceTokens
from auth.domain.throttle.ledger import NoLedger
from auth.domain.throttle.sign_in import SignInThrottle
from auth.parts import Parts
from auth.storage.database import Database
from auth.storage.revocations import Revocations
from chassis.errors import NotFound, Unauthenticated
from chassis.security.tokens import Principal

GRACE = timedelta(seconds=10)
IDLE = timedelta(hours=1)
ABSOLUTE = timedelta(hours=4)
LIFETIME = timedelta(minutes=15)
_SESSIONS = 8
OTHER_SECRET = "uW4sY7eR0qT3iO6pA9dF2gH5jK8lZ1xC" * 2
CLIENT = Client(address="192.0.2.7", user_agent="a browser")


class SkippingClock:
    """Goes where it is sent, a little back too: machines do."""

    def __init__(self) -> None:
        self.at = self.latest = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def skip(self, seconds: float) -> None:
        self.at = max(self.at + timedelta(seconds=seconds), self.latest - timedelta(seconds=3))
        self.latest = max(self.at, self.latest)


@dataclass(eq=False)
class Session:
    """What the model knows of one."""

    user: int
    id: str
    tokens: list[str]
    began: datetime
    idle_end: datetime
    rotated: datetime
    ended: bool = False
    access: list[Principal] = field(default_factory=list)

    def live(self, now: datetime) -> bool:
        return not self.ended and not self.expired(now)

    def expired(self, now: datetime) -> bool:
        return now >= min(self.idle_end, self.began + ABSOLUTE)


class World:
    """Two replicas on one database, each of which calls the other's secret its previous one."""

    def __init__(self, url: str, settings_for: Callable[..., Any], add_user: Callable[..., Any]) -> None:
        self.clock = SkippingClock()
        self.connection = psycopg.connect(url, autocommit=True)
        self.url = url
        self.add_user = add_user
        self._loop = asyncio.Runner()
        given = {
            "ACCESS_TOKEN_EXPIRE_MINUTES": str(LIFETIME / timedelta(minutes=1)),
            "REFRESH_TOKEN_EXPIRE_DAYS": str(IDLE / timedelta(days=1)),
            "SESSION_EXPIRE_DAYS": str(ABSOLUTE / timedelta(days=1)),
            "REFRESH_TOKEN_GRACE_SECONDS": str(GRACE.total_seconds()),
        }
        one = settings_for(url, SECRET_KEY_PREVIOUS=OTHER_SECRET, **given)
        secret = one.secret_key.get_secret_value()
        other = settings_for(url, SECRET_KEY=OTHER_SECRET, SECRET_KEY_PREVIOUS=secret, **given)
        self.database = Database(one.database, pool_size=3, seconds=5)
        self._pool = self.run(self._make_pool())
        self.replicas = [self._parts(one), self._parts(other)]
        for each in self.replicas:
            self.run(each.rotation.tick())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run(work)

    async def refresh_feeds(self) -> None:
        for each in self.replicas:
            fresh = await Revocations(self.database).since(each.feed.version)
            each.feed.add(fresh, as_of=self.clock.now().timestamp())

    def close(self) -> None:
        self.connection.close()
        self.run(self.database.close())
        self.run(self._pool.close())
        self._loop.close()

    async def _make_pool(self) -> HashingPool:
        return HashingPool(threads=1, queue=1)

    def _parts(self, given: Any) -> Parts:
        throttle = SignInThrottle(
            ledger=NoLedger(), key=bytes(32), devices=DeviceTokens(keys=[bytes(32)]), clock=self.clock
        )
        return Parts.of(given, database=self.database, pool=self._pool, throttle=throttle, clock=self.clock)


async def refused(work: Awaitable[Any]) -> str:
    with pytest.raises(Unauthenticated) as error:
        await work
    return error.value.reason


class Sessions(RuleBasedStateMachine):
    world: ClassVar[World]
    password: ClassVar[str]

    replica = st.integers(0, 1)
    # Of the sessions there are; live ones twice as often, since most rules need one.
    which = st.integers(0, 1000)

    @initialize()
    def people(self) -> None:
        self.names = [uuid.uuid4().hex for _ in range(2)]
        self.users = [self.world.add_user(self.world.url, name) for name in self.names]
        self.known: list[Session] = []

    def session(self, which: int) -> Session:
        live = [each for each in self.known if each.live(self.now)]
        return (self.known + live + live)[which % (len(self.known) + 2 * len(live))]

    @property
    def now(self) -> datetime:
        return self.world.clock.at

    def parts(self, replica: int) -> Parts:
        return self.world.replicas[replica]

    def principal(self, pair: TokenPair) -> Principal:
        return self.parts(0).verifier.genuine(pair.access_token)

    @precondition(lambda self: len(self.known) < _SESSIONS)
    @rule(user=st.integers(0, 1), replica=replica)
    def login(self, user: int, replica: int) -> None:
        signed_in = self.world.run(
            self.parts(replica).sign_in.with_password(self.names[user], self.password, CLIENT)
        )
        pair = signed_in.tokens
        session = Session(user, pair.session, [pair.refresh_token], self.now, self.now + IDLE, self.now)
        session.access.append(self.principal(pair))
        self.known.append(session)

    @precondition(lambda self: self.known)
    @rule(which=which, replica=replica)
    def refresh(self, which: int, replica: int) -> None:
        session = self.session(which)
        work = self.parts(replica).sessions.refresh(session.tokens[-1])
        if session.live(self.now):
            self._rotated(session, self.world.run(work))
        else:
            reason = "SESSION_ENDED" if session.ended else "INVALID_REFRESH_TOKEN"
            assert self.world.run(refused(work)) == reason

    @precondition(lambda self: self.known)
    @rule(which=which)
    def refresh_at_both_at_once(self, which: int) -> None:
        session = self.session(which)

        async def both() -> list[TokenPair]:
            token = session.tokens[-1]
            return await asyncio.gather(*(self.parts(each).sessions.refresh(token) for each in (0, 1)))

        if session.live(self.now):
            one, other = self.world.run(both())
            # One secret each calls its current one, so their tags differ; what they wrap does not.
            assert one.access_token != other.access_token
            self._rotated(session, one)
            session.access.append(self.principal(other))

    @precondition(lambda self: self.known)
    @rule(which=which, replica=replica, back=st.integers(1, 3))
    def present_a_spent_token(self, which: int, replica: int, back: int) -> None:
        session = self.session(which)
        back = min(back, len(session.tokens) - 1)
        if back:
            self._present_spent(session, replica, back)

    def _present_spent(self, session: Session, replica: int, back: int) -> None:
        work = self.parts(replica).sessions.refresh(session.tokens[-1 - back])
        if not session.live(self.now):
            reason = "SESSION_ENDED" if session.ended else "INVALID_REFRESH_TOKEN"
            assert self.world.run(refused(work)) == reason
        elif back == 1 and self.now < session.rotated + GRACE:
            pair = self.world.run(work)
            assert pair.session == session.id
            # The successor it was given the first time, or that one under the other secret's tag.
            assert pair.refresh_token[:50] == session.tokens[-1][:50]
            session.access.append(self.principal(pair))
        else:
            assert self.world.run(refused(work)) == "SESSION_REPLAYED"
            session.ended = True

    @precondition(lambda self: self.known)
    @rule(which=which, replica=replica, seconds=st.sampled_from([0, 9.9, 10, 11]))
    def refresh_and_try_again_later(self, which: int, replica: int, seconds: float) -> None:
        if self.session(which).live(self.now):
            session = self.session(which)
            self._rotated(session, self.world.run(self.parts(replica).sessions.refresh(session.tokens[-1])))
            self.world.clock.skip(seconds)
            self._present_spent(session, 1 - replica, 1)

    @precondition(lambda self: self.known)
    @rule(which=which, at=st.integers(7, 97), replica=replica)
    def forge(self, which: int, at: int, replica: int) -> None:
        session = self.session(which)
        token = session.tokens[-1]
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        reason = self.world.run(refused(self.parts(replica).sessions.refresh(forged)))
        assert reason == "INVALID_REFRESH_TOKEN"

    @precondition(lambda self: self.known)
    @rule(which=which, another=which, replica=replica)
    def logout(self, which: int, another: int, replica: int) -> None:
        session = self.session(which)
        other = self.session(another)
        who = session.access[-1]
        caller = Caller(uuid.UUID(who.sub), who.sid, who.jti)
        self.world.run(self.parts(replica).sessions.logout(caller, other.tokens[-1]))
        session.ended = True
        if other.user == session.user:
            other.ended = True

    @precondition(lambda self: self.known)
    @rule(which=which, user=st.integers(0, 1), replica=replica)
    def end_one(self, which: int, user: int, replica: int) -> None:
        session = self.session(which)
        work = self.parts(replica).sessions.end(self.users[user], session.id)
        if user == session.user:
            self.world.run(work)
            session.ended = True
        else:
            with pytest.raises(NotFound):
                self.world.run(work)

    @rule(user=st.integers(0, 1), replica=replica)
    def end_all(self, user: int, replica: int) -> None:
        ended = self.world.run(self.parts(replica).sessions.end_all(self.users[user]))
        mine = [each for each in self.known if each.user == user and not each.ended]
        assert ended == len(mine)
        for each in mine:
            each.ended = True

    @rule(seconds=st.sampled_from([-3, -0.5, 0.2, 1, 4, 9, 11, 30, 600, 3599, 3601]))
    def time_goes_on(self, seconds: float) -> None:
        self.world.clock.skip(seconds)

    @rule(user=st.integers(0, 1), replica=replica)
    def list_live(self, user: int, replica: int) -> None:
        live = self.world.run(self.parts(replica).sessions.live(self.users[user]))
        expected = {each.id for each in self.known if each.user == user and each.live(self.now)}
        assert {str(each.session) for each in live} == expected

    @invariant()
    def every_access_token_is_refused_exactly_when_its_session_has_ended(self) -> None:
        self.world.run(self.world.refresh_feeds())
        for each in getattr(self, "known", ()):
            for who in each.access:
                if who.expires_at > self.now.timestamp():
                    for parts in self.world.replicas:
                        assert parts.feed.is_revoked(who) == each.ended

    @invariant()
    def the_database_holds_what_the_model_does(self) -> None:
        known = {each.id: (len(each.tokens) - 1, each.ended) for each in getattr(self, "known", ())}
        if not known:
            return
        rows = self.world.connection.execute(
            "SELECT id, generation, ended_at IS NOT NULL FROM sessions WHERE id = ANY (%s)",
            ([uuid.UUID(each) for each in known],),
        )
        assert {str(row[0]): (row[1], row[2]) for row in rows} == known

    def _rotated(self, session: Session, pair: TokenPair) -> None:
        assert pair.session == session.id
        session.tokens.append(pair.refresh_token)
        session.rotated = self.now
        session.idle_end = self.now + IDLE
        session.access.append(self.principal(pair))


@pytest.mark.slow
def test_sessions_do_what_the_model_says(
    postgres_url: str, settings_for: Callable[..., Any], add_user: Callable[..., Any], password: str
):
    world = World(postgres_url, settings_for, add_user)
    machine = type("Sessions", (Sessions,), {"world": world, "password": password})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=60,
                stateful_step_count=30,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        world.close()
