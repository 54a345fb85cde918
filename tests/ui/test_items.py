"""Every kind of data has a file that shows it."""

import inspect

from app_pages import held, open_page

from lvm_core import DATASETS, MODELS
from pages.api import payloads
from pages.session.services import services
from pages.ui import items


def test_every_kind_is_shown_by_the_file_of_its_name():
    kinds = {source.kind for source in DATASETS.values()} | {
        k for m in MODELS.values() for k in m.supported_kinds
    }
    assert set(items.found()) == kinds


def test_every_file_states_what_is_asked_of_it():
    asked = {
        "gallery": ["dataset", "items", "captions", "key", "width", "together"],
        "one": ["dataset", "item", "title", "key", "beside", "beside_title"],
    }
    for kind, module in items.found().items():
        assert items.icon(kind).startswith(":material/") and items.unit(kind).islower()
        for name, parameters in asked.items():
            found = list(inspect.signature(getattr(module, name)).parameters)
            more = ["links" if name == "gallery" else "link"] * (kind == "image")
            assert found == parameters + more, kind


def test_rows_of_pictures_are_alike_and_pairs_stay_together():
    from pages.ui.items.image import columns, grid

    assert [columns(6, most) for most in (1, 2, 3, 4, 5, 6, 9)] == [1, 2, 3, 3, 3, 6, 6]
    assert [columns(36, most) for most in (8, 9, 11, 12, 17)] == [6, 9, 9, 12, 12]
    assert columns(37, 11) == 10  # of no even rows those with the fewest gaps
    assert [columns(20, most, 2) for most in (1, 3, 5, 9, 11)] == [2, 2, 4, 4, 10]
    rules = grid("pixels-a b", 6, 50)
    assert rules.startswith(".st-key-pixels-a-b{container-type:inline-size}")
    assert "@container (min-width:139px)" in rules and "repeat(3,minmax(0,50px))" in rules


def test_titles_begin_with_the_id_and_hold_no_e_mails_until_they_are_asked_for():
    lines = [f"C{i},u{i}@example.org,{i % 7},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
    content = "\n".join(["code,email,orders,paid,plan", *lines]).encode()
    app = open_page("data")
    app.file_uploader(key="file").set_value(("c.csv", content, "text/csv")).run()
    id = held(app, "data")
    dataset = services().datasets.get(id).dataset
    assert dataset.label == "plan" and payloads.short(dataset, 3) == "b · C3 · orders 3, paid 3.5"
    app.toggle(key=f"private-{id}").set_value(True).run()
    assert not app.exception
    assert services().workspace.load_dataset(id).source["private_shown"] is True
    assert services().datasets.get(id).dataset.source["private_shown"] is True


def test_small_pictures_are_large_on_a_sheet_and_many_fit_on_it():
    import numpy as np

    from pages.ui.downloads import MOST, enlarged

    assert [enlarged(np.empty((36, side, side, 1))) for side in (8, 28, 64, 200)] == [16, 4, 2, 1]
    many = np.empty((10_000, 8, 8, 1))
    assert 1 < enlarged(many) < 16 and 10_000 * (10 * enlarged(many)) ** 2 <= MOST
