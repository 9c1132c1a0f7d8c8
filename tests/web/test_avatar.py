"""The server draws a name's avatar as the script does (``tests/browser/test_markup.py``)."""

import json

import pytest

from chat.web.pages.avatar import hue, initials
from tests.live.cluster import ROOT

AVATARS = json.loads((ROOT / "tests/fixtures/avatars.json").read_text("utf-8"))


@pytest.mark.parametrize("avatar", AVATARS, ids=lambda avatar: avatar["name"])
def test_a_name_has_this_colour_and_these_initials(avatar):
    name = avatar["name"]
    assert {"name": name, "hue": hue(name), "initials": initials(name)} == avatar


def test_a_blank_row_has_no_initials():
    assert initials("") == ""
