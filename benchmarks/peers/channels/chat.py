"""Django Channels with channels_redis: groups and no more. For uvicorn; REDIS_SOCKET says where."""

import os
import time
from typing import Any

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="nothing here is signed",
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                # The client's 100 connections are few; then it refuses.
                "hosts": [f"unix://{os.environ['REDIS_SOCKET']}?max_connections=100000"],
                # Its 100 messages for a slow reader are few; the next ones it drops.
                "capacity": 100_000,
            },
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Member(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        await self.send_json({"ok": True})

    async def receive_json(self, call: dict[str, Any]) -> None:
        said = {
            "type": "TALK",
            "roomId": self.room,
            "sender": call["sender"],
            "message": call["message"],
            "userCount": 0,
            "sentAt": time.time_ns() // 1_000_000,
        }
        await self.channel_layer.group_send(self.room, {"type": "talk", "said": said})
        await self.send_json({"ok": True})

    async def talk(self, event: dict[str, Any]) -> None:
        await self.send_json(event["said"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("rooms/<str:room>", Member.as_asgi())])}
)
