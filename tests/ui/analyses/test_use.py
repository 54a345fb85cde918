"""Analyse: anomalies, clusters, similar items and compression, on every kind of data."""

import io

import numpy as np
import pytest
from app_pages import open_page, words
from PIL import Image

from pages.session import selection
from pages.ui import analyses

KINDS = "image", "table", "text", "array"
SAYS = {
    "anomalies": "The oddest first",
    "clusters": "suggested by the",
    "search": "are in both answers",
    "compression": "One item at every level",
}


@pytest.fixture
def opened(runs):
    """A question of a run, when what it computes is there."""

    def open_it(kind: str, part: str):
        run = runs[kind]
        app = open_page("analyse", run=run.id, part=part)
        for job in list(run.jobs.work.values()):
            assert job.wait(60), job.title
        app.run()
        assert not app.exception, app.exception
        assert not app.error, [e.value for e in app.error]
        return app, run

    return open_it


@pytest.mark.parametrize("part", SAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_question_opens_on_every_kind_of_data(kind, part, opened):
    app, run = opened(kind, part)
    assert analyses.discover()[part].QUESTION in words(app)
    assert SAYS[part] in words(app)


@pytest.mark.parametrize("kind", KINDS)
def test_the_threshold_decides_which_rows_are_odd_and_are_selected(kind, opened):
    app, run = opened(kind, "anomalies")
    slider = next(s for s in app.slider if s.label == "Threshold")
    slider.set_value(slider.min).run()
    n = len(run.dataset)
    assert f"{n:,} of {n:,} rows" in words(app)
    run.selection = []
    next(b for b in app.button if b.label.startswith("Select these")).click().run()
    assert run.selection.tolist() == list(range(n))
    typed = next(v for v in app.number_input if v.label == "or type it")
    typed.set_value(slider.max).run()
    assert f"**{n:,} of {n:,} rows**" not in words(app) and f" of {n:,} rows**" in words(app)
    assert next(s for s in app.slider if s.label == "Threshold").value == pytest.approx(slider.max)
    run.selection = []


def test_every_score_of_a_model_opens_and_is_compared_with_a_class(opened):
    app, run = opened("table", "anomalies")
    picker = next(s for s in app.selectbox if s.label == "Score")
    for name in list(picker.options):
        next(s for s in app.selectbox if s.label == "Score").select(name).run()
        for job in list(run.jobs.work.values()):
            job.wait(60)
        app.run()
        assert not app.exception and not app.error
    classes = next(s for s in app.selectbox if s.label == "Compare with a class")
    classes.select(classes.options[1]).run()
    assert any(m.label == "AUROC" for m in app.metric)


@pytest.mark.parametrize("method", ("kmeans", "mixture", "hdbscan"))
def test_clusters_are_kept_as_groups(method, opened):
    app, run = opened("image", "clusters")
    app.segmented_control(key=f"cl-method-{run.id}").set_value(method).run()
    app.number_input(key=f"cl-setting-{run.id}-{method}").set_value(
        20 if method == "hdbscan" else 3
    ).run()
    for job in list(run.jobs.work.values()):
        job.wait(60)
    app.run()
    assert not app.exception and "clusters**" in words(app)
    if method == "kmeans":
        selection.groups(run).clear()
        app.button(key=f"cl-keep-{run.id}").click().run()
        assert (
            sum(map(len, selection.groups(run).values())) == len(run.dataset)
            and len(selection.groups(run)) == 3
        )
        selection.groups(run).clear()


def test_words_and_numbers_are_a_question(opened):
    app, run = opened("text", "search")
    app.segmented_control(key=f"like-way-{run.id}").set_value("new").run()
    app.text_area(key=f"like-text-{run.id}").set_value("stocks and trade in the market").run()
    # "the market and stocks rose"
    assert "4 · " in words(app).replace("\\", "") and not app.exception
    app.text_area(key=f"like-text-{run.id}").set_value("xylophone").run()
    assert "knows none of these words" in app.info[0].value
    app, run = opened("array", "search")
    app.segmented_control(key=f"like-way-{run.id}").set_value("new").run()
    box = app.text_area(key=f"like-numbers-{run.id}")
    box.set_value("1, 2, three").run()
    assert "is not a number" in app.error[0].value
    app.text_area(key=f"like-numbers-{run.id}").set_value(
        " ".join(f"{v:.6g}" for v in run.dataset.items([4])[0])
    ).run()
    assert not app.error and not app.exception and "in both answers" in words(app)


def test_rows_found_by_words_and_selected_rows_are_a_question(opened):
    app, run = opened("table", "search")
    app.text_input(key=f"like-find-{run.id}").set_value("city=Ulm").run()
    assert any(s.label == "One of 30" for s in app.selectbox) and not app.exception
    app.text_input(key=f"like-find-{run.id}").set_value("nothing-like-this").run()
    assert "No row fits" in app.info[0].value
    app.segmented_control(key=f"like-way-{run.id}").set_value("chosen").run()
    assert "Nothing is selected" in app.info[0].value
    run.selection = [1, 2, 3]
    app.run()
    assert "3 selected rows" in words(app) and "in both answers" in words(app)
    run.selection = []


def test_a_picture_is_a_question(opened):
    app, run = opened("image", "search")
    app.segmented_control(key=f"like-way-{run.id}").set_value("new").run()
    out = io.BytesIO()
    Image.fromarray(
        np.kron(run.dataset.items([3])[0, :, :, 0] * 255, np.ones((4, 4))).astype(np.uint8)
    ).save(out, "PNG")
    app.file_uploader(key=f"like-picture-{run.id}").set_value(
        ("x.png", out.getvalue(), "image/png")
    ).run()
    assert not app.exception and not app.error and "in both answers" in words(app)
    app.file_uploader(key=f"like-picture-{run.id}").set_value(
        ("x.png", b"no picture", "image/png")
    ).run()
    assert "cannot be read as a picture" in app.error[0].value


def test_a_run_without_its_real_rows_is_not_asked_how_well_it_decodes_them(runs):
    from lvm_core.runs.archive import IMPORTED

    run = runs["array"]
    run.dataset.notes.append(IMPORTED)
    try:
        assert "imported" in analyses.discover()["anomalies"].why_not(
            run
        ) and "imported" in analyses.discover()["compression"].why_not(run)
        assert not analyses.discover()["clusters"].why_not(run)
    finally:
        run.dataset.notes.remove(IMPORTED)
