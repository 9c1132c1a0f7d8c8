"""Responses to HTTP requests that clients do not read are closed, the oldest first."""

import socket

import pytest

from chat.transport.responses_in_flight import IN_FLIGHT_MAX, ResponsesInFlight


@pytest.fixture
def ask():
    """Asks for an answer of some size over a connection; gives the client's end, and the answer."""
    open_ends = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", str(environ["size"]))])
        return [b"as long as it may be"]

    answers = ResponsesInFlight(app, lambda environ: environ["client"])

    def begin(size):
        client, server = socket.socketpair()
        open_ends.extend((client, server))
        environ = {"size": size, "client": server}
        return client, answers(environ, lambda status, headers: None)

    yield begin
    for end in open_ends:
        end.close()


def is_cut_off(client):
    client.settimeout(0)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_the_oldest_is_cut_off_when_too_much_is_in_flight(ask):
    half = IN_FLIGHT_MAX // 2
    clients = [ask(half)[0] for _ in range(4)]
    assert [is_cut_off(client) for client in clients] == [True, True, False, False]


def test_who_takes_an_answer_is_left_alone(ask):
    half = IN_FLIGHT_MAX // 2
    first, answer = ask(half)
    assert b"".join(answer) == b"as long as it may be"
    answer.close()
    clients = [ask(half)[0] for _ in range(2)]
    assert not any(map(is_cut_off, (first, *clients)))


def test_small_answers_are_not_counted(ask):
    clients = [ask(1000)[0] for _ in range(50)]
    ask(IN_FLIGHT_MAX)
    assert not any(map(is_cut_off, clients))
