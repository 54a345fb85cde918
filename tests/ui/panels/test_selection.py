"""The panels about chosen rows, on every kind of data, driven as a person would: choose,
compare, make more, keep.
"""

import io

import numpy as np
import pandas as pd
import pytest
from app_pages import held, open_page, small, words

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.analysis import clusters
from lvm_core.datasets.base import DataError
from lvm_core.datasets.subset import free_name, groups_column, labelled, membership, subset
from lvm_core.export.encode import parquet_bytes
from lvm_core.latent.density import ShrinkageGaussian, Smote, density
from lvm_core.latent.samplers import Mixture
from lvm_core.runs.store import load_dataset
from pages.session import maps, selection, state
from pages.session import runs as starting
from pages.session.services import services
from pages.ui import selection_actions

KINDS = "image", "table", "text", "array"
FEW = {"image": 60, "table": 20, "text": 3, "array": 15}


@pytest.fixture(autouse=True)
def quick_map(monkeypatch):
    """The panels do not care which map stands above them."""
    monkeypatch.setattr(maps, "default", lambda run: "PCA")


@pytest.fixture
def opened(runs):
    """The map with a panel open and some rows chosen; nothing is afterwards."""
    touched = []

    def open_it(kind: str, panel: str = "selection", rows=None):
        run = runs[kind]
        touched.append(run)
        run.selection = np.arange(FEW[kind]) if rows is None else rows
        return open_panel(run, panel), run

    yield open_it
    for run in touched:
        run.selection = []
        selection.groups(run).clear()
        selection.point_values(run).clear()


def open_panel(run, panel: str):
    app = open_page("map", run=run.id)
    app.segmented_control(key=f"panel-{run.id}").set_value(panel)
    return settle(app, run)


def settle(app, run):
    """The page when what its panel computes is there."""
    app.run()
    while waiting := [job for job in list(run.jobs.work.values()) if job.running]:
        assert all(job.wait(60) for job in waiting)
        app.run()
    app.run()
    assert not app.exception, app.exception
    assert not app.error, [e.value for e in app.error]
    return app


def press(app, label: str):
    next(b for b in app.button if b.label == label).click()
    return app.run()


# -- choosing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_chosen_by_words_and_changed(kind, opened):
    app, run = opened(kind, rows=[])
    n = len(run.dataset)
    assert "Nothing is chosen" in words(app)
    app.text_input(key=f"choose-find-{run.id}").set_value("1").run()
    press(app, "Choose")
    first = run.selection
    assert 1 in first and 0 < len(first) < n and f"{len(first):,} of {n:,} chosen" in words(app)
    press(app, "Invert")
    assert sorted([*first, *run.selection]) == list(range(n))
    press(app, "Undo")
    assert np.array_equal(run.selection, first)
    app.number_input(key=f"grow-k-{run.id}").set_value(2).run()
    press(app, "Add them")
    assert set(first) < set(run.selection) and len(run.selection) <= 3 * len(first)
    app.text_input(key=f"choose-find-{run.id}").set_value("1").run()
    press(app, "Keep only these")
    assert np.array_equal(run.selection, first)
    press(app, "Remove")
    assert not len(run.selection)
    press(app, "Add")
    press(app, "Clear")
    assert not len(run.selection) and not app.exception


def test_columns_are_joined_by_and(opened):
    app, run = opened("table", rows=[])
    rows = run.dataset.rows
    app.segmented_control(key=f"choose-by-{run.id}").set_value("columns").run()
    app.multiselect(key=f"choose-columns-{run.id}").set_value(["height", "city", "born"]).run()
    assert "**60 rows** fit" in words(app)
    heights = next(s for s in app.slider if s.label == "height")
    heights.set_value((160.5, heights.max)).run()
    next(s for s in app.multiselect if s.label == "city").set_value(["Ulm"]).run()
    press(app, "Choose")
    assert run.selection.tolist() == np.flatnonzero(
        (rows["height"] >= 160.5) & (rows["city"] == "Ulm")
    ).tolist() and len(run.selection)
    next(c for c in app.checkbox if c.label == "or missing").check().run()
    press(app, "Choose")
    assert run.selection.tolist() == np.flatnonzero((rows["height"] >= 160.5).to_numpy()).tolist()


