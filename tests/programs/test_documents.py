"""The documents show the same programs that the tests run."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.live.cluster import ROOT

BOTS = (ROOT / "docs" / "bots.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["bot.py", "bot.mjs", "test_with_maru.py"])
def test_the_page_on_bots_shows_the_example_as_it_is(name):
    shown = re.findall(r"```(?:python|js)\n(.*?)```", BOTS, re.DOTALL)
    assert (ROOT / "examples" / name).read_text("utf-8") in shown


def test_the_example_of_a_test_passes(tmp_path):
    shutil.copy(ROOT / "examples" / "test_with_maru.py", tmp_path)
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "MARU_HOME": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_with_maru.py"],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
