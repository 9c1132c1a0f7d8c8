"""The walks through the code in docs/architecture.md name files and functions that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_docs import ARCHITECTURE, ROOT, section

#: The sections that follow something through the code, function by function.
WALKS = [
    "One TALK, from the browser to the browsers",
    "EDIT, from the browser to the browsers",
    "JOIN, from the browser to the room",
    "A ban, from the API to every worker",
    "A new name",
]


@pytest.mark.parametrize("walk", WALKS)
def test_each_walk_names_functions_that_exist(walk):
    named = list(functions_of_files(section(ARCHITECTURE, walk)))
    assert len(named) > 8, "this test does not find the functions any more"
    assert [step for step in named if step[1] not in functions_in(ROOT / step[0])] == []


def functions_of_files(text: str) -> Iterator[tuple[str, str]]:
    """The functions that follow a file in a text, as ``(path, function)``."""
    for path, functions in re.findall(r"`([\w./]+\.(?:py|js))`((?:\s+`\w+\(\)`)*)", text):
        for function in re.findall(r"`(\w+)\(\)`", functions):
            yield path, function


def functions_in(path: Path) -> set[str]:
    """The names of the functions and methods in a file of Python or JavaScript."""
    js = r"^\s*(?:export )?(?:async )?(?:function )?(\w+)\([^;]*\) \{$"
    pattern = r"^\s*def (\w+)\(" if path.suffix == ".py" else js
    return set(re.findall(pattern, path.read_text("utf-8"), re.MULTILINE))
