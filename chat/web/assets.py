"""Static files under an address that changes with them, so that a browser asks for each once.

The version is a folder of the address: modules that name each other relatively stay in it, and no
build has to write new names into them. The style sheets go out as one, and so do a page's modules
(``bundle.py``), except in debug mode. Text is joined and compressed once by each worker; pages are
not, since they hold a secret (the CSRF token) beside what others wrote, and the length of a
compressed answer tells of such a secret (BREACH).

Which files there are is found out once, at the start: an address is one of their names or gets 404,
so that nothing a stranger asks for takes a place in memory of its own.
"""

import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

import orjson
from flask import Flask, Response, abort, current_app, request, url_for
from flask_babel import force_locale

from chat.web import bundle
from chat.web.i18n import LANGUAGES, language

_VERSION = re.compile(r"v-[0-9a-f]{12}/")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

#: The address of all style sheets in one, in this order: what is said first, the later may change.
STYLES = "css/all.css"
SHEETS = ("tokens", "base", "icons", "controls", "door", "shell", "directory", "room", "timeline",
          "actions", "composer", "dialog", "member", "unsent", "notes", "touch",
          "print")  # fmt: skip
#: The address of a page's modules in one, with the sentences of a language; and of those alone.
_BUNDLE = re.compile(r"js/bundle/(\w+)\.(\w+)\.js")
_STRINGS = re.compile(r"js/strings/(\w+)\.js")
_PAGE = re.compile(r"js/pages/(\w+)\.js")
#: A part of pages that is loaded when it is first opened, and its modules in one.
_PANEL = re.compile(r"js/panels/(\w+)\.js")
_PANEL_BUNDLE = re.compile(r"js/panel/(\w+)\.js")
#: What every page has; for pages without more, all they have.
_EVERY = "every"
_SENTENCES = "_strings.html"
_CSS_COMMENT = re.compile(rb"/\*.*?\*/\n?", re.DOTALL)
#: Bytes of a file; smaller ones gain nothing.
_WORTH_COMPRESSING = 512
_KINDS = {
    "manifest.webmanifest": "application/manifest+json",
    "prefetch.json": "application/speculationrules+json",
}
_TEXT = ("text/", "image/svg+xml", "application/manifest+json", "application/json")


def init_app(app: Flask) -> None:
    """Serve ``static/``: ``url_for("static", filename=…)`` gives the address with the version."""
    folder = Path(app.root_path, "static")
    version = f"v-{_digest(folder)}/"

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and not str(values["filename"]).startswith(version):
            values["filename"] = version + str(values["filename"])

    @app.template_global()
    def scripts_of(page: str) -> tuple[str, ...]:
        """The file with the page's modules; in debug mode those that import the others."""
        if app.debug:
            return (_strings_address(language()), *_entries(page))
        return (_bundle_address(page, language()),)

    @app.template_global()
    def panel_script(panel: str) -> str:
        """The address of a panel's modules; it uses the sentences of its page."""
        name = f"js/panels/{panel}.js" if app.debug else f"js/panel/{panel}.js"
        return url_for("static", filename=name)

    @app.after_request
    def prefetch(response: Response) -> Response:
        # A browser that can fetches a room's page when the pointer comes to rest on its link. The
        # pages of rooms have a script that fetches the next one.
        if request.endpoint == "pages.rooms":
            address = url_for("static", filename="prefetch.json")
            response.headers["Speculation-Rules"] = f'"{address}"'
        return response

    names = _names(folder)
    contents: dict[str, tuple[bytes, str, str, bytes | None]] = {}

    def content(plain: str) -> tuple[bytes, str, str, bytes | None]:
        """What there is: its bytes, type and ETag, and its bytes compressed where that helps."""
        found = contents.get(plain)
        if found is None:
            # Only what is there takes a place in memory, under its one name.
            found = contents[plain] = _content(folder, plain)
        return found

    def send(filename: str) -> Response:
        # A page from before an update asks for its own version, and gets what there is now.
        of_version = _VERSION.match(filename)
        plain = filename[of_version.end() :] if of_version else filename
        if plain not in names:
            abort(404)
        data, kind, etag, compressed = content(plain)
        response = Response(data, mimetype=kind)
        if compressed is not None:
            response.vary.add("Accept-Encoding")
            if request.accept_encodings["gzip"] > 0:
                response.data = compressed
                response.content_encoding = "gzip"
                etag += "-gzip"
        response.set_etag(etag)
        same = filename == version + plain
        response.headers["Cache-Control"] = _FOR_EVER if same else _ASK_EACH_TIME
        response.make_conditional(request)
        return response

    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=send)


def _names(folder: Path) -> frozenset[str]:
    """Everything that is served, each by its only name."""
    files = {path.relative_to(folder).as_posix() for path in _files(folder)}
    pages = [found[1] for name in files if (found := _PAGE.fullmatch(name))]
    joined = (_bundle_address(page, lang) for page in pages for lang in LANGUAGES)
    panels = (f"js/panel/{found[1]}.js" for name in files if (found := _PANEL.fullmatch(name)))
    return frozenset((*files, STYLES, *map(_strings_address, LANGUAGES), *joined, *panels))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _content(folder: Path, plain: str) -> tuple[bytes, str, str, bytes | None]:
    data = _data(folder, plain)
    kind = mimetypes.guess_type(plain)[0] or "application/octet-stream"
    kind = _KINDS.get(plain, kind)
    worth = kind.startswith(_TEXT) and len(data) >= _WORTH_COMPRESSING
    return data, kind, hashlib.sha256(data).hexdigest()[:20], _gzip(data) if worth else None


def _data(folder: Path, plain: str) -> bytes:
    """The file of that name, or the joined ones. Aborts with 404 if it has gone since the start."""
    if plain == STYLES:
        sheets = (folder.joinpath("css", f"{name}.css").read_bytes() for name in SHEETS)
        return _CSS_COMMENT.sub(b"", b"\n".join(sheets))
    found = _BUNDLE.fullmatch(plain)
    if found is not None:
        return _strings(found[2]) + bundle.bundle(folder, *_entries(found[1])).encode()
    found = _PANEL_BUNDLE.fullmatch(plain)
    if found is not None:
        return bundle.bundle(folder, f"js/panels/{found[1]}.js").encode()
    found = _STRINGS.fullmatch(plain)
    if found is not None:
        return _strings(found[1])
    try:
        return folder.joinpath(plain).read_bytes()
    except FileNotFoundError:
        abort(404)


def _entries(page: str) -> tuple[str, ...]:
    return tuple(f"js/pages/{name}.js" for name in dict.fromkeys((_EVERY, page)))


def _bundle_address(page: str, lang: str) -> str:
    return f"js/bundle/{page}.{lang}.js"


def _strings_address(lang: str) -> str:
    return f"js/strings/{lang}.js"


def _strings(lang: str) -> bytes:
    """A script that keeps, for js/page.js, what the pages' scripts may say."""
    with force_locale(lang):
        template = current_app.jinja_env.get_template(_SENTENCES)
        strings = template.make_module().strings  # type: ignore[attr-defined]
    return b"globalThis.maruStrings = %b;\n" % orjson.dumps(strings)


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _digest(folder: Path) -> str:
    """Of all files, of the code that joins them, and of the sentences that are put with them."""
    digest = hashlib.sha256()
    sentences = folder.parent / "templates" / _SENTENCES
    catalogs = sorted(folder.parent.glob("translations/*/LC_MESSAGES/*.mo"))
    parts = [Path(__file__), Path(bundle.__file__), sentences, *catalogs]
    for part in parts:
        digest.update(part.read_bytes())
    for path in _files(folder):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]
