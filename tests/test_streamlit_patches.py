"""Streamlit's private side is touched by one file, for the version that file was written for."""

import ast
import re
import runpy
from pathlib import Path

import pytest
import streamlit as st
from packaging.requirements import Requirement

from pages import streamlit_patches
from pages.streamlit_patches import HOOKS, VERSION, check_version, index_html

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
PRIVATE = {"config", "connections", "elements", "proto", "runtime", "static", "util", "web"}


def private_uses(source: str) -> list[str]:
    """What a file takes from Streamlit, or from asyncio's base, beyond the documented names."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = "" if node.level else node.module
            found += [
                f"{module}.{alias.name}"
                for alias in node.names
                if module.startswith("streamlit") or alias.name == "base_events"
            ]
        elif isinstance(node, ast.Import):
            found += [
                alias.name
                for alias in node.names
                if alias.name.startswith(("streamlit.", "asyncio.base_events"))
            ]
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("st", "streamlit")
            and (node.attr.startswith("_") or node.attr in PRIVATE)
        ):
            found.append(f"{node.value.id}.{node.attr}")
    return found


def test_no_other_file_uses_what_streamlit_does_not_document():
    found = {
        path.relative_to(ROOT).as_posix(): private_uses(path.read_text(encoding="utf-8"))
        for path in FILES
    }
    assert len(found) > 60
    assert [name for name, uses in found.items() if uses] == ["pages/streamlit_patches.py"]


def test_private_uses_are_found():
    for line in (
        "from streamlit.runtime import get_instance",
        "import streamlit.web.bootstrap",
        "from streamlit import config",
        "from asyncio import base_events",
        "st._main.write(1)",
        "st.config.get_option('x')",
        "f(streamlit.__file__)",
    ):
        assert len(private_uses(line)) == 1, line
    assert private_uses("import streamlit as st\nst.get_option('x')\nfrom . import st_config") == []


def test_the_version_is_the_one_that_is_installed_and_asked_for():
    check_version()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = next(
        Requirement(line.partition("#")[0]) for line in lines if line.startswith("streamlit")
    )
    assert asked.specifier.contains(f"{VERSION}.0") and st.__version__ in asked.specifier
    major, minor = map(int, VERSION.split("."))
    assert not asked.specifier.contains(f"{major}.{minor + 1}.0")
    assert not asked.specifier.contains(f"{major}.{minor - 1}.9")


@pytest.mark.parametrize("other", ("1.66.1", "1.68.0", "1.670.0", "2.0.0"))
def test_another_version_is_refused_in_one_sentence_at_start(monkeypatch, other):
    monkeypatch.setattr(st, "__version__", other)
    with pytest.raises(SystemExit) as refused:
        runpy.run_path(str(ROOT / "app.py"))
    sentence = str(refused.value)
    assert other in sentence and VERSION in sentence and "pip install" in sentence
    assert "\n" not in sentence


def test_every_patch_says_why_and_names_its_issue():
    patches = [
        node
        for node in ast.parse(Path(streamlit_patches.__file__).read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    for node in patches:
        text = ast.get_docstring(node)
        if node.name not in ("check_version", "keep_clicks"):  # its two halves do
            assert "Why: " in text, node.name
            assert re.search(
                (
                    r"No (upstream issue|issue of Streamlit's) known to "
                    r"us|github.com/streamlit/streamlit/issues/\d+"
                ),
                text,
            ), node.name


def test_the_names_in_streamlits_page_that_we_hold_on_to_are_listed():
    ours = [
        path.read_text(encoding="utf-8")
        for folder in ("assets", "assets/components", "assets/js")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".css", ".js", ".html")
    ]
    used = set(
        re.findall(r"\bst[A-Z]\w+|\bdata-(?:variant|selected|test-script-state)\b", "\n".join(ours))
    )
    assert used == set(HOOKS)


def test_streamlits_page_still_has_them():
    scripts = (Path(st.__file__).parent / "static" / "static" / "js").glob("*.js")
    missing = set(HOOKS)
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        missing -= {name for name in missing if name in text}
        if not missing:
            break
    assert not missing
    assert "<script" in index_html()
