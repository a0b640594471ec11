"""What auth is told at its start, and what it refuses to start with."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, SecretStr
from sqlalchemy.engine import URL

from auth.domain.secret_keys import SecretKeys
from auth.processors import usable
from auth.storage.database import parse_url
from chassis.secret_key import accepted, weak
from chassis.settings import ServiceSettings
from chassis.settings_faults import memory_storage, weak_secret

_LOWEST_HARDENED_ROUNDS = 10


class DatabaseSettings(ServiceSettings):
    """What it takes to reach the database."""

    database_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL: postgresql://user:password@host:5432/name. Required."
    )
    migration_database_url: SecretStr | None = Field(
        None,
        description="The same database as the role that owns the tables, for migrations; "
        "the role of DATABASE_URL then needs no right to alter anything.",
    )

    @property
    def database(self) -> URL:
        return parse_url(self.database_url.get_secret_value())

    @property
    def migration_database(self) -> URL:
        return parse_url((self.migration_database_url or self.database_url).get_secret_value())

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        # Not by a validator: whoever mends this one wants to know all the others too.
        for name, given in self._addresses():
            try:
                parse_url(given.get_secret_value())
            except ValueError as wrong:
                yield f"{name} is wrong: {wrong}." if given.get_secret_value() else f"{name} is not set."

    def _addresses(self) -> Iterator[tuple[str, SecretStr]]:
        yield "DATABASE_URL", self.database_url
        if self.migration_database_url is not None:
            yield "MIGRATION_DATABASE_URL", self.migration_database_url


class MigrationSettings(DatabaseSettings):
    """What `python -m auth migrate` is told; it serves nobody and signs nothing."""

    def production_faults(self) -> Iterator[str]:
        yield from ()


class AuthSettings(DatabaseSettings):
    namespaces: ClassVar[tuple[str, ...]] = (
        *("ACCESS_TOKEN_", "BCRYPT_", "BOOTSTRAP_", "DATABASE_", "DEMO_", "HASHING_", "KEY_SET_"),
        *("METRICS_", "REFRESH_TOKEN_", "SESSION_", "SIGNING_KEY_", "TOKEN_"),
    )
    stand_ins: ClassVar[Mapping[str, str]] = {
        "database_url": "postgresql://stand-in/stand-in",
        "secret_key": "stand-in",
    }

    grpc_bind: str = Field("0.0.0.0:50051", description="Where gRPC is served, host:port.")
    metrics_bind: str | None = Field(
        None,
        pattern=r"^.+:\d{1,5}$",
        description="host:port for Prometheus to read metrics from; not served when unset.",
    )
    health_bind: str | None = Field(
        None,
        pattern=r"^.+:\d{1,5}$",
        description="host:port for gRPC health without TLS, for probes; not served when unset.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="What every key of auth is derived from; 32 random bytes or more. Required.",
    )
    secret_key_previous: SecretStr | None = Field(
        None,
        description="Other secrets still accepted, comma-separated: the old one while SECRET_KEY is changed.",
    )
    database_pool_size: int = Field(
        10,
        ge=2,
        le=200,
        description="Connections to the database at most, beside one that listens; half are for refreshes.",
    )
    database_timeout_seconds: float = Field(
        0.7, gt=0, le=30, description="What one request may wait for the database altogether."
    )

    access_token_expire_minutes: float = Field(15, gt=0, le=1440, description="Life of an access token.")
    refresh_token_expire_days: float = Field(7, gt=0, le=400, description="Life of a session left alone.")
    session_expire_days: float = Field(30, gt=0, le=400, description="Life of a session, refreshed or not.")
    session_limit: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Live sessions of one user at most; a sign-in past it ends the one used longest ago.",
    )
    refresh_token_grace_seconds: float = Field(
        10, ge=0, le=30, description="In which a refresh that is tried again gets the same answer."
    )
    token_algorithm: Literal["EdDSA", "ES256", "RS256", "HS256"] = Field(
        "EdDSA", description="How access tokens are signed; HS256 uses SECRET_KEY itself."
    )
    token_issuer: str = Field(
        "api-reliability-suite", min_length=1, description="`iss` of the access tokens."
    )
    token_audience: str = Field("api", min_length=1, description="`aud` of the access tokens.")
    token_client_id: str = Field(
        "gateway", min_length=1, description="`client_id` of access tokens from a sign-in at the gateway."
    )
    signing_key_lifetime_seconds: float = Field(
        30 * 86400, gt=0, description="How long a key signs before the next one does."
    )
    key_set_max_age_seconds: int = Field(
        300, ge=1, le=86400, description="How long verifiers may keep the public keys before asking again."
    )

    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a password hash, as a power of two.")
    hashing_threads: int = Field(
        default_factory=lambda: min(64, usable()), ge=1, le=64, description="Passwords hashed at once."
    )
    hashing_queue: int = Field(64, ge=0, le=10_000, description="Sign-ins that may wait for a thread.")

    rate_limit_enabled: bool = Field(
        default=True,
        description="Off switches the throttle of sign-ins off, for load tests; refused in production.",
    )
    rate_limit_storage_uri: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="Redis or Valkey that counts sign-in attempts.",
    )
    rate_limit_key_prefix: str = Field(
        "reliability", pattern=r"^[\w.:-]{0,64}$", description="Of keys in the store."
    )

    bootstrap_secret: SecretStr | None = Field(
        None, description="Makes the first admin, once; to be removed when that is done."
    )
    demo_username: str | None = Field(None, description="An admin made at start, for demonstrations only.")
    demo_password: SecretStr | None = Field(None, description="The password of that admin.")

    @property
    def secrets(self) -> SecretKeys:
        current, *previous = accepted(self.secret_key, self.secret_key_previous)
        return SecretKeys(current, previous)

    @property
    def access_token_lifetime(self) -> timedelta:
        return timedelta(minutes=self.access_token_expire_minutes)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if not self.secret_key.get_secret_value():
            yield "SECRET_KEY is not set; generate one with `openssl rand -base64 48`."
        if (self.demo_username is None) != (self.demo_password is None):
            yield "DEMO_USERNAME and DEMO_PASSWORD go together; set both or neither."
        if self.signing_key_lifetime_seconds <= self.key_set_max_age_seconds:
            yield (
                "SIGNING_KEY_LIFETIME_SECONDS must exceed KEY_SET_MAX_AGE_SECONDS: "
                "a key is published for that long before it signs."
            )

    def production_faults(self) -> Iterator[str]:
        yield from super().production_faults()
        yield from weak(self.secret_key, self.secret_key_previous)
        if self.bootstrap_secret is not None:
            weakness = weak_secret("BOOTSTRAP_SECRET", self.bootstrap_secret.get_secret_value())
            if weakness:
                yield weakness
        storage = memory_storage("RATE_LIMIT_STORAGE_URI", self.rate_limit_storage_uri.get_secret_value())
        if storage:
            yield storage
        if not self.rate_limit_enabled:
            yield "RATE_LIMIT_ENABLED is false, so passwords could be guessed without end; remove it."
        if self.demo_username is not None:
            yield "DEMO_USERNAME makes an admin everybody knows; remove it and DEMO_PASSWORD."
        if self.bcrypt_rounds < _LOWEST_HARDENED_ROUNDS:
            yield f"BCRYPT_ROUNDS is below {_LOWEST_HARDENED_ROUNDS}; remove it to use 12."
