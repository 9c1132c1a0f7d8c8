"""The bot of examples/bot.py, on python-socketio's asyncio client."""

import asyncio
import os
import sys

import requests
import socketio

URL, ROOM = os.environ["MARU"], sys.argv[1]
ACCOUNT = {"name": os.environ["BOT_NAME"], "password": os.environ["BOT_PASSWORD"]}
io = socketio.AsyncClient()
token: dict[str, str] = {}
seen: dict[str, object] = {}


async def log_in():
    answer = await asyncio.to_thread(requests.post, f"{URL}/api/token", json=ACCOUNT, timeout=30)
    answer.raise_for_status()
    token["token"] = answer.json()["accessToken"]
    return token


async def call(event, **fields):
    while True:
        try:
            answer = await io.call(event, {"roomId": ROOM, **fields, **token}, timeout=10)
            if answer["ok"]:
                return answer
        except socketio.exceptions.SocketIOError:
            pass
        await asyncio.sleep(0.5)


@io.on("connect")
async def connected():
    io.start_background_task(join)


async def join():
    answer = await call("join", **seen)
    for missed in answer["messages"] if answer["recovered"] else []:
        await hear(missed)
    seen.update(since=answer["seq"], epoch=answer["epoch"])


@io.on("message")
async def hear(message):
    if message["type"] == "TALK" and message["message"] == "!ping":
        await call("message", message="pong", clientId=f"pong-{message['seq']}")


@io.on("notice")
async def obey(notice):
    if notice["code"] == "expiring":
        await call("reauth", **await log_in())


async def main():
    transports = os.environ["TRANSPORTS"].split(",")
    await io.connect(URL, auth=log_in, transports=transports, wait_timeout=30, retry=True)
    await io.wait()


asyncio.run(main())
