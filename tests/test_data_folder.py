"""A ``DATA_DIR`` that is not this Maru's to use: nothing is started, and nothing is written."""

import os
import sys
from pathlib import Path

import pytest

import config
from config import ConfigError
from tests.ports import free_port
from tests.processes import call

COMMANDS = {
    "bin/run": [config.ROOT / "bin/run"],
    "app.py": [sys.executable, config.ROOT / "app.py"],
    "bin/flask": [config.ROOT / "bin/flask", "set-role", "bora", "admin"],
}
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another")


@pytest.fixture(scope="module", autouse=True)
def set_up():
    """What bin/run makes at its first start is made: it tells of that in lines of its own."""
    assert call(config.ROOT / "bin/setup", "true").returncode == 0


def refused(command: str, data_dir: Path) -> str:
    """The one line with which a command refuses this folder."""
    given = {"ENV_FILE": "", "PATH": os.environ["PATH"], "PORT": str(free_port())}
    done = call(*COMMANDS[command], cwd="/", env={**given, "DATA_DIR": str(data_dir)})
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


@is_root
@pytest.mark.parametrize("command", COMMANDS)
def test_the_folder_of_another_user_is_left_as_it_is(tmp_path, command):
    folder = tmp_path / "theirs"
    folder.mkdir(0o755)
    os.chown(folder, 65534, 65534)
    whose = "user nobody; start Maru as nobody."
    assert refused(command, folder) == f"maru: DATA_DIR {folder} belongs to {whose}"
    assert list(folder.iterdir()) == []


@is_root
def test_a_user_without_a_name_is_told_by_number(tmp_path):
    os.chown(tmp_path, 54321, 54321)
    with pytest.raises(ConfigError, match=r"belongs to user 54321; start Maru as 54321\."):
        config.load({"DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_of_something_else_is_left_as_it_is(tmp_path, command):
    (tmp_path / "letters").mkdir()
    assert "holds other files and none of Maru's" in refused(command, tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "letters"]


def test_the_root_of_the_file_system_is_no_data_folder():
    with pytest.raises(ConfigError, match=r"^DATA_DIR cannot be '/': it takes a folder for Maru"):
        config.load({"DATA_DIR": "/"})


@pytest.mark.parametrize("name", [".profile", "lost+found", "appendonlydir", "0123abcd.sock"])
def test_a_new_home_or_disk_and_a_restored_backup_can_be_used(tmp_path, name):
    (tmp_path / name).mkdir()
    assert config.load({"DATA_DIR": str(tmp_path)}).data_dir == tmp_path


def test_other_files_beside_those_of_maru_are_no_obstacle(tmp_path):
    config.load({"DATA_DIR": str(tmp_path)})
    (tmp_path / "notes").touch()
    assert config.load({"DATA_DIR": str(tmp_path)}).data_dir == tmp_path
