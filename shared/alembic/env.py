"""Alembic's environment, the same for every service: the connection and the models are handed in."""

from alembic import context

config = context.config
connection = config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=list(config.attributes["metadata"]),
    version_table=f"alembic_version_{config.attributes['service']}",
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
