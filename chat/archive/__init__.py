"""The archive: every message for good, in SQLite or PostgreSQL. Nothing here decides about a message."""
