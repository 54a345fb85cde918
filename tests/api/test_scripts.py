"""Our JavaScript: modules from a route, components that import them, units under node, types."""

import json
import os
import re
import shutil
import subprocess

import pytest
from node import JS, NODE, ROOT, in_node, need_node
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lvm_core.export.bundle import bundle, imports, in_order
from pages.api import scripts

UNITS = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))
MOUNTED = sorted(
    name for name, text in scripts.modules().items() if "export default function" in text
)


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=scripts.routes), base_url="http://127.0.0.1:8501") as client:
        yield client


# -- the route -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(scripts.modules()))
def test_every_module_is_served_as_javascript_that_may_be_kept(client, name):
    answer = client.get(f"/live/js/{scripts.version()}/{name}")
    assert answer.status_code == 200 and answer.text == (JS / name).read_text(encoding="utf-8")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(
        f"/live/js/{scripts.version()}/{name}", headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304 and not again.content


@pytest.mark.parametrize(
    "path",
    [
        "{v}/map/none.js",
        "{v}/package.json",
        "{v}/../app.css",
        "{v}/%2e%2e/app.css",
        "{v}/map",
        "{v}/",
        "{v}/map/..%2fmap/atlas.js",
        "{v}//etc/passwd",
        "0123456789abcdef/map/atlas.js",
    ],
)
def test_nothing_else_is_served(client, path):
    assert client.get(f"/live/js/{path.format(v=scripts.version())}").status_code == 404


@pytest.mark.parametrize("name", MOUNTED)
def test_a_component_asks_for_all_it_needs_at_once_and_for_nothing_else(client, name):
    asked = json.loads(re.search(r"\[\".*?\]", scripts.loader(name))[0])
    assert asked[0] == name and len(set(asked)) == len(asked)
    assert {
        other for module in asked for other in imports(module, scripts.modules()[module])
    } == set(asked[1:])


def test_what_loads_a_component_reloads_the_page_where_its_module_cannot_be_had():
    program = scripts.loader("progress/progress.js").replace("import(at(name))", "gone()")
    said = in_node(
        "const kept = {}, asked = [];\n"
        "globalThis.gone = () => Promise.reject(new TypeError('Failed to fetch'));\n"
        "globalThis.document = { baseURI: 'http://here/train' };\n"
        "globalThis.window = { document, Date, setTimeout, location: { reload: () => "
        "console.log(JSON.stringify([asked, Object.keys(kept)])) }, sessionStorage: { getItem: (k) "
        "=> kept[k], setItem: (k, v) => (kept[k] = v) }, fetch: async (url) => (asked.push(url.href),"
        " { ok: true }) };\n"
        f"const code = {json.dumps(program)};\n"
        "await import('data:text/javascript,' + encodeURIComponent(code)).catch(() => 0);\n"
        "await new Promise((done) => setTimeout(done, 20));"
    )
    assert said == [["http://here/_stcore/health"], ["latent-reloaded"]]


# -- several as one --------------------------------------------------------------------------------


def test_modules_come_after_what_they_import_and_no_two_import_each_other():
    sources = scripts.modules()
    for name in sources:
        order = in_order(name, sources)
        assert order[-1] == name
        for place, module in enumerate(order):
            assert set(imports(module, sources[module])) <= set(order[:place])


@pytest.mark.parametrize("name", sorted(set(scripts.modules()) - set(MOUNTED)))
def test_every_module_keeps_to_the_forms_that_can_be_bundled(name):
    made = bundle(name, scripts.modules())
    assert made == bundle(name, scripts.modules())
    assert "</script" not in made and not re.search(r"(?m)^\s*(import|export)\b", made)


def test_a_bundle_does_what_its_modules_do():
    parts = {
        "a/main.js": (
            "import { twice as double, Box } from "
            '"../b/lib.js";\nconsole.log(JSON.stringify([double(4), new Box().v, secret]));\nvar '
            "secret = 1;\n"
        ),
        "b/lib.js": (
            'import { N } from "./n.js";\nconst secret = 7;\nexport function twice(v) {\n  return '
            "N * v;\n}\nexport class Box {\n  v = secret;\n}\n"
        ),
        "b/n.js": "export const N = 2;\n",
    }
    assert in_node(bundle("a/main.js", parts)) == [8, 7, None]


@pytest.mark.parametrize(
    "text",
    [
        'import x from "./b.js";',
        'import * as x from "./b.js";',
        'export * from "./b.js";',
        "export let x = 1;",
        "export default 3;",
        'import { x } from "https://far/x.js";',
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(ValueError, match="cannot be bundled"):
        bundle("a.js", {"a.js": text + "\n", "b.js": ""})


def test_circles_and_missing_modules_are_named():
    with pytest.raises(ValueError, match="a.js -> b.js -> a.js"):
        in_order(
            "a.js",
            {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'},
        )
    with pytest.raises(ValueError, match="a.js imports b.js"):
        in_order("a.js", {"a.js": 'import { b } from "./b.js";\n'})


# -- units and types -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units(path):
    need_node()
    done = subprocess.run([NODE, "--test", str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def compiler() -> list[str] | None:
    """TypeScript's compiler, where it is installed."""
    if tsc := shutil.which("tsc"):
        return [tsc]
    npx = shutil.which("npx")
    if (
        npx
        and subprocess.run(
            [npx, "--no-install", "tsc", "--version"], capture_output=True, cwd=ROOT, timeout=60
        ).returncode
        == 0
    ):
        return [npx, "--no-install", "tsc"]
    return None


def test_types():
    tsc = compiler()
    if tsc is None:
        pytest.skip("no tsc on this machine; npm install --global typescript")
    done = subprocess.run(
        [*tsc, "--project", str(JS / "jsconfig.json")],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stdout[-6000:]
