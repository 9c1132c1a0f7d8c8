"""The modules of a page are joined into one file with the same behaviour."""

import re
from pathlib import Path

import pytest

from chat.web import bundle

STATIC = Path("static")
MODULES = sorted(
    path.relative_to(STATIC).as_posix() for path in STATIC.joinpath("js").rglob("*.js")
)
PANELS = sorted((STATIC / "js" / "panels").glob("*.js"))
PAGES = [module for module in MODULES if module.startswith("js/pages/")]
EVERY = "js/pages/every.js"
VENDOR = {"vendor/socket.io.esm.min.js"}


@pytest.fixture
def joined(tmp_path):
    """``joined(a="export const one = 1;", …)``: ``a.js`` with what it imports."""

    def join(**modules: str) -> str:
        for name, text in modules.items():
            tmp_path.joinpath(f"{name}.js").write_text(text, "utf-8")
        return bundle.bundle(tmp_path, "a.js")

    return join


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_joined(module):
    assert bundle.bundle(STATIC, module)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_each_module_once_and_asks_for_nothing_more(page):
    text = bundle.bundle(STATIC, EVERY, page)
    wrapped = re.findall(r"^// ((?:js|vendor)/\S+)$", text, re.MULTILINE)
    assert {EVERY, page} <= set(wrapped) and len(wrapped) == len(set(wrapped))
    for variable in re.findall(r"^const .* = (\$(?:js|vendor)_\w+);$", text, re.MULTILINE):
        assert text.count(f"const {variable} = (() => {{") == 1


def test_the_bundles_of_all_pages_hold_all_modules():
    texts = [bundle.bundle(STATIC, EVERY, page) for page in PAGES]
    # What a page loads when it is first opened.
    texts += [bundle.bundle(STATIC, f"js/panels/{each.name}") for each in PANELS]
    found = set(re.findall(r"^// ((?:js|vendor)/\S+)$", "".join(texts), re.MULTILINE))
    assert found == {*MODULES, *VENDOR}


def test_a_module_of_others_is_taken_as_it_is(joined, tmp_path):
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    vendor.joinpath("io.js").write_text(
        "const a=`\n`;export{a as io,a as default};\n//# sourceMappingURL=io.js.map\n"
    )
    vendor.joinpath("umd.js").write_text("(t=>{t.made=1})(self);\n")
    assert joined(a="import { io } from './vendor/io.js';\nimport './vendor/umd.js';\nio();\n") == (
        "// vendor/io.js\nconst $vendor_io_js = (() => {\nconst a=`\n`;\n"
        "return { io: a, default: a };\n})();\n"
        "// vendor/umd.js\nconst $vendor_umd_js = (() => {\n(t=>{t.made=1})(self);\n"
        "return {  };\n})();\n"
        "// a.js\nconst $a_js = (() => {\nconst { io } = $vendor_io_js;\n\nio();\n"
        "return {  };\n})();\n"
    )
    vendor.joinpath("umd.js").write_text("import 'more';\n")
    with pytest.raises(bundle.BundleError, match=r"static/vendor/umd\.js"):
        joined(a="import './vendor/umd.js';\n")


def test_imports_and_exports_become_arguments_and_results_of_functions(joined):
    text = joined(
        a="/** Why. */\nimport { one, two as zwei } from './b.js';\nimport * as c from './c.js';\n"
        "\nc.go(one, zwei);\n",
        b="export const one = 1; // first\n// A line for itself.\nexport class two {}\n",
        c="import { one } from './b.js';\nexport async function go() { return one; }\n",
    )
    assert text == (
        "// b.js\nconst $b_js = (() => {\n"
        "const one = 1; // first\nclass two {}\nreturn { one, two };\n})();\n"
        "// c.js\nconst $c_js = (() => {\n"
        "const { one } = $b_js;\nasync function go() { return one; }\n"
        "return { go };\n})();\n"
        "// a.js\nconst $a_js = (() => {\n"
        "const { one, two: zwei } = $b_js;\nconst c = $c_js;\n\nc.go(one, zwei);\n"
        "return {  };\n})();\n"
    )


def test_what_a_comment_or_a_type_says_of_imports_is_left_alone(joined):
    text = joined(
        a="/**\nimport './it.js';\n*/\nconst x = /** @type {import('./b.js').B} */ (1);\n"
    )
    assert "const x = /** @type {import('./b.js').B} */ (1);" in text


@pytest.mark.parametrize(
    "form",
    [
        "export default 1;",
        "export let one = 1;",
        "export const { one } = {};",
        "export { one };",
        "export * from './b.js';",
        "import b from './b.js';",
        "import { one } from 'elsewhere';",
        'import { one } from "./b.js";',
        "  import { one } from './b.js';",
        "const b = await import('./b.js');",
        "console.log(import.meta.url);",
        "const text = `one\ntwo`;",
        "import { none } from './b.js';",
        "import { one: eins } from './b.js';",
        "import { one } from './nowhere.js';",
        "import { one } from './a.js';",
        "import { three } from './c.js';",
    ],
)
def test_any_other_form_is_refused_and_named(joined, form):
    with pytest.raises(bundle.BundleError, match=r"static/(a|nowhere)\.js"):
        joined(
            a=f"const before = 1;\n{form}\n",
            b="export const one = 1;\n",
            c="import { before } from './a.js';\nexport const three = before;\n",
        )
