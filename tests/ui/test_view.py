"""What is in view, on every page that has a map: one state, which a change of page, a reload,
another browser and the browser's Back bring back; and the map of data that has no model.
"""

import numpy as np
import pandas as pd
import pytest
from app_pages import KINDS, finished, held, open_page, small, untouched, words

from lvm_core import MODELS, PROJECTIONS, read_dataset
from pages.session import colours, data_rows, maps, selection, state, url
from pages.session.services import services
from pages.session.url import MapState

VIEW = MapState("TSNE", 2, "data", "member", {"perplexity": 7.0, "random_state": 3})
ADDRESS = {
    "map": "TSNE",
    "of": "data",
    "set": "perplexity~7~random_state~3",
    "colour": "member",
    "row": "5",
    "chosen": "1.4-6.50",
}
CHOSEN = [1, 4, 5, 6, 50]


@pytest.fixture
def run(runs):
    """A table's run that nobody has opened."""
    fresh = untouched(runs["table"])
    yield fresh
    untouched(runs["table"])


def at(app, run) -> MapState:
    """What the session has in view."""
    return app.session_state[f"view-{run.data.id}"]


def in_address(app) -> dict:
    names = "map", "dims", "of", "set", "colour", "row", "chosen"
    return {name: held(app, name) for name in names if name in app.query_params}


def go(app, page):
    app.switch_page(f"{page}.py").run()
    assert not app.exception, app.exception
    return app


def back(monkeypatch, app, **address):
    """The browser's Back, to an address of the same page."""
    for name in (*ADDRESS, "dims"):
        if name in app.query_params:
            del app.query_params[name]
    for name, value in address.items():
        app.query_params[name] = value
    monkeypatch.setattr(url, "by_history", lambda: True)
    app.run()
    monkeypatch.setattr(url, "by_history", lambda: False)
    assert not app.exception, app.exception
    return app


def chosen_on_the_map(run):
    """A session that has set everything on the Map page."""
    app = open_page("map", run=run.id)
    app.segmented_control(key=f"projection-{run.id}").set_value("TSNE").run()
    app.number_input(key=f"map-{run.id}-TSNE.perplexity").set_value(7.0).run()
    app.number_input(key="mapseed-TSNE").set_value(3).run()
    app.segmented_control(key=f"of-{run.id}").set_value("data").run()
    app.selectbox(key=f"colour-{run.dataset.name}").set_value("member").run()
    run.selection = CHOSEN
    app.session_state[f"item-{run.data.id}"] = 5
    app.run()
    assert not app.exception, app.exception
    return app


# -- one state -------------------------------------------------------------------------------------


def test_map_settings_colour_item_and_selection_are_in_the_address(run):
    app = chosen_on_the_map(run)
    assert at(app, run) == VIEW
    assert in_address(app) == ADDRESS | {"dims": "2", "set": "perplexity~7.0~random_state~3"}


def test_what_is_in_view_is_the_same_on_every_page_and_on_the_way_back(run):
    app = chosen_on_the_map(run)
    go(app, "explore")
    assert app.segmented_control(key=f"explore-projection-{run.id}").value == "TSNE"
    assert app.number_input(key=f"explore-map-{run.id}-TSNE.perplexity").value == 7.0
    assert app.number_input(key="explore-mapseed-TSNE").value == 3
    assert app.segmented_control(key=f"explore-of-{run.id}").value == "data"
    assert app.selectbox(key=f"explore-colour-{run.dataset.name}").value == "member"
    assert app.session_state[f"place-{run.id}"].row == 5
    app.selectbox(key=f"explore-colour-{run.dataset.name}").set_value("group").run()
    app.segmented_control(key="explore-dims").set_value(3).run()
    go(app, "map")
    assert app.selectbox(key=f"colour-{run.dataset.name}").value == "group"
    assert app.segmented_control(key="dims").value == 3
    assert app.number_input(key=f"map-{run.id}-TSNE.perplexity").value == 7.0
    assert url.MapState("TSNE", 3, "data", "group", VIEW.params) == at(app, run)
    assert run.selection.tolist() == CHOSEN


