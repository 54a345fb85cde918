"""The shape of the house, held by reading the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "lvm_core"

# Imports go from a later floor to an earlier one or stay on their own. A module or folder of lvm_core is on one floor.
FLOORS = [
    {"recipe", "layout", "progress", "files", "checkpoint", "persist", "limits", "escape", "classes", "palettes", "colouring", "precision", "moments", "bundle"},
    {"codecs"},
    {"datasets"},
    {"nets", "heads", "training", "observed", "labelled", "bounds", "inversion"},
    {"models", "samplers"},
    {"neighbours"},
    {"projections"},
    {"paths", "directions", "support", "imputation", "atlas", "density"},
    {"quality"},
    {"anomalies", "clusters", "cluster_labels", "search", "topics", "words", "truth", "contrast", "identify", "alignment", "selection", "seeds"},
    {"figures", "figures_series", "figures_quality", "figures_use", "figures_words", "figures_trust", "figures_contrast", "export", "export_onnx", "animation"},
    {"map_colours", "posters", "poster_png", "poster_svg", "map_export", "standalone", "map_files"},
    {"placing"},
    {"fitting", "comparison"},
    {"store"},
    {"continuation", "snapshots"},
    {"workspace", "owners"},
    {"archive_checks", "archive"},
    {"worker", "scheduler", "projector", "projecting"},
    {"cli", "__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
HEAVY = {"torch", "umap", "openTSNE", "numba", "pynndescent", "plotly", "PIL", "openpyxl", "pyarrow", "streamlit"}
PIECES = sorted(p for p in (*CORE.rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *ROOT.glob("*.py")))
every_piece = pytest.mark.parametrize("path", PIECES, ids=lambda p: str(p.relative_to(ROOT)))
every_core_piece = pytest.mark.parametrize("path", [p for p in PIECES if CORE in p.parents], ids=lambda p: str(p.relative_to(CORE)))


def imported(path: Path) -> set[str]:
    """Every module a file imports anywhere, as absolute dotted names; what is taken from a package is named with it."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = package[:len(package) - node.level + 1] if node.level else []
            base = ".".join(home + (node.module or "").split(".") * bool(node.module))
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def floor_of(module: str) -> int | None:
    parts = module.split(".")
    return FLOOR.get(parts[1]) if parts[0] == "lvm_core" and len(parts) > 1 else None


@every_core_piece
def test_imports_go_one_way(path):
    own = path.relative_to(CORE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in FLOOR, f"{own} has no floor yet: say where it belongs"
    higher = {module for module in imported(path) if (floor_of(module) or 0) > FLOOR[own]}
    assert not higher


@every_core_piece
def test_the_core_knows_neither_streamlit_nor_the_pages(path):
    assert not {m for m in imported(path) if m.split(".")[0] in ("streamlit", "pages", "app")}


def test_the_reader_of_imports_reads_them(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    piece = tmp_path / "lvm_core" / "models" / "x.py"
    piece.parent.mkdir(parents=True)
    piece.write_text("import torch.nn as nn\nfrom ..quality import base\nfrom .base import A\nfrom . import vae\ndef f():\n    import streamlit\n")
    assert imported(piece) == {"torch.nn", "lvm_core.quality.base", "lvm_core.models.base.A", "lvm_core.models.vae", "streamlit"}
    assert floor_of("lvm_core.quality.base") > floor_of("lvm_core.models.vae") and floor_of("torch.nn") is None


@every_piece
def test_nothing_runs_what_it_reads(path):
    """No pickle in any form, no evaluation of text, no unpacking of archives by their own names, no raw HTML."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {m.split(".")[0] for m in imported(path)} & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        where = f"{path.name}:{node.lineno}"
        assert called not in ("extractall", "read_pickle", "to_pickle", "mktemp"), where
        assert not (isinstance(node.func, ast.Name) and called in ("eval", "exec", "compile")), where
        options = {k.arg: getattr(k.value, "value", ...) for k in node.keywords}
        for danger in ("allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript", "shell"):
            assert not options.get(danger), f"{where}: {danger}"
        if ast.unparse(node.func) == "torch.load":
            assert options.get("weights_only") is True, where
        if ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert options.get("allow_pickle") is False, where


@every_piece
def test_pieces_stay_small_and_explain_themselves(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a file begins by saying what it is"


@every_piece
def test_nothing_is_left_for_later(path):
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented\n")
    assert not [word for word in words if word in path.read_text(encoding="utf-8")]


def loaded_after(program: str) -> set[str]:
    """Top-level modules in a fresh Python after this program."""
    done = subprocess.run([sys.executable, "-c", f"{program}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_core_loads_nothing_else():
    assert not loaded_after("import lvm_core, lvm_core.recipe") & (HEAVY | {"sklearn", "scipy", "pandas", "numpy"})


@pytest.mark.parametrize("names", ("MODELS", "PROJECTIONS", "MODELS, PROJECTIONS, load_model, load_projection"))
def test_discovery_loads_no_heavy_library(names):
    assert not loaded_after(f"from lvm_core import {names}\nfor r in ({names},):\n    getattr(r, 'values', list)()") & (HEAVY - {"pyarrow"})


def test_datasets_are_found_without_the_networks():
    assert not loaded_after("from lvm_core import DATASETS") & {"torch", "umap", "openTSNE", "numba", "streamlit", "plotly"}
