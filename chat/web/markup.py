"""The light formatting of messages in pages: `code` in a line, and ``` blocks.

js/text.js builds the very same elements, and the links besides. Python rather than a template: one
message may have thousands of pairs, and a page fifty such messages.
"""

from flask import Flask
from markupsafe import Markup, escape

_PRE, _PRE_END = '<pre tabindex="0"><code>', "</code></pre>"


def init_app(app: Flask) -> None:
    app.jinja_env.filters["message_text"] = message_text


def message_text(text: str) -> Markup:
    """The text of a message as HTML."""
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
    return Markup("".join(parts) + rest)


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
