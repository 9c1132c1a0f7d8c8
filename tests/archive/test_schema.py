"""The archive's tables are made at the start as the code says; newer ones are refused."""

import functools
import secrets
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, select, text

from chat.archive import schema, tables
from chat.archive.database import Database
from chat.archive.errors import ArchiveError, NewerArchive


def is_of_search(name):
    return (name or "").startswith("search")


@pytest.fixture(params=["at once", "by steps"])
def make(request):
    """Makes the tables: ``make(database)``. All at once, as Maru does, or by the steps alone."""

    def by_steps(database):
        database.create()
        with database.begin() as connection:
            schema.carry_over(connection)

    at_once = functools.partial(schema.upgrade, is_new=True)
    return by_steps if request.param == "by steps" else at_once


def test_all_versions_are_known():
    steps = ScriptDirectory(Path(schema.__file__).parent / "migrations").walk_revisions()
    assert tuple(step.revision for step in steps)[::-1] == schema.VERSIONS


def test_the_tables_are_those_that_the_code_uses(place, make):
    opened = place.open(writes=True)
    make(opened)
    with opened.begin() as connection:
        # The index of words is each database's own.
        opts = {"compare_type": True, "include_name": lambda name, *_: not is_of_search(name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, tables.metadata) == []
        assert context.get_current_revision() == schema.VERSIONS[-1]
        assert inspect(connection).get_pk_constraint("alembic_version")["constrained_columns"]
    [row] = place.rows(select(tables.archive))
    assert len(row.name) == 16 and row.fence == 0
    opened.close()


def test_a_start_makes_in_sqlite_what_the_steps_make(tmp_path):
    made = []
    for name in ("at once", "by steps"):
        opened = Database("", tmp_path / name, writes=True)
        opened.create()
        with opened.begin() as connection:
            if name == "by steps":
                schema.carry_over(connection)
        schema.upgrade(opened, is_new=True)
        with opened.begin() as connection:
            found = connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))
            made.append({row.name: " ".join((row.sql or "").split()) for row in found})
        opened.close()
    assert made[0] == made[1]


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


def test_what_is_interrupted_begins_anew(place, make):
    """The tables are made in one transaction."""
    opened = place.open(writes=True)

    def interrupt(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO archive"):
            raise KeyboardInterrupt

    event.listen(opened.engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make(opened)
    event.remove(opened.engine, "before_cursor_execute", interrupt)
    make(opened)
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


def test_a_database_whose_locale_has_no_hangul_is_refused_in_one_line(place, server):
    if not place.address:
        pytest.skip("SQLite has no locale")
    options = "LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    opened = Database(server.create(f"c{secrets.token_hex(4)}", options), place.folder, True)
    with pytest.raises(ArchiveError, match=r"^The database .* locale without Hangul"):
        schema.upgrade(opened, is_new=True)
    opened.close()
