"""Writes the hashes of every file of every pinned package into requirements*.txt.

    .venv/bin/python bin/pin.py

To be run after a pin has changed: pip installs nothing whose hash is not there. The hashes are
those that the package index has, of all platforms' files. Order and comments stay as they are.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Asks the index for hashes; installed apart, for the time of the run.
UV = "uv==0.13.9"
_PIN = re.compile(r"^([\w.-]+)==[^\s;\\]+")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        uv = Path(folder, "tool")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", uv]
        subprocess.run([*pip, UV], check=True)
        for path in sorted(ROOT.glob("requirements*.txt")):
            pins = _without_hashes(path.read_text("utf-8"))
            path.write_text(_with_hashes(pins, _hashes(uv / "bin" / "uv", pins, folder)), "utf-8")


def _without_hashes(text: str) -> str:
    return re.sub(r" *\\\n(?:    --hash=\S+(?: \\)?\n?)+", "\n", text)


def _hashes(uv: Path, pins: str, folder: str) -> dict[str, list[str]]:
    """The hashes of each package, by its name."""
    plain = Path(folder, "plain.txt")
    plain.write_text("\n".join(line for line in pins.splitlines() if _PIN.match(line)), "utf-8")
    options = ["--no-deps", "--generate-hashes", "--universal", "--no-annotate", "--no-header"]
    done = subprocess.run(
        [uv, "pip", "compile", "--quiet", *options, plain],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if pin := _PIN.match(line):
            hashes = found[_normal(pin[1])] = []
        elif "--hash=" in line:
            hashes.append(line.strip().removesuffix(" \\"))
    return found


def _with_hashes(pins: str, hashes: dict[str, list[str]]) -> str:
    lines = []
    for line in pins.splitlines():
        pin = _PIN.match(line)
        of_it = hashes[_normal(pin[1])] if pin else []
        lines.append(" \\\n    ".join([line, *of_it]))
    return "\n".join(lines) + "\n"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
