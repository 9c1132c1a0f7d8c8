"""A connection is closed when its login ends: expired, revoked, logged out, or made a guest."""

import functools
import json
import os
import signal
import time

import jwt
import pytest
import redis
import requests

from chat.live import canary
from tests.live.client import Refused, settle
from tests.live.cluster import PASSWORD
from tests.live.pages import Pages
from tests.live.raw import Raw
from tests.waiting import eventually


def ended(client, code, seconds=30):
    """The connection was closed, and told why."""
    assert client.wait_for_event("notice", seconds, code=code)["message"]
    assert client.ended.wait(seconds)


def expiry(token):
    return jwt.decode(token, options={"verify_signature": False})["exp"]


def unharmed(room, *clients):
    settle(room, *clients)
    assert not any(client.ended.is_set() for client in clients)
    assert not any(event == "notice" for client in clients for event, _ in client.heard)


def test_a_token_that_expires_is_renewed_or_ends_the_connection(own_maru):
    maru = own_maru(TOKEN_SECONDS="30")
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    renews, forgets = ann.connect(), ben.connect()
    renews.join(room)
    forgets.join(room)

    def renew():
        # The server says when it is time, again for each token that it has been shown.
        renews.wait_for_event("notice", seconds=60, code="expiring")
        renews.forget()
        eventually(lambda: expiry(ann.log_in()["accessToken"]) > expiry(renews.token))
        renews.token = ann.token
        left = expiry(renews.token) - time.time()
        told = renews.call("reauth")["expiresIn"]
        assert expiry(renews.token) - time.time() - 1 <= told <= left + 1

    first = time.monotonic()
    while not forgets.ended.is_set():
        renew()
        assert time.monotonic() < first + 200
    ended(forgets, "expired")
    assert [p["code"] for e, p in forgets.heard if e == "notice"] == ["expiring", "expired"]
    # For longer than any of its tokens lives.
    while time.monotonic() < first + 35:
        renew()
    assert not renews.ended.is_set()
    assert renews.say(room, "still here")["userCount"] == 1
    with pytest.raises(Refused) as refused:
        ben.connect()
    assert refused.value.data["data"]["code"] == "token_expired"
    renews.close()


def test_a_warning_comes_once_for_each_token_and_late_in_its_life(own_maru):
    maru = own_maru(TOKEN_SECONDS="30")
    ann = maru.register("ann")
    client = ann.connect()
    warned = client.wait_for_event("notice", seconds=60, code="expiring")
    assert warned and 0 < expiry(client.token) - time.time() <= 30 / 3 + 2
    ann.log_in()
    client.token, client_until = ann.token, expiry(ann.token)
    client.forget()
    client.call("reauth")
    client.wait_for_event("notice", seconds=60, code="expiring")
    assert client_until - time.time() <= 30 / 3 + 2
    assert [p["code"] for e, p in client.heard if e == "notice"] == ["expiring"]
    client.close()


