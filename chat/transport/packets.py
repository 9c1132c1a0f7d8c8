"""The codec of Engine.IO and Socket.IO packets: the one place that writes and reads them.

An Engine.IO packet is a digit, its type, and its data. The data of the type ``MESSAGE`` is a
Socket.IO packet: a digit, its type; its namespace and a comma, unless that is ``/``; an id, if it
is to be acknowledged; and JSON. So ``427["message",{}]`` is the EVENT ``message`` with the id 7.

All packets are text. python-socketio and python-engineio trust that packets are well formed; one
that is not would end a greenlet with a traceback and leave its session half open. Here the reader
raises ``ValueError``, and the caller closes the session; a malformed call that has an id becomes
the event ``MALFORMED``, which is answered as an invalid call.
"""

import re
from typing import Any

import engineio.packet
import orjson
import socketio.packet

from chat.transport import frames, json_text

#: Engine.IO packets without data, and the digit that begins a ``MESSAGE``.
CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "1", "2", "3", "4", "5", "6"
#: What a client sends on a WebSocket before an upgrade, and the answer.
PROBE, PROBE_ANSWER = "2probe", "3probe"

#: Binary attachments that are counted for one call, which is then refused.
ATTACHMENTS_MAX = 16
#: Event under which a call arrives whose arguments could not be read.
MALFORMED = "malformed"

_FROM_CLIENTS = frozenset((CLOSE, PING, PONG, UPGRADE, NOOP, PROBE, PROBE_ANSWER))
_SOCKET_TYPES = frozenset("0123456")
# An EVENT in the namespace /, with the id for its acknowledgement; and one with its name.
_EVENT = re.compile(r"2(\d{1,15})?(?=\[)", re.ASCII)
_NAMED_EVENT = re.compile(r'2\d{0,15}\["(\w+)",', re.ASCII)
_ANY_EVENT = re.compile(r"2(\d{1,15})(?!\d)", re.ASCII)
# CONNECT in a namespace other than /.
_CONNECT_ELSEWHERE = re.compile(r"0(/[^,?]+)")
_RESERVED = ("connect", "disconnect", "connect_error")


def event(name: bytes, payload: bytes) -> bytes:
    """An EVENT with one argument, which is JSON, as an Engine.IO packet."""
    return b'42["%b",%b]' % (name, payload)


def acknowledgement(call_id: int, answer: bytes) -> bytes:
    """An ACK of the EVENT with this id, as an Engine.IO packet. ``answer`` is JSON."""
    return b"43%d[%b]" % (call_id, answer)


def connect_error(namespace: str, error: bytes) -> bytes:
    """The refusal of a CONNECT in a namespace other than /. ``error`` is a JSON object."""
    return b"44%b,%b" % (namespace.encode(), error)


def opening(handshake: dict[str, Any]) -> engineio.packet.Packet:
    """The first packet of a session, with its id and its timeouts."""
    return engineio.packet.Packet(engineio.packet.OPEN, orjson.dumps(handshake).decode())


def for_poll(encoded: bytes) -> engineio.packet.Packet:
    """An encoded ``MESSAGE`` as the library's object, which it takes for a poll."""
    return engineio.packet.Packet(engineio.packet.MESSAGE, encoded[1:].decode())


def framed(packet: engineio.packet.Packet) -> bytes:
    """One of the library's packets in a WebSocket frame, made once however many clients get it."""
    ready: bytes | None = packet.__dict__.get("frame")
    if ready is None:
        if packet.binary:
            # Not encode(): it keeps its first result, which for a client that polls is base64.
            ready = frames.frame(frames.BINARY, packet.data)
        else:
            ready = frames.frame(frames.TEXT, packet.encode().encode())
        packet.frame = ready
    return ready


def is_from_client(data: str | bytes) -> bool:
    """Whether a client may send this: an Engine.IO packet as text, or a binary attachment."""
    if isinstance(data, bytes):
        return bool(data)
    if data[:1] == MESSAGE:
        return data[1:2] in _SOCKET_TYPES
    return data in _FROM_CLIENTS


def read_event(packet: str) -> tuple[int | None, str, list[Any]] | None:
    """The id, the name and the arguments of an EVENT in the namespace /.

    ``None`` for all other packets, and for an EVENT that cannot be read: python-socketio reads
    those, by ``Packet``.
    """
    head = _EVENT.match(packet)
    if head is None:
        return None
    try:
        name, *arguments = json_text.loads(packet[head.end() :])
    except ValueError:
        return None
    if not isinstance(name, str):
        return None
    return int(head[1]) if head[1] else None, name, arguments


def event_name(packet: str) -> str | None:
    """The name of an EVENT that ``read_event`` reads, without reading its arguments."""
    head = _NAMED_EVENT.match(packet)
    return head[1] if head is not None else None


def other_namespace(packet: str | bytes) -> str | None:
    """The namespace of a CONNECT, unless that is ``/``, the only one that Maru has."""
    head = _CONNECT_ELSEWHERE.match(packet) if isinstance(packet, str) else None
    return head[1] if head is not None else None


class Packet(socketio.packet.Packet):
    """A Socket.IO packet as python-socketio uses it; a malformed call becomes ``MALFORMED``.

    Reading raises ``ValueError`` where there is no call that could be answered.
    """

    def decode(self, encoded_packet: str | bytes) -> int:
        if isinstance(encoded_packet, bytes):
            raise ValueError("binary data that belongs to no call")
        try:
            attachments: int = super().decode(encoded_packet)
        except ValueError:
            call = _ANY_EVENT.match(encoded_packet)
            if call is None:
                raise
            self.packet_type, self.id = socketio.packet.EVENT, int(call[1])
            self.data = [MALFORMED]
            return 0
        is_binary = self.packet_type in (socketio.packet.BINARY_EVENT, socketio.packet.BINARY_ACK)
        if is_binary != (1 <= attachments <= ATTACHMENTS_MAX):
            raise ValueError("not as many attachments as there should be")
        is_event = self.packet_type in (socketio.packet.EVENT, socketio.packet.BINARY_EVENT)
        if is_event and not self._names_an_event():
            if self.id is None:
                raise ValueError("an event without a name")
            self.data = [MALFORMED]
        return attachments

    def add_attachment(self, attachment: str | bytes) -> bool:
        """Count it. No call takes binary data: this one is refused once all of it is there."""
        if not isinstance(attachment, bytes):
            raise ValueError("text in place of an attachment")
        self.attachments.append(b"")
        self.data = [MALFORMED]
        return len(self.attachments) == self.attachment_count

    def _names_an_event(self) -> bool:
        # A client that could send "disconnect" as an event would run the server's own handler.
        return (
            isinstance(self.data, list)
            and bool(self.data)
            and isinstance(self.data[0], str)
            and self.data[0] not in _RESERVED
        )