def test_clusters_groups_and_numbers_of_rows_are_ways_to_choose(opened):
    app, run = opened("image", rows=[])
    app.segmented_control(key=f"choose-by-{run.id}").set_value("cluster")
    settle(app, run)
    app.number_input(key=f"choose-setting-{run.id}-kmeans").set_value(3)
    settle(app, run)
    app.pills(key=f"choose-cluster-{run.id}-kmeans-3").set_value([0, 2]).run()
    press(app, "Choose")
    assert 0 < len(run.selection) < len(run.dataset)
    selection.save_group(run, "two *clusters*", run.selection)
    expected = run.selection
    run.selection = []
    app.run()
    app.segmented_control(key=f"choose-by-{run.id}").set_value("value").run()
    assert "Open Trust under this map" in words(app)
    selection.point_values(run)["oddness"] = np.arange(0, 1000, 2), np.linspace(0, 1, 500)
    app.segmented_control(key=f"choose-by-{run.id}").set_value("group").run()
    press(app, "Choose")
    assert np.array_equal(run.selection, expected)
    app.segmented_control(key=f"choose-by-{run.id}").set_value("value").run()
    assert "known for 500 of" in words(app)
    press(app, "Choose")
    assert run.selection.tolist() == list(range(0, 100, 2))


def test_rows_the_map_lies_about_are_chosen(opened):
    app, run = opened("table", "trust")
    for job in list(run.jobs.trust.values()):
        job.wait(60)
    app.run()
    app.segmented_control(key=f"panel-{run.id}").set_value("selection").run()
    app.segmented_control(key=f"choose-by-{run.id}").set_value("value").run()
    name, (rows, values) = next(iter(selection.point_values(run).items()))
    assert name.startswith("trust") and len(rows) == len(run.dataset)
    at = app.slider(key=f"choose-at-{run.id}-0")
    at.set_value(float(np.median(values))).run()
    press(app, "Choose")
    assert (
        run.selection.tolist()
        == rows[values < app.slider(key=f"choose-at-{run.id}-0").value].tolist()
    )


# -- what differs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ("image", "table", "array"))
def test_what_differs_is_said_of_every_kind(kind, opened):
    app, run = opened(kind, "difference")
    said = words(app)
    assert "p-values would mean nothing" in said and "Latent dimensions" in said
    named, told = (m.label.replace("\\", "") for m in app.metric[:2])
    assert told == "Told apart on held-out rows (AUC)"
    if kind == "image":
        assert named == "The clearest pixel" and "A random region of this size" in said
    else:
        begin, _, name = named.partition(": ")
        assert begin == "Strongest difference" and name in clusters.features(run.dataset)[0]
    assert f"{FEW[kind]:,} rows against {len(run.dataset) - FEW[kind]:,}" in said
    selection.save_group(run, "others", np.arange(FEW[kind], FEW[kind] + 12))
    app.run()
    app.selectbox(key=f"against-{run.id}").set_value("others")
    settle(app, run)
    assert f"{FEW[kind]:,} rows against 12" in words(app) and "A random region" not in words(app)


def fitted(dataset, model: str, **options):
    """A finished run on the shelf."""
    run = state.Run(
        dataset if isinstance(dataset, state.Data) else state.Data(dataset),
        MODELS[model](**options),
        number=2,
    )
    run.job = starting.fit_job(run)
    assert run.job.wait(120) and run.job.state == "done", run.job.error
    services().runs.put(run)
    services().datasets.put(run.data)
    return run


def corpus():
    """Forty lines about cats or about stocks."""
    rng = np.random.RandomState(0)
    lines = [
        " ".join(
            rng.choice(
                ["cat", "mouse", "dog", "mat", "the", "on"]
                if i < 20
                else ["stocks", "trade", "market", "rose", "the", "on"],
                8,
            )
        )
        for i in range(40)
    ]
    return read_dataset("\n".join(lines).encode(), name="lines.txt")


def test_words_that_differ_are_shown():
    run = fitted(corpus(), "LSA", latent_dim=2)
    run.selection = np.arange(20)
    app = open_panel(run, "difference")
    assert "More often here" in words(app) and any(
        "Strongest difference" in m.label for m in app.metric
    )


