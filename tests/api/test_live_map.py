"""A map while it is made, the maps a run keeps, and what another seed changes."""

import numpy as np
import pytest
from app_pages import finished, open_page
from live import ask, parse
from numpy.testing import assert_allclose, assert_array_equal
from waiting import until

from lvm_core import DATASETS, MODELS, PROJECTIONS
from lvm_core.analysis.stability import between_seeds
from lvm_core.mapping import sampled
from lvm_core.plots.tiling import place, squared
from lvm_core.progress import Progress, Reporter
from pages.session import maps
from pages.session.jobs import MapJob


@pytest.fixture(scope="module")
def run():
    return finished(DATASETS["wine"]().load(), MODELS["PCA"](latent_dim=5), 1)


def ended(run, projection, of="codes"):
    job = maps.begin(run, projection, of)
    assert job.wait(120) and not job.error, job.error
    return maps.view(run, projection, of)[0]


def test_a_reporter_hands_out_copies_now_and_then():
    seen, P = [], np.zeros((3, 2))
    report = Reporter(seen.append, 100)
    for step in range(5):
        P += 1
        report(step, P)
    shapes = [p.shape for p in seen if p.shape is not None]
    assert len(shapes) == 1 and shapes[0][0, 0] == 1 and len(seen) == 5


def test_the_newest_positions_come_in_drawn_order(run, client):
    n, P = len(run.fitted.codes), np.random.RandomState(0).normal(size=(178, 2))
    job = MapJob("map", lambda on_step: on_step(Progress(1, 2, shape=P)), PROJECTIONS["TSNE"]())
    job.wait(5)
    run.jobs.maps["watched"] = job
    head, data = parse(ask(client, run, "forming", job="watched", since=0))
    units = np.frombuffer(data, "<u2").reshape(-1, 2)
    wanted = {"version": 1, "m": n, "dims": 2, "whole": True, "running": False}
    assert head == wanted and len(units) == n
    assert_array_equal(units[place(n)], squared(P))
    again, _ = parse(ask(client, run, "forming", job="watched", since=1))
    assert again["m"] == 0
    assert parse(ask(client, run, "forming", job="nothing"))[0]["running"] is False


def test_of_a_sample_its_places_come_along(run, client, monkeypatch):
    monkeypatch.setattr(PROJECTIONS["TSNE"], "most_rows", 50)
    P = np.random.RandomState(0).normal(size=(50, 2))
    job = run.jobs.maps["part"] = MapJob(
        "map", lambda on_step: on_step(Progress(1, 2, shape=P)), PROJECTIONS["TSNE"]()
    )
    job.wait(5)
    head, data = parse(ask(client, run, "forming", job="part"))
    places, units = (
        np.frombuffer(data, "<i4", 50),
        np.frombuffer(data, "<u2", offset=200).reshape(-1, 2),
    )
    assert not head["whole"] and (np.diff(places) > 0).all() and len(units) == 50
    rows = sampled(178, job.projection)
    assert_array_equal(units[np.argsort(np.argsort(place(178)[rows]))], squared(P))


def test_squared_keeps_the_shape_and_fills_the_square():
    P = np.array([[0.0, 0], [10, 5], [5, 0]])
    units = squared(P).astype(float)
    assert units.min() >= 0 and units.max() == 65535
    assert_allclose((units[1] - units[0]) / 65535, [1, 0.5], atol=1e-4)
    assert_array_equal(squared(np.zeros((3, 2))), squared(np.zeros((3, 2))))


def test_maps_of_codes_and_data_are_kept_listed_and_deleted(run):
    codes, data = ended(run, PROJECTIONS["Isomap"]()), ended(run, PROJECTIONS["Isomap"](), "data")
    assert codes.key != data.key and data.of == "data" and "of the data itself" in data.title
    assert_array_equal(maps.source(run, codes), run.fitted.codes)
    assert_array_equal(maps.source(run, data), run.dataset.X)
    listed = {kept.key: kept for kept in maps.stored_maps(run)}
    assert (
        listed[codes.key].of == "codes"
        and listed[data.key].of == "data"
        and listed[data.key].name == "Isomap"
        and listed[data.key].scores
    )
    # a fresh server reads the same from the disk
    run.maps.clear()
    assert {kept.key: (kept.name, kept.of, kept.params) for kept in maps.stored_maps(run)} == {
        kept.key: (kept.name, kept.of, kept.params) for kept in listed.values()
    }
    maps.delete(run, codes.key)
    assert (
        codes.key not in {kept.key for kept in maps.stored_maps(run)}
        and codes.key not in run.maps
        and data.key in run.maps
    )


