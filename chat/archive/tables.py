"""The tables of the archive. ``migrations`` makes them; every other module reads and writes them.

A message has one row, which reads as the message does now. What changes it (EDIT, DELETE, REACT)
has no row of its own.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData()

#: One row for each TALK that is not deleted. ``n`` is its ordinal among the room's TALKs, 0 where
#: it has none. Times are in ms. ``text`` is what it reads now, or ciphertext in an encrypted room.
#: ``edits`` is how often it was edited, ``edited_at`` when last, and ``newest_edit`` the number of
#: that EDIT; 0 where it was not. ``rest`` is JSON: the remaining fields of the message, as clients
#: get them. ``id`` is for the search index.
messages = Table(
    "messages",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("room_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("edited_at", BigInteger, nullable=False),
    Column("edits", Integer, nullable=False),
    Column("newest_edit", BigInteger, nullable=False),
    Column("rest", Text, nullable=False),
    Index("messages_by_number", "room_id", "seq", unique=True),
)

#: Who has put which emoji under which message.
reactions = Table(
    "reactions",
    metadata,
    Column("room_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("emoji", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

#: One row for each message that was deleted: a store that has lost the deletion does not bring it
#: back.
deleted = Table(
    "deleted",
    metadata,
    Column("room_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: How far each room's stream is archived: all entries up to ``seq`` have had their effect on the
#: rows. ``epoch`` is the room's at that time, ``sent_at`` that of the entry ``seq``. ``highest`` is
#: the highest number that the archive has known of the room; it is beyond ``seq`` where the store
#: has lost entries.
cursors = Table(
    "cursors",
    metadata,
    Column("room_id", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: One row, with ``id`` 1. ``name`` tells this archive from every other. ``fence`` grows with each
#: follower that begins to work: only the one that made it what it is may write.
archive = Table(
    "archive",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
)

#: Alembic's table: one row, with the version of the others (``schema.VERSIONS``).
version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
