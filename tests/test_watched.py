"""A process beside the workers: it starts, is started again, and ends, in bounded time."""

import psutil
import pytest

from chat.store.watched import STARTS_S, ProcessError, WatchedProcess
from tests.waiting import eventually


@pytest.fixture
def watched(tmp_path):
    """``watched("print('ready')")``: a process that runs these lines, which is not started yet."""
    made = []

    def make(lines, **options):
        (tmp_path / "program.py").write_text(lines)
        made.append(WatchedProcess("It", "program", source=tmp_path, **options))
        return made[-1]

    yield make
    for process in made:
        process.stop()


def test_one_that_does_not_start_says_why_and_needs_no_stop(watched):
    broken = watched("print('There is no such thing.')")
    with pytest.raises(ProcessError, match=r"^There is no such thing\.$"):
        broken.start()
    broken.stop()


def test_one_that_has_begun_ends_with_its_input(watched, tmp_path):
    ending = watched(
        "import os, pathlib\n"
        "print('ready', flush=True)\n"
        "os.read(0, 1)\n"
        "pathlib.Path('ended').touch()\n"
    )
    ending.start()
    ending.stop()
    assert (tmp_path / "ended").exists()


def test_one_that_was_stopped_by_a_signal_is_killed(watched, tmp_path):
    frozen = watched(
        "import os, pathlib, signal\n"
        "pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "print('ready', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\n",
        killed_after_s=0.2,
    )
    frozen.start()
    process = psutil.Process(int((tmp_path / "pid").read_text()))
    eventually(lambda: process.status() == psutil.STATUS_STOPPED)
    frozen.stop()
    assert not process.is_running()


def test_one_that_always_ends_does_not_take_the_processor_for_itself(watched, tmp_path):
    ending = watched(
        "import pathlib, time\n"
        "with pathlib.Path('begun').open('a') as begun:\n"
        "    print(time.monotonic(), file=begun)\n"
        "print('ready', flush=True)\n"
    )
    ending.start()
    first, second, *_ = eventually(
        lambda: len(lines := (tmp_path / "begun").read_text().split()) > 1 and lines
    )
    assert float(second) - float(first) > 0.9 * STARTS_S
