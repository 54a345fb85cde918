"""The examples in the core's docstrings run as printed."""

import doctest
import importlib
import pkgutil

import pytest

import lvm_core


def modules() -> list[str]:
    """Every module of the core but the program that runs when it is imported."""
    names = [found.name for found in pkgutil.walk_packages(lvm_core.__path__, "lvm_core.")]
    return [name for name in names if not name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_examples_run_as_printed(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert not failed, f"{failed} examples of {name} print something else; see above"
    assert not list(tmp_path.iterdir()), "an example leaves files behind"


def test_most_public_functions_have_an_example():
    examples = sum(
        bool(test.examples)
        for name in modules()
        for test in doctest.DocTestFinder(exclude_empty=False).find(importlib.import_module(name))
    )
    assert examples > 400
