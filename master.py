"""Code of gunicorn's main process: it has the settings, and checks them before a reload.

Workers get their settings from this process. So a worker that replaces another has the same
settings, even if ``.env`` has changed. A reload (HUP) first starts a trial process with the new
settings. If the trial fails, the running workers stay. This module imports neither the app nor the
libraries that patch a process.
"""

import contextlib
import io
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from chat.store import exit_status
from chat.store.watched import say
from config import ConfigError, Settings

if TYPE_CHECKING:
    from flask import Flask

#: Settings that a reload cannot change: the socket, the store and the follower are older than the
#: workers.
FIXED = (
    *("host", "port", "data_dir", "redis_url", "key_prefix"),
    *("database_url", "recent", "history_length", "history_days"),
)
#: Seconds that the trial process may run.
TRIAL_SECONDS = 60
#: Seconds before a worker that could not start is replaced.
PAUSE = 2

_settings: Settings | None = None
_env_file: Path | None = None
#: Memory shared with the workers: whether any worker has served since the start.
_has_served = mmap.mmap(-1, 1)


def settings() -> Settings:
    """The current settings, read at the first call. Ends the process if they are wrong."""
    global _settings, _env_file
    if _settings is None:
        try:
            _settings = config.load()
            _env_file = _present_env_file()
            for warning in config.warnings():
                say(warning)
        except ConfigError as error:
            sys.exit(f"maru: {error}")
    return _settings


def application() -> "Flask":
    """The app of one worker."""
    # Imported here, after the worker has been patched.
    from app import create_app

    return create_app(settings())


def handle_failures(server: Any) -> None:
    """Keep gunicorn's master running when a reload, a fork or a new master fails."""
    server.handle_hup = _checked_reload(server, server.handle_hup)
    server.manage_workers = _logging_failure(server.manage_workers, "A worker cannot be started")
    server.reexec = _logged_reexec(server.reexec)


def end_with(main: int) -> None:
    """Called in a child at the start: end at once when the main process has ended."""

    def watch() -> None:
        while os.getppid() == main:
            time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def record_serving() -> None:
    """Record that a worker has begun to serve. Called in that worker."""
    _has_served[0] = 1


def keep_master_running(server: Any, worker: Any) -> None:
    """Called in a new worker: if it cannot start, only this worker ends, not the master.

    It tells why in one line. That holds as soon as any worker has served.
    """
    if _has_served[0]:
        # With gunicorn's usual exit codes the master would stop all workers.
        server.WORKER_BOOT_ERROR = server.APP_LOAD_ERROR = 1
        worker.load_wsgi = _telling_failure(worker.load_wsgi)


def _telling_failure(load: Callable[[], None]) -> Callable[[], None]:
    """``load``, but an error ends the process with a line: it comes again with each new worker."""

    def safe() -> None:
        try:
            load()
        except Exception as error:
            reason = (str(error) or "no reason given").splitlines()[0]
            if not isinstance(error, SyntaxError):
                # That of a SyntaxError says where it is.
                place = traceback.extract_tb(error.__traceback__)[-1]
                reason += f" ({Path(place.filename).name}, line {place.lineno})"
            name = type(error).__name__
            say(f"A worker cannot be started: {name}: {reason}; it is tried again.")
            sys.exit(1)

    return safe


def delay_replacement(worker: Any) -> None:
    """Called at the end of a worker: wait before a worker that could not start is replaced."""
    if _has_served[0] and not worker.booted:
        time.sleep(PAUSE)


def _checked_reload(server: Any, reload: Callable[[], None]) -> Callable[[], None]:
    def safe() -> None:
        global _settings, _env_file
        current = _settings
        try:
            _settings = _new_settings()
            problem = _trial_problem(server)
        except ConfigError as error:
            problem = str(error)
        if problem:
            _settings = current
            say(f"Not reloaded, all goes on as it was: {problem}")
            return
        _env_file = _present_env_file()
        for warning in config.warnings():
            say(warning)
        _logging_failure(reload, "The reload is not done")()

    return safe


def _new_settings() -> Settings:
    """The settings as they are now, if a reload can apply them. Raises ``ConfigError``."""
    if _env_file and not _env_file.exists():
        raise ConfigError(f"{_env_file} is not there any more.")
    found, current = config.load(), settings()
    for name in FIXED:
        if getattr(found, name) != getattr(current, name):
            raise ConfigError(f"{name.upper()} is another one, and needs a restart.")
    return found


def _trial_problem(server: Any) -> str:
    """Why workers with the new settings would not start, or ''. A trial process tests that."""
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    trial = multiprocessing.get_context("fork").Process(target=_run_trial, args=(server, sender))
    trial.start()
    sender.close()
    try:
        return (
            str(receiver.recv())
            if receiver.poll(TRIAL_SECONDS)
            else "New workers do not start in time."
        )
    except EOFError:
        trial.join()
        how = exit_status.described(trial.exitcode or 0)
        return f"A new worker that was tried out {how}."
    finally:
        receiver.close()
        trial.kill()
        trial.join()


def _run_trial(server: Any, sender: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    printed = io.StringIO()
    problem = ""
    try:
        with contextlib.redirect_stderr(printed):
            server.app.reload()
            import chat.transport.monkey_patch  # noqa: F401

            application()
    except BaseException as error:
        last = (printed.getvalue().strip() or str(error)).splitlines()
        problem = f"{type(error).__name__}: {last[-1] if last else 'no reason given'}"
    sender.send(problem)
    sender.close()
    # Without exit handlers: they would remove files that the master still uses.
    os._exit(0)


def _logging_failure(action: Callable[[], None], failed: str) -> Callable[[], None]:
    """The action, but an ``OSError`` of it is printed once; gunicorn calls the action again."""
    main, logged = os.getpid(), False

    def safe() -> None:
        nonlocal logged
        try:
            action()
            logged = False
        except OSError as error:
            if os.getpid() != main:
                raise
            if not logged:
                say(f"{failed}: {error}.")
            logged = True

    return safe


def _logged_reexec(reexec: Callable[[], None]) -> Callable[[], None]:
    main = os.getpid()

    def safe() -> None:
        try:
            reexec()
        except Exception as error:
            say(f"Another main process cannot be started: {error}.")
            if os.getpid() != main:
                # This is the forked process that was to become the new master.
                os._exit(1)

    return safe


def _present_env_file() -> Path | None:
    path = config.env_path()
    return path if path and path.exists() else None