@pytest.mark.parametrize(
    "rows, says",
    [
        ([1, 2], "Choose at least 5 rows"),
        (range(1797), "All of the rows are chosen"),
        (range(1795), "All but 2 of the rows"),
    ],
)
def test_small_groups_and_all_rows_get_a_sentence(rows, says, opened):
    app, run = opened("image", "difference", np.array(rows))
    assert says in words(app)
    app, run = opened("text", "more", [1])
    assert "Choose at least 3 rows" in words(app)


# -- more like this --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_more_like_the_chosen_rows(kind, opened):
    app, run = opened(kind, "more")
    assert f"new, like the {FEW[kind]} chosen" in words(app)
    assert bool(app.metric) == (kind != "text")  # three rows are too few to look for copies
    app.number_input(key=f"alike-n-{run.id}").set_value(5).run()
    assert "**5 new" in words(app) and not app.exception


def test_codes_that_are_never_negative_stay_so():
    run = fitted(corpus(), "LDA", latent_dim=2)
    run.selection = np.arange(12)
    app = open_panel(run, "more")
    assert "Between neighbours" in words(app) and app.metric


def test_generate_draws_like_the_chosen_rows(opened):
    app, run = opened("image")
    app = open_page("generate", run=run.id)
    app.selectbox(key=f"sampler-{run.id}").set_value("Selection")
    settle(app, run)
    assert "60 rows are chosen" in words(app) and "sampler Selection" in words(app)
    run.selection = []
    app.run()
    assert not app.exception and "sampler Selection" not in words(app)


def test_the_density_suits_the_number_of_rows():
    rng = np.random.RandomState(0)
    Z = rng.standard_normal((400, 4)) * [3, 1, 0.1, 1e-9] + [10, 0, 0, 5]
    assert (
        isinstance(density(Z), Mixture)
        and isinstance(density(Z[:12]), ShrinkageGaussian)
        and isinstance(density(np.abs(Z)), Smote)
    )
    few = density(Z[:8])
    S = few.sample(20_000, random_state=1)
    np.testing.assert_allclose(S.mean(0), Z[:8].mean(0), atol=0.1)
    np.testing.assert_allclose(S.std(0), Z[:8].std(0), rtol=0.35, atol=1e-5)
    assert 0 < few.shrinkage_ <= 1 and np.ptp(few.sample(5, temperature=0), axis=0).max() < 1e-12
    shares = rng.dirichlet(np.ones(4), 30)
    made = density(shares).sample(500, random_state=0, temperature=2.0)
    assert (made >= 0).all() and np.allclose(made.sum(1), 1)
    with pytest.raises(ValueError, match="at least 3"):
        density(Z[:2])


# -- kept, saved, trained on, downloaded -----------------------------------------------------------


def test_a_selection_becomes_a_group_and_a_column(opened):
    app, run = opened("table")
    app.text_input(key=f"name-selection-{run.id}").set_value("my group").run()
    press(app, "Keep as a group")
    assert selection.groups(run) == {"my group": list(range(20))}
    press(app, "Save")
    assert (
        run.dataset.rows["my group"].tolist() == [i < 20 for i in range(60)]
        and "my group" in run.dataset.colours()
    )
    again = load_dataset(services().workspace.dataset_folder(run.data.id))
    assert (
        again.added == ["my group"]
        and again.rows["my group"].tolist() == run.dataset.rows["my group"].tolist()
        and again.fingerprint == run.dataset.fingerprint
    )
    assert (
        selection_actions.save_column(run, "My Group", membership(run.dataset, [0])) == "My Group 2"
    )
    settle(app, run)
    app.selectbox(key=f"colour-{run.dataset.name}").set_value("my group").run()
    press(app, "Remove my group")
    assert (
        run.dataset.added == ["My Group 2"]
        and app.selectbox(key=f"colour-{run.dataset.name}").value != "my group"
        and not app.exception
    )
    press(app, "Remove My Group 2")
    again = load_dataset(services().workspace.dataset_folder(run.data.id))
    assert (
        run.dataset.added == again.added == []
        and list(again.rows) == list(run.dataset.rows)
        and not {"my group", "My Group 2"} & {*again.rows}
    )


