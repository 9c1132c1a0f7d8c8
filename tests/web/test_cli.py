"""The ``flask`` commands."""

import os
import pty
import subprocess
import sys

import pytest

import config
from chat import accounts, keys, people
from chat.passwords import Hasher
from chat.store import store_choice
from tests.conftest import PASSWORD


@pytest.fixture
def flask(app):
    """``flask("set-role", "bora", "admin")``, in this process."""
    return lambda *args, stdin="": app.test_cli_runner().invoke(args=list(args), input=stdin)


def test_create_user(flask, store):
    result = flask("create-user", "보라", stdin=f"{PASSWORD}\n")
    assert (result.exit_code, result.output) == (0, "보라 is an admin now.\n")
    assert accounts.authenticate(store, Hasher(), "보라", PASSWORD).is_admin


def test_create_user_with_a_role(flask, store, register):
    register("root", "admin")
    assert flask("create-user", "dan", stdin=PASSWORD).exit_code == 0
    assert flask("create-user", "gast", "--role", "guest", stdin=PASSWORD).exit_code == 0
    assert people.find(store, "dan").role == "user"
    assert people.find(store, "gast").role == "guest"


def test_registration_that_is_closed_is_not_closed_to_the_operator(app_with, register):
    register("root", "admin")
    runner = app_with(REGISTRATION="closed").test_cli_runner()
    assert runner.invoke(args=["create-user", "dan"], input=PASSWORD).exit_code == 0


@pytest.mark.parametrize(
    ("args", "stdin", "says"),
    [
        (["x"], PASSWORD, "A name has 2 to 32"),
        (["bora"], PASSWORD, "That name is taken."),
        (["dan"], "short", "A password has 8 to 256 characters."),
        (["dan"], "", "A password has 8 to 256 characters."),
        (["dan", "--role", "king"], PASSWORD, "A role is admin, user or guest."),
    ],
)
def test_create_user_refused(flask, register, store, args, stdin, says):
    register("bora")
    result = flask("create-user", *args, stdin=stdin)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {says}")
    assert result.output.count("\n") == 1
    assert people.find(store, "dan") is None


def test_set_role(flask, register, store):
    register("bora")
    assert flask("set-role", "BORA", "admin").output == "bora is an admin now.\n"
    assert people.find(store, "bora").is_admin


def test_erase_user(flask, register, store):
    register("root", "admin")
    user_id = register("bora").user_id
    done = flask("erase-user", "BORA", "--what", "words").output
    assert done == f"BORA is deleted, and called deleted-{user_id[-6:]} now.\n"
    assert store.redis.hget(keys.ERASING, user_id).startswith(b"1 1 ")
    assert flask("erase-user", user_id).exit_code == 0
    assert flask("erase-user", "root").output.startswith("Error: Somebody has to be an admin.")


@pytest.mark.parametrize(("name", "role"), [("nobody", "user"), ("bora", "king"), ("bora", "")])
def test_set_role_refused(flask, register, name, role):
    register("bora")
    result = flask("set-role", name, role)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1


