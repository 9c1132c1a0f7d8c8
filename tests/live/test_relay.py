"""Relayed requests: bytes pass in both directions only after a 101, with the client's address."""

import contextlib
import json
import re
import socket
import subprocess

import eventlet
import pytest
import requests
from eventlet.green import socket as green_socket

from chat.store.embedded import socket_path
from chat.transport.relay import Relay
from tests.live.loop import tick
from tests.live.test_crowd_of_requests import CROWD, answers, stopped
from tests.live.test_http_server import request
from tests.live.test_worker import connect
from tests.ports import free_port
from tests.waiting import eventually

QUERY = "EIO=4&transport=polling"
UPGRADE = (
    *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
HEALTH = request("GET /healthz HTTP/1.1")


def foreign(maru, url=None, headers=None):
    """The id of a polling session; whoever asks for it next has to reach the right worker."""
    opened = requests.get(f"{url or maru.url}/socket.io/?{QUERY}", headers=headers, timeout=30)
    return json.loads(opened.text[1:])["sid"]


def refused_upgrade(session, key="x"):
    """One that the worker of the session answers with 400."""
    line = f"GET /socket.io/?EIO=4&transport=websocket&sid={session} HTTP/1.1"
    fields = [field for field in UPGRADE if not field.startswith("Sec-WebSocket-Key")]
    return request(line, *fields, f"Sec-WebSocket-Key: {key}")


def whole(connection):
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_refused_upgrade_is_one_answer_and_the_end(own_maru):
    maru = own_maru(workers=4)
    session = foreign(maru)
    for _ in range(12):
        with connect(maru) as connection:
            connection.settimeout(30)
            connection.sendall(refused_upgrade(session) + HEALTH)
            heard = whole(connection)
        assert heard.startswith(b"HTTP/1.1 400 ") and b"\r\nConnection: close\r\n" in heard
        assert heard.count(b"HTTP/1.1 ") == 1, "nothing behind it is served"
        assert b"X-Content-Type-Options: nosniff" in heard


@pytest.fixture
def nginx(tmp_path):
    """Starts one in front of a Maru, which keeps its connections to it."""
    started = []

    def start(maru):
        port = free_port()
        (tmp_path / "nginx.conf").write_text(f"""
            daemon off; error_log {tmp_path}/nginx.log; pid {tmp_path}/nginx.pid;
            worker_processes 1; events {{}}
            http {{
                access_log off;
                client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
                fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u;
                scgi_temp_path {tmp_path}/s;
                map $http_upgrade $wished {{ default upgrade; "" ""; }}
                upstream maru {{ server 127.0.0.1:{maru.port}; keepalive 4; }}
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass http://maru; proxy_http_version 1.1;
                        proxy_set_header Host $http_host;
                        proxy_set_header X-Forwarded-For $http_x_test;
                        proxy_set_header X-Forwarded-Proto https;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $wished;
                    }}
                }}
            }}""")
        command = ["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "nginx.log")]
        started.append(subprocess.Popen(command))

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        eventually(listens)
        return port

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


def test_later_visitors_of_the_same_proxy_are_not_served_by_a_pipe(own_maru, nginx):
    maru = own_maru(workers=4, TRUSTED_PROXIES="1", LOGIN_RATE="5")
    port = nginx(maru)
    url = f"http://127.0.0.1:{port}"
    session = foreign(maru, url)
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(refused_upgrade(session).replace(b"Host: maru", b"Host: a.example"))
            assert b" 400 " in connection.recv(65_536)[:20]
        for _ in range(4):
            page = requests.get(f"{url}/login", timeout=30)
            assert page.status_code == 200 and "; Secure" in page.headers["Set-Cookie"]
    wrong = {"name": "nobody", "password": "wrong wrong"}
    answers = [
        requests.post(
            f"{url}/api/token", json=wrong, headers={"X-Test": f"198.51.100.{i}"}, timeout=30
        )
        for i in range(3)
    ]
    assert {answer.status_code for answer in answers} == {401}, "each by its own address"


def test_the_socket_between_workers_serves_nothing_but_socket_io(own_maru):
    maru = own_maru(workers=2)
    folder = socket_path(maru.data).parent

    def both():
        found = [path for path in folder.glob("*.sock") if re.fullmatch("[0-9a-f]{8}", path.stem)]
        return found if len(found) == 2 else None

    places = eventually(both, 30)
    told = b'{"REMOTE_ADDR":"198.51.100.4","REMOTE_PORT":"1","wsgi.url_scheme":"https"}\n'
    for sent, status in ((told + HEALTH, b"404"), (HEALTH, b""), (b"x" * 100_000, b"")):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(places[0]))
            try:
                connection.sendall(sent)
                heard = whole(connection)
            except ConnectionError:
                heard = b""
        assert heard[9:12] == status


def passed_on(maru, *fields, address="127.0.0.1"):
    """What a worker is told of a request for a session of its own: the line, and the head."""
    place = socket_path(maru.data).parent / "deadbeef.sock"
    with socket.socket(socket.AF_UNIX) as worker:
        worker.bind(str(place))
        worker.listen()
        worker.settimeout(30)
        try:
            client = socket.create_connection(("127.0.0.1", maru.port), 30, (address, 0))
            with client:
                line = f"GET /socket.io/?{QUERY}&sid=deadbeef.x HTTP/1.1"
                client.sendall(request(line, *fields))
                port = client.getsockname()[1]
                connection, _ = worker.accept()
                with connection:
                    heard = b""
                    while b"\r\n\r\n" not in heard:
                        heard += connection.recv(65_536)
        finally:
            place.unlink()
    told, _, head = heard.partition(b"\n")
    return json.loads(told), head, port


FORGED = ("X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil")


def test_the_worker_of_a_session_is_told_the_clients_own_address(maru):
    told, head, port = passed_on(maru, *FORGED, address="127.0.0.3")
    assert told["REMOTE_ADDR"] == "127.0.0.3" and told["REMOTE_PORT"] == str(port)
    assert told["wsgi.url_scheme"] == "http"
    assert b"forwarded" not in head.lower(), "nobody believes it later either"


def test_the_worker_of_a_session_is_told_what_a_trusted_proxy_says(own_maru):
    maru = own_maru(TRUSTED_PROXIES="1")
    told, head, _ = passed_on(maru, *FORGED)
    assert told["REMOTE_ADDR"] == "198.51.100.7" and told["wsgi.url_scheme"] == "https"
    assert b"forwarded" not in head.lower()


def test_the_worker_of_a_session_takes_the_address_and_scheme_that_it_is_told(tmp_path):
    seen = []

    def app(environ, start_response):
        seen.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["SCRIPT_NAME"]))
        start_response("200 OK", [])
        return [b"heard"]

    relay = Relay(app, "/socket.io", tmp_path)
    relay.start()
    told = {"REMOTE_ADDR": "198.51.100.7", "wsgi.url_scheme": "https", "SCRIPT_NAME": "/chat"}
    sent = json.dumps(told).encode() + b"\n" + request(f"GET /socket.io/?{QUERY} HTTP/1.1")
    with eventlet.Timeout(30), green_socket.socket(socket.AF_UNIX) as worker:
        worker.connect(str(tmp_path / f"{relay.tag}.sock"))
        # The line may come in pieces, and the request right behind it.
        worker.sendall(sent[:20])
        tick()
        worker.sendall(sent[20:])
        assert whole(worker).endswith(b"\r\n\r\nheard")
    assert seen == [("198.51.100.7", "https", "/chat")]


def test_requests_that_are_passed_on_take_turns_by_address(own_maru):
    maru = own_maru(workers=1)
    [place] = [p for p in socket_path(maru.data).parent.glob("*.sock") if p.stem != "valkey"]

    def ask(address):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(str(place))
        told = {"REMOTE_ADDR": address, "REMOTE_PORT": "1", "wsgi.url_scheme": "http"}
        opening = request(f"GET /socket.io/?{QUERY} HTTP/1.1")
        connection.sendall(json.dumps(told).encode() + b"\n" + opening)
        return connection

    with contextlib.ExitStack() as stack:
        with stopped(maru):
            crowd = [stack.enter_context(ask("198.51.100.4")) for _ in range(CROWD)]
            other = stack.enter_context(ask("198.51.100.5"))
            before = stack.enter_context(answers(crowd, other))
        assert before() < CROWD / 2
        assert whole(other).startswith(b"HTTP/1.1 200 ")
