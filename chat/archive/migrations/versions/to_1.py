"""The first tables of the archive."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
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
        sqlite_with_rowid=False,
    )
    archive = op.create_table(
        "archive",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(archive, [{"id": 1, "name": secrets.token_hex(8), "fence": 0}])