def test_a_store_that_does_not_answer(app_with):
    runner = app_with(REDIS_URL="unix:///nonexistent/socket").test_cli_runner()
    result = runner.invoke(args=["set-role", "bora", "admin"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: The store cannot be used: the store cannot be reached")
    assert result.output.count("\n") == 1


def test_a_store_that_takes_no_writes(flask, register, store):
    register("bora")
    store.redis.config_set("min-replicas-to-write", 1)
    try:
        result = flask("set-role", "bora", "admin")
    finally:
        store.redis.config_set("min-replicas-to-write", 0)
    assert result.exit_code == 1
    assert result.output.startswith("Error: The store cannot be used: the store has fewer replicas")
    assert result.output.count("\n") == 1


@pytest.fixture
def shell(store_url, store):
    """The environment of an operator's shell, with nothing of the test's own process."""
    return {
        **os.environ,
        "ENV_FILE": "",
        "REDIS_URL": store_url,
        "SECRET_KEY": "a secret key for tests, long enough",
        "JWT_SECRET_KEY": "another key for tests, long enough",
    }


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(shell, store):
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "flask", "create-user", "bora"]
    with subprocess.Popen(command, env=shell, stdin=terminal, stdout=terminal, stderr=terminal):
        os.close(terminal)
        screen = b""
        for prompt in (b"Password:", b"Repeat for confirmation:"):
            while prompt not in screen:
                screen += os.read(keyboard, 1000)
            os.write(keyboard, PASSWORD.encode() + b"\n")
        while b"now." not in screen:
            screen += os.read(keyboard, 1000)
    os.close(keyboard)
    assert PASSWORD.encode() not in screen
    assert accounts.authenticate(store, Hasher(), "bora", PASSWORD).name == "bora"


def test_without_a_server_the_embedded_store_is_started(shell, tmp_path):
    shell = {**shell, "REDIS_URL": "", "DATA_DIR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "flask", "create-user", "bora"]
    for expected in ("bora is an admin now.\n", "Error: That name is taken.\n"):
        done = subprocess.run(
            command, env=shell, input=PASSWORD, capture_output=True, text=True, timeout=60
        )
        assert expected in done.stdout + done.stderr
        assert done.returncode == (0 if "now" in expected else 1)


def test_it_does_not_write_where_the_server_would_not_look(shell, store_url, tmp_path):
    """The server was started with REDIS_URL in its environment, and this shell has none."""
    data = tmp_path / "var"
    settings = config.load({**shell, "DATA_DIR": str(data)})
    store_choice.record(settings, settings.shown_store)
    forgetful = {**shell, "REDIS_URL": "", "DATA_DIR": str(data)}
    command = [sys.executable, "-m", "flask", "create-user", "bora"]
    done = subprocess.run(
        command, env=forgetful, input=PASSWORD, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The Maru of {data} uses the store ")
    assert not (data / "appendonlydir").exists()
    # Once it has been started without, the embedded store is the right one.
    own = config.load({"DATA_DIR": str(data)})
    store_choice.record(own, own.shown_store)
    assert store_choice.recorded(data) is None


def test_it_works_from_anywhere_and_says_which_store_it_used(shell, tmp_path):
    shell = {**shell, "REDIS_URL": "", "DATA_DIR": str(tmp_path / "var")}
    done = subprocess.run(
        [config.ROOT / "bin/flask", "create-user", "bora"],
        env=shell, cwd="/", input=PASSWORD, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "bora is an admin now.\n"), done.stderr
    assert f"Store: the embedded one, in {tmp_path / 'var'}\n" in done.stderr


def test_the_password_of_a_store_is_not_noted(tmp_path):
    keys = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32, "DATA_DIR": str(tmp_path)}
    settings = config.load({**keys, "REDIS_URL": "redis://:sesame@localhost/2"})
    store_choice.record(settings, settings.shown_store)
    assert store_choice.recorded(tmp_path) == "redis://***@localhost/2"


def test_the_operator_renames_and_deactivates(flask, register, store):
    bora = register("bora")
    register("dan")
    renamed = flask("rename-user", "bora", "sora")
    assert (renamed.exit_code, renamed.output) == (0, "bora is called sora now.\n")
    assert people.find(store, bora.user_id).name == "sora"
    assert flask("deactivate", bora.user_id).output == "sora is deactivated now.\n"
    assert people.find(store, "sora").deactivated
    assert flask("reactivate", "sora").output == "sora is active now.\n"
    assert not people.find(store, "sora").deactivated
    assert flask("set-role", bora.user_id, "guest").output == "sora is a guest now.\n"
    for args, says in [
        (("rename-user", "nobody", "x1"), "There is nobody of that name."),
        (("rename-user", "sora", "DAN"), "That name is taken."),
        (("rename-user", "sora", "u0123456789abcde"), "A name does not look like the id"),
        (("deactivate", "nobody"), "There is nobody of that name."),
    ]:
        refused = flask(*args)
        assert refused.exit_code == 1 and refused.output.startswith(f"Error: {says}")