def test_compare_opens_with_what_is_in_view_and_changes_it(run):
    finished(run.data, MODELS["PCA"](latent_dim=2), 7)
    app = chosen_on_the_map(run)
    app.session_state[f"compare-view-{run.data.id}"] = "Maps side by side"
    go(app, "compare")
    assert app.selectbox(key=f"pane-map-0-{run.id}").value == "TSNE"
    assert app.segmented_control(key=f"pane-of-0-{run.id}").value == "data"
    assert app.number_input(key=f"pane-0-{run.id}-TSNE.perplexity").value == 7.0
    assert app.selectbox(key=f"pane-colour-{run.data.id}").value == "member"
    assert at(app, run) == VIEW
    app.selectbox(key=f"pane-colour-{run.data.id}").set_value("group").run()
    app.selectbox(key=f"pane-map-0-{run.id}").set_value("PCA").run()
    go(app, "map")
    assert (at(app, run).projection, at(app, run).colour) == ("PCA", "group")
    assert app.segmented_control(key=f"projection-{run.id}").value == "PCA"


@pytest.mark.parametrize("page", ("map", "explore"))
def test_an_address_brings_all_of_it_to_another_browser(page, run):
    app = open_page(page, run=run.id, **ADDRESS)
    assert not app.exception, app.exception
    assert at(app, run) == VIEW
    assert run.selection.tolist() == CHOSEN
    assert app.session_state[f"item-{run.data.id}"] == 5


def test_another_model_of_the_data_keeps_what_is_in_view(run):
    other = finished(run.data, MODELS["PCA"](latent_dim=2), 8)
    app = chosen_on_the_map(run)
    app.query_params["run"] = other.id
    app.run()
    assert not app.exception, app.exception
    assert at(app, run) == VIEW
    assert app.segmented_control(key=f"projection-{other.id}").value == "TSNE"
    assert other.selection.tolist() == CHOSEN


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nan",
        "perplexity~nan~random_state~-1",
        "perplexity",
        "n_components~9",
        "sffffffffffffffff",
        "s../../secret00000",
        "5-3",
        "9999999999999999",
        "1-99999",
        "<b>",
        "-",
        "~" * 2000,
    ],
)
def test_a_broken_address_opens_the_map_all_the_same(value, run):
    run.selection = [2]
    app = open_page("map", run=run.id, **dict.fromkeys(ADDRESS, value))
    assert not app.exception, app.exception
    assert at(app, run) == MapState("TSNE", colour=None if value == "-" else "group")
    assert run.selection.tolist() in ([2], [])


def test_of_two_quick_clicks_the_first_stays(run):
    """The second is asked for before the browser's address knows of the first."""
    app = chosen_on_the_map(run)
    app.query_params["colour"] = "group"
    app.query_params["map"] = "PCA"
    app.run()
    assert at(app, run) == VIEW and held(app, "colour") == "member"


# -- the browser's Back ----------------------------------------------------------------------------


def test_back_brings_the_map_the_item_and_the_selection_of_that_moment(run, monkeypatch):
    app = chosen_on_the_map(run)
    back(monkeypatch, app, run=run.id, map="PCA", dims="3", colour="-", row="2", chosen="7-9")
    assert at(app, run) == MapState("PCA", 3)
    assert app.segmented_control(key=f"projection-{run.id}").value == "PCA"
    assert app.segmented_control(key="dims").value == 3
    assert app.selectbox(key=f"colour-{run.dataset.name}").value is None
    assert run.selection.tolist() == [7, 8, 9]
    assert app.session_state[f"item-{run.data.id}"] == 2
    back(monkeypatch, app, run=run.id, **ADDRESS)
    assert at(app, run) == VIEW
    assert app.number_input(key=f"map-{run.id}-TSNE.perplexity").value == 7.0
    back(monkeypatch, app, run=run.id, map="PCA")
    assert not len(run.selection)  # nothing was chosen then


