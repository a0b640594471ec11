"""Runs the steps on the connection that `auth.migrate` made and locked."""

from alembic import context

from auth.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # One step, one transaction: what failed is gone, what went before it stays.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
