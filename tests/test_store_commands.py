"""Commands that need the store, while Maru runs and while it does not."""

import os
import sys

import pytest
import redis

import config
from chat.store.embedded import running
from tests.processes import call
from tests.valkey import is_up, server_process


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "the data"


@pytest.fixture
def settings(data_dir):
    return config.load({"DATA_DIR": str(data_dir)})


def test_it_lasts_for_the_command(settings, data_dir):
    with running(settings):
        assert redis.Redis.from_url(settings.store_url).ping()
    assert not is_up(data_dir)


def test_it_ends_with_a_command_that_fails(settings, data_dir):
    with pytest.raises(ZeroDivisionError), running(settings):
        raise ZeroDivisionError
    assert not is_up(data_dir)


def test_the_store_that_is_up_is_used_and_left_alone(settings, data_dir):
    with running(settings):
        process = server_process(data_dir)
        with running(settings):
            assert server_process(data_dir) == process
        assert server_process(data_dir) == process


def test_it_serves_one_maru_at_a_time(settings, data_dir):
    """``python app.py`` beside ``bin/run``."""
    with running(settings):
        environ = {**os.environ, "DATA_DIR": str(data_dir), "ENV_FILE": "", "PORT": "5999"}
        second = call(sys.executable, "app.py", cwd=config.ROOT, env=environ)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith(
        f"maru: DATA_DIR {data_dir} is in use by another Maru (process "
    )
    assert second.stderr.count("\n") == 1


def test_another_store_is_not_ours_to_run(data_dir):
    elsewhere = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32, "REDIS_URL": "redis://x"}
    with running(config.load({"DATA_DIR": str(data_dir), **elsewhere})):
        assert not data_dir.exists()
