"""docs/guarantees.md has every check, fault and bug, and no others."""

import re
from pathlib import Path

from verify.checks import CHECKS
from verify.plan import FAULTS
from verify.plants import PLANTS

PAGE = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text("utf-8")


def first_cells(heading: str) -> set[str]:
    """What is in code marks in the first column of the tables with such a heading."""
    tables = re.findall(rf"^\| {heading} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    rows = [row.split("|")[1] for table in tables for row in table.splitlines()]
    return {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}


def test_every_check_is_explained():
    assert first_cells("check") == {check.__name__ for check in CHECKS}


def test_every_fault_is_explained():
    assert first_cells("fault") == FAULTS.keys()


def test_every_bug_to_be_found_is_explained():
    assert first_cells("bug") == PLANTS.keys()


def test_every_check_says_what_it_checks():
    for check in CHECKS:
        assert check.__doc__
