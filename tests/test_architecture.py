"""The shape of the house, held by reading the code."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "lvm_core"

HEAVY = {
    "torch",
    "umap",
    "openTSNE",
    "numba",
    "pynndescent",
    "plotly",
    "PIL",
    "openpyxl",
    "pyarrow",
    "streamlit",
}
PIECES = sorted(
    p for p in (*CORE.rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *ROOT.glob("*.py"))
)
every_piece = pytest.mark.parametrize("path", PIECES, ids=lambda p: str(p.relative_to(ROOT)))


def imported(path: Path) -> set[str]:
    """Every module a file imports anywhere, as absolute dotted names; what is taken from a
    package is named with it.
    """
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join(home + (node.module or "").split(".") * bool(node.module))
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Groups of names that reach each other, from who imports whom (Tarjan, 1972,
    doi:10.1137/0201010).
    """
    number, low, path, found = {}, {}, [], []

    def visit(name):
        number[name] = low[name] = len(number)
        path.append(name)
        for other in sorted(imports.get(name, ())):
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in path:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(imports):
        if name not in number:
            visit(name)
    return found


@pytest.fixture(scope="module")
def house() -> dict[str, set[str]]:
    """Every module of ours -> those of ours that it imports, late imports too."""
    graph = grimp.build_graph("lvm_core", "pages", cache_dir=None)
    return {
        module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules
    }


def room(module: str) -> str:
    """The folder or file right below ``lvm_core`` or ``pages`` that a module belongs to."""
    return ".".join(module.split(".")[:2])


def test_imports_go_one_way():
    """The contracts of pyproject.toml: which room may import which, and that the core knows
    neither Streamlit nor the pages.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import sys; from importlinter.cli import lint_imports; "
                "sys.exit(lint_imports(no_cache=True))"
            ),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_modules_import_each_other_in_a_circle(house):
    assert len(house) > 200
    assert circles(house) == []


def test_no_rooms_import_each_other_in_a_circle(house):
    between = {}
    for module, others in house.items():
        between.setdefault(room(module), set()).update(map(room, others - {"lvm_core", "pages"}))
    assert circles({name: others - {name} for name, others in between.items()}) == []


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}) == []
    assert circles(
        {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": {"d"}, "e": {"a", "f"}, "f": {"e"}}
    ) == [["b", "c"], ["e", "f"]]


def test_the_reader_of_imports_reads_them(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    piece = tmp_path / "lvm_core" / "models" / "x.py"
    piece.parent.mkdir(parents=True)
    piece.write_text(
        "import torch.nn as nn\nfrom ..metrics import base\nfrom .base import A\nfrom . import "
        "vae\ndef f():\n    import streamlit\n"
    )
    assert imported(piece) == {
        "torch.nn",
        "lvm_core.metrics.base",
        "lvm_core.models.base.A",
        "lvm_core.models.vae",
        "streamlit",
    }


def test_no_test_imports_from_another_test_file():
    """What tests share lies in tests/helpers and in conftest.py."""
    names = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    files = [*(ROOT / "tests").rglob("*.py")]
    assert len(names) > 50 and len(files) > len(names)
    for path in files:
        found = {part for name in imported(path) for part in name.split(".")}
        assert not found & names, f"{path.relative_to(ROOT)} imports {found & names}"
        assert not {name for name in imported(path) if name.startswith("tests.")}, path


@every_piece
def test_nothing_runs_what_it_reads(path):
    """No pickle in any form, no evaluation of text, no unpacking of archives by their own
    names, no raw HTML.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {m.split(".")[0] for m in imported(path)} & {
        "pickle",
        "cPickle",
        "dill",
        "cloudpickle",
        "joblib",
        "shelve",
        "marshal",
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        where = f"{path.name}:{node.lineno}"
        assert called not in ("extractall", "read_pickle", "to_pickle", "mktemp"), where
        assert not (isinstance(node.func, ast.Name) and called in ("eval", "exec", "compile")), (
            where
        )
        options = {k.arg: getattr(k.value, "value", ...) for k in node.keywords}
        for danger in ("allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript", "shell"):
            assert not options.get(danger), f"{where}: {danger}"
        if ast.unparse(node.func) == "torch.load":
            assert options.get("weights_only") is True, where
        if ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert options.get("allow_pickle") is False, where


@every_piece
def test_pieces_explain_themselves(path):
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a file begins by saying what it is"


@every_piece
def test_nothing_is_left_for_later(path):
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented\n")
    assert not [word for word in words if word in path.read_text(encoding="utf-8")]


def loaded_after(program: str) -> set[str]:
    """Top-level modules in a fresh Python after this program."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{program}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_core_loads_nothing_else():
    assert not loaded_after("import lvm_core, lvm_core.params") & (
        HEAVY | {"sklearn", "scipy", "pandas", "numpy"}
    )


@pytest.mark.parametrize(
    "names", ("MODELS", "PROJECTIONS", "MODELS, PROJECTIONS, load_model, load_projection")
)
def test_discovery_loads_no_heavy_library(names):
    assert not loaded_after(
        f"from lvm_core import {names}\nfor r in ({names},):\n    getattr(r, 'values', list)()"
    ) & (HEAVY - {"pyarrow"})


def test_datasets_are_found_without_the_networks():
    assert not loaded_after("from lvm_core import DATASETS") & {
        "torch",
        "umap",
        "openTSNE",
        "numba",
        "streamlit",
        "plotly",
    }
