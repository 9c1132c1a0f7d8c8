"""TLS over sockets that accept few bytes at a time, and handshakes that wait in the queue."""

import socket
import ssl

import eventlet
import pytest
from eventlet.greenio import GreenSocket

from chat.transport.detached_socket import detach_socket
from chat.transport.tls_socket import TlsSocket
from tests.live.loop import tick
from tests.processes import call


@pytest.fixture(scope="module")
def server_context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = call(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
    )
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


class Peer:
    """The client's side: OpenSSL without a socket, and a green socket."""

    def __init__(self, plain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = GreenSocket(plain)
        self._come, self._made = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._come, self._made)

    def _until_done(self, function, *arguments):
        while True:
            try:
                result = function(*arguments)
            except ssl.SSLWantReadError:
                self.socket.sendall(self._made.read())
                self._come.write(self.socket.recv(65536))
            else:
                self.socket.sendall(self._made.read())
                return result

    def handshake(self):
        self._until_done(self._tls.do_handshake)

    def read(self, size):
        read = b""
        while len(read) < size:
            read += self._until_done(self._tls.read, size - len(read))
        return read

    def write(self, data):
        self._until_done(self._tls.write, data)


@pytest.fixture
def sides(server_context):
    with eventlet.Timeout(30):
        ours, theirs = socket.socketpair()
        for plain in (ours, theirs):
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        yield TlsSocket(GreenSocket(ours), server_context), Peer(theirs)
        theirs.close()


def test_each_step_of_a_handshake_waits_for_its_turn(sides):
    server, client = sides
    waiting, shaking = [], eventlet.spawn(client.handshake)

    def wait():
        go_on = eventlet.event.Event()
        waiting.append(go_on)
        go_on.wait()

    serving, steps = eventlet.spawn(server.handshake, wait), 0
    while not serving.dead:
        while not waiting and not serving.dead:
            tick()
        for go_on in waiting:
            steps += 1
            go_on.send()
        waiting.clear()
    serving.wait()
    shaking.wait()
    assert steps >= 2


def test_large_data_passes_in_both_directions_however_little_the_system_takes(sides):
    server, client = sides
    shaking = eventlet.spawn(client.handshake)
    server.handshake(lambda: None)
    shaking.wait()
    data = bytes(range(256)) * 2000
    reading = eventlet.spawn(client.read, len(data))
    server.sendall(data)
    assert reading.wait() == data
    writing, got = eventlet.spawn(client.write, data), b""
    while len(got) < len(data):
        got += server.recv(10_000)
    assert got == data
    writing.wait()


def test_a_socket_that_was_taken_over_sends_what_the_system_did_not_take_at_first(sides):
    server, client = sides
    shaking = eventlet.spawn(client.handshake)
    server.handshake(lambda: None)
    shaking.wait()
    taken, is_tls = detach_socket(server)
    server.close()
    assert is_tls
    data, sent, refused = bytes(range(256)) * 2000, 0, 0
    reading = eventlet.spawn(client.read, len(data))
    with pytest.raises(BlockingIOError):
        taken.recv(100)
    while sent < len(data):
        try:
            sent += taken.send(memoryview(data)[sent:])
        except BlockingIOError:
            refused += 1
            tick()
    assert reading.wait() == data
    assert refused
    taken.close()
