"""Adds new sentences to each catalogue of translations/, and drops those that are no longer used.

Everything else stays as it is, to the letter: a change of one sentence is a change of one entry.
"""

import io
import sys
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

ROOT = Path(__file__).resolve().parent.parent
#: What marks a sentence, besides gettext's own names.
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "N_": None}


def main() -> None:
    for path in sorted(ROOT.glob("translations/*/LC_MESSAGES/*.po")):
        path.write_bytes(updated(path.read_bytes(), path.parents[1].name))
        empty = [str(message.id) for message in _read(path.read_bytes(), "") if not message.string]
        for sentence in empty:
            print(f"{path.relative_to(ROOT)}: to be translated: {sentence}", file=sys.stderr)


def updated(catalogue: bytes, locale: str) -> bytes:
    """The catalogue with the sentences of the code as it is now."""
    kept = _read(catalogue, locale)
    created, revised = kept.creation_date, kept.revision_date
    kept.update(_in_the_code(), no_fuzzy_matching=True)
    kept.creation_date, kept.revision_date = created, revised
    written = io.BytesIO()
    pofile.write_po(
        written, kept, width=100, sort_output=True, no_location=True, ignore_obsolete=True
    )
    return written.getvalue()


def _in_the_code() -> Catalog:
    with open(ROOT / "babel.cfg") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = Catalog()
    for _, _, sentence, _, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=_is_ours
    ):
        found.add(sentence, context=context)
    return found


def _is_ours(folder: str | Path) -> bool:
    return Path(folder).name in ("chat", "templates") or ROOT / "chat" in Path(folder).parents


def _read(catalogue: bytes, locale: str) -> Catalog:
    return pofile.read_po(io.BytesIO(catalogue), locale=locale or None)


if __name__ == "__main__":
    main()
