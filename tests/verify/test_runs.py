"""The checker at work: it finds nothing in Maru as it is, and every bug that is planted."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
#: Each bug, and the checks of which at least one has to find it; those that take longest first.
PLANTED = {
    "space": {"acknowledged_is_stored", "a_number_is_one_message", "no_room_is_reset"},
    "missed_removal": {"nothing_after_a_removal"},
    "late_quit": {"quits_are_soon"},
    "direct": {"direct_rooms_are_one"},
    "old_name": {"senders_are_named_as_of_then"},
    "dedup": {"nothing_is_doubled"},
    "publish": {"enters_and_quits_alternate", "counts_are_exact", "joins_are_announced"},
    "quit": {"enters_and_quits_alternate"},
    "count": {"leaves_are_announced", "who_is_here_is_true", "counts_agree"},
    "ban": {"nothing_after_a_removal"},
    "moderation": {"roles_allow_what_they_should"},
    "own_rooms": {"own_rooms_are_true"},
    "unread": {"unread_is_exact"},
    "archived_edit": {"the_archive_is_the_stream", "numbers_are_dense"},
}
#: A bug that shows only sometimes, or not where other programs keep the machine busy, is looked for
#: with the next seed too.
SEEDS = (5, 6, 7)
#: Runs at the same time, and seconds that one may take on a busy machine.
AT_ONCE, RUN = 4, 400
SMALL = ("--seconds=10", "--clients=16", "--rooms=3", "--rate=50", "--workers=2")
#: What some bugs need to show: of the same option the last one counts.
OPTIONS = {
    "old_name": ("--faults=none", "--seconds=20"),
    "direct": ("--rooms=8", "--seconds=20", "--rate=80"),
    # What is lost has to be a message, and not another change: the disk is full several times.
    "space": ("--faults=disk-full", "--seconds=20", "--rate=80"),
    "missed_removal": ("--faults=store-unsubscribe", "--seconds=20", "--rate=30"),
    "late_quit": ("--faults=net-away", "--seconds=20", "--clients=40", "--rate=10"),
}


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "verify", f"--keep={folder}", *options],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def left_behind(folder: Path) -> list[str]:
    """Processes that still work in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            about = " ".join([*process.cmdline(), process.environ().get("DATA_DIR", "")])
        except psutil.Error:
            continue
        if str(folder) in about:
            found.append(about)
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Several of the bugs at once, each in a Maru of its own: most of the time they wait."""

    def find(plant: str) -> list[str]:
        """What the runs have told; the last of them has found it, or none has."""
        all_told = []
        for seed in SEEDS:
            folder = tmp_path_factory.mktemp(plant)
            with start_planted(folder, plant, seed) as run:
                all_told.append(run.communicate(timeout=RUN)[0])
            if run.returncode == 1 and PLANTED[plant] & violated(all_told[-1]):
                break
        return all_told

    with ThreadPoolExecutor(AT_ONCE) as at_once:
        yield {plant: at_once.submit(find, plant) for plant in PLANTED}


def start_planted(folder: Path, plant: str, seed: int) -> subprocess.Popen[str]:
    options = (f"--seed={seed}", f"--plant={plant}", "--faults=worker-kill")
    return start(folder, *SMALL, *options, *OPTIONS.get(plant, ()))


def violated(told: str) -> set[str]:
    """The checks that a run names in its last line."""
    return set(told.splitlines()[-1].partition("VIOLATED: ")[2].split(", "))


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_bug_is_found(planted, plant):
    all_told = planted[plant].result()
    assert PLANTED[plant] & violated(all_told[-1]), "\n".join(all_told)
    for seed, told in zip(SEEDS, all_told, strict=False):
        assert "--plant" not in told and f"seed {seed}" in told


def test_a_short_run_with_every_fault_finds_nothing(tmp_path):
    run = start(tmp_path, "--seconds=20", "--clients=40")
    told, _ = run.communicate(timeout=RUN)
    assert run.returncode == 0, told
    assert "nothing is wrong" in told
    assert left_behind(tmp_path) == []


def test_an_interrupted_run_leaves_nothing_behind(tmp_path):
    run = start(tmp_path, "--seconds=60", "--clients=10")
    assert run.stdout
    while "s  " not in run.stdout.readline():
        assert run.poll() is None
    run.terminate()
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert left_behind(tmp_path) == []


def test_a_fault_that_there_is_not_is_refused():
    run = subprocess.run(
        [sys.executable, "-m", "verify", "--faults=earthquake"],
        cwd=ROOT, text=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert run.returncode != 0 and "earthquake is no fault" in run.stderr
