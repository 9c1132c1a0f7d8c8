"""Alembic's entrance: runs the steps over the connection that ``schema.py`` gives."""

from alembic import context

# All in one transaction, also in SQLite: whatever ends it, the next start begins it anew.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
