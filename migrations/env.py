"""Alembic's entry: runs on the connection that app.repo.init_db hands over, inside its lock."""

from alembic import context

from app.repo.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, compare_server_default=True)
with context.begin_transaction():
    context.run_migrations()