def test_back_to_an_address_that_says_nothing_changes_nothing(run, monkeypatch):
    app = chosen_on_the_map(run)
    back(monkeypatch, app, run=run.id)
    assert at(app, run) == VIEW and run.selection.tolist() == CHOSEN
    assert in_address(app)["map"] == "TSNE"


# -- selections in addresses -----------------------------------------------------------------------


def test_a_selection_too_large_for_an_address_is_kept_under_a_short_id(run):
    rows = np.arange(0, 60, 2)
    run.selection = rows
    assert selection.of_text(run, selection.to_text(run)).tolist() == rows.tolist()
    large = untouched(finished(read_dataset(table(3000), name="large.csv"), MODELS["PCA"]()))
    large.selection = np.arange(0, 3000, 3)
    text = selection.to_text(large)
    assert len(text) == 16 and text == selection.to_text(large)
    assert selection.of_text(large, text).tolist() == large.selection.tolist()
    large.selection = []
    app = open_page("map", run=large.id, map="PCA", chosen=text)
    assert not app.exception and len(large.selection) == 1000
    folder = services().workspace.dataset_folder(large.data.id) / "selections"
    for start in range(60):
        large.selection = np.arange(start, 3000, 3)
        selection.to_text(large)
    assert len(list(folder.iterdir())) == 50


def test_a_link_does_not_change_what_its_owner_has_chosen(run, monkeypatch):
    from pages.session import identity

    run.selection = [2]
    monkeypatch.setattr(identity, "owns", lambda kind, id, person=None: False)
    monkeypatch.setattr(identity, "may_see", lambda kind, id, person=None: True)
    app = open_page("map", run=run.id, **ADDRESS)
    assert not app.exception, app.exception
    assert run.selection.tolist() == [2] and at(app, run) == VIEW
    # nor does it write into a dataset that is somebody else's
    run.data.chosen = np.arange(0, 60, 2)
    monkeypatch.setattr(selection, "_MOST_TEXT", 5)
    assert selection.to_text(run) == ""


# -- colours ---------------------------------------------------------------------------------------


def table(n: int) -> bytes:
    """Two groups far apart that ``kind`` names and ``when`` says nothing of; no label."""
    rng = np.random.RandomState(0)
    far = rng.randint(0, 2, n)
    frame = pd.DataFrame(
        {
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.permutation(n), "D"),
            "a": far * 9 + rng.normal(size=n),
            "b": far * 9 + rng.normal(size=n),
            "comment": [f"a remark of its own, {i * 7919 % n}" for i in range(n)],
            "kind": np.where(far, "near", "far"),
        }
    )
    return frame.to_csv(index=False).encode()


def test_the_first_colour_is_the_label_or_else_what_the_map_separates_best(run):
    assert colours.first(run) == "group" == run.dataset.label
    made = finished(read_dataset(table(150), name="kinds.csv", label="none"), MODELS["PCA"]())
    made.dataset.label = None
    colours.first.forget(made)
    assert colours.first(made) in ("kind", "a", "b")
    made.dataset.label = "comment"  # of which every row has its own
    colours.first.forget(made)
    assert colours.first(made) in ("kind", "a", "b")


def test_where_nothing_is_separated_nothing_colours():
    rng = np.random.RandomState(0)
    data = read_dataset(table(150), name="noise.csv")
    data.rows = data.rows.assign(
        **{c: rng.permutation(data.rows[c].to_numpy()) for c in data.rows.columns}
    )
    data.label = None
    made = finished(data, MODELS["PCA"]())
    assert colours.first(made) is None
    app = open_page("map", run=made.id)
    assert not app.exception and at(app, made).colour is None


