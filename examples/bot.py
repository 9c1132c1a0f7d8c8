"""A bot that answers "!ping" in one room, for ever: python bot.py ROOM_ID

It reads MARU (the server's address), BOT_NAME and BOT_PASSWORD from the environment. It needs
requests and "python-socketio[client]".
"""

import os
import sys

import requests
import socketio

URL, ROOM = os.environ.get("MARU", "http://127.0.0.1:5000"), sys.argv[1]
ACCOUNT = {"name": os.environ["BOT_NAME"], "password": os.environ["BOT_PASSWORD"]}
TRANSPORTS = os.environ.get("TRANSPORTS", "polling,websocket").split(",")
io = socketio.Client(reconnection_delay_max=20)
token: dict[str, str] = {}
seen: dict[str, object] = {}


def log_in():
    """Get a new token, before each connection. If that fails, the client tries again later."""
    answer = requests.post(f"{URL}/api/token", json=ACCOUNT, timeout=10)
    answer.raise_for_status()
    token["token"] = answer.json()["accessToken"]
    return token


def call(event, **fields):
    """Repeat a call until its answer is final. A clientId keeps a message from being doubled."""
    while True:
        try:
            answer = io.call(event, {"roomId": ROOM, **fields, **token}, timeout=10)
            if answer["ok"] or not answer["error"].get("retry"):
                return answer
        except socketio.exceptions.SocketIOError:
            pass  # The connection has ended, or nothing came back: once more.
        io.sleep(1)


@io.on("connect")
def connected():
    # Beside it: the client gives up a connection whose handler takes more than a second.
    io.start_background_task(join)


def join():
    answer = call("join", **seen)
    if answer["ok"]:
        for missed in answer["messages"] if answer["recovered"] else []:
            hear(missed)
        seen.update(since=answer["seq"], epoch=answer["epoch"])


@io.on("message")
def hear(message):
    if message["type"] == "TALK" and message["message"] == "!ping":
        call("message", message="pong", clientId=f"pong-{message['seq']}")


@io.on("notice")
def obey(notice):
    if notice["code"] == "expiring":
        call("reauth", **log_in())
    elif notice["code"] == "reset":
        seen.clear()
        join()


while True:
    try:
        io.connect(URL, auth=log_in, transports=TRANSPORTS, wait_timeout=20, retry=True)
        io.wait()  # Until the server ends it for good: the password was changed, for example.
    except socketio.exceptions.ConnectionError as problem:
        print("Not connected:", problem, flush=True)  # Refused, such as while one may not chat.
        io.shutdown()
    io.sleep(10)
