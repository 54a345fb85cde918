"""What is installed, and for whom: requirements and pyproject.toml agree, and with the imports."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lvm_core

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def required(lines) -> dict[str, str]:
    """name -> versions."""
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): str(r.specifier) for r in found}


def listed(name: str) -> list[str]:
    """The lines of a requirements file without its comments."""
    lines = [
        line.partition("#")[0].strip()
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in lines if line]


APP = required(listed("requirements.txt"))
TOOLS = required(listed("requirements-dev.txt")[1:])


def test_the_requirements_files_and_pyproject_say_the_same():
    extras = PROJECT["optional-dependencies"]
    assert APP == required(PROJECT["dependencies"])
    assert listed("requirements-dev.txt")[0] == "-r requirements.txt"
    assert TOOLS == required([*extras["test"], *extras["dev"]]) and not set(APP) & set(TOOLS)
    assert {"pytest", "ruff", "pyright", "import-linter"} <= set(TOOLS)
    assert APP["torch"] == "==2.13.0"
    assert all(versions for versions in (APP | TOOLS).values())


def imported(folder: str) -> set[str]:
    """The top-level modules that the files of a folder import anywhere, but for files beside them,
    which programs that are run by their path find there.
    """
    names = set()
    for path in (
        [ROOT / folder] if folder.endswith(".py") else sorted((ROOT / folder).rglob("*.py"))
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                if not path.with_name(f"{node.module}.py").is_file():
                    names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"lvm_core", "pages"}


def test_what_the_app_imports_is_what_it_requires():
    home = packages_distributions()
    used = {
        canonicalize_name(home[name][0])
        for folder in ("lvm_core", "pages", "app.py")
        for name in imported(folder)
    }
    assert used <= set(APP)
    assert set(APP) - used == {"onnx"}  # which torch's exporter imports


def test_the_versions_agree_and_the_licence_is_there():
    assert PROJECT["version"] == lvm_core.__version__
    assert PROJECT["license"] == "BSD-3-Clause" and "Latent Explorer developers" in (
        ROOT / "LICENSE"
    ).read_text(encoding="utf-8")
    assert all((ROOT / name).is_file() for name in (PROJECT["readme"], *PROJECT["license-files"]))


def test_the_wheel_would_hold_all_of_the_library():
    """setuptools takes folders with an ``__init__.py``, and of these the Python files."""
    files = [
        p for p in (ROOT / "lvm_core").rglob("*") if p.is_file() and "__pycache__" not in p.parts
    ]
    assert len(files) > 100
    assert all(p.suffix == ".py" and (p.parent / "__init__.py").is_file() for p in files)


def test_the_command_is_there():
    module, _, name = PROJECT["scripts"]["latent-explorer"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_ci_runs_the_readmes_tests_and_has_node_and_chromium():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    taken = re.search(r"test_command=\$\((grep .+)\)", script).group(1)
    line = subprocess.run(
        taken, shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "requirements-dev.txt" in line and "-m pytest -n auto" in line and line.count("\n") == 1
    assert all(f"command -v {tool}" in script for tool in ("chromium", "node"))
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"]).returncode == 0
