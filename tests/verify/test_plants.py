"""Bugs to be found: each has its place in Maru as it is."""

from pathlib import Path

import pytest

from verify.plants import PLANTS, planted

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_bug_has_its_place(tmp_path, plant):
    copy = planted(ROOT, tmp_path, plant)
    changed = {name for name, _, _ in PLANTS[plant]}
    for name in changed:
        assert (copy / name).read_text("utf-8") != (ROOT / name).read_text("utf-8")
        if name.endswith(".py"):
            compile((copy / name).read_text("utf-8"), name, "exec")
