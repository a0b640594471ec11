"""The tables as they are after the latest migration; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def _id() -> Column[object]:
    return Column("id", Uuid, primary_key=True)


def _moment(name: str, *, optional: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=optional)


def _user() -> Column[object]:
    return Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


users = Table(
    "users",
    metadata,
    _id(),
    Column("username", Text, nullable=False),
    # What two spellings of one name have in common.
    Column("username_key", Text, nullable=False, unique=True),
    # Tagged by scheme; NULL where nobody can sign in with one.
    Column("password", Text),
    _moment("password_changed_at", optional=True),
    Column("role", Text, CheckConstraint("role IN ('user', 'admin')", name="role"), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("service_account", Boolean, nullable=False, server_default=text("false")),
    # Access tokens issued before it are void.
    _moment("not_before", optional=True),
    _moment("created_at"),
    _moment("last_sign_in_at", optional=True),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _user(),
    # How often its refresh token was spent; a token carries the number it was made for.
    Column("generation", Integer, nullable=False, server_default=text("0")),
    # Keyed hashes of the token that may be spent and of the one that was spent for it.
    Column("token_hash", LargeBinary, nullable=False),
    Column("parent_hash", LargeBinary),
    _moment("rotated_at", optional=True),
    _moment("created_at"),
    # When its latest access token was issued.
    _moment("issued_at"),
    _moment("idle_expires_at"),
    _moment("expires_at"),
    _moment("ended_at", optional=True),
    Column("end_reason", Text),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("user_agent", Text, nullable=False, server_default=text("''")),
    Index("sessions_user_id_live_idx", "user_id", postgresql_where=text("ended_at IS NULL")),
    Index("sessions_user_id_idx", "user_id"),
    Index("sessions_expires_at_idx", "expires_at"),
    postgresql_with={"fillfactor": "80"},
)

revocations = Table(
    "revocations",
    metadata,
    # Drawn from revocations_version under a lock, so that it ascends in commit order.
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "kind",
        Text,
        CheckConstraint("kind IN ('token', 'session', 'user_not_before')", name="kind"),
        nullable=False,
    ),
    Column("subject", Text, nullable=False),
    _moment("not_before", optional=True),
    _moment("expires_at"),
    # When the transaction began that revoked.
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("revocations_expires_at_idx", "expires_at"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column(
        "state", Text, CheckConstraint("state IN ('next', 'active', 'retired')", name="state"), nullable=False
    ),
    Column("public_jwk", JSONB, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    _moment("created_at"),
    _moment("activated_at", optional=True),
    _moment("retired_at", optional=True),
    _moment("expires_at", optional=True),
    # At most one of each at any time, whatever goes wrong.
    Index(
        "signing_keys_state_idx",
        "state",
        unique=True,
        postgresql_where=text("state IN ('next', 'active')"),
    ),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _moment("at"),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

password_resets = Table(
    "password_resets",
    metadata,
    _id(),
    _user(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _moment("created_at"),
    _moment("expires_at"),
    _moment("spent_at", optional=True),
    Index("password_resets_user_id_idx", "user_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _user(),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    _moment("created_at"),
    _moment("expires_at"),
    _moment("last_used_at", optional=True),
    Index("api_keys_user_id_idx", "user_id"),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    _moment("created_at"),
)

bootstrap = Table(
    "bootstrap",
    metadata,
    # One row for the installation, from the moment its secret was spent.
    Column("id", Integer, CheckConstraint("id = 1", name="id"), primary_key=True, autoincrement=False),
    Column("user_id", Uuid, nullable=False),
    _moment("spent_at"),
)
