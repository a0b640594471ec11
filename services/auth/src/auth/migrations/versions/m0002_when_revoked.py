"""When a revocation was made, so that how long it took to be known everywhere is a figure."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A stable default rewrites no table; replicas of the release before insert without the column.
    op.execute("ALTER TABLE revocations ADD COLUMN created_at timestamptz NOT NULL DEFAULT now()")
