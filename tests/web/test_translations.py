"""The catalogue has every sentence of the code, each with a translation."""

import importlib.util

import pytest

from config import ROOT

CATALOGUES = sorted(ROOT.glob("translations/*/LC_MESSAGES/*.po"))


@pytest.fixture(scope="module")
def translations():
    """The script behind ``bin/translations``."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "bin/translations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(translations, catalogue):
    return {str(m.id): m.string for m in translations._read(catalogue, "") if m.id}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_every_sentence_is_translated(translations, path):
    kept = entries(translations, path.read_bytes())
    wanted = entries(translations, translations.updated(path.read_bytes(), path.parents[1].name))
    assert kept.keys() == wanted.keys(), "run bin/translations"
    assert not [sentence for sentence, words in kept.items() if not words]


def test_bringing_a_catalogue_up_to_date_changes_nothing_else(translations):
    path = CATALOGUES[0]
    current = translations.updated(path.read_bytes(), "ko")
    assert translations.updated(current, "ko") == current
