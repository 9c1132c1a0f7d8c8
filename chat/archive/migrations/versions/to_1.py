"""The first tables of the archive."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("sender_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("newest_edit", sa.BigInteger, nullable=False),
        sa.Column("rest", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
    )
    op.create_index("messages_by_number", "messages", ["room_id", "seq"], unique=True)
    op.create_table(
        "reactions",
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("emoji", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deleted",
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cursors",
        sa.Column("room_id", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("highest", sa.BigInteger, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    archive = op.create_table(
        "archive",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(archive, [{"id": 1, "name": secrets.token_hex(8), "fence": 0}])
    for statement in _SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


#: The index of words; see ``tables.SEARCH``.
_SEARCH = {
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX search ON messages USING gin (folded gin_trgm_ops)",
    ),
    "sqlite": (
        "CREATE VIRTUAL TABLE search USING fts5("
        "folded, content='messages', content_rowid='id', detail='none', columnsize=0,"
        " tokenize='trigram case_sensitive 1')",
        "CREATE TRIGGER search_insert AFTER INSERT ON messages BEGIN"
        " INSERT INTO search(rowid, folded) VALUES (new.id, new.folded); END",
        "CREATE TRIGGER search_delete AFTER DELETE ON messages BEGIN"
        " INSERT INTO search(search, rowid, folded) VALUES ('delete', old.id, old.folded); END",
        "CREATE TRIGGER search_update AFTER UPDATE OF folded ON messages"
        " WHEN old.folded <> new.folded BEGIN"
        " INSERT INTO search(search, rowid, folded) VALUES ('delete', old.id, old.folded);"
        " INSERT INTO search(rowid, folded) VALUES (new.id, new.folded); END",
    ),
}
