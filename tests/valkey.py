"""Sends commands to the embedded Valkey of a folder directly."""

from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chat.store.embedded import socket_path


def client(data_dir: Path) -> redis.Redis:
    at_once = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(socket_path(data_dir)), retry=at_once)


def is_up(data_dir: Path) -> bool:
    try:
        return client(data_dir).ping()
    except redis.ConnectionError:
        return False


def server_process(data_dir: Path) -> int:
    return client(data_dir).info("server")["process_id"]
