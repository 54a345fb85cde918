"""What stands under a map, one file each. Dropping a file in here is the whole job of adding one.

A file states ``TITLE`` (a word or two), ``RANK`` (place in the row), and two functions of a
finished run and the map in view (:class:`pages.session.maps.View`): ``why_not(run, view)``, empty
where there is something to show and one sentence where not, and ``draw(run, view)``.
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
