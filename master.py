"""What gunicorn's main process does for Maru: it holds the settings, and reloads with care.

Workers get their settings from here, so that one which replaces another is like it, whatever stands
in ``.env`` by then. A reload first tries out, in a process of its own, what it would do: nothing
that a start refuses ends a Maru that runs. Imports neither the app nor what patches a process.
"""

import contextlib
import io
import mmap
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from chat.embedded import say
from config import ConfigError, Settings

if TYPE_CHECKING:
    from flask import Flask

#: Settings that workers share with what is there before them: the listener, the store.
FIXED = ("host", "port", "data_dir", "redis_url", "key_prefix")
#: Seconds that the workers of a new configuration have to be built in, for a try.
PATIENCE = 60
#: Seconds until a worker that could not start is replaced.
PAUSE = 2

_settings: Settings | None = None
_env_file: Path | None = None
#: Shared with the workers: whether one has ever served.
_has_served = mmap.mmap(-1, 1)


def settings() -> Settings:
    """Those that hold; read when asked for the first time. Ends the process if they are wrong."""
    global _settings, _env_file
    if _settings is None:
        try:
            _settings = config.load()
            _env_file = _present_env_file()
            for doubt in config.doubts():
                say(doubt)
        except ConfigError as error:
            sys.exit(f"maru: {error}")
    return _settings


def application() -> "Flask":
    """The app of one worker."""
    # Here, once the worker is patched.
    from app import create_app

    return create_app(settings())


def take_care(server: Any) -> None:
    """Keep gunicorn's arbiter alive through what fails while it runs."""
    server.handle_hup = _careful_reload(server, server.handle_hup)
    server.manage_workers = _careful(server.manage_workers, "A worker cannot be started")
    server.reexec = _careful_reexec(server.reexec)


def note_served() -> None:
    """A worker of this configuration serves."""
    _has_served[0] = 1


def spare(server: Any) -> None:
    """In a new worker: that it cannot start is no reason to end all, once one has served."""
    if _has_served[0]:
        # To gunicorn its usual exit codes mean that no other worker can start either.
        server.WORKER_BOOT_ERROR = server.APP_LOAD_ERROR = 1


def pause(worker: Any) -> None:
    """At the end of a worker: one that could not start is not replaced in the same moment."""
    if _has_served[0] and not worker.booted:
        time.sleep(PAUSE)


def _careful_reload(server: Any, reload: Callable[[], None]) -> Callable[[], None]:
    def careful() -> None:
        global _settings, _env_file
        held = _settings
        try:
            _settings = _candidate()
            problem = _trial(server)
        except ConfigError as error:
            problem = str(error)
        if problem:
            _settings = held
            say(f"Not reloaded, all goes on as it was: {problem}")
            return
        _env_file = _present_env_file()
        for doubt in config.doubts():
            say(doubt)
        _careful(reload, "The reload is not done")()

    return careful


def _candidate() -> Settings:
    """The settings of now, if a running Maru can take them over. Raises ``ConfigError``."""
    if _env_file and not _env_file.exists():
        raise ConfigError(f"{_env_file} is not there any more.")
    found, held = config.load(), settings()
    for name in FIXED:
        if getattr(found, name) != getattr(held, name):
            raise ConfigError(f"{name.upper()} is another one, and needs a restart.")
    return found


def _trial(server: Any) -> str:
    """What keeps workers with the present settings from starting; found out in a process apart."""
    hear, tell = multiprocessing.get_context("fork").Pipe(duplex=False)
    trial = multiprocessing.get_context("fork").Process(target=_try_out, args=(server, tell))
    trial.start()
    tell.close()
    try:
        return str(hear.recv()) if hear.poll(PATIENCE) else "New workers do not start in time."
    except EOFError:
        return "A new worker that was tried out ended without a word."
    finally:
        hear.close()
        trial.kill()
        trial.join()


def _try_out(server: Any, tell: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    said = io.StringIO()
    problem = ""
    try:
        with contextlib.redirect_stderr(said):
            server.app.reload()
            import chat.live.patched  # noqa: F401

            application()
    except BaseException as error:
        last = (said.getvalue().strip() or str(error)).splitlines()
        problem = f"{type(error).__name__}: {last[-1] if last else 'no reason given'}"
    tell.send(problem)
    tell.close()
    # Nothing of this process is to be tidied up: it shares too much with the main one.
    os._exit(0)


def _careful(action: Callable[[], None], failed: str) -> Callable[[], None]:
    """The same, but that the system has nothing to spare is told once, and tried again later."""
    main, told = os.getpid(), False

    def careful() -> None:
        nonlocal told
        try:
            action()
            told = False
        except OSError as error:
            if os.getpid() != main:
                raise
            if not told:
                say(f"{failed}: {error}.")
            told = True

    return careful


def _careful_reexec(reexec: Callable[[], None]) -> Callable[[], None]:
    main = os.getpid()

    def careful() -> None:
        try:
            reexec()
        except Exception as error:
            say(f"Another main process cannot be started: {error}.")
            if os.getpid() != main:
                # The copy that should have become it must not go on as a second one.
                os._exit(1)

    return careful


def _present_env_file() -> Path | None:
    path = config.env_path()
    return path if path and path.exists() else None
