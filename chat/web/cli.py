"""The ``flask`` commands of Maru: accounts, for those who have the machine.

They work beside a running server and without one: where the embedded store is not running, it is
started for the command.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import with_appcontext
from redis.exceptions import RedisError

from chat import account_state, accounts, people, profile
from chat.errors import MaruError
from chat.migrations import start
from chat.store import embedded, error_replies, store_choice
from chat.store.embedded import EmbeddedError
from chat.store.store import Store, StoreError
from chat.web.services import services


def init_app(app: Flask) -> None:
    """Add the commands about accounts."""
    app.cli.add_command(_create_user)
    app.cli.add_command(_set_role)
    app.cli.add_command(_rename_user)
    app.cli.add_command(_deactivate)
    app.cli.add_command(_reactivate)


@click.command("create-user")
@click.argument("name")
@click.option("--role", metavar="admin|user|guest", help="Without it: user; admin for the first.")
@with_appcontext
def _create_user(name: str, role: str | None) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    with _store() as store:
        person = accounts.create(store, services().hasher, name, _password(), role)
    click.echo(f"{person.name} is {_with_article(person.role)} now.")


@click.command("set-role")
@click.argument("person")
@click.argument("role", metavar="admin|user|guest")
@with_appcontext
def _set_role(person: str, role: str) -> None:
    """Give an account, by its name or id, another role."""
    with _store() as store:
        changed = account_state.set_role(store, person, role, locale=_locale())
    click.echo(f"{changed.name} is {_with_article(changed.role)} now.")


@click.command("rename-user")
@click.argument("person")
@click.argument("name")
@with_appcontext
def _rename_user(person: str, name: str) -> None:
    """Give an account, by its name or id, another name to log in with."""
    with _store() as store:
        changed = profile.change(store, people.get(store, person).user_id, {"name": name})
    click.echo(f"{person} is called {changed.name} now.")


@click.command("deactivate")
@click.argument("person")
@with_appcontext
def _deactivate(person: str) -> None:
    """Let nobody log in to an account, given by its name or id; all its logins end."""
    with _store() as store:
        changed = account_state.deactivate(store, person, locale=_locale())
    click.echo(f"{changed.name} is deactivated now.")


@click.command("reactivate")
@click.argument("person")
@with_appcontext
def _reactivate(person: str) -> None:
    """Undo deactivate."""
    with _store() as store:
        changed = account_state.reactivate(store, person)
    click.echo(f"{changed.name} is active now.")


@contextmanager
def _store() -> Iterator[Store]:
    """The store while the command runs; what goes wrong becomes one line and exit status 1."""
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
            start.prepare(settings, lambda line: click.echo(f"maru: {line}", err=True))
            yield services().store
    except (MaruError, EmbeddedError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    except RedisError as error:
        reason = error_replies.description(error, settings.embedded)
        raise click.ClickException(f"The store cannot be used: {reason}.") from None


def _locale() -> str:
    """The language in which those in the rooms are told who is gone."""
    return services().conversation.limits.locale


def _password() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


def _with_article(role: str) -> str:
    return f"an {role}" if role == people.ADMIN else f"a {role}"
