"""Each script has in front the functions of lib.lua that it needs, and no others."""

import re
from pathlib import Path

import pytest

from chat.store.scripts import LIBRARIES, SCRIPTS

LUA = Path(__file__).parents[1] / "chat/lua"
LIBRARY = "".join((LUA / name).read_text("utf-8") for name in LIBRARIES)
SHARED = re.findall(r"^local function (\w+)", LIBRARY, re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_the_shared_functions_that_it_calls(name):
    source = re.sub("--.*", "", SCRIPTS[name].source)
    there = re.findall(r"^local function (\w+)", source, re.MULTILINE)
    needed = [f for f in SHARED if len(re.findall(rf"\b{f}\(", source)) > (f in there)]
    assert [f for f in there if f in SHARED] == needed


def test_every_shared_function_is_of_use():
    assert all(any(f"{f}(" in script.source for script in SCRIPTS.values()) for f in SHARED)


def test_the_store_takes_every_script(store):
    for script in SCRIPTS.values():
        assert store.redis.script_load(script.source) == script.sha
