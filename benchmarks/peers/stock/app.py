"""Flask-SocketIO as its documentation has it, with its Redis message queue: rooms and no more.

python app.py PORT REDIS_SOCKET
"""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

from eventlet import wsgi  # noqa: E402
from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402
from socketio import RedisManager  # noqa: E402

port, path = sys.argv[1:]
app = Flask(__name__)
# What message_queue="redis://…" makes; it does not know the addresses of Unix sockets.
socketio = SocketIO(app, client_manager=RedisManager(f"unix://{path}"))


@socketio.on("join")
def join(call: dict[str, Any]) -> dict[str, bool]:
    join_room(call["roomId"])
    return {"ok": True}


@socketio.on("message")
def message(call: dict[str, Any]) -> dict[str, bool]:
    room = call["roomId"]
    # As it came, with the number of members that this process knows of.
    members = socketio.server.manager.rooms["/"].get(room) or ()
    said = {
        "type": "TALK",
        "roomId": room,
        "sender": call["sender"],
        "message": call["message"],
        "userCount": len(members),
        "sentAt": time.time_ns() // 1_000_000,
    }
    emit("message", said, to=room)
    return {"ok": True}


# What the event loop's server is told beyond its defaults: 1,024 connections would be too few, and
# a short queue of new ones would make clients wait a second for a lost SYN.
listener = eventlet.listen(("127.0.0.1", int(port)), backlog=4096)
wsgi.server(listener, app, log_output=False, max_size=40_000)
