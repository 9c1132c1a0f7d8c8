"""Backup and restore, by the commands of docs/operations.md."""

import os
import sqlite3
import stat
from contextlib import closing

import pytest
import redis

import config
from chat.store.embedded import running
from tests.processes import call

SECTION = (config.ROOT / "docs/operations.md").read_text().partition("## Backup\n")[2]
BACKUP, RESTORE = SECTION.split("```\n")[1:4:2]


def shell(commands: str):
    return call("sh", "-e", "-c", commands, cwd=config.ROOT, env={"PATH": os.environ["PATH"]})


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def settings(tmp_path):
    """Of a Maru that runs, and whose store holds one key."""
    settings = config.load({"DATA_DIR": str(tmp_path / "var")})
    with running(settings):
        with redis.Redis.from_url(settings.store_url) as store:
            store.set("said", "안녕")
        with closing(sqlite3.connect(settings.data_dir / "archive.sqlite3")) as archive:
            # As the follower has it open: the newest rows stand in a file beside.
            archive.execute("PRAGMA journal_mode = WAL")
            archive.execute("CREATE TABLE said (text)")
            archive.execute("INSERT INTO said VALUES ('안녕')")
            archive.commit()
            yield settings


@pytest.fixture
def backup(settings, tmp_path):
    """``backup()``: what the documented script gives; the copy is in the folder ``copy``."""
    _, script = BACKUP.split("\n", 1)
    return lambda: shell(f'DATA="{settings.data_dir}" BACKUP="{tmp_path}/new/copy"\n{script}')


def test_a_restored_folder_holds_everything_and_is_its_owners_alone(backup, tmp_path, settings):
    done = backup()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    copy, folder = tmp_path / "new/copy", tmp_path / "restored"
    assert mode(copy) == 0o700
    # As a copy that went over another machine may come back.
    copy.chmod(0o755)
    *commands, start = RESTORE.splitlines()
    assert start == "DATA_DIR=/srv/maru bin/run"
    named = "\n".join(commands).replace("/srv/backup/maru-2026-11-23-040000", str(copy))
    done = shell(named.replace("/srv/maru", str(folder)))
    assert (done.returncode, done.stderr) == (0, "")
    assert mode(folder) == 0o700
    restored = config.load({"DATA_DIR": str(folder)})
    assert restored.jwt_secret_key == settings.jwt_secret_key
    with running(restored), redis.Redis.from_url(restored.store_url) as store:
        assert store.get("said").decode() == "안녕"
    with closing(sqlite3.connect(folder / "archive.sqlite3")) as archive:
        assert archive.execute("SELECT text FROM said").fetchall() == [("안녕",)]


def test_a_backup_that_is_there_already_is_kept(backup, tmp_path):
    assert backup().returncode == 0
    again = backup()
    assert again.returncode == 1
    assert again.stderr == f"{tmp_path}/new/copy is there already; nothing was copied.\n"


def test_two_backups_of_one_day_have_names_of_their_own():
    assert "%H%M%S" in BACKUP.splitlines()[0]
