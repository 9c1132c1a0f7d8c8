"""Code of gunicorn's main process: it holds the settings, and makes reloads safe.

Workers get their settings from here. So a worker that replaces another has the same settings, even
if ``.env`` has changed. A reload (HUP) first starts a trial process with the new settings: if that
cannot start, the running workers stay. This module imports neither the app nor the libraries that
patch a process.
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
from chat.store.embedded import say
from config import ConfigError, Settings

if TYPE_CHECKING:
    from flask import Flask

#: Settings that a reload cannot change: the listening socket and the store exist before workers do.
FIXED = ("host", "port", "data_dir", "redis_url", "key_prefix")
#: Seconds that the trial process may take.
TRIAL_SECONDS = 60
#: Seconds before a worker that could not start is replaced.
PAUSE = 2

_settings: Settings | None = None
_env_file: Path | None = None
#: Shared with the workers: whether any worker has served since the start.
_has_served = mmap.mmap(-1, 1)


def settings() -> Settings:
    """The settings in force, read at the first call. Ends the process if they are wrong."""
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
    # Imported here, after the worker has been patched.
    from app import create_app

    return create_app(settings())


def make_robust(server: Any) -> None:
    """Keep gunicorn's arbiter running when a reload, a fork or a new main process fails."""
    server.handle_hup = _safe_reload(server, server.handle_hup)
    server.manage_workers = _safe(server.manage_workers, "A worker cannot be started")
    server.reexec = _safe_reexec(server.reexec)


def note_served() -> None:
    """Called in a worker that begins to serve."""
    _has_served[0] = 1


def keep_arbiter_alive(server: Any) -> None:
    """Called in a new worker: once any has served, a worker that cannot start ends alone."""
    if _has_served[0]:
        # With gunicorn's usual exit codes for this, the arbiter would stop all workers.
        server.WORKER_BOOT_ERROR = server.APP_LOAD_ERROR = 1


def pause(worker: Any) -> None:
    """Called at the end of a worker: one that could not start is not replaced at once."""
    if _has_served[0] and not worker.booted:
        time.sleep(PAUSE)


def _safe_reload(server: Any, reload: Callable[[], None]) -> Callable[[], None]:
    def safe() -> None:
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
        _safe(reload, "The reload is not done")()

    return safe


def _candidate() -> Settings:
    """The settings as they are now, if a reload can apply them. Raises ``ConfigError``."""
    if _env_file and not _env_file.exists():
        raise ConfigError(f"{_env_file} is not there any more.")
    found, held = config.load(), settings()
    for name in FIXED:
        if getattr(found, name) != getattr(held, name):
            raise ConfigError(f"{name.upper()} is another one, and needs a restart.")
    return found


def _trial(server: Any) -> str:
    """Why workers with the new settings would not start, or ''; a trial process finds it out."""
    hear, tell = multiprocessing.get_context("fork").Pipe(duplex=False)
    trial = multiprocessing.get_context("fork").Process(target=_try_out, args=(server, tell))
    trial.start()
    tell.close()
    try:
        return str(hear.recv()) if hear.poll(TRIAL_SECONDS) else "New workers do not start in time."
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
            import chat.transport.patched  # noqa: F401

            application()
    except BaseException as error:
        last = (said.getvalue().strip() or str(error)).splitlines()
        problem = f"{type(error).__name__}: {last[-1] if last else 'no reason given'}"
    tell.send(problem)
    tell.close()
    # Without exit handlers: they would tidy up what this process shares with the main one.
    os._exit(0)


def _safe(action: Callable[[], None], failed: str) -> Callable[[], None]:
    """The same action, but a failing system call is logged once; gunicorn calls it again later."""
    main, told = os.getpid(), False

    def safe() -> None:
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

    return safe


def _safe_reexec(reexec: Callable[[], None]) -> Callable[[], None]:
    main = os.getpid()

    def safe() -> None:
        try:
            reexec()
        except Exception as error:
            say(f"Another main process cannot be started: {error}.")
            if os.getpid() != main:
                # In the forked copy that should have become the new main process.
                os._exit(1)

    return safe


def _present_env_file() -> Path | None:
    path = config.env_path()
    return path if path and path.exists() else None
