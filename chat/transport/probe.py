"""The upgrade of a polling session to WebSocket: ``2probe``, ``3probe``, ``5``."""

from engineio import packet

from chat.transport import frames, packets
from chat.transport.session import Session
from chat.transport.transport import Transport

_PONG_PROBE = frames.frame(frames.TEXT, packets.PROBE_ANSWER.encode())


class Probe:
    """Tests a WebSocket for a polling session, which uses it after the client has sent ``5``."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.transport: Transport | None = None
        self._probed = False

    def adopt(self, transport: Transport) -> None:
        self.transport = transport
        self.session.upgrading = True

    @property
    def is_authenticated(self) -> bool:
        return self.session.is_authenticated

    def bytes_waiting(self) -> None:
        return None

    def all_sent(self) -> None:
        return None

    def message_received(self, data: str | bytes) -> None:
        assert self.transport
        session = self.session
        if not self._probed and data == packets.PROBE and not session.closed:
            self._probed = True
            self.transport.push(_PONG_PROBE)
            # Ends the waiting poll: from now on packets wait for the WebSocket.
            session.queue.put(packet.Packet(packet.NOOP))
        elif self._probed and data == packets.UPGRADE and not session.closed:
            self.transport.owner = session
            session.adopt(self.transport)
        else:
            self.transport.close()
            self.connection_lost()

    def connection_lost(self) -> None:
        self.session.upgrading = False

    def ping(self) -> None:
        """Close the WebSocket: the client has had a whole interval to finish the upgrade."""
        assert self.transport
        self.transport.close()
        self.connection_lost()

    def check_pong(self) -> None:
        return None
