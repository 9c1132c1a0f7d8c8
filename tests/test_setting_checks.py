"""Addresses of a store are accepted, or refused without printing a possible password."""

import pytest

from config import ConfigError, load

SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}


@pytest.fixture
def loaded(tmp_path):
    """``loaded(PORT="80")``: the settings of an environment with that and a fresh DATA_DIR."""
    return lambda **environ: load({"DATA_DIR": str(tmp_path / "data"), **environ})


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "rediss://user:password@[::1]:6380/2?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_another_store_can_be_used(loaded, url):
    settings = loaded(REDIS_URL=url, **SECRETS)
    assert not settings.embedded
    assert settings.store_url == url


def test_the_password_of_a_url_is_not_shown(loaded):
    with pytest.raises(ConfigError) as refusal:
        loaded(REDIS_URL="redis//user:sesame@host", **SECRETS)
    assert "sesame" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:sesame#1@localhost",
        "redis://:sesame?1@localhost/0",
        "redis://:sesame/1@localhost/0",
        "redis://:sesame[1@localhost/0",
        "redis://:sesame",
        "redis://localhost/0?password=sesame&protocol=3",
        "redis://bora:sesame@localhost:99999",
        "redis://bora:sesame@localhost:0",
        "redis://bora:sesame@localhost:http",
        "redis://bora:sesame@localhost/chat",
        "redis://bora:sesame@local host",
        "redis://bora:sesame@lo..cal",
        "unix://:sesame@run/redis.sock",
        "unix:///run/redis.sock?password=sesame&db=x",
        "sesame",
    ],
)
def test_no_part_of_a_url_that_may_be_a_password_is_shown(loaded, url):
    with pytest.raises(ConfigError) as refusal:
        loaded(REDIS_URL=url, **SECRETS)
    line = str(refusal.value)
    assert line.startswith("REDIS_URL cannot be ") and "\n" not in line
    assert url == "sesame" or "sesame" not in line


@pytest.mark.parametrize(
    "query",
    [
        *("protocol=3", "protocol=2", "decode_responses=1", "socket_timeout=900", "timeout=0"),
        *("max_connections=1", "retry_on_timeout=1", "sesame", "db=x", "ssl_cert_reqs=maybe"),
        *("ssl_ca_certs=/no/such/file", "client_name=x", "legacy_responses=1", "db=-1"),
    ],
)
def test_options_that_are_not_the_operators_to_choose_are_refused_at_once(loaded, query):
    with pytest.raises(ConfigError, match=r"^REDIS_URL cannot be '.*': it takes "):
        loaded(REDIS_URL=f"rediss://localhost:6379/0?{query}", **SECRETS)
