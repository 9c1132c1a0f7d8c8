"""gunicorn's configuration: ``bin/run`` starts gunicorn with this file, from the checkout.

The master imports neither eventlet's patches nor the app, so that it can fork and handle signals as
gunicorn expects; see chat/transport/worker.py.
"""

import errno
import multiprocessing
import os
import socket
import sys
import time

import master
from chat.archive import starter
from chat.store import exit_status, store_choice
from chat.store.embedded import EmbeddedError, EmbeddedStore
from chat.store.watched import ProcessError, say

settings = master.settings()

#: Seconds to wait for a port that another process still uses.
PORT_TIMEOUT_S = 5

wsgi_app = "master:application()"
worker_class = "chat.transport.worker.EventletWorker"
workers = settings.workers
worker_connections = settings.max_connections

_host = f"[{settings.host}]" if ":" in settings.host else settings.host
bind = f"{_host}:{settings.port}"
# After a restart many clients connect at once. With a short backlog they would lose SYNs and wait.
backlog = 4096
certfile = settings.tls_cert and str(settings.tls_cert)
keyfile = settings.tls_key and str(settings.tls_key)
# The worker does the handshake itself, in the connection's own greenlet.
do_handshake_on_connect = True

timeout = 30
graceful_timeout = 10
# Longer than the 60 seconds of most proxies, so that the proxies close idle connections.
keepalive = 65
# gunicorn's sendfile would block the event loop.
sendfile = False

# chat/web/security.py alone decides which proxies are trusted, by TRUSTED_PROXIES.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

# gunicorn's own lines are about processes, and help only if something is wrong.
loglevel = "debug" if settings.log_level == "debug" else "warning"
# Otherwise gunicorn makes a socket in the home folder.
control_socket_disable = True
# The workers' heartbeats are files without a name, in memory if the system has a folder for that.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(settings.data_dir)


def on_starting(server):
    """Check the port and the store, so that an error is one line; start the embedded store."""
    master.handle_failures(server)
    inherited = "GUNICORN_PID" in os.environ or "LISTEN_FDS" in os.environ
    if not inherited:
        _check_port()
    store_choice.record(settings, settings.shown_store)
    if settings.embedded:
        store = EmbeddedStore(settings.data_dir)
        try:
            store.start()
        except EmbeddedError as error:
            sys.exit(f"maru: {error}")
        # Stored in gunicorn's own object, since a reload runs this file again.
        server.embedded_store = store
    # In a child process: workers must import redis-py after they are patched.
    check = multiprocessing.get_context("fork").Process(target=_prepare_store, args=(os.getpid(),))
    check.start()
    check.join()
    if check.exitcode:
        if check.exitcode < 0:
            say(f"The process that prepares the store {exit_status.described(check.exitcode)}.")
        on_exit(server)
        sys.exit(1)
    server.follower = starter.follower(settings)
    try:
        server.follower.start()
    except ProcessError as error:
        on_exit(server)
        sys.exit(f"maru: {error}")


def _check_port():
    deadline = time.monotonic() + PORT_TIMEOUT_S
    # Workers whose master was killed notice that within a second, and then end.
    while (problem := _port_problem()) == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.1)
    if problem == errno.EADDRINUSE:
        sys.exit(
            f"maru: Port {settings.port} of {settings.host} is taken;"
            f" choose another, for example: PORT={settings.port % 65535 + 1} bin/run"
        )


def _port_problem():
    """The error number of a port that is in use, or ``None``. Ends the process on other errors."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return error.errno
            sys.exit(
                f"maru: HOST {settings.host} and PORT {settings.port} cannot be listened on:"
                f" {error.strerror}."
            )
    return None


def _prepare_store(main):
    """Have the store and the archive in the shapes of this version, and warn of what is wrong."""
    from chat.archive import schema
    from chat.archive.errors import ArchiveError
    from chat.migrations.start import prepare
    from chat.store.store import StoreError
    from chat.store_warnings import checked

    master.end_with(main)
    try:
        prepare(settings, say)
        schema.prepare(settings, say)
        for warning in checked(settings):
            say(warning)
    except (StoreError, ArchiveError) as error:
        sys.exit(f"maru: {error}")
    except KeyboardInterrupt:
        sys.exit(1)


def post_fork(server, worker):
    master.keep_master_running(server, worker)


def worker_exit(server, worker):
    master.delay_replacement(worker)


def post_worker_init(worker):
    from chat.transport.worker import on_stop

    live = worker.app.callable.extensions["live"]
    live.start()
    on_stop.append(live.drain)
    master.record_serving()
    if worker.age == 1:
        print(f"Maru is at {_address()}", flush=True)


def _address():
    scheme = "https" if settings.tls_cert else "http"
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host)
    more = " and at every other address of this machine" if everywhere else ""
    return f"{scheme}://{everywhere or _host}:{settings.port}{more}"


def on_exit(server):
    # The follower archives what the workers have stored to the end, and needs the store for it.
    for name in ("follower", "embedded_store"):
        process = getattr(server, name, None)
        if process:
            process.stop()