def test_a_selection_is_trained_on_alone_and_labels_a_new_dataset(opened):
    app, run = opened("array")
    app.text_input(key=f"name-selection-{run.id}").set_value("hot").run()
    press(app, "Train on it only")
    data = services().datasets.get(held(app, "data"))
    assert (
        data.id != run.data.id
        and len(data.dataset) == 15
        and data.dataset.name == f"hot (15 rows of {run.dataset.name})"
        and not app.exception
    )
    app, run = opened("image")
    app.radio(key=f"column-where-{run.id}").set_value("label").run()
    press(app, "Save")
    data = services().datasets.get(held(app, "data"))
    assert (
        data.dataset.label == "chosen"
        and list(np.unique(data.dataset.targets())) == ["False", "True"]
        and "chosen" not in run.dataset.rows
        and not app.exception
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_a_dataset_is_a_dataset(kind):
    whole = small(kind)
    rows = np.arange(len(whole))[: max(10, len(whole) // 2)] if len(whole) > 10 else None
    if rows is None:
        with pytest.raises(DataError, match="at least 10"):
            subset(whole, np.arange(5), "few")
        whole, rows = corpus(), np.arange(10, 20)
    part = subset(whole, rows, "part")
    assert (
        len(part) == len(rows)
        and part.kind == whole.kind
        and part.label == whole.label
        and part.X.dtype == np.float32
    )
    a, b = part.items([3]), whole.items([rows[3]])
    if kind == "table":
        assert a.reset_index(drop=True).equals(b.reset_index(drop=True))
        back = part.decode(part.X)
        assert np.allclose(back["height"], whole.rows["height"].iloc[rows]) and abs(
            part.X[:, 0].mean()
        ) < 1e-5 < abs(whole.X[rows, 0].mean())
    elif kind == "text":
        assert a == b and part.X.shape[1] < whole.X.shape[1] and part.X.sum() == whole.X[rows].sum()
    else:
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_columns_of_groups_and_labels():
    data = DATASETS["iris"]().load()
    column = groups_column(data, {"a": [0, 1], "b": [1, 2]})
    assert column.dropna().to_dict() == {0: "a", 1: "a", 2: "b"}
    assert free_name(data, "Species") == "Species 2" and free_name(data, "new") == "new"
    data.rows["group"] = column
    other = labelled(data, "group", "iris by hand")
    assert (
        other.label == "group"
        and other.X is data.X
        and other.source != labelled(data, "species", "iris by hand").source
    )
    assert set(other.targets()) == {"a", "b", None}


def test_downloads_come_back():
    frame = pd.DataFrame(
        {"a": [1, 2], "mixed": ["x", 3], "when": pd.to_datetime(["2024-01-01", None])}
    )
    again = pd.read_parquet(io.BytesIO(parquet_bytes(frame)))
    assert (
        again["a"].tolist() == [1, 2]
        and again["mixed"].tolist() == ["x", "3"]
        and again["when"].isna().tolist() == [False, True]
    )


# -- other pages -----------------------------------------------------------------------------------


def test_other_pages_know_what_is_chosen(opened):
    _, run = opened("table")
    app = open_page("analyse", run=run.id, part="clusters")
    settle(app, run)
    assert "20 of 60 rows are chosen" in words(app)
    button = next(b for b in app.button if b.label.startswith("Select these"))
    size = int(button.label.split()[2])
    button.click()
    settle(app, run)
    assert len(run.selection) == size and f"{size} of 60 rows are chosen" in words(app)
    app = open_page("analyse", run=run.id, part="anomalies")
    settle(app, run)
    assert any(name.startswith("oddness") for name in selection.point_values(run))
    fitted(run.data, "PCA", latent_dim=2)
    app = open_page("compare", run=run.id, data=run.data.id)
    toggle = next(t for t in app.toggle if t.label.startswith("Of the"))
    assert str(size) in toggle.label
    toggle.set_value(False).run()
    assert not app.exception


def test_every_run_of_the_data_has_the_same_rows_chosen(opened):
    _, run = opened("table")
    other = state.Run(run.data, MODELS["PCA"](latent_dim=2))
    other.selection = [4, 2]
    assert run.selection.tolist() == [2, 4] and run.data.chosen_before.tolist() == list(range(20))
