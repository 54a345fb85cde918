"""Every kind of data has a file that shows it."""

import inspect

from lvm_core import DATASETS, MODELS
from pages.ui import items


def test_every_kind_is_shown_by_the_file_of_its_name():
    kinds = {source.kind for source in DATASETS.values()} | {
        k for m in MODELS.values() for k in m.supported_kinds
    }
    assert set(items.found()) == kinds


def test_every_file_states_what_is_asked_of_it():
    asked = {
        "gallery": ["dataset", "items", "captions", "key", "width", "columns"],
        "one": ["dataset", "item", "title", "key", "beside", "beside_title"],
    }
    for kind, module in items.found().items():
        assert items.icon(kind).startswith(":material/") and items.unit(kind).islower()
        for name, parameters in asked.items():
            found = list(inspect.signature(getattr(module, name)).parameters)
            more = ["links" if name == "gallery" else "link"] * (kind == "image")
            assert found == parameters + more, kind
