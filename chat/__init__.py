"""Maru's domain: rooms, people, presence and history over Redis.

Modules here know Redis and nothing of Flask or Socket.IO. ``chat.web`` and ``chat.live`` are the
two doors to it; neither imports the other.
"""
