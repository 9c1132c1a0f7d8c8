"""A proxy between a browser and Maru, whose connections a test can close."""

import contextlib
import socket
import threading


class Cable:
    """Carries every connection to ``port``, from ``self.url``, while it is plugged in."""

    def __init__(self, port: int):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        self._plugged_in = True
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        self._plugged_in = False
        self._hang_up_all()

    def plug_in(self) -> None:
        self._plugged_in = True

    def close(self) -> None:
        self.pull()
        self._listener.close()

    def _hang_up_all(self) -> None:
        for end in list(self._sockets):
            _hang_up(end)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._plugged_in:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._sockets |= {near, far}
                if not self._plugged_in:
                    # Pulled out meanwhile, and nothing was known of these two.
                    self._hang_up_all()
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            _hang_up(end)
            self._sockets.discard(end)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
