"""What comes over the wire, checked before anything else sees it.

python-socketio and python-engineio trust that frames are well formed; a frame that is not would end
a greenlet with a traceback and leave its session half open. Here such a frame ends its session
cleanly, or, where the call can be told apart, is answered as an invalid call.
"""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import engineio.packet
import orjson
from socketio import packet

from chat.transport import frames

log = logging.getLogger(__name__)

#: Binary attachments that are counted for one call, which is then refused.
ATTACHMENTS_MAX = 16
#: Event under which a call arrives whose arguments could not be read.
MALFORMED = "malformed"
# Engine.IO from a client besides messages: close, ping, pong, upgrade, noop.
_ENGINE_PACKETS = frozenset(("1", "2", "3", "5", "6", "2probe", "3probe"))
_SOCKET_TYPES = frozenset("0123456")
_CALL = re.compile(r"2(\d{1,15})(?!\d)", re.ASCII)
# CONNECT in a namespace other than /.
_ELSEWHERE = re.compile(r"0(/[^,?]+)")
_RESERVED = ("connect", "disconnect", "connect_error")


def is_engine_packet(data: str | bytes) -> bool:
    """Whether a client may send this: Engine.IO as text, or an attachment."""
    if isinstance(data, bytes):
        return bool(data)
    if data[:1] == "4":
        return data[1:2] in _SOCKET_TYPES
    return data in _ENGINE_PACKETS


def dumps(value: Any, **_: Any) -> str:
    """JSON for python-socketio; embeds ``orjson.Fragment`` as it is."""
    return orjson.dumps(value).decode()


def loads(text: str, **_: Any) -> Any:
    """JSON from a client. Raises ``ValueError``, also for what is nested too deep.

    What the fast reader refuses the standard library's may still take: half surrogates above all,
    for which the domain has a better word than "not JSON".
    """
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


class Packet(packet.Packet):
    """A Socket.IO packet; a call that cannot be read becomes the event ``MALFORMED``.

    Reading raises ``ValueError`` where there is no call that could be answered.
    """

    def decode(self, encoded_packet: str | bytes) -> int:
        if isinstance(encoded_packet, bytes):
            raise ValueError("binary data that belongs to no call")
        try:
            attachments: int = super().decode(encoded_packet)
        except ValueError:
            call = _CALL.match(encoded_packet)
            if call is None:
                raise
            self.packet_type, self.id = packet.EVENT, int(call[1])
            self.data = [MALFORMED]
            return 0
        is_binary = self.packet_type in (packet.BINARY_EVENT, packet.BINARY_ACK)
        if is_binary != (1 <= attachments <= ATTACHMENTS_MAX):
            raise ValueError("not as many attachments as there should be")
        if self.packet_type in (packet.EVENT, packet.BINARY_EVENT) and not self._names_an_event():
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


def framed(pkt: engineio.packet.Packet) -> bytes:
    """The packet in a frame, made once however many get it."""
    ready: bytes | None = pkt.__dict__.get("frame")
    if ready is None:
        if pkt.binary:
            # Not encode(): it keeps its first result, which for somebody who polls is base64.
            ready = frames.frame(frames.BINARY, pkt.data)
        else:
            ready = frames.frame(frames.TEXT, pkt.encode().encode())
        pkt.frame = ready
    return ready


def guarded(
    read: Callable[[str, Any], None],
    refuse: Callable[[str, str], None],
    end: Callable[[str], None],
) -> Callable[[str, Any], None]:
    """``read``, which is given what each session sends; one that sends rubbish is ended.

    ``refuse(session, namespace)`` answers a client that connects to a namespace other than ``/``:
    there is none.
    """

    def guard(session: str, data: Any) -> None:
        elsewhere = _ELSEWHERE.match(data) if isinstance(data, str) else None
        if elsewhere is not None:
            refuse(session, elsewhere[1])
            return
        try:
            read(session, data)
        except ValueError as problem:
            # Of reading alone: what goes wrong in carrying out a call is in its acknowledgement.
            log.debug("A session sent what is not Socket.IO and is ended: %s", problem)
            end(session)

    return guard
