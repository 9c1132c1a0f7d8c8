"""Code in messages, as a page shows it; however much of it there is, a page takes few steps."""

import sys

import pytest

from chat import users
from chat.web.markup import message_text

#: What is typed, and its HTML.
TEXTS = {
    "": "",
    "plain": "plain",
    "a `b` c": "a <code>b</code> c",
    "`a``b`": "<code>a</code><code>b</code>",
    "`<b>&'`": "<code>&lt;b&gt;&amp;&#39;</code>",
    "an `unclosed one": "an `unclosed one",
    "`a` `b": "<code>a</code> `b",
    "``": "``",
    "`two\nlines`": "`two\nlines`",
    "```block```": '<pre tabindex="0"><code>block</code></pre>',
    "```py\n1 < 2\n\n```": '<pre tabindex="0"><code>1 &lt; 2</code></pre>',
    "```\na```": '<pre tabindex="0"><code>a</code></pre>',
    "```a b\nc```": '<pre tabindex="0"><code>a b\nc</code></pre>',
    "x\n```\na\n```\ny": 'x<pre tabindex="0"><code>a</code></pre>y',
    "```unclosed `x`": "``<code>unclosed </code>x`",
    "````": "````",
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
}
#: 4,000 characters that are marked as densely as can be.
DENSE = ["`x`" * 1333, "``" * 2000, "```a```" * 571, "``` ```" * 571, "`" * 4000]


@pytest.mark.parametrize(("typed", "html"), TEXTS.items())
def test_code_is_marked(typed, html):
    assert message_text(typed) == html


@pytest.mark.parametrize("dense", DENSE, ids=lambda text: text[:7])
def test_a_page_of_dense_code_takes_few_more_steps_than_a_plain_one(app, store, login, dense):
    client = login("bora")
    conversation, bora = app.extensions["maru"].conversation, users.get(store, "bora")

    def steps(text):
        room = conversation.create(bora, "Code", False, False)
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
