"""The migration tool runs this for every command; the connection and its transaction come from schema.py."""

from alembic import context

from bukhindor.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
