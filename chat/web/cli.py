"""The ``flask`` commands of Maru about accounts, for those who have the machine.

They work beside a running server and without one: where the embedded store is not running, it is
started for the command.
"""

import sys

import click
from flask import Flask
from flask.cli import with_appcontext

from chat import account_state, accounts, erasing, people, profile
from chat.web import backup_cli
from chat.web.cli_store import used_store
from chat.web.services import services


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(_create_user)
    app.cli.add_command(_set_role)
    app.cli.add_command(_rename_user)
    app.cli.add_command(_deactivate)
    app.cli.add_command(_reactivate)
    app.cli.add_command(_erase_user)
    backup_cli.init_app(app)


@click.command("create-user")
@click.argument("name")
@click.option("--role", metavar="admin|user|guest", help="Without it: user; admin for the first.")
@with_appcontext
def _create_user(name: str, role: str | None) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    with used_store() as store:
        person = accounts.create(store, services().hasher, name, _password(), role)
    click.echo(f"{person.name} is {_with_article(person.role)} now.")


@click.command("set-role")
@click.argument("person")
@click.argument("role", metavar="admin|user|guest")
@with_appcontext
def _set_role(person: str, role: str) -> None:
    """Give an account, by its name or id, another role."""
    with used_store() as store:
        changed = account_state.set_role(store, person, role, locale=_locale())
    click.echo(f"{changed.name} is {_with_article(changed.role)} now.")


@click.command("rename-user")
@click.argument("person")
@click.argument("name")
@with_appcontext
def _rename_user(person: str, name: str) -> None:
    """Give an account, by its name or id, another name to log in with."""
    with used_store() as store:
        changed = profile.change(store, people.get(store, person).user_id, {"name": name})
    click.echo(f"{person} is called {changed.name} now.")


@click.command("deactivate")
@click.argument("person")
@with_appcontext
def _deactivate(person: str) -> None:
    """Let nobody log in to an account, given by its name or id; all its logins end."""
    with used_store() as store:
        changed = account_state.deactivate(store, person, locale=_locale())
    click.echo(f"{changed.name} is deactivated now.")


@click.command("erase-user")
@click.argument("person")
@click.option("--what", type=click.Choice(erasing.WHAT), default=erasing.NAME, show_default=True)
@with_appcontext
def _erase_user(person: str, what: str) -> None:
    """Delete an account for ever, given by its name or id, and as chosen its name or its words too.

    With "name", what was said stays without the name; with "words" it is deleted everywhere. The
    follower does that, once Maru runs.
    """
    with used_store() as store:
        gone = erasing.begin(store, person, what, locale=_locale())
    click.echo(f"{person} is deleted, and called {gone.name} now.")


@click.command("reactivate")
@click.argument("person")
@with_appcontext
def _reactivate(person: str) -> None:
    """Undo deactivate."""
    with used_store() as store:
        changed = account_state.reactivate(store, person)
    click.echo(f"{changed.name} is active now.")


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
