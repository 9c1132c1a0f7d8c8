"""Connections to Redis or Valkey, and the embedded Valkey. Nothing here knows of the chat."""
