"""Answers that redis-py has read from the socket together with the last one, in fewer steps."""

from collections.abc import Iterator
from typing import Any

from redis._parsers.hiredis import NOT_ENOUGH_DATA
from redis.exceptions import ConnectionError


def buffered_answers(connection: Any) -> Iterator[Any]:
    """The complete answers in the buffer of a connection, as ``read_response`` gives them.

    An error reply is an item, and is not raised. Raises ``ConnectionError`` where the library does:
    for a reply that says so. Ends where the connection has been closed meanwhile.
    """
    while (reader := connection._parser._reader) is not None:
        answer = reader.gets()
        if answer is NOT_ENOUGH_DATA:
            return
        if isinstance(answer, ConnectionError):
            raise answer
        yield answer
