"""Items as people see them, a file a kind: dropping one in here is all it takes to show another
kind.

A file is named as its kind (``Dataset.kind``) and states ``ICON``, ``UNIT`` (what several of them
are called) and two functions: ``gallery(dataset, items, captions, key, width, together)`` draws
many items, ``one(dataset, item, title, key, beside, beside_title)`` draws one, large. Only pictures
are given links: to themselves at full size.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from lvm_core.datasets.base import Dataset


@cache
def found() -> dict[str, ModuleType]:
    """kind -> module."""
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def icon(kind: str) -> str:
    """The icon of a kind of data, as Streamlit's Markdown has it."""
    return found()[kind].ICON


def unit(kind: str) -> str:
    """What several items of a kind are called: ``pictures``, ``rows``, ``documents``,
    ``arrays``.
    """
    return found()[kind].UNIT


def gallery(
    dataset: Dataset,
    items,
    captions: list[str] | None = None,
    *,
    key: str,
    width: int | None = None,
    together: int = 1,
    links: list[str] | None = None,
) -> None:
    """Many items side by side: pictures in a flow, rows in a table, words in cards, curves in
    one chart. Of pictures ``together``, such as pairs, a row holds whole groups. ``links``: where
    each is seen at full size, see :func:`pages.api.originals.links`.
    """
    more = {"links": links} if links else {}
    found()[dataset.kind].gallery(dataset, items, captions, key, width, together, **more)


def one(
    dataset: Dataset,
    item,
    title: str,
    *,
    key: str,
    beside=None,
    beside_title: str = "original",
    link: str | None = None,
) -> None:
    """One item, large; ``beside`` is a real item to compare it with, ``link`` where that is seen
    at full size.
    """
    more = {"link": link} if link else {}
    found()[dataset.kind].one(dataset, item, title, key, beside, beside_title, **more)
