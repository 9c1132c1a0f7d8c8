"""The archive's tables, made and changed step by step by Alembic; ``schema.py`` runs the steps."""
