"""The store of a ``flask`` command, and how the command tells what is wrong with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from redis.exceptions import RedisError

from chat.backup.backup_file import BackupError
from chat.errors import MaruError
from chat.migrations import start
from chat.store import embedded, error_replies, store_choice
from chat.store.embedded import EmbeddedError
from chat.store.store import Store, StoreError
from chat.web.services import services


@contextmanager
def used_store(is_prepared: bool = True) -> Iterator[Store]:
    """The store while the command runs; what goes wrong becomes one line and exit status 1.

    ``is_prepared``: it is made ready for this version first.
    """
    settings = services().settings
    other = store_choice.recorded(settings.data_dir)
    if settings.embedded and other:
        raise click.ClickException(
            f"The Maru of {settings.data_dir} uses the store {other}, and this command would use"
            " the embedded one: give it the same REDIS_URL and secrets, for example in .env."
        )
    if "MARU_TELL_STORE" in os.environ:
        click.echo(f"Store: {store_choice.description(settings, settings.shown_store)}", err=True)
    try:
        with embedded.running(settings):
            if is_prepared:
                start.prepare(settings, tell)
            yield services().store
    except (MaruError, EmbeddedError, StoreError, BackupError) as error:
        raise click.ClickException(str(error)) from None
    except RedisError as error:
        reason = error_replies.description(error, settings.embedded)
        raise click.ClickException(f"The store cannot be used: {reason}.") from None


def tell(line: str) -> None:
    """Tell the operator something besides what the command gives."""
    click.echo(f"maru: {line}", err=True)