def test_rows_that_were_held_out_are_told_apart_on_every_map(run):
    assert len(run.fitted.held_out)
    values = colours.values(run, colours.SPLIT)
    assert np.flatnonzero(values == "held out").tolist() == run.fitted.held_out.tolist()
    app = open_page("map", run=run.id)
    assert "saw the labels" not in words(app)  # a VAE sees none
    app.selectbox(key=f"colour-{run.dataset.name}").set_value(colours.SPLIT).run()
    assert not app.exception and held(app, "colour") == colours.SPLIT
    go(app, "explore")
    assert app.selectbox(key=f"explore-colour-{run.dataset.name}").value == colours.SPLIT


def test_a_model_that_saw_labels_says_how_to_see_what_it_did_not(run):
    settings = dict(latent_dim=2, epochs=1)
    made = finished(run.data, MODELS["ConditionalVAE"](**settings), 9)
    for page in ("map", "explore"):
        app = open_page(page, run=made.id)
        assert not app.exception, app.exception
        assert "saw the labels" in words(app) and colours.SPLIT in words(app)


# -- the data itself -------------------------------------------------------------------------------


@pytest.fixture
def kept():
    """A dataset of a kind that has no model."""

    def keep(kind: str) -> state.Data:
        data = state.Data(small(kind))
        data.store(services().workspace)
        services().datasets.put(data)
        return data

    return keep


@pytest.mark.parametrize("kind", KINDS)
def test_data_has_a_map_before_it_has_a_model(kind, kept):
    data = kept(kind)
    app = open_page("map", data=data.id)
    assert not app.exception, app.exception
    assert not app.error, [e.value for e in app.error]
    assert "The data itself, no model yet" in words(app)
    rows = data_rows.of(data)
    assert len(rows.fitted.codes) == len(data.dataset)
    app.segmented_control(key=f"projection-{data.id}").set_value("PCA").run()
    view, job, trouble = maps.view(rows, PROJECTIONS["PCA"](n_components=2))
    assert job is None and not trouble and view.positions.shape == (len(data.dataset), 2)
    assert (rows.folder / "maps" / view.key).is_dir()
    rows.selection = [0, 1, 2, 3]
    for panel in ("selection", "difference", "trust", "kept_maps"):
        app.session_state[f"panel-{data.id}"] = panel
        app.run()
        assert not app.exception and not app.error, panel
    assert held(app, "chosen") == "0-3"
    assert "more" not in app.segmented_control(key=f"panel-{data.id}").options
    app.session_state[f"panel-{data.id}"] = "selection"
    app.run()
    app.button(key=f"keep-selection-{data.id}").click().run()
    assert services().workspace.annotations(data.id, "datasets")["groups"] == {
        "group 1": [0, 1, 2, 3]
    }
    app.button(key="next-train-button").click().run()
    assert not app.exception and app.title[0].value == "Train"


def test_distances_on_the_data_s_map_are_those_of_its_rows(kept):
    rows = data_rows.of(kept("table"))
    assert rows.job.wait(60)
    X, Z = rows.dataset.X, rows.fitted.codes
    X = X - X.mean(0)
    assert np.allclose(X @ X.T, Z @ Z.T, atol=1e-3 * np.abs(X @ X.T).max())


def test_newer_data_is_mapped_although_a_model_of_other_data_is_open(run, kept):
    app = open_page("map", run=run.id)
    data = kept("text")
    # as state.use_data leaves it: a run of other data is not open any more
    app.session_state["data"] = data.id
    app.query_params["data"] = data.id
    del app.session_state["run"], app.query_params["run"]
    app.run()
    assert not app.exception and "The data itself, no model yet" in words(app)


def test_data_that_cannot_be_mapped_says_why(kept):
    data = kept("table")
    data.dataset.X = np.ones_like(data.dataset.X)
    app = open_page("map", data=data.id)
    assert not app.exception
    assert "cannot be mapped" in words(app) and "no variance" in words(app)
