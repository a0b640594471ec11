"""Accounts, sessions, revocations, signing keys, audit and what machines sign in with."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE users (
        id uuid PRIMARY KEY,
        username text NOT NULL,
        username_key text NOT NULL UNIQUE,
        password text,
        password_changed_at timestamptz,
        role text NOT NULL CONSTRAINT users_role_check CHECK (role IN ('user', 'admin')),
        disabled boolean NOT NULL DEFAULT false,
        service_account boolean NOT NULL DEFAULT false,
        not_before timestamptz,
        created_at timestamptz NOT NULL,
        last_sign_in_at timestamptz
    )
    """,
    # Room in every page: a rotation rewrites its row in place, without touching an index.
    """
    CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        generation integer NOT NULL DEFAULT 0,
        token_hash bytea NOT NULL,
        parent_hash bytea,
        rotated_at timestamptz,
        created_at timestamptz NOT NULL,
        issued_at timestamptz NOT NULL,
        idle_expires_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        end_reason text,
        address text NOT NULL DEFAULT '',
        user_agent text NOT NULL DEFAULT ''
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX sessions_user_id_live_idx ON sessions (user_id) WHERE ended_at IS NULL",
    "CREATE INDEX sessions_user_id_idx ON sessions (user_id)",
    "CREATE INDEX sessions_expires_at_idx ON sessions (expires_at)",
    "CREATE SEQUENCE revocations_version",
    """
    CREATE TABLE revocations (
        version bigint PRIMARY KEY,
        kind text NOT NULL
            CONSTRAINT revocations_kind_check CHECK (kind IN ('token', 'session', 'user_not_before')),
        subject text NOT NULL,
        not_before timestamptz,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX revocations_expires_at_idx ON revocations (expires_at)",
    """
    CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        algorithm text NOT NULL,
        state text NOT NULL
            CONSTRAINT signing_keys_state_check CHECK (state IN ('next', 'active', 'retired')),
        public_jwk jsonb NOT NULL,
        private_sealed bytea NOT NULL,
        created_at timestamptz NOT NULL,
        activated_at timestamptz,
        retired_at timestamptz,
        expires_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX signing_keys_state_idx ON signing_keys (state) WHERE state IN ('next', 'active')",
    """
    CREATE TABLE audit_events (
        sequence bigint PRIMARY KEY,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        actor text NOT NULL,
        subject text NOT NULL,
        address text NOT NULL,
        trace_id text NOT NULL,
        details jsonb NOT NULL,
        hash bytea NOT NULL
    )
    """,
    # Append-only even for the owner of the table, short of dropping the trigger.
    """
    CREATE FUNCTION audit_events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_kept()
    """,
    """
    CREATE TABLE password_resets (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        token_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        spent_at timestamptz
    )
    """,
    "CREATE INDEX password_resets_user_id_idx ON password_resets (user_id)",
    """
    CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        prefix text NOT NULL,
        secret_hash bytea NOT NULL UNIQUE,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX api_keys_user_id_idx ON api_keys (user_id)",
    """
    CREATE TABLE clients (
        id text PRIMARY KEY,
        name text NOT NULL,
        secret_hash bytea NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE bootstrap (
        id integer PRIMARY KEY CONSTRAINT bootstrap_id_check CHECK (id = 1),
        user_id uuid NOT NULL,
        spent_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
