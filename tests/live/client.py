"""A Socket.IO client for tests: the official one, which records what it receives."""

import contextlib
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol

import engineio
import socketio

from tests.live.tls import websocket_options

#: How the messages begin that only show that everything before them has arrived.
MARKER = "marker-"


class _InOrder(engineio.Client):
    """Handles what arrives in the order it arrives; the library would start a thread for each."""

    def _trigger_event(self, event, *args, **options):
        return super()._trigger_event(event, *args, **{**options, "run_async": False})

    def disconnect(self, abort=False, reason=None):
        # When the server says goodbye, the reading thread comes here, which cannot wait for itself.
        reading = threading.current_thread() is self.read_loop_task
        super().disconnect(abort=abort or reading, reason=reason)


class _SocketIO(socketio.Client):
    def _engineio_client_class(self):
        return _InOrder


class Refused(Exception):
    """The server did not let a connection in; ``data`` says why."""

    def __init__(self, data: Any):
        super().__init__(data)
        self.data = data


class Caller(Protocol):
    """The person whose connection it is, as far as a client needs it: see ``cluster.Api``."""

    name: str
    token: str
    url: str

    def say(self, room_id: str, message: str) -> dict: ...


class Client:
    """One connection. ``auth`` is what it introduces itself with, in place of a good token."""

    def __init__(self, api: Caller, transport: str = "websocket", **introduction: Any):
        self.api = api
        self.name = api.name
        self.token = api.token
        self.heard: list[tuple[str, Any]] = []
        self.ended = threading.Event()
        self.ended_at = 0.0
        self._news = threading.Condition()
        self.io = _SocketIO(
            reconnection=False,
            handle_sigint=False,
            request_timeout=30,
            websocket_extra_options=websocket_options(),
        )
        self.io.on("*", self._hear)
        self.io.on("disconnect", self._end)
        self.io.on("connect_error", lambda data=None: self._hear("connect_error", data))
        auth = introduction.get("auth", {"token": self.token})
        try:
            self.io.connect(api.url, auth=auth, transports=[transport], wait_timeout=30)
        except socketio.exceptions.ConnectionError as error:
            self.close()
            refusals = [payload for event, payload in self.heard if event == "connect_error"]
            raise Refused(refusals[0] if refusals else str(error)) from error

    def local_port(self) -> int:
        """The port of this end of the connection."""
        return self.io.eio.ws.sock.getsockname()[1]

    def emit(self, event: str, *arguments: Any) -> Any:
        """The acknowledgement of an event with exactly these arguments.

        Raises ``ConnectionError`` as soon as the connection ends without one.
        """
        answers: list[Any] = []

        def answered(*answer: Any) -> None:
            with self._news:
                answers.append(answer[0] if answer else None)
                self._news.notify_all()

        try:
            self.io.emit(event, arguments, callback=answered)
        except socketio.exceptions.BadNamespaceError:
            raise ConnectionError("the connection has ended") from None
        with self._news:
            in_time = self._news.wait_for(lambda: answers or self.ended.is_set(), 30)
        if not answers:
            assert in_time, f"no answer to {event}"
            raise ConnectionError("the connection has ended")
        return answers[0]

    def call(self, event: str, **fields: Any) -> dict:
        return self.emit(event, {"token": self.token, **fields})

    def refusal(self, event: str, **fields: Any) -> str:
        """The code with which a call is refused."""
        answer = self.call(event, **fields)
        assert answer["ok"] is False and answer["error"]["message"], answer
        return answer["error"]["code"]

    def join(self, room_id: str, **fields: Any) -> dict:
        return self._accepted(self.call("join", roomId=room_id, **fields))

    def leave(self, room_id: str) -> dict:
        return self._accepted(self.call("leave", roomId=room_id))

    def say(self, room_id: str, message: str, **fields: Any) -> dict:
        return self._accepted(self.call("message", roomId=room_id, message=message, **fields))

    def vanish(self) -> None:
        """Lose the network: no goodbye of any kind."""
        self.io.eio.ws.sock.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(30)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.io.disconnect()

    def wait_for(self, found: Callable[[list], Any], seconds: float = 30) -> Any:
        """Wait until ``found`` is true of the list of ``(event, payload)``, and give that."""
        with self._news:
            result = self._news.wait_for(lambda: found(self.heard), seconds)
            ended = self.ended.is_set()
            assert result, f"{self.name} (ended: {ended}) heard only {self.heard[-20:]}"
            return result

    def wait_for_event(self, event: str, seconds: float = 30, **fields: Any) -> Any:
        """Wait for an event with these fields in its payload; gives the first such payload."""
        return self.wait_for(
            lambda heard: next(
                (payload for name, payload in heard if name == event and _has(payload, fields)),
                None,
            ),
            seconds,
        )

    def wait_for_message(self, seconds: float = 30, **fields: Any) -> dict:
        return self.wait_for_event("message", seconds, **fields)

    def messages(self, *types: str, **fields: Any) -> list[dict]:
        """The messages heard so far, without the markers."""
        return [
            payload
            for event, payload in list(self.heard)
            if event == "message"
            and (not types or payload["type"] in types)
            and not str(payload.get("message")).startswith(MARKER)
            and _has(payload, fields)
        ]

    def told(self, *types: str) -> list[tuple[str, str, int]]:
        """The messages heard so far as ``(type, sender, userCount)``."""
        return [(m["type"], m["sender"], m["userCount"]) for m in self.messages(*types)]

    def forget(self) -> None:
        """Start to listen anew."""
        with self._news:
            self.heard.clear()

    def _accepted(self, answer: dict) -> dict:
        assert answer["ok"] is True, answer
        return answer

    def _end(self, *_: Any) -> None:
        with self._news:
            self.ended_at = time.monotonic()
            self.ended.set()
            self._news.notify_all()

    def _hear(self, event: str, *payload: Any) -> None:
        with self._news:
            self.heard.append((event, payload[0] if payload else None))
            self._news.notify_all()


def settle(room_id: str, *clients: Client) -> None:
    """Return once all that the room has heard so far has arrived at these members."""
    marker = MARKER + uuid.uuid4().hex
    clients[0].api.say(room_id, marker)
    for client in clients:
        client.wait_for_message(message=marker)


def _has(payload: Any, fields: dict) -> bool:
    return not fields or (isinstance(payload, dict) and fields.items() <= payload.items())
