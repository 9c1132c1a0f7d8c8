"""Maru under a path of a site, behind a real nginx that removes the path or keeps it."""

import shutil
import subprocess

import pytest
import requests
import socketio

from tests.live.cluster import PASSWORD, Maru
from tests.ports import free_port
from tests.waiting import eventually

CONF = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/a; uwsgi_temp_path {folder}/b; scgi_temp_path {folder}/c;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port};
        location /chat/ {{
            proxy_pass http://127.0.0.1:{upstream}{ending};
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


@pytest.fixture(scope="module")
def maru(tmp_path_factory):
    maru = Maru(tmp_path_factory.mktemp("maru"), BASE_PATH="/chat", TRUSTED_PROXIES="1")
    try:
        yield maru.start()
        assert maru.trouble() == []
    finally:
        maru.stop()


@pytest.fixture(params=["/", ""], ids=["taken off", "left on"])
def site(request, maru, tmp_path):
    """The address of Maru as browsers have it."""
    nginx, port = shutil.which("nginx") or "/usr/sbin/nginx", free_port()
    conf = tmp_path / "nginx.conf"
    ending = request.param
    conf.write_text(CONF.format(folder=tmp_path, port=port, upstream=maru.port, ending=ending))
    with subprocess.Popen([nginx, "-p", tmp_path, "-c", conf], stderr=subprocess.DEVNULL) as proxy:
        url = f"http://127.0.0.1:{port}"

        def answers():
            try:
                return requests.get(f"{url}/chat/healthz", timeout=30).status_code == 200
            except requests.ConnectionError:
                return False

        try:
            eventually(answers, 30)
            yield url
        finally:
            proxy.terminate()


def test_pages_are_found_from_the_first_to_the_login(site):
    page = requests.get(f"{site}/chat/", timeout=30)
    assert page.url == f"{site}/chat/login?next=/chat/rooms"
    assert page.status_code == 200


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_program_talks_over_every_transport(site, maru, transport):
    body = {"name": "admin", "password": PASSWORD}
    token = requests.post(f"{site}/chat/api/token", json=body, timeout=30).json()["accessToken"]
    with socketio.SimpleClient(request_timeout=30) as client:
        client.connect(
            site, auth={"token": token}, transports=[transport],
            socketio_path="/chat/socket.io", wait_timeout=30,
        )  # fmt: skip
        room = maru.admin.create_room()
        joined = client.call("join", {"token": token, "roomId": room}, timeout=30)
        assert joined["ok"] and joined["userCount"] == 1
