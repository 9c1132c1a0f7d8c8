"""The tables of the archive. ``migrations`` makes them; every other module reads and writes them.

A message has one row, which reads as the message does now. What changes it (EDIT, DELETE, REACT)
has no row of its own.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
#: get them. ``id`` is higher for what was said later: see ``positions``. ``folded`` is the text in
#: the form in which it is searched (``folding``), '' in an encrypted room: the database's index of
#: words has what stands there, and nothing else.
messages = Table(
    "messages",
    metadata,
    Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
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
    Column("folded", Text, nullable=False),
    Index("messages_by_number", "room_id", "seq", unique=True),
)

#: The index of words of each kind of database, over ``folded``. That of SQLite has no text of its
#: own: the triggers have it follow the rows.
SEARCH = {
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
#: has lost entries. ``is_open`` says whether everybody may read the room, but who is banned.
cursors = Table(
    "cursors",
    metadata,
    Column("room_id", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
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
