"""The questions of sample quality and disentanglement on the Analyse page, over every kind of
data.
"""

import numpy as np
import pandas as pd
import pytest
from app_pages import finished, open_page, words

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.plots import quality


def answered(app, run):
    """The page once its work has ended, and what follows from that: where codes come from decides
    which samples are scored.
    """
    for _ in range(5):
        under_way = [job for job in list(run.jobs.work.values()) if job.running]
        for job in under_way:
            assert job.wait(60)
        app.run()
        if not under_way:
            break
    assert not app.exception, app.exception
    assert not app.error, [e.value for e in app.error]
    return app


@pytest.fixture(scope="module")
def more(runs):
    """A run a kind of data that is large enough to be compared."""
    corpus = "\n".join(
        f"the cat number {i} sat on the mat and stocks {'fell' if i % 2 else 'rose'} in trade"
        for i in range(60)
    )
    return runs | {
        "text": finished(
            read_dataset(corpus.encode(), name="corpus.txt"), MODELS["LSA"](latent_dim=3)
        )
    }


@pytest.mark.parametrize("kind, least", [("image", 8), ("table", 8), ("text", 9), ("array", 8)])
def test_samples_are_scored(kind, least, more):
    run = more[kind]
    app = open_page("analyse", run=run.id, part="generation")
    app.number_input(key=f"quality-n-{run.id}").set_value(60).run()
    app = answered(app, run)
    assert len(app.metric) >= least
    assert "KID" in [m.label for m in app.metric] and "Where they lie" in words(app)


def test_a_table_gets_a_report_with_its_verdicts_first_and_two_downloads(more):
    run = more["table"]
    app = open_page("analyse", run=run.id, part="generation")
    app.number_input(key=f"quality-n-{run.id}").set_value(60).run()
    app = answered(app, run)
    shown = " ".join(html.proto.body for html in app.get("html"))
    for name in (
        "Column shapes",
        "Two-sample test (gradient boosting)",
        "Exact copies",
        'class="bars"',
    ):
        assert name in shown
    assert "The table as a whole" in words(app)
    assert [b.proto.label for b in app.get("download_button")] == ["Report (HTML)", "Report (JSON)"]


def test_samples_of_too_little_data_are_not_compared(runs):
    app = open_page("analyse", run=runs["text"].id, part="generation")
    assert not app.exception and "trained on 8 rows" in words(app)


def test_generate_leads_to_the_long_look(runs):
    app = open_page("generate", run=runs["array"].id)
    app.button(key="look-longer").click().run()
    assert not app.exception and app.title[0].value == "Analyse"
    assert app.session_state[f"part-{runs['array'].id}"] == "generation"


@pytest.fixture(scope="module")
def sprites():
    return finished(DATASETS["sprites"](n=120).load(), MODELS["PCA"](latent_dim=4))


def test_dimensions_are_compared_with_factors(sprites):
    app = answered(open_page("analyse", run=sprites.id, part="disentanglement"), sprites)
    assert [m.label for m in app.metric] == [
        "MIG",
        "DCI disentanglement",
        "DCI completeness",
        "DCI informativeness",
        "FactorVAE score",
    ]
    app.multiselect(key=f"factors-{sprites.id}").set_value(["x"]).run()
    assert not app.exception and "at least two" in app.info[0].value
    app.multiselect(key=f"factors-{sprites.id}").set_value(["x", "y"]).run()
    app = answered(app, sprites)
    assert len(app.metric) == 5 and app.dataframe[0].value["name"].tolist() == ["x", "y"]


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_where_no_factors_are_known_the_page_says_so(kind, runs):
    app = open_page("analyse", run=runs[kind].id, part="disentanglement")
    assert not app.exception and "Disentanglement" in words(app)


def test_figures_draw_what_they_are_given():
    P = np.random.RandomState(0).standard_normal((50, 2))
    assert len(quality.two_clouds(P, P[:20]).data) == 4
    far = np.vstack([P, [[1e6, 0.0]]])
    low, high = quality.frame_of(far, P[:20])
    assert (low < P.min(0)).all() and (high > P.max(0)).all() and high[0] < 100
    low, high = quality.frame_of(np.zeros((3, 2)), np.zeros((1, 2)))
    assert (low < high).all()
    heat = quality.heat(
        pd.DataFrame(np.eye(2), index=["<b>a</b>", "b"], columns=[1, 2]), "dimension"
    )
    assert heat.data[0].zmax == 1 and "<b>" not in heat.data[0].y[0]
    numbers, names = pd.Series(P[:, 0]), pd.Series(["a", None, "b"] * 10)
    far = pd.concat([numbers] * 10 + [pd.Series([float(numbers.max()) + 1e6])])
    drawn = quality.two_histograms(far, far, "x")
    assert max(drawn.data[0].x) < 1e6 and "beyond" in drawn.layout.xaxis.title.text
    assert sum(drawn.data[0].y) == pytest.approx(1)
    days = pd.Series(pd.date_range("2020-01-01", periods=90))
    drawn = quality.two_histograms(days, days[:30], "day").data
    assert pd.Timestamp(drawn[0].x[-1]).year == 2020 and len(drawn[0].x) == 32
    shares = quality.two_histograms(numbers, numbers + 5, "x").data
    assert (
        len(shares) == 2
        and sum(shares[0].y) == pytest.approx(1)
        and np.dot(shares[1].x, shares[1].y) > np.dot(shares[0].x, shares[0].y)
    )
    assert "(missing)" in quality.two_histograms(names, names[:5], "city").data[0].x
    assert len(quality.two_histograms(numbers, pd.Series([np.nan] * 3), "x").data) == 2
