"""Runs the migrations on the connection that the caller opened and locked."""

from alembic import context

from reelworks.engine.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
