"""nginx with the module nchan, of Debian: publish and subscribe in C, and nothing else."""

import contextlib
import getpass
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cpu_placement import placement
from benchmarks.processes import answers, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import MissingError, require, version_of

NAME = "nginx with nchan"
HERE = Path(__file__).parent
PACKAGES = ("nginx", "libnginx-mod-nchan")

#: It passes on what was said, so that is a whole message already.
DIALECT = [
    "path /rooms/%r",
    'say {"type":"TALK","roomId":"%r","sender":"person-7","message":"%m","userCount":100,'
    '"sentAt":1700000000000}',
    'heard {"type"',
]


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    nginx, port, log = require("nginx", PACKAGES), free_port(), folder / "nginx.log"
    filled = {
        "FOLDER": str(folder),
        "MODULES": str(_modules(nginx)),
        "PORT": str(port),
        "WORKERS": str(workers),
    }
    text = re.sub(r"\b[A-Z]{4,}\b", lambda m: filled.get(m[0], m[0]), _template())
    (folder / "nginx.conf").write_text(text)
    who = f"user {getpass.getuser()};"
    with started([nginx, "-p", folder, "-c", folder / "nginx.conf", "-g", who], log) as root:
        wait_until(lambda: answers(port), root, log)
        yield Server([root], [port], placement(workers), DIALECT)


def _template() -> str:
    """Without its comments, which name what is filled in."""
    lines = (HERE / "nginx.conf").read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _modules(nginx: Path) -> Path:
    said = subprocess.run([nginx, "-V"], capture_output=True, text=True).stderr
    found = re.search(r"--modules-path=(\S+)", said)
    folder = Path(found[1]) if found else Path("/usr/lib/nginx/modules")
    if not (folder / "ngx_nchan_module.so").exists():
        raise MissingError(f"nginx lacks nchan: apt-get install {' '.join(PACKAGES)}")
    return folder


def packages() -> dict[str, str]:
    query = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES]
    with contextlib.suppress(OSError):
        lines = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
        return dict(line.split() for line in lines)
    return {"nginx": version_of("nginx", "-v")}
