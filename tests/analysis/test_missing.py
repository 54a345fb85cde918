"""Missing values: what the schema says of them, the model that learns around them, and the
imputers beside it.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from lvm_core import MODELS, read_dataset
from lvm_core.analysis.imputation import (
    IMPUTERS,
    LINEAR,
    by_decoding,
    compare,
    fill_table,
    hide,
    measure,
    with_missing,
)
from lvm_core.codecs.table import TableCodec
from lvm_core.metrics import likelihood
from lvm_core.schema import FeatureGroup, Schema

TABLE = pd.DataFrame(
    {
        "size": [1.0, None, 3.0, 4.0],
        "kind": ["a", "b", None, "a"],
        "on": [True, None, False, True],
        "full": [1.5, 2.5, 3.5, 4.5],
    }
)


def test_the_layout_of_a_table_says_where_its_holes_are():
    codec = TableCodec.of(TABLE)
    X, schema = codec.encode(TABLE), codec.schema
    assert [(b.name, s, m) for b, s, m in schema.values()] == [
        ("size", slice(0, 1), 1),
        ("kind", slice(2, 4), 4),
        ("on", slice(5, 6), 6),
        ("full", slice(7, 8), None),
    ]
    missing = schema.missing_mask(X)
    assert missing[:, [0, 2, 3, 5, 7]].tolist() == [
        [0, 0, 0, 0, 0],
        [1, 0, 0, 1, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert missing[:, [1, 4, 6]].all()
    X[3, 7] = np.nan
    assert schema.missing_mask(X)[3, 7]


def test_a_layout_keeps_its_marks_and_old_ones_still_load():
    schema = TableCodec.of(TABLE).schema
    assert Schema.from_json(schema.to_json()) == schema
    assert (
        Schema.from_json(
            {"blocks": [["gaussian", 1, "a"], ["bernoulli", 1, "a (missing)"]], "image": None}
        )
        .values()[1][0]
        .missing_of
        == 0
    )
    assert Schema.gaussian(2).to_json() == {"blocks": [["gaussian", 2, ""]], "image": None}
    with pytest.raises(ValueError, match="marks more columns than"):
        Schema((FeatureGroup("bernoulli", 1, "x", 1),))


def _line(n=200):
    """Two numbers and a category that one number t makes."""
    t = np.random.RandomState(0).standard_normal((n, 1))
    X = np.hstack([t, -2 * t + 1, t > 0, t <= 0]).astype(np.float32)
    return X, Schema((FeatureGroup("gaussian", 2), FeatureGroup("categorical", 2)))


@pytest.fixture(scope="module")
def trained():
    X, schema = _line()
    seen, hidden = hide(X, schema, 0.3)
    model = MODELS["MIWAE"](latent_dim=1, epochs=120, width=32, samples=5, learning_rate=3e-3).fit(
        seen, schema=schema
    )
    return model, X, seen, hidden, schema


def test_miwae_fills_what_a_line_says_and_its_interval_holds_it(trained):
    model, X, seen, hidden, schema = trained
    found = model.impute(seen, 300)
    assert np.array_equal(found.missing_mask, np.isnan(seen)) and np.array_equal(
        found.X[~found.missing_mask], seen.astype(np.float32)[~found.missing_mask]
    )
    got, plain = (
        measure(X, f, hidden, schema, found.low, found.high)
        for f in (found.X, IMPUTERS["Mean or mode"](seen, schema))
    )
    assert got["rmse"] < 0.7 * plain["rmse"] and got["right"] > plain["right"] + 0.15
    assert 0.75 < got["coverage"] <= 1
    assert (found.low <= found.high).all() and set(np.unique(found.X[:, 2:])) == {0.0, 1.0}
    assert np.array_equal(model.impute(seen, 300).X, found.X)


def test_what_a_hole_holds_changes_nothing(trained):
    """A marked hole equals a NaN, whatever number stands in it."""
    codec = TableCodec.of(TABLE)
    X = np.vstack([codec.encode(TABLE)] * 5)
    model = MODELS["MIWAE"](latent_dim=2, epochs=2, width=8).fit(X, schema=codec.schema)
    other, nan = X.copy(), X.copy()
    other[1, 0], nan[1, 0] = 99.0, np.nan
    for changed in (other, nan):
        np.testing.assert_allclose(model.transform(changed), model.transform(X), rtol=1e-5)
        np.testing.assert_allclose(model.score_samples(changed), model.score_samples(X), rtol=1e-4)
    assert not codec.decode(model.impute(X, 50).X).isna().any().any()
    assert not codec.decode(model.sample(20, random_state=0)).isna().any().any()


def test_the_bound_of_miwae_is_tighter_with_more_samples_and_below_the_elbo_never(trained):
    model, _, seen, _, _ = trained
    parts = model.elbo_parts(seen, 200)
    elbo, few, many = (
        (parts["reconstruction"] - parts["kl"]).mean(),
        model.score_samples(seen, 5).mean(),
        model.score_samples(seen, 500).mean(),
    )
    assert elbo < many and few < many


def test_the_metrics_are_those_of_a_hand_s_count():
    X, schema = (
        np.array([[0.0, 1, 1, 0], [2.0, 0, 0, 1], [4.0, 1, 1, 0]]),
        Schema(
            (
                FeatureGroup("gaussian", 1),
                FeatureGroup("bernoulli", 1),
                FeatureGroup("categorical", 2),
            )
        ),
    )
    hidden = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 1, 1]], bool)
    filled = np.array([[1.0, 1, 0.2, 0.8], [2.0, 0, 0, 1], [4.0, 0, 0.9, 0.1]])
    got = measure(X, filled, hidden, schema, filled - [[1.0], [0.5], [0]], filled + 0.1)
    assert (
        got["rmse"] == pytest.approx(np.sqrt(0.5) / np.std([0, 2, 4]))
        and got["right"] == 0.5
        and got["coverage"] == 1.0
    )
    assert got["columns"][1:] == [0.5, 0.5]
    assert np.isnan(measure(X, filled, np.zeros_like(hidden), schema)["rmse"])


def test_hiding_takes_observed_cells_only_and_categories_whole():
    X, schema = _line()
    X[:50, 0] = np.nan
    seen, hidden = hide(X, schema, 0.25, 1)
    assert (
        not hidden[:50, 0].any()
        and np.array_equal(hidden[:, 2], hidden[:, 3])
        and 0.2 < hidden[:, 1].mean() < 0.3
    )
    assert np.isnan(seen[hidden]).all() and np.array_equal(hide(X, schema, 0.25, 1)[1], hidden)
    with pytest.raises(ValueError, match="share of cells"):
        hide(X, schema, 1.0)


def test_the_linear_imputer_wins_where_the_truth_is_linear():
    X, schema = _line()
    found = compare(MODELS["PCA"](latent_dim=1).fit(X, schema=schema), X, 0.2).set_index("imputer")
    assert set(found.index) == {*IMPUTERS, "The model"}
    assert found.loc[LINEAR, "rmse"] < found.loc["Mean or mode", "rmse"] and np.isnan(
        found.loc[LINEAR, "coverage"]
    )


def test_decoding_in_turns_fills_a_plane():
    t = np.random.RandomState(0).standard_normal((100, 2))
    X = np.hstack([t, t @ [[1.0, 2.0], [0.5, -1.0]]])
    seen, hidden = hide(X, Schema.gaussian(4), 0.1)
    model = MODELS["PCA"](latent_dim=2).fit(X)
    back = by_decoding(model, seen, Schema.gaussian(4), 50)
    assert measure(X, back, hidden, Schema.gaussian(4))["rmse"] < 0.3
    assert np.array_equal(with_missing(X, Schema.gaussian(4)), X)


def test_miwae_beats_the_mean_on_iris_with_half_of_it_gone():
    X = load_iris().data.astype(np.float32)
    X = (X - X.mean(0)) / X.std(0)
    seen, hidden = hide(X, Schema.gaussian(4), 0.5)
    model = MODELS["MIWAE"](latent_dim=2, epochs=60, width=32, samples=5, learning_rate=3e-3).fit(
        seen
    )
    assert ((model.impute(seen, 200).X - X)[hidden] ** 2).mean() < 0.7 * (
        (IMPUTERS["Mean or mode"](seen) - X)[hidden] ** 2
    ).mean()


def test_a_file_with_gaps_becomes_a_table_without():
    rows = "\n".join(["a,b"] + [f"{i % 7}.5,{i % 11 if i % 3 else ''}" for i in range(60)])
    data = read_dataset(rows.encode(), name="gaps.csv")
    model = MODELS["MIWAE"](latent_dim=1, epochs=3, width=8).fit(data.X, schema=data.schema)
    assert (
        data.rows["b"].isna().sum() == 20
        and data.decode(model.impute(data.X, 20).X)["b"].notna().all()
    )


def test_a_gap_in_a_column_that_had_none_is_filled_too():
    """An uploaded file may have gaps where the data that was learnt from had none: there is no
    indicator for those.
    """
    from lvm_core import read_dataset

    rng = np.random.RandomState(0)
    t = rng.standard_normal(200)
    lines = ["a,b,c"] + [
        f"{v:.3f},{2 * v + 0.01 * rng.standard_normal():.3f},{'x' if v > 0 else 'y'}" for v in t
    ]
    data = read_dataset("\n".join(lines).encode(), name="t.csv")
    model = MODELS["MIWAE"](latent_dim=2, epochs=60, width=32).fit(data.X, schema=data.schema)
    frame = data.rows.copy()
    frame.loc[:19, "b"] = np.nan
    complete, notes, cells = fill_table(model, data.codec, data.codec.encode(frame), frame)
    assert cells["b"].sum() == 20 and len(notes) == 20
    assert np.corrcoef(complete["b"][:20].astype(float), data.rows["b"][:20])[0, 1] > 0.8
    assert (notes["low"] != notes["high"]).all()


def test_miwae_is_scored_by_the_bound_it_maximises():
    X = with_missing(load_iris().data, Schema.gaussian(4)).astype(np.float32)
    X[::3, 1] = np.nan
    model = MODELS["MIWAE"](latent_dim=2, epochs=2, width=8, samples=6).fit(X)
    found = likelihood(model, X)
    assert [score.name for score in found] == ["IWAE bound", "Information in a code"]
    assert found[0].value == pytest.approx(model.score_samples(X, 6).mean(dtype=np.float64))
    assert found[0].value > model.score_samples(X, 1).mean() and "6 draws" in found[0].detail


def test_wide_data_is_suggested_a_fit_of_minutes(monkeypatch):
    monkeypatch.delenv("LATENT_EXPLORER_MINUTES")
    suggest = MODELS["MIWAE"].suggest
    narrow, wide = (suggest(943, Schema.gaussian(d)) for d in (30, 1682))
    assert narrow["samples"] == 20 and suggest(943, Schema.gaussian(30), 15) == narrow

    def work(found, d):
        return found["epochs"] * 943 * found["samples"] * d

    assert work(wide, 1682) == pytest.approx(3 * 8e8, rel=0.02)
    for minutes in (1, 5):
        found = suggest(943, Schema.gaussian(1682), minutes)
        assert found["samples"] >= 5 and work(found, 1682) < 1.02 * minutes * 8e8
