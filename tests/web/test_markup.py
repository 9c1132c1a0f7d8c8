"""The text of messages as a page shows it; the number of steps is bounded for any text."""

import json
import sys

import pytest

from chat import people, room_lifecycle
from chat.web.pages.markup import message_text
from tests.live.cluster import ROOT

#: What both the server and the script (``tests/browser/test_markup.py``) make of a text.
TEXTS = json.loads((ROOT / "tests/fixtures/message_text.json").read_text("utf-8"))
#: 4,000 characters that are marked as densely as can be.
DENSE = ["`x`" * 1333, "``" * 2000, "```a```" * 571, "``` ```" * 571, "`" * 4000,
         "http://a " * 444, "http://a(" * 444, "http://" * 571, "http://a&;" * 400]  # fmt: skip


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["name"])
def test_a_text_becomes_this_html(case):
    html = str(message_text(case["text"]))
    # A quotation mark in a text needs no escape; a browser writes none.
    assert html.replace("&#39;", "'").replace("&#34;", '"') == case["html"]


@pytest.mark.parametrize("dense", DENSE, ids=lambda text: text[:10])
def test_a_page_of_dense_marks_takes_few_more_steps_than_a_plain_one(app, store, login, dense):
    client = login("bora")
    conversation, bora = app.extensions["maru"].conversation, people.find(store, "bora")

    def steps(text):
        room = room_lifecycle.create(store, bora, "Code")
        for _ in range(50):
            conversation.talk(bora, room.room_id, text)
        client.get(f"/rooms/{room.room_id}")
        counted = 0

        def count(*_):
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            assert client.get(f"/rooms/{room.room_id}").status_code == 200
        finally:
            sys.setprofile(None)
        return counted

    assert steps(dense) < 2 * steps("a" * 4000)
