"""What people write, as HTML: links, `code` in a line, ``` blocks, and mentions. The rest is plain.

One grammar with ``messageText()`` in ``static/js/markup.js``; ``tests/fixtures/message_text.json``
holds what both must make of a text. Python rather than a template, and few steps for each mark: one
message may have thousands of them, and a page fifty such messages.
"""

import re
from collections.abc import Collection

from flask import Flask
from markupsafe import Markup, escape

_PRE, _PRE_END = '<pre tabindex="0"><code>', "</code></pre>"

# Links are found in escaped text: there & stands for itself as &amp; alone, and < only begins code.
# Space, quotes and backticks end a link; so do characters that reorder text, since it would be read
# as another address.
_END = (
    r"\u0000-\u0020<>\"'`\u007f-\u00a0\u061c\u1680\u2000-\u200a\u200e\u200f"
    r"\u2028-\u202f\u205f\u2066-\u2069\u3000\ufeff"
)
#: The punctuation of the sentence around a link; a bracket stays if it was opened in the link.
_TAIL = r".,;:!?…·’”)}\]"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|[^{_END}!-,./:-@\[-^{{-~…·’”])"
_RUN = rf"[^{_END}&]*(?:&amp;[^{_END}&]*)*"
_RUN_TO_BRACKET = rf"[^{_END}&(]*(?:&amp;[^{_END}&(]*)*\("
_REST = rf"(?:{_RUN}(?:(?<=&amp;)|(?<![{_TAIL}])))?"
_CODE_OR_LINK = re.compile(
    r"(<code>[^<]*</code>)|"
    rf"((?<![A-Za-z0-9_])[Hh][Tt][Tt][Pp][Ss]?://{_HOST}"
    rf"(?:{_RUN_TO_BRACKET}{_REST}\)?|{_REST}))"
)
_CODE_OR_ADDRESS = re.compile(r"(<code>[^<]*</code>|<a [^<]*</a>)")


def init_app(app: Flask) -> None:
    """Let templates use ``message_text``."""
    app.jinja_env.filters["message_text"] = message_text


def message_text(text: str, names: Collection[str] = ()) -> Markup:
    """The text of a message as HTML; ``names`` are those that it mentions, in any case."""
    # Escaped first: that changes no backtick and no line end.
    parts = str(escape(text)).split("```")
    # Behind an unclosed fence all is as it was typed.
    rest = _line(f"```{parts.pop()}") if len(parts) % 2 == 0 else ""
    # Most parts are short where there are many: a look at each is enough for those.
    parts[1::2] = [
        _PRE + (_block(part) if "\n" in part else part) + _PRE_END for part in parts[1::2]
    ]
    last = len(parts) - 1
    parts[::2] = [
        part
        if "`" not in part and "\n" not in part
        else _line(_between(part, i > 0, i < last or bool(rest)))
        for i, part in zip(range(0, last + 1, 2), parts[::2], strict=True)
    ]
    html = _linked("".join(parts) + rest)
    return Markup(_mentioning(html, names) if names else html)


def _mentioning(html: str, names: Collection[str]) -> str:
    """Each ``@`` with one of these names is marked, outside code and links."""
    longest_first = sorted(names, key=len, reverse=True)
    any_of_them = "|".join(map(re.escape, longest_first))
    mention = re.compile(rf"(?<![A-Za-z0-9._%+\-/])@(?:{any_of_them})", re.IGNORECASE)
    parts = _CODE_OR_ADDRESS.split(html)
    parts[::2] = [mention.sub(r'<span class="mention">\g<0></span>', part) for part in parts[::2]]
    return "".join(parts)


def _between(part: str, is_behind: bool, is_before: bool) -> str:
    """What stands before or behind a fence, without the end of line that is next to it."""
    part = part.removeprefix("\n") if is_behind else part
    return part.removesuffix("\n") if is_before else part


def _block(part: str) -> str:
    """A word right behind the fence names a language and is dropped."""
    head, newline, rest = part.partition("\n")
    return (rest if newline and (not head or head.isalnum()) else part).rstrip("\n")


def _line(text: str) -> str:
    """An unclosed or empty pair, or one over several lines, stays as it was typed."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        unclosed = parts.pop()
        parts[-1] += f"`{unclosed}"
    parts[1::2] = [
        f"<code>{part}</code>" if part and "\n" not in part else f"`{part}`" for part in parts[1::2]
    ]
    return "".join(parts)


def _linked(html: str) -> str:
    """All addresses outside code as links."""
    if "://" not in html:
        return html
    # In turns: text, code or None, link or None.
    parts = _CODE_OR_LINK.split(html)
    parts[1::3] = [code or "" for code in parts[1::3]]
    parts[2::3] = [
        f'<a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a>' if link else ""
        for link in parts[2::3]
    ]
    return "".join(parts)
