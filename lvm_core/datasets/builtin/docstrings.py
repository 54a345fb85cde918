"""The documentation of scientific Python, as a corpus."""

import ast
import random
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pandas as pd

from ...params import param
from ..base import Dataset, Source
from ..documents import text_dataset

PACKAGES = ("numpy", "scipy", "sklearn")
PRIVATE = ("tests", "testing", "externals", "_lib", "__pycache__", "f2py", "distutils", "typing")


@dataclass
class Docstrings(Source):
    """What functions and classes of NumPy, SciPy and scikit-learn say of themselves.

    The sources are parsed, never run.

    Parameters
    ----------
    n : int
        How many docstrings, as far as they reach in equal parts from the packages.
    seed : int
        Which ones.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> DATASETS["docstrings"](n=60).to_config()
    {'name': 'Docstrings', 'params': {'n': 60, 'seed': 0}}
    """

    name: ClassVar[str] = "docstrings"
    title: ClassVar[str] = "Scientific Python's docstrings"
    summary: ClassVar[str] = (
        "Real technical prose: what the functions and classes of NumPy, SciPy and scikit-learn say "
        "of "
        "themselves, labelled by package."
    )
    kind: ClassVar[str] = "text"
    list_order: ClassVar[int] = 35
    origin: ClassVar[str] = (
        "The authors of NumPy, SciPy and scikit-learn; read from the packages installed here"
    )

    n: int = param(
        1500,
        low=30,
        high=3000,
        help="How many docstrings, as far as they reach in equal parts from the packages.",
        label="Documents",
    )
    seed: int = param(0, low=0, high=2**31 - 1, help="Which ones.", advanced=True)

    def load(self) -> Dataset:
        found = [
            row for package in PACKAGES for row in self._package(package, self.n // len(PACKAGES))
        ]
        rows = pd.DataFrame(found, columns=["package", "module", "name", "text"])
        counts = rows["package"].value_counts(sort=False)
        notes = [
            "; ".join(f"{package}: {n} docstrings" for package, n in counts.items())
            + ", each of at least 30 words."
        ]
        return text_dataset(
            rows["text"].tolist(), self.name, rows.drop(columns="text"), "package", notes
        )

    def _package(self, package: str, wanted: int) -> list[tuple[str, str, str, str]]:
        """Docstrings from the package's files, taken in a shuffled order until there are
        enough, then sorted.
        """
        spec = find_spec(package)
        assert spec is not None and spec.submodule_search_locations  # the app needs all of them
        root = Path(spec.submodule_search_locations[0])
        files = sorted(
            p
            for p in root.rglob("*.py")
            if not set(PRIVATE) & set(p.relative_to(root).parts) and not p.name.startswith("test_")
        )
        random.Random(self.seed).shuffle(files)
        found: dict[str, tuple] = {}
        for file in files:
            module = ".".join([package, *file.relative_to(root).with_suffix("").parts])
            for name, text in _documented(file.read_text(encoding="utf-8")):
                found.setdefault(text, (package, module, name, text))
            if len(found) >= wanted:
                break
        return sorted(list(found.values())[:wanted])


def _documented(source: str):
    """(name, docstring) of the public functions and classes at the top of a module, where it
    has 30 words or more.
    """
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            text = ast.get_docstring(node)
            if text and len(text.split()) >= 30:
                yield node.name, text
