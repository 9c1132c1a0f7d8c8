"""Static files under an address that changes with them, so that a browser asks for each once.

The version is a folder of the address: modules and style sheets that name each other relatively
stay in it, and no build has to write new names into them.
"""

import hashlib
import re
from pathlib import Path

from flask import Flask, Response, send_from_directory

_VERSION = re.compile(r"v-[0-9a-f]{12}/")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


def init_app(app: Flask) -> None:
    """Serve ``static/``: ``url_for("static", filename=…)`` gives the address with the version."""
    folder = Path(app.root_path, "static")
    version = f"v-{_digest(folder)}/"

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and not str(values["filename"]).startswith(version):
            values["filename"] = version + str(values["filename"])

    def send(filename: str) -> Response:
        # A page from before an update asks for its own version, and gets what there is now.
        plain = _VERSION.sub("", filename, count=1)
        response = send_from_directory(folder, plain)
        same = filename == version + plain
        response.headers["Cache-Control"] = _FOR_EVER if same else _ASK_EACH_TIME
        return response

    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=send)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]