def test_a_revoked_token_closes_its_connections_on_every_worker(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, two = apart(ann, ann)
    ann.log_in()
    of_another_login, witness = apart(ann, ben)
    for client in (one, two, of_another_login, witness):
        client.join(room)
    ann.token = one.token
    assert ann.request("POST", "/api/token/revoke").status_code == 204
    ended(one, "revoked")
    ended(two, "revoked")
    ann.token = of_another_login.token
    unharmed(room, of_another_login, witness)
    eventually(lambda: ann.present(room) == {ann.name: 1, ben.name: 1})
    assert witness.messages("QUIT") == []
    with pytest.raises(Refused) as refused:
        ann.connect(auth={"token": one.token})
    assert refused.value.data["data"]["code"] == "token_revoked"


def test_a_revoked_refresh_token_takes_its_access_tokens_along(person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    client, witness = connect(ann), connect(ben)
    client.join(room)
    witness.join(room)
    ann.token = ann.refresh_token
    assert ann.request("POST", "/api/token/revoke").status_code == 204
    ended(client, "revoked")
    quit_ = witness.wait_for_message(type="QUIT", sender=ann.name)
    assert (quit_["reason"], quit_["userCount"]) == ("left", 1)


def test_logging_out_closes_the_pages_of_that_browser(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    laptop, phone = Pages(ann), Pages(ann)
    ann.token = laptop.token()
    tabs = apart(ann, ann)
    ann.token = phone.token()
    pocket, witness = apart(ann, ben)
    for client in (*tabs, pocket, witness):
        client.join(room)
    assert ann.present(room) == {ann.name: 3, ben.name: 1}
    assert laptop.submit("/logout").status_code == 302
    for tab in tabs:
        ended(tab, "revoked")
    unharmed(room, pocket, witness)
    eventually(lambda: ann.present(room) == {ann.name: 1, ben.name: 1})
    assert pocket.say(room, "from the phone")["userCount"] == 2
    phone.submit("/logout")
    ended(pocket, "revoked")
    witness.wait_for_message(type="QUIT", sender=ann.name, reason="left", userCount=1)
    assert witness.messages("ENTER", "QUIT", sender=ann.name)[1:] == []


def test_a_new_password_ends_all_logins_but_the_one_that_changed_it(maru, person, apart):
    ann = person("ann")
    laptop = Pages(ann)
    clients = apart(ann, ann)
    changed = laptop.submit("/settings", current=PASSWORD, password="a new and longer one")
    assert changed.status_code == 200
    for client in clients:
        assert client.ended.wait(30)
    with pytest.raises(Refused):
        ann.connect()
    ann.token = laptop.token()
    ann.connect().close()


def test_who_is_made_a_guest_is_out_at_once(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ben.create_room()
    one, two, witness = apart(ann, ann, ben)
    for client in (one, two, witness):
        client.join(room)
    assert maru.flask("set-role", ann.name, "guest").strip() == f"{ann.name} is a guest now."
    ended(one, "revoked")
    ended(two, "revoked")
    witness.wait_for_message(type="QUIT", sender=ann.name, userCount=1)
    with pytest.raises(Refused) as refused:
        ann.connect()
    assert refused.value.data["data"]["code"] == "forbidden"
    maru.flask("set-role", ann.name, "user")
    ann.connect().close()
    unharmed(room, witness)


def test_the_role_counts_that_somebody_has_now(maru, person, connect):
    ann, ben = person("ann"), person("ben")
    room = ben.create_room("Ben's own")
    assert ann.request("DELETE", f"/api/rooms/{room}").status_code == 403
    maru.flask("set-role", ann.name, "admin")
    assert ann.request("DELETE", f"/api/rooms/{room}").status_code == 204


def test_who_is_taken_out_of_a_private_room_hears_nothing_more(person, apart):
    owner, ann = person("owner"), person("ann")
    room = owner.create_room("Secret", private=True)
    elsewhere = owner.create_room()
    owner.request("PUT", f"/api/rooms/{room}/members/{ann.name}")
    witness, one, two = apart(owner, ann, ann)
    for client in (witness, one, two):
        client.join(room)
        client.join(elsewhere)
    path = f"/api/rooms/{room}/members/{ann.name}"
    assert owner.request("DELETE", path).status_code == 204
    for client in (one, two):
        client.wait_for_event("notice", code="kicked", roomId=room)
    gone = witness.wait_for_message(type="QUIT", sender=ann.name)
    assert (gone["reason"], gone["userCount"]) == ("kicked", 1)
    for client in (one, two):
        client.forget()
    witness.say(room, "between us")
    settle(elsewhere, witness, one, two)
    for client in (one, two):
        assert client.messages() == []
        assert not client.ended.is_set()
        assert client.refusal("join", roomId=room) == "not_found"
        assert client.refusal("message", roomId=room, message="let me in") == "not_found"
        assert client.refusal("history", roomId=room) == "not_found"
        assert client.refusal("typing", roomId=room) == "not_joined"


def test_a_revocation_that_a_deaf_worker_missed_is_carried_out_when_it_hears_again(own_maru):
    maru = own_maru(workers=1)
    store = redis.Redis.from_url(maru.store_url)
    ann = maru.register("ann")
    client = ann.connect()
    token_id = jwt.decode(ann.token, options={"verify_signature": False})["jti"]
    # As if its announcement had been lost with the connection that was to carry it.
    store.set(f"maru:revoked:{token_id}", 1, ex=60)
    store.client_kill_filter(_type="pubsub")
    assert client.wait_for_event("notice", code="revoked")
    assert client.ended.wait(30)


def log_out(ann, page):
    assert page.submit("/logout").status_code == 302


def change_password(ann, page):
    changed = page.submit("/settings", current=PASSWORD, password="a new and longer one")
    assert changed.status_code == 200


def revoke_token(ann, page):
    bearer = {"Authorization": f"Bearer {ann.token}"}
    answer = requests.post(f"{ann.url}/api/token/revoke", headers=bearer, timeout=30)
    assert answer.status_code == 204


def test_what_is_said_after_a_login_has_ended_is_refused_by_a_worker_that_was_stopped(own_maru):
    """It finds the calls and what has ended side by side in its sockets."""
    maru = own_maru()
    stopped = maru.workers()[0]
    for end in (log_out, change_password, revoke_token):
        ann = maru.register_some("ann")
        room = ann.create_room()
        page = Pages(ann)
        ann.token = page.token()
        sockets = [raw_at(stopped, ann) for _ in range(5)]
        for socket in sockets:
            assert socket.call(1, "join", roomId=room)["ok"]
            assert socket.call(2, "message", roomId=room, message="before")["ok"]
        os.kill(stopped, signal.SIGSTOP)
        try:
            until = time.monotonic() + 2 * canary.STALL_S
            # Its kept connection may be the stopped worker's.
            page.close()
            end(ann, page)
            for socket in sockets:
                call = {"token": ann.token, "roomId": room, "message": "after"}
                socket.send("423" + json.dumps(["message", call]))
            eventually(functools.partial(is_over, until))
        finally:
            os.kill(stopped, signal.SIGCONT)
        for socket in sockets:
            assert socket.is_closed()
        said = [entry[b"m"] for _, entry in stream(maru, room)]
        assert len(said) == 5 and not any(b"after" in message for message in said)


def is_over(until):
    return time.monotonic() > until


def raw_at(worker, api):
    """A connection to this worker."""
    while True:
        raw = Raw(api).introduce()
        if api.maru.worker_at(raw.ws.sock.getsockname()[1]) == worker:
            return raw
        raw.abort()


def stream(maru, room):
    return redis.Redis.from_url(maru.store_url).xrange(f"maru:room:{{{room}}}:stream")
