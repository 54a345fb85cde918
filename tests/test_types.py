"""The checkers agree: pyright with the core's types, ruff with every file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What runs pyright is Debian's node and the copy within its package: it asks no registry.
ENV = os.environ | {"PYRIGHT_PYTHON_GLOBAL_NODE": "1", "PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT": "1"}


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=ENV, capture_output=True, text=True
    )


def test_pyright_finds_no_error_in_the_core():
    assert shutil.which("node"), "pyright needs node: apt-get install nodejs"
    said = run("pyright", "--pythonpath", sys.executable, "--outputjson")
    assert said.stdout.startswith("{"), said.stderr[-2000:]
    found = json.loads(said.stdout)
    errors = [
        f"{Path(d['file']).relative_to(ROOT)}:{d['range']['start']['line'] + 1}: "
        f"{d['message'].splitlines()[0]} ({d.get('rule')})"
        for d in found["generalDiagnostics"]
        if d["severity"] == "error"
    ]
    assert not errors, "\n".join([f"{len(errors)} errors, the first of them:", *errors[:20]])
    assert found["summary"]["filesAnalyzed"] >= len(list((ROOT / "lvm_core").rglob("*.py")))


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(words):
    said = run("ruff", *words, ".")
    assert said.returncode == 0, said.stdout[-4000:] + said.stderr[-2000:]
