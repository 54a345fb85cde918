"""The questions of the Analyse page, one file each. Dropping a file in here is the whole job of
adding one.

A file states ``TITLE`` (a word or two), ``QUESTION`` (one line: what it answers and what to do),
``RANK`` (place in the row), and two functions of a finished run: ``why_not(run)``, empty where the
question can be asked and one sentence where it cannot, and ``draw(run)``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def discover() -> dict[str, ModuleType]:
    """name -> module, in the order of their ranks."""
    modules = {
        info.name: importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
        if not info.name.startswith("_")
    }
    return dict(sorted(modules.items(), key=lambda item: (item[1].ORDER, item[0])))
