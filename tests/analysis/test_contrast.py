"""What makes a group different: effects against their definitions, honesty under chance, and a
sparse model that is told the truth.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.sparse import csr_matrix
from scipy.stats import mannwhitneyu

from lvm_core import DATASETS
from lvm_core.analysis.contrast import cliff, columns, contrast, log_odds, shares, words
from lvm_core.analysis.identify import identify
from lvm_core.plots import contrast as figures_contrast

side = some.lists(some.integers(-4, 4), min_size=2, max_size=30).map(lambda v: np.array(v, float))


@settings(max_examples=80, deadline=None)
@given(side, side)
def test_delta_is_the_share_of_pairs(A, B):
    found = cliff(A, B).iloc[0]
    assert found.delta == pytest.approx(np.sign(A[:, None] - B[None]).mean(), abs=1e-12)
    assert -1 <= found.low <= found.delta + 1e-9 and found.delta - 1e-9 <= found.high <= 1
    if len({*A, *B}) > 1:
        assert found.p == pytest.approx(
            mannwhitneyu(A, B, use_continuity=False, method="asymptotic").pvalue, abs=1e-9
        )


@settings(max_examples=40, deadline=None)
@given(
    some.lists(some.booleans(), min_size=2, max_size=30),
    some.lists(some.booleans(), min_size=2, max_size=30),
)
def test_shares_are_the_delta_of_truth_values(a, b):
    np.testing.assert_allclose(
        shares(np.mean(a), len(a), np.mean(b), len(b)),
        cliff(np.array(a, float), np.array(b, float)),
        atol=1e-9,
    )


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.RandomState(0), 0
    truth = 2 * 0.7602499 - 1  # of normals one standard deviation apart: 2 Phi(1 / sqrt 2) - 1
    found = cliff(rng.standard_normal((1000, 30)) + 1, rng.standard_normal((1000, 40)))
    held = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert 0.93 <= held <= 0.97
    apart = cliff(np.arange(10.0) + 100, np.arange(20.0)).iloc[0]
    assert apart.delta == 1 and 0.3 < apart.low < 0.6 and apart.high == 1


def test_log_odds_are_the_paper_s():
    inside, outside, prior = (
        np.array([30, 10, 0, 0]),
        np.array([20, 40, 40, 0]),
        np.array([50, 50, 40, 0]) / 140,
    )
    odds, z = log_odds(inside, outside)
    a0 = 40.0  # words of the smaller side
    for w in range(3):
        a, y, x = a0 * prior[w], inside[w], outside[w]
        by_hand = np.log((y + a) / (40 + a0 - y - a)) - np.log((x + a) / (100 + a0 - x - a))
        assert odds[w] == pytest.approx(by_hand) and z[w] == pytest.approx(
            by_hand / np.sqrt(1 / (y + a) + 1 / (x + a))
        )
    assert odds[3] == z[3] == 0


def test_columns_of_every_type_and_missing_values():
    rng, n = np.random.RandomState(0), 200
    inside, outside = np.arange(60), np.arange(60, n)
    up = np.arange(n) < 60
    rows = pd.DataFrame(
        {
            "number": rng.standard_normal(n) + 2 * up,
            "same": 1.0,
            "city": np.where(up, "Ulm", np.where(np.arange(n) % 2, "Bonn", "Kiel")),
            "member": up ^ (rng.rand(n) < 0.1),
            "when": pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(n)[::-1], "D"),
            "gap": np.where(up & (rng.rand(n) < 0.5), np.nan, 3 + rng.rand(n)),
            "text": [f"row {i}" for i in range(n)],
            "none": None,
            "count": pd.array(np.where(up, 3, None), dtype="Int64"),
        }
    )
    frame, left_out = columns(rows, inside, outside, seen={"number"})
    found = frame.set_index(["column", "level"])
    assert left_out == ["text"] and frame["delta"].abs().is_monotonic_decreasing
    assert found.loc[("number", ""), "delta"] > 0.7 and found.loc[
        ("number", ""), "smd"
    ] == pytest.approx(2, abs=0.5)
    assert (
        found.loc[("city", "Ulm"), "delta"] == 1
        and found.loc[("city", "Kiel"), "lift"] == 0
        and np.isinf(found.loc[("city", "Ulm"), "lift"])
    )
    assert (
        found.loc[("when", ""), "delta"] == 1 and found.loc[("when", ""), "inside"] == "2024-06-18"
    )
    share = rows["gap"].isna()[:60].mean()
    assert found.loc[("gap", "missing"), "delta"] == pytest.approx(share)
    assert found.loc[("member", "yes"), "delta"] == pytest.approx(
        rows["member"][:60].mean() - rows["member"][60:].mean()
    )
    assert found.loc[("same", ""), "delta"] == 0 and found.loc[("same", ""), "q"] == 1
    assert found.loc[("number", ""), "seen"] and not found.loc[("when", ""), "seen"]
    assert not len(columns(rows[["text"]], inside, outside)[0])


def test_false_finds_are_counted_over_all_columns():
    rng = np.random.RandomState(3)
    rows = pd.DataFrame(rng.standard_normal((100, 120)))
    frame, _ = columns(rows, np.arange(30), np.arange(30, 100))
    # the largest of 120 would look like a find
    assert (frame["q"] >= 0.05).all() and frame["delta"].abs().max() > 0.3


def test_words_set_a_package_apart():
    terms = ["plot", "matrix", "the", "never"]
    X = csr_matrix(np.array([[5, 0, 3, 0]] * 20 + [[0, 4, 3, 0]] * 30, np.float32))
    frame = words(X, np.arange(20), np.arange(20, 50), terms)
    assert frame["term"].tolist()[0] == "plot" and frame["term"].tolist()[-1] == "matrix"
    row = frame.set_index("term")
    assert (
        row.loc["plot", "inside"] == 1
        and row.loc["plot", "outside"] == 0
        and abs(row.loc["the", "z"]) < 1
        and row.loc["never", "q"] > 0.5
    )


def test_a_group_of_pictures_is_told_from_the_rest():
    data = DATASETS["digits"]().load()
    codes = np.asarray(
        data.X @ np.linalg.svd(data.X - data.X.mean(0), full_matrices=False)[2][:6].T
    )
    inside = np.flatnonzero(data.targets() == "0")
    found = contrast(data, codes, inside)
    centre = found.values["delta"].to_numpy().reshape(8, 8)[3:5, 3:5]
    assert (centre < -0.5).all() and found.strongest == pytest.approx(
        found.values["delta"].abs().max(), abs=1e-6
    )
    assert len(found.dims) == 6 and len(found.reference) == 20 and found.asked == (178, 1619)
    assert (found.columns["column"][0], found.columns["level"][0]) == ("digit", "0")
    other = contrast(data, codes, inside, np.flatnonzero(data.targets() == "6"))
    assert not len(other.reference) and other.asked == (178, 181)
    picture = figures_contrast.signed(found.values["delta"].to_numpy().reshape(8, 8, 1))
    assert picture[3, 3, 2] > picture[3, 3, 0] and np.allclose(
        figures_contrast.signed(np.zeros((2, 2, 3))), 1
    )


def test_any_region_differs_which_random_rows_do_not():
    data = DATASETS["iris"]().load()
    rows = np.random.RandomState(0).choice(150, 40, replace=False)
    found = contrast(data, data.X, rows)
    assert found.strongest < np.median(found.reference) and np.median(found.reference) > 0.5


@pytest.mark.parametrize(
    "inside, outside",
    [
        ([1, 2, 3, 4], None),
        (np.arange(150), None),
        (np.arange(20), np.arange(18)),
        (np.arange(20), [0, 1, 30, 31]),
    ],
)
def test_too_few_rows_are_refused_in_a_sentence(inside, outside):
    data = DATASETS["iris"]().load()
    for ask in (
        lambda: contrast(data, data.X, inside, outside),
        lambda: identify(data.X, list("abcd"), inside, outside),
    ):
        with pytest.raises(ValueError, match="at least 5"):
            ask()


def test_stopping_keeps_what_was_reached():
    data = DATASETS["spectra"](n=60).load()
    steps = []
    found = contrast(
        data, data.X[:, :3], np.arange(20), on_step=lambda p: steps.append(p.step) or True
    )
    assert (
        len(found.values) == data.X.shape[1] and found.values["q"].iloc[-1] == 1 and len(steps) >= 2
    )
    short = identify(
        data.X, [str(i) for i in range(data.X.shape[1])], np.arange(20), on_step=lambda p: True
    )
    assert 0 <= short.auc <= 1


def test_the_sparse_model_finds_the_columns_that_made_the_group():
    rng = np.random.RandomState(0)
    X = rng.standard_normal((600, 80)).astype(np.float32)
    inside = np.flatnonzero(2 * X[:, 7] - 2 * X[:, 40] + rng.standard_normal(600) > 1.5)
    found = identify(X, [f"c{j}" for j in range(80)], inside)
    assert {name for name, _ in found.weights[:2]} == {"c7", "c40"} and dict(found.weights)[
        "c7"
    ] > 0 > dict(found.weights)["c40"]
    assert (
        found.auc > 0.9
        and 0 < found.error < 0.03
        and len(found.weights) < 40
        and found.columns[0] in (7, 40)
    )
    sparse = identify(
        csr_matrix(np.maximum(X, 0)), [f"c{j}" for j in range(80)], inside, presence=True
    )
    assert {name for name, _ in sparse.weights[:2]} == {"c7", "c40"} and sparse.auc > 0.75


def test_chance_is_called_chance_though_columns_were_picked_by_looking():
    """Screening 3000 columns of noise for 40 rows outside the folds would give an AUC near 1."""
    rng = np.random.RandomState(1)
    aucs = [
        identify(
            rng.standard_normal((120, 3000)), list(range(3000)), rng.choice(120, 40, replace=False)
        ).auc
        for _ in range(3)
    ]
    assert abs(np.mean(aucs) - 0.5) < 0.12


def test_columns_that_never_vary_tell_nothing():
    with pytest.raises(ValueError, match="no column differs"):
        identify(np.ones((40, 3)), list("abc"), np.arange(10))


def test_the_figures_hold_what_they_are_given():
    figure = figures_contrast.effects(
        ["<b>a</b>", "b"], [0.5, -0.25], [0.25, -0.5], [0.75, 0.25], ["one", "two"], "effect", 1.0
    )
    bar = figure.data[0]
    assert (
        list(bar.error_x.array) == [0.25, 0.5]
        and list(bar.error_x.arrayminus) == [0.25, 0.25]
        and figure.layout.yaxis.ticktext[0] == "&lt;b&gt;a&lt;/b&gt;"
    )
    assert bar.marker.color[0] != bar.marker.color[1] and figure.layout.xaxis.range == (-1, 1)
    curve = figures_contrast.two_curves(*np.arange(20.0).reshape(5, 4))
    assert curve.data[-1].yaxis == "y2" and curve.data[3].y.tolist() == [0, 1, 2, 3]


def test_the_strongest_is_named():
    dataset = DATASETS["iris"]().load()
    group = np.flatnonzero(dataset.X[:, 2] > np.quantile(dataset.X[:, 2], 0.8))
    found = contrast(dataset, dataset.X, group)
    effects = np.abs(cliff(dataset.X[group].T, np.delete(dataset.X, group, 0).T)["delta"])
    assert found.strongest_of == 2 and found.strongest == pytest.approx(effects.max(), abs=1e-6)
