"""Long-polling sessions are limited, in all and for each address, and so is the memory of each."""

import contextlib
import gzip
import http.client
import json

import psutil
import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.live.raw import Raw
from tests.waiting import eventually

QUERY = {"EIO": "4", "transport": "polling"}


class From(HTTPAdapter):
    """Requests from this address of this machine."""

    def __init__(self, address):
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


def visitor(address="127.0.0.1"):
    session = requests.Session()
    session.mount("http://", From(address))
    return session


def opened(maru, session, **options):
    return session.get(maru.url + "/socket.io/", params=QUERY, timeout=30, **options)


def error(answer):
    return answer.status_code, answer.json()["error"]["code"], answer.headers["Retry-After"]


@pytest.fixture
def stranger():
    return visitor()


def test_an_address_has_only_so_many_sessions_however_few_its_connections(own_maru, stranger):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="20")
    for _ in range(20):
        assert opened(maru, stranger).status_code == 200
    assert error(opened(maru, stranger)) == (429, "rate_limited", "5")
    # Others notice nothing, and whoever speaks WebSocket from there does not either.
    assert opened(maru, visitor("127.0.0.2")).status_code == 200
    Raw(maru.admin).introduce()


def test_sessions_that_have_ended_make_room_again(own_maru, stranger):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="20")
    sids = [json.loads(opened(maru, stranger).text[1:])["sid"] for _ in range(20)]
    assert opened(maru, stranger).status_code == 429
    stranger.post(maru.url + "/socket.io/", params=QUERY | {"sid": sids[0]}, data="1", timeout=30)
    eventually(lambda: opened(maru, stranger).status_code == 200, 30)


def test_sessions_that_have_ended_leave_nothing_behind(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="0")

    def come_and_go(times):
        connection = http.client.HTTPConnection("127.0.0.1", maru.port, timeout=30)
        with contextlib.closing(connection):
            for _ in range(times):
                connection.request("GET", "/socket.io/?EIO=4&transport=polling")
                opened = connection.getresponse().read()
                sid = json.loads(opened[1:])["sid"]
                address = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
                connection.request("POST", address, "1")
                assert connection.getresponse().read() == b"OK"

    # What the first ones take is kept for later ones.
    come_and_go(500)
    worker = psutil.Process(maru.workers()[0])
    before = worker.memory_info().rss
    come_and_go(4000)
    assert worker.memory_info().rss - before < 10 * 2**20


def test_all_addresses_together_have_only_so_many_sessions(own_maru):
    maru = own_maru(workers=1, MAX_CONNECTIONS="20")
    for number in range(20):
        assert opened(maru, visitor(f"127.0.0.{number + 2}")).status_code == 200
    assert error(opened(maru, visitor("127.0.0.100"))) == (503, "unavailable", "5")
    assert requests.get(maru.url + "/login", timeout=30).status_code == 200


def test_no_cap_of_an_address_is_none_for_its_sessions_either(own_maru, stranger):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="0")
    assert {opened(maru, stranger).status_code for _ in range(30)} == {200}


def test_what_is_polled_is_not_compressed(own_maru, stranger):
    maru = own_maru(workers=1)
    ann, room = maru.admin, maru.admin.create_room()
    ann.say(room, "maru " * 700)
    url = maru.url + "/socket.io/"
    query = QUERY | {"sid": json.loads(opened(maru, stranger).text[1:])["sid"]}
    stranger.post(url, params=query, data="40" + json.dumps({"token": ann.token}), timeout=30)
    call = ["history", {"token": ann.token, "roomId": room}]
    stranger.post(url, params=query, data="421" + json.dumps(call), timeout=30)
    seen = b""
    while b"431[" not in seen:
        answer = stranger.get(
            url, params=query, headers={"Accept-Encoding": "gzip, deflate"}, timeout=30, stream=True
        )
        assert "Content-Encoding" not in answer.headers
        seen += answer.raw.read()
    assert not seen.startswith(gzip.compress(b"")[:2])
