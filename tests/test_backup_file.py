"""The file of a backup: one that is cut or damaged anywhere is refused."""

import os
import stat

import pytest

from chat.backup import backup_file
from chat.backup.backup_file import ABOUT, KEYS, ROWS, BackupError, blocks, check, writing

DATA = [(ABOUT, b'{"id":"a"}'), (KEYS, os.urandom(3000)), (KEYS, b""), (ROWS, "안녕".encode() * 99)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "maru.backup"
    with writing(path) as writer:
        for kind, data in DATA:
            writer.add(kind, data)
    return path


def test_what_was_written_is_read(path):
    assert list(blocks(path)) == DATA


def test_it_is_its_owners_alone_and_nothing_else_is_left(path, tmp_path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_cut_anywhere_is_refused(path):
    whole = path.read_bytes()
    for length in {*range(60), *range(0, len(whole), 53), len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(BackupError, match=r"cut|no backup"):
            check(path)


def test_a_file_that_is_damaged_anywhere_is_refused(path):
    whole = path.read_bytes()
    for at in {*range(60), *range(0, len(whole), 41), len(whole) - 1}:
        damaged = bytearray(whole)
        damaged[at] ^= 0x21
        path.write_bytes(damaged)
        with pytest.raises(BackupError, match=r"damaged|cut|no backup|later Maru"):
            check(path)


def test_a_file_with_something_behind_its_end_is_refused(path):
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BackupError, match="damaged"):
        check(path)


def test_a_file_without_one_of_its_blocks_is_refused(tmp_path):
    path = tmp_path / "maru.backup"
    with writing(path) as writer:
        writer.add(ABOUT, b"{}")
        before = path.with_name("maru.backup.part")
        writer.add(KEYS, b"a")
    whole = path.read_bytes()
    assert not before.exists()
    block = len(b"Maru backup 1\n")
    head = backup_file._HEAD
    _, length, _ = head.unpack_from(whole, block)
    path.write_bytes(whole[:block] + whole[block + head.size + length :])
    with pytest.raises(BackupError, match="damaged"):
        check(path)


def test_a_later_format_is_refused(path):
    path.write_bytes(path.read_bytes().replace(b"backup 1", b"backup 2", 1))
    with pytest.raises(BackupError, match="of a later Maru"):
        check(path)


def test_what_is_there_already_is_kept(path):
    before = path.read_bytes()
    with pytest.raises(BackupError, match="is there already"), writing(path):
        pass
    assert path.read_bytes() == before


def test_one_that_fails_leaves_nothing(tmp_path):
    path = tmp_path / "maru.backup"
    with pytest.raises(ZeroDivisionError), writing(path) as writer:
        writer.add(KEYS, b"x")
        _ = 1 / 0
    assert not list(tmp_path.iterdir())


def test_two_at_once_are_not_written_into_one_another(tmp_path):
    path = tmp_path / "maru.backup"
    with writing(path):
        with pytest.raises(BackupError, match="Another backup is being written"), writing(path):
            pass
        assert path.with_name("maru.backup.part").exists()
    check(path)


def test_one_that_was_killed_is_written_over(tmp_path):
    path = tmp_path / "maru.backup"
    path.with_name("maru.backup.part").write_bytes(b"x" * 10_000)
    with writing(path) as writer:
        writer.add(KEYS, b"x")
    assert list(blocks(path)) == [(KEYS, b"x")]