def test_a_map_by_labels_uses_those_that_are_known(run):
    view = ended(run, PROJECTIONS["Fisher"]())
    y = run.dataset.targets()
    assert {run.maps[view.key].projection.discriminants_} == {2} and len(set(y)) == 3


def test_between_seeds_counts_what_maps_share():
    P = np.random.RandomState(0).normal(size=(200, 2))
    same = between_seeds([P, P @ [[0, 3], [-3, 0]] + 5, P])
    other = between_seeds([P, np.random.RandomState(1).normal(size=(200, 2))])
    assert same[0].value == 1 and same[1].value == pytest.approx(1)
    assert other[0].value == pytest.approx(other[0].baseline, abs=0.03) and other[1].value < 0.2
    with pytest.raises(ValueError, match="at least 2 of one shape"):
        between_seeds([P])


def test_the_page_maps_the_data_and_opens_kept_maps(run):
    ended(run, PROJECTIONS["PCA"]())  # made by itself only where another map takes a while
    app = open_page("map", run=run.id)
    assert not app.exception, app.exception
    app.segmented_control(key=f"projection-{run.id}").set_value("Isomap").run()
    app.segmented_control(key=f"of-{run.id}").set_value("data").run()
    for job in list(run.jobs.maps.values()):
        job.wait(60)
    app.session_state[f"panel-{run.id}"] = "kept_maps"
    other = f"open-{run.id}-PCA"  # once the page shows what was asked for
    until(lambda: any((b.key or "").startswith(other) for b in app.run().button))
    assert not app.exception, app.exception
    assert any("Isomap" in m.value and "the data itself" in m.value for m in app.markdown)
    opened = next(b for b in app.button if b.key and b.key.startswith(other))
    opened.click().run()
    assert (
        not app.exception
        and app.segmented_control(key=f"projection-{run.id}").value == "PCA"
        and app.segmented_control(key=f"of-{run.id}").value == "codes"
    )
    gone = next(b for b in app.button if b.key and b.key.startswith(f"delete-{run.id}-Isomap"))
    gone.click().run()
    assert not app.exception and not any(
        kept.key == gone.key.rpartition("-")[2] for kept in maps.stored_maps(run)
    )


def test_seeds_are_compared_on_the_page(run):
    app = open_page("map", run=run.id)
    projection = PROJECTIONS["LocalMAP"](n_components=2, random_state=0)
    ended(run, projection)
    app.segmented_control(key=f"projection-{run.id}").set_value("LocalMAP").run()
    app.session_state[f"panel-{run.id}"] = "seeds"
    app.run()
    next(b for b in app.button if "other seeds" in b.label).click().run()
    for _ in range(4):
        for job in list(run.jobs.maps.values()):
            job.wait(60)
        app.run()
    assert not app.exception, app.exception
    assert any("Neighbours kept across seeds" in m.label for m in app.metric)


def test_where_there_are_no_labels_it_is_said():
    made = finished(DATASETS["spiral"]().load(), MODELS["PCA"](latent_dim=3))
    view, job, trouble = maps.view(made, PROJECTIONS["Fisher"]())
    assert "Choose a label column" in trouble and view.title == "Principal components"


def test_a_map_that_is_a_formula_is_seen_before_it_is_scored(run):
    from lvm_core.mapping import map_codes
    from lvm_core.runs.store import load_map_scores

    projection = PROJECTIONS["PCA"](random_state=5)
    key, folder = ended(run, projection).key, maps._folder(run) / maps.key_of(projection)
    assert run.maps[key].scores == [] and load_map_scores(folder)[0] == []
    found = maps.scores(run, key)
    assert (
        found == map_codes(run.fitted.codes, PROJECTIONS["PCA"](random_state=5)).scores
        and len(found) == 3
    )
    assert run.maps[key].scores == found == load_map_scores(folder)[0]
