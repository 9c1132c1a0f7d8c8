"""The gunicorn worker on eventlet: one process, one event loop, one HTTP server.

gunicorn has no eventlet worker of its own since version 26. This is the only module of
``chat.transport`` that gunicorn's master imports. Only workers are monkey-patched: after the fork,
and before the app is imported.
"""

import os
import resource
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import eventlet
from eventlet import hubs
from eventlet.greenio import GreenSocket
from gunicorn.sock import ssl_context
from gunicorn.workers.base import Worker

if TYPE_CHECKING:
    from chat.transport.http_server import HttpServer

#: Functions that the worker calls in parallel when it begins to stop. It waits until they return,
#: as it waits until its connections are closed.
on_stop: list[Callable[[], None]] = []

#: Seconds to stop in after Ctrl-C.
QUICK_STOP_S = 2
#: Seconds after the stop begins in which requests on open connections are still read.
LAST_REQUESTS_S = 0.5
#: Files that a worker has open besides its connections, at most.
OTHER_FILES = 200


class EventletWorker(Worker):
    def init_process(self) -> None:
        # The master's hub, if it has one, must not be shared.
        hubs.use_hub()
        eventlet.monkey_patch()
        self._grace = max(1, self.cfg.graceful_timeout - 1)  # the master kills after all of it
        super().init_process()

    def run(self) -> None:
        live = self.wsgi.extensions["live"]
        live.admission.max_connections = self._raise_file_limit()
        tls = ssl_context(self.cfg) if self.cfg.is_ssl else None
        server: HttpServer = live.http_server(tls)
        # The master opened its sockets before the patch: they are blocking ones.
        listeners = [
            GreenSocket(s.FAMILY, socket.SOCK_STREAM, fileno=s.sock.detach()) for s in self.sockets
        ]
        acceptors = [eventlet.spawn(server.accept, listener) for listener in listeners]
        while self.alive:
            self.notify()
            self._sleep_until_signal(1.0)
        for acceptor, listener in zip(acceptors, listeners, strict=True):
            acceptor.kill()
            listener.close()
        server.is_stopping = True
        self._wind_down(server, [eventlet.spawn(hook) for hook in on_stop])

    def notify(self) -> None:
        super().notify()
        if self.ppid != os.getppid():
            self.alive = False

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        # gunicorn's own ends the process inside the signal handler.
        self.alive = False
        self._grace = min(self._grace, QUICK_STOP_S)
        self.cfg.worker_int(self)

    def _sleep_until_signal(self, seconds: float) -> None:
        with eventlet.Timeout(seconds, False):
            hubs.trampoline(self.PIPE[0], read=True)
            os.read(self.PIPE[0], 4096)

    def _wind_down(self, server: "HttpServer", hooks: list[Any]) -> None:
        """Wait until connections are closed and hooks have returned, at most for the grace."""
        begun = time.monotonic()
        while server.connections or not all(hook.dead for hook in hooks):
            spent = time.monotonic() - begun
            if spent > self._grace:
                self.log.warning("%d connections cut off at the end", server.connections)
                return
            if spent > LAST_REQUESTS_S:
                server.interrupt_waiting()
            self.notify()
            eventlet.sleep(0.05)

    def _raise_file_limit(self) -> int:
        """Allow one open file for each connection; returns how many the system allows."""
        wanted = self.cfg.worker_connections + OTHER_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < allowed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            self.log.warning("Only %d open files are allowed (ulimit -Hn): fewer connections", hard)
        return max(1, allowed - OTHER_FILES)
