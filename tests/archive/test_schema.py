"""The archive's tables are made at the start as the code says; newer ones are refused."""

import secrets

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from chat.archive import schema, tables
from chat.archive.database import ArchiveError, Database
from chat.archive.schema import NewerArchive


def test_the_steps_make_the_tables_that_the_code_uses(database):
    with database.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_second_start_changes_nothing(place, database):
    before = place.rows(select(tables.archive))
    schema.upgrade(database, is_new=True)
    assert place.rows(select(tables.archive)) == before and len(before) == 1


def test_an_archive_of_a_later_version_is_refused_in_one_line(place, database):
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '99'"))
    with pytest.raises(NewerArchive) as refusal:
        schema.upgrade(database, is_new=True)
    assert "\n" not in str(refusal.value) and "version 99" in str(refusal.value)
    assert place.rows(text("SELECT version_num FROM alembic_version")) == [("99",)]


def test_what_is_interrupted_begins_anew(place, monkeypatch):
    """The tables are made in one transaction."""
    opened = place.open(writes=True)
    bulk_insert = "alembic.operations.Operations.bulk_insert"

    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bulk_insert, interrupted, raising=False)
        patched.setattr("alembic.op.bulk_insert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            schema.upgrade(opened, is_new=True)
    schema.upgrade(opened, is_new=True)
    assert len(place.rows(select(tables.archive))) == 1
    opened.close()


def test_readers_cannot_write(place, database):
    reader = place.open()
    with pytest.raises(Exception, match=r"read-?only|readonly"), reader.begin() as connection:
        connection.execute(text("UPDATE archive SET fence = 7"))
    reader.close()


def test_a_database_without_unicode_is_refused_in_one_line(place, server):
    if not place.address:
        pytest.skip("SQLite has no other encoding")
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    opened = Database(server.create(f"ascii{secrets.token_hex(4)}", options), place.folder, True)
    with pytest.raises(ArchiveError, match=r"^The database .* SQL_ASCII; Maru needs UTF8\.$"):
        schema.upgrade(opened, is_new=True)
    opened.close()
