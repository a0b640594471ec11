"""The parts of auth, each given what it needs; nothing here opens or starts anything."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from auth.callers import Verifier
from auth.domain.access_tokens import AccessTokens, Profile
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.refresh_tokens import RefreshTokens
from auth.domain.revocations import MARGIN
from auth.domain.sessions import Lifetimes, Sessions
from auth.domain.sign_in import SignIn
from auth.domain.signing_keys import RotationPolicy
from auth.domain.throttle.sign_in import SignInThrottle
from auth.feed import RevocationFeed
from auth.settings import AuthSettings
from auth.signing.keyring import Keyring
from auth.signing.rotation import Rotation
from auth.signing.sealing import Seal
from auth.storage.database import Database
from auth.storage.rotations import Rotations
from auth.storage.users import Users
from chassis.clock import Clock

_SYMMETRIC: Final = "HS256"


@dataclass(frozen=True, slots=True)
class Parts:
    database: Database
    keyring: Keyring
    rotation: Rotation
    feed: RevocationFeed
    verifier: Verifier
    passwords: PasswordHasher
    throttle: SignInThrottle
    refresh_tokens: RefreshTokens
    access_tokens: AccessTokens
    sessions: Sessions
    sign_in: SignIn

    @classmethod
    def of(
        cls,
        settings: AuthSettings,
        *,
        database: Database,
        pool: HashingPool,
        throttle: SignInThrottle,
        clock: Clock,
    ) -> Self:
        keyring, rotation = signing(settings, database, clock)
        feed = RevocationFeed(clock)
        access_tokens = AccessTokens(_profile(settings), keyring, uuid.uuid4)
        refresh_tokens = RefreshTokens(settings.secrets, secrets.token_bytes)
        lifetimes = Lifetimes(
            idle=timedelta(days=settings.refresh_token_expire_days),
            absolute=timedelta(days=settings.session_expire_days),
            grace=timedelta(seconds=settings.refresh_token_grace_seconds),
        )
        passwords = PasswordHasher(
            peppers=Peppers.derive(settings.secrets), rounds=settings.bcrypt_rounds, pool=pool
        )
        sessions = Sessions(
            begin=database.begin,
            rotations=Rotations(database),
            refresh_tokens=refresh_tokens,
            access_tokens=access_tokens,
            lifetimes=lifetimes,
            clock=clock,
        )
        sign_in = SignIn(
            begin=database.begin,
            candidates=Users(database),
            passwords=passwords,
            throttle=throttle,
            refresh_tokens=refresh_tokens,
            access_tokens=access_tokens,
            lifetimes=lifetimes,
            most_sessions=settings.session_limit,
            clock=clock,
            new_id=uuid.uuid4,
        )
        verifier = Verifier(
            keyring=keyring,
            feed=feed,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            clock=clock,
        )
        return cls(
            database=database,
            keyring=keyring,
            rotation=rotation,
            feed=feed,
            verifier=verifier,
            passwords=passwords,
            throttle=throttle,
            refresh_tokens=refresh_tokens,
            access_tokens=access_tokens,
            sessions=sessions,
            sign_in=sign_in,
        )


def _profile(settings: AuthSettings) -> Profile:
    return Profile(
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        client_id=settings.token_client_id,
        lifetime=settings.access_token_lifetime,
    )


def signing(settings: AuthSettings, database: Database, clock: Clock) -> tuple[Keyring, Rotation]:
    seal = Seal(settings.secrets)
    algorithm = None if settings.token_algorithm == _SYMMETRIC else settings.token_algorithm
    keyring = Keyring(seal, hs256_secrets=settings.secrets.all if algorithm is None else ())
    policy = RotationPolicy(
        algorithm=settings.token_algorithm,
        lifetime=timedelta(seconds=settings.signing_key_lifetime_seconds),
        publish_ahead=timedelta(seconds=settings.key_set_max_age_seconds),
        # A replica that has not heard of a rotation yet goes on signing for a moment.
        keep=settings.access_token_lifetime + MARGIN + MARGIN,
    )
    rotation = Rotation(
        begin=database.begin,
        keyring=keyring,
        seal=seal,
        policy=policy,
        algorithm=algorithm,
        clock=clock,
    )
    return keyring, rotation
