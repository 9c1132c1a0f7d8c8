"""Engine.IO and Socket.IO packets: the official library reads what is written, and the reverse."""

import re

import pytest
import socketio.packet

import config
from chat.transport import packets
from chat.transport.packets import Packet


@pytest.mark.parametrize(
    ("written", "kind", "namespace", "call_id", "data"),
    [
        (packets.event(b"notice", b'{"a":1}'), "EVENT", None, None, ["notice", {"a": 1}]),
        (packets.acknowledgement(7, b'{"ok":true}'), "ACK", None, 7, [{"ok": True}]),
        (packets.connect_error("/x", b'{"a":1}'), "CONNECT_ERROR", "/x", None, {"a": 1}),
    ],
)
def test_the_library_reads_what_is_written(written, kind, namespace, call_id, data):
    message, packet = written.decode()[0], written.decode()[1:]
    assert message == packets.MESSAGE
    read = socketio.packet.Packet(encoded_packet=packet)
    assert socketio.packet.packet_names[read.packet_type] == kind
    assert (read.namespace, read.id, read.data) == (namespace, call_id, data)


@pytest.mark.parametrize(
    ("packet", "event"),
    [
        ('2["message",{}]', (None, "message", [{}])),
        ('27["message",{}]', (7, "message", [{}])),
        ('20["typing"]', (0, "typing", [])),
        ('2999999999999999["watch",1,2]', (999999999999999, "watch", [1, 2])),
    ],
)
def test_an_event_is_read_as_the_library_reads_it(packet, event):
    assert packets.read_event(packet) == event
    read = Packet(encoded_packet=packet)
    assert (read.id, *read.data) == (event[0], event[1], *event[2])


@pytest.mark.parametrize(
    "packet",
    [
        '0{"token":"x"}',
        "1",
        '37[{"ok":true}]',
        '2/x,7["message",{}]',
        '21-["message",{"_placeholder":true,"num":0}]',
        '51-7["message",{"_placeholder":true,"num":0}]',
        '29999999999999999["message",{}]',
        "27",
        "27{}",
        "27[]",
        "27[1]",
        '27["message",{]}',
        "",
    ],
)
def test_all_other_packets_are_left_to_the_library(packet):
    assert packets.read_event(packet) is None


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        ('27["message",{}]', "message"),
        ('2["message",{}]', "message"),
        ('27["typing",{}]', "typing"),
        ('2/x,7["message",{}]', None),
        ('37["message",{}]', None),
        ("1", None),
    ],
)
def test_the_name_of_an_event_is_read_without_its_arguments(packet, name):
    assert packets.event_name(packet) == name


@pytest.mark.parametrize("packet", ["27", "27{", "27[]", '27["connect",{}]', '27["disconnect"]'])
def test_a_malformed_call_with_an_id_is_one_that_can_be_refused(packet):
    read = Packet(encoded_packet=packet)
    assert (read.packet_type, read.id, read.data) == (socketio.packet.EVENT, 7, [packets.MALFORMED])


@pytest.mark.parametrize(
    "packet", ["2", "2[1]", "2{", b"bytes", '517-["a"]', '50-["a"]', '21-["a"]']
)
def test_what_cannot_be_answered_is_no_packet(packet):
    with pytest.raises(ValueError):
        Packet(encoded_packet=packet)


def test_binary_data_is_counted_and_not_kept():
    read = Packet(encoded_packet='52-7["message",{"_placeholder":true,"num":0}]')
    assert not read.add_attachment(b"one")
    assert read.add_attachment(b"two")
    assert read.data == [packets.MALFORMED] and read.attachments == [b"", b""]


@pytest.mark.parametrize(
    ("data", "may_be_sent"),
    [
        *(
            (data, True)
            for data in ("1", "2", "3", "5", "6", "2probe", "3probe", "40", "427[]", b"x")
        ),
        *((data, False) for data in ("", "0", "4", "47", "4x", "7", "2x", "x", b"")),
    ],
)
def test_a_client_sends_engine_io_only(data, may_be_sent):
    assert packets.is_from_client(data) is may_be_sent


def test_no_other_module_writes_packets():
    pattern = re.compile(r"""["']4[0-6][%/\[{"']|["'][0-6]probe""")
    paths = (config.ROOT / "chat").rglob("*.py")
    found = {path.name for path in paths if pattern.search(path.read_text("utf-8"))}
    assert found == {"packets.py"}
