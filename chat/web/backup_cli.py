"""The ``flask`` commands for backups: both stores into one file, and back."""

import logging
import os
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from chat.web.cli_store import tell, used_store
from chat.web.services import services

_FILE = click.Path(dir_okay=False, path_type=Path)


def init_app(app: Flask) -> None:
    """Add the commands."""
    # Each step that makes or looks at tables would be a line.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app.cli.add_command(_backup)
    app.cli.add_command(_restore)


@click.command("backup")
@click.argument("file", type=_FILE)
@with_appcontext
def _backup(file: Path) -> None:
    """Write all messages, rooms and accounts into FILE, also while Maru runs.

    The secrets are not in it.
    """
    # Imported here, as below: every worker imports this module, and takes no backup.
    from chat.archive.database import Database
    from chat.backup import backup

    settings, file = services().settings, _path(file)
    archive = Database(settings.database_url, settings.data_dir)
    try:
        with used_store(is_prepared=False) as store:
            made = backup.make(store, archive, file, settings.embedded)
    except OSError as error:
        raise _of_file(file, error) from None
    finally:
        archive.close()
    click.echo(f"{file} has {made.keys} keys of the store and {made.rows} rows of the archive.")


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option(
    "--only",
    type=click.Choice(("store", "archive")),
    help="Restore one of the two, and leave the other as it is.",
)
@with_appcontext
def _restore(file: Path, only: str | None) -> None:
    """Restore what backup has written, into a store and an archive that hold nothing."""
    from chat.archive.database import Database
    from chat.backup import restore

    settings, file = services().settings, _path(file)
    archive = Database(settings.database_url, settings.data_dir, writes=True)
    parts = [only] if only else [restore.STORE, restore.ARCHIVE]
    try:
        with used_store(is_prepared=False) as store:
            done = restore.Restore(store, archive, file, parts, settings.embedded, tell).run()
    except OSError as error:
        raise _of_file(file, error) from None
    finally:
        archive.close()
    click.echo(f"{done.keys} keys of the store and {done.rows} rows of the archive are restored.")


def _path(file: Path) -> Path:
    """The file, as who has called ``bin/flask`` means it: the command runs in another folder."""
    return Path(os.environ.get("MARU_CALLED_FROM", "")) / file


def _of_file(file: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"{file} cannot be used: {error.strerror or error}.")
