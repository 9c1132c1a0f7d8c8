"""Right and wrong log-ins from many addresses."""

from tests.conftest import PASSWORD

#: Each of them is used once.
ADDRESSES = (f"10.0.{i // 250}.{i % 250}" for i in range(60_000))


def guess(client, name="bora", address="192.0.2.1"):
    headers = {"X-Forwarded-For": address}
    return client.post("/api/token", json={"name": name, "password": "wrong"}, headers=headers)


def right(client, address="192.0.2.1", name="bora", password=PASSWORD):
    headers = {"X-Forwarded-For": address}
    return client.post("/api/token", json={"name": name, "password": password}, headers=headers)


def shut_out(client, name="bora"):
    """Guess at an account from ever more addresses, until no stranger may try any more."""
    stranger = without_cookies(client)
    answer = guess(stranger, name, next(ADDRESSES))
    while answer.status_code != 429:
        answer = guess(stranger, name, next(ADDRESSES))
    return answer


def without_cookies(client):
    return client.application.test_client()
