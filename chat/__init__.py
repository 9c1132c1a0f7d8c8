"""Maru's domain: rooms, people, presence and history over Redis.

Modules here use ``chat.store``, and nothing of Flask or Socket.IO. ``chat.web`` (HTTP) and
``chat.live`` (Socket.IO) use the domain; neither imports the other. ``chat.transport`` carries
bytes, and knows nothing of all this.
"""
