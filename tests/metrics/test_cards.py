"""What a score card says beside its number: the error in one format, what PCA of the same length
gets, whether a model memorises, and how far samples lie from real rows.
"""

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.fitting import fit_run
from lvm_core.io import files
from lvm_core.io.files import StoreError
from lvm_core.io.serialize import LoadError
from lvm_core.metrics import Reference, Score
from lvm_core.metrics.base import number, share_error, shown, with_error
from lvm_core.metrics.learning import learning
from lvm_core.metrics.reference import beside_reference, fit_reference
from lvm_core.metrics.samples import scale as scales
from lvm_core.metrics.samples.scale import features_of, frechet_scale
from lvm_core.plots import figures
from lvm_core.runs.archive_checks import inert_scores
from lvm_core.runs.store import load_fitted, load_scores, save_fitted
from lvm_core.schema import Schema

# -- a number and its error ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, error, words",
    [
        (1011.4, 1234.0, "1,011 ± 1,200 nats"),
        (-101.271, 0.0527, "-101.27 ± 0.05 nats"),
        (12_345.6, 345.0, "12,346 ± 300 nats"),
        (0.5, 0.0299, "0.50 ± 0.03 nats"),
        (0.5, 0.0291, "0.500 ± 0.029 nats"),
        (1.0, 0.96, "1.0 ± 1.0 nats"),
        (3.25, None, "3.25 nats"),
        (1e-9, 2e-11, "(1.000 ± 0.020)e-9 nats"),
        (12_345.0, 0.0, "12,345 nats"),
    ],
)
def test_a_number_and_its_error_share_one_format(value, error, words):
    assert with_error(value, error, "nats") == words


def test_shares_and_percentiles_are_written_in_percent():
    assert shown(0.9304, 0.0123, "share") == "93.0 ± 1.2 %"
    assert shown(0.93, None, "share") == "93 %" and shown(93.4, None, "percentile") == "93 %"
    assert Score("", -1e6, "", unit="nats").text == "-1,000,000 nats"
    assert number(math.nan) == "nan" and number(0.0) == "0" and number(1e15) == "1e15"


@given(
    st.floats(-1e11, 1e11).filter(lambda v: v == 0 or abs(v) > 1e-5),
    st.floats(1e-5, 1e11),
)
@example(0.0, 0.295)
@example(99_999.96, 0.0149)
@example(-0.5, 9.96)
def test_both_end_at_the_same_decimal_and_are_true_to_it(value, error):
    written = with_error(value, error)
    if error < 1e-12 * abs(value):
        assert "±" not in written
        return
    left, right = written.split(" ± ")
    assert all(re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d+)?", side) for side in (left, right))
    decimals = [len(side.partition(".")[2]) for side in (left, right)]
    assert decimals[0] == decimals[1]
    one, other = (float(side.replace(",", "")) for side in (left, right))
    # the error keeps two digits, or one from 3 on: never off by more than a sixth
    assert abs(other - error) <= error / 6 and other > 0
    step = 10.0 ** -decimals[0]
    assert abs(one - value) <= 0.5 * step * (1 + 1e-9) + 1e-9 * abs(value)
    digits = right.replace(",", "").replace(".", "").lstrip("0").rstrip("0" * (decimals[1] == 0))
    assert len(digits) <= 2 or other == 10.0 ** round(math.log10(other))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False))
@example(1e-320, 1e-321)
@example(1e300, 1e299)
def test_every_number_can_be_written(value, error):
    assert with_error(value, error) and "nan" not in with_error(value, error)


def test_all_of_a_few_rows_is_no_certainty():
    assert share_error(1.0, 20) > 0.04
    assert share_error(0.5, 10_000) == pytest.approx(0.005, rel=1e-3)


# -- beside PCA ------------------------------------------------------------------------------------


def test_the_verdict_takes_the_difference_row_by_row():
    rng = np.random.default_rng(0)
    hard = rng.normal(0.5, 0.3, 400)  # rows differ far more than the two models do
    make = lambda rows, **more: Score("Reconstruction R²", float(rows.mean()), "", **more)
    ours, theirs = hard + 0.02 + rng.normal(0, 0.01, 400), hard
    assert make(ours, by_row=ours).beside(make(theirs, by_row=theirs), "PCA").reference == (
        Reference("PCA", float(theirs.mean()), None, "better")
    )
    apart = [make(rows, error=0.015) for rows in (ours, theirs)]
    assert apart[0].beside(apart[1], "PCA").reference.verdict == "level"
    worse = make(theirs, by_row=theirs).beside(make(ours, by_row=ours), "PCA", "train longer")
    assert worse.reference.words == "worse than PCA" and worse.reference.advice == "train longer"


def test_fewer_bits_are_better_and_nothing_is_said_of_what_is_no_number():
    bits = [Score("Bits per value", v, "", error=0.01) for v in (0.5, 0.6)]
    assert bits[0].beside(bits[1], "PCA").reference.verdict == "better"
    assert Score("", math.nan, "").beside(bits[0], "PCA").reference is None


def test_the_reference_is_pca_of_the_same_length_on_the_same_rows():
    data = DATASETS["digits"]().load()
    fitted = fit_run(data, MODELS["ICA"](latent_dim=5, random_state=1))
    pca = fit_run(data, MODELS["PCA"](latent_dim=5, random_state=1))
    found = {s.name: s for s in fitted.scores}
    for score in pca.scores:
        if score.name in ("Reconstruction R²", "Label from the code"):
            beside = found[score.name].reference
            assert beside.name == "PCA"
            assert (beside.value, beside.error) == pytest.approx((score.value, score.error))
    # independent components span the same plane
    assert found["Reconstruction R²"].reference.verdict == "level"
    assert all(s.reference is None for s in pca.scores), "PCA beside itself"
    assert all(s.by_row is None for s in fitted.scores), "rows are not kept"


def test_a_model_that_does_worse_is_told_so_with_what_to_do():
    data = DATASETS["digits"]().load()
    fitted = fit_run(data, MODELS["VAE"](latent_dim=8, epochs=1, network="mlp"))
    found = {s.name: s.reference for s in fitted.scores}
    assert found["Reconstruction R²"].words == "worse than PCA"
    assert found["Reconstruction R²"].advice == "train longer, or take PCA"
    assert found["ELBO"].advice == "the ELBO is only a bound; train longer, or take PCA"
    assert found["Information in a code"] is None


def test_texts_are_held_against_lsa():
    lines = "\n".join(
        ["cats chase mice and dogs chase cats", "stocks fall as trade is calm"] * 40
    ).encode()
    data = read_dataset(lines, name="lines.txt")
    fitted = fit_run(data, MODELS["NMF"](latent_dim=1))
    beside = next(s.reference for s in fitted.scores if s.name == "Word use recovered")
    assert beside.name == "LSA"
    lsa = fit_run(data, MODELS["LSA"](latent_dim=1))
    assert beside.value == pytest.approx(lsa.scores[0].value)
    assert all(s.reference is None for s in lsa.scores)


def test_a_table_is_held_against_pca_of_its_coded_columns():
    rows = "\n".join(["a,b,c"] + [f"{i % 7},{'xy'[i % 2]},{i % 3}.5" for i in range(90)])
    data = read_dataset(rows.encode(), name="t.csv")
    fitted = fit_run(data, MODELS["VAE"](latent_dim=2, epochs=2))
    found = {s.name: s.reference for s in fitted.scores}
    assert found["Reconstruction R²"].name == found["Category cells recovered"].name == "PCA"
    assert found["ELBO"] is None, "a density of coded columns is no likelihood of categories"


def test_very_wide_rows_are_thinned_and_it_is_said(monkeypatch):
    from lvm_core.metrics import reference

    monkeypatch.setattr(reference, "CELLS", 50 * 200)
    X = np.random.default_rng(0).normal(size=(100, 200)).astype(np.float32)
    model, name = fit_reference(X, Schema.gaussian(200), 3)
    assert name == "PCA of 50 rows" and len(model.code_mean_) == 3
    assert fit_reference(np.full((20, 3), np.nan), Schema.gaussian(3), 2) is None
    score = Score("Reconstruction R²", 0.1, "", error=0.01)
    worse = beside_reference(
        MODELS["KernelPCA"](), [score], model, name, [Score(score.name, 0.5, "", error=0.01)]
    )
    assert worse[0].reference.words == "worse than PCA of 50 rows"
    assert worse[0].reference.advice == "take PCA", "it cannot be trained longer"


def test_what_pca_gets_is_kept_with_the_run_and_older_runs_open_without(tmp_path):
    fitted = fit_run(DATASETS["iris"]().load(), MODELS["FactorAnalysis"](latent_dim=2))
    assert fitted.scores[0].reference is not None
    save_fitted(tmp_path, fitted)
    assert load_fitted(tmp_path).scores == load_scores(tmp_path) == fitted.scores
    written = files.read_json(tmp_path / "scores.json")
    assert "by_row" not in written["scores"][0]
    damaged = {**written, "scores": [dict(r) for r in written["scores"]]}
    damaged["scores"][0]["reference"] = {**written["scores"][0]["reference"], "verdict": "magic"}
    files.write_json(tmp_path / "scores.json", damaged)
    with pytest.raises(StoreError, match="verdict"):
        load_scores(tmp_path)
    for record in written["scores"]:
        del record["reference"]
    files.write_json(tmp_path / "scores.json", written)
    assert [s.reference for s in load_scores(tmp_path)] == [None] * len(fitted.scores)
    assert [s.value for s in load_scores(tmp_path)] == [s.value for s in fitted.scores]


def test_words_of_a_reference_are_made_inert():
    told = Reference("<b>PCA</b>", 0.5, None, "worse", "take `it`")
    found = inert_scores([Score("Reconstruction R²", 0.4, "", reference=told)])[0].reference
    assert not set("<>`") & set(found.name + found.advice)
    with pytest.raises(LoadError):
        inert_scores([Score("", 0.4, "", reference=Reference("PCA", "1", None, "level"))])


# -- two curves ------------------------------------------------------------------------------------


def history(loss, held):
    return [
        {"step": 10 * i, "loss": float(a), "held_out": float(b)}
        for i, (a, b) in enumerate(zip(loss, held), 1)
    ]


def noisy(curve, spread, seed):
    return curve + np.random.default_rng(seed).normal(0, spread, len(curve))


STEPS = np.arange(1, 101)
FALLING = 100 + 50 * np.exp(-STEPS / 8.0)


def told(loss, held, spread=0.3, draws=60):
    """What is said of the two curves, each time with other noise: (states, steps)."""
    found = [
        learning(history(noisy(loss, spread, seed), noisy(held, spread, seed + 500)))
        for seed in range(draws)
    ]
    return Counter(f.state for f in found), np.array([f.step for f in found])


def test_a_model_memorises_where_held_out_rows_stall_and_the_others_go_on():
    loss = FALLING - 0.3 * STEPS
    states, steps = told(loss, np.where(STEPS < 40, 150 - STEPS, 110 + 0.5 * (STEPS - 40)))
    assert states["memorises"] == 60 and (abs(steps - 400) <= 50).all()
    states, steps = told(loss, np.maximum(150 - STEPS, 110.0))
    assert states["memorises"] >= 57 and 400 <= np.median(steps) <= 500


def test_no_model_memorises_that_has_converged_or_is_still_getting_better():
    assert told(FALLING, FALLING + 5, 0.5)[0]["settled"] >= 57
    assert told(0 * FALLING, 0 * FALLING, 1.0)[0]["settled"] >= 57
    assert told(150 - 0.5 * STEPS, 155 - 0.5 * STEPS, 0.5)[0]["improving"] == 60


def test_a_short_training_or_one_without_held_out_rows_says_nothing():
    assert learning([]) is None and learning([{"step": 1, "loss": 1.0}] * 50) is None
    assert learning(history(STEPS[:6], STEPS[:6])) is None
    assert learning(history([1.0] * 50, [2.0] * 50)) is None, "one measurement, repeated"


def test_a_network_too_large_for_its_rows_memorises():
    X = DATASETS["digits"]().load()
    model = MODELS["VAE"](
        latent_dim=16, network="mlp", width=256, epochs=120, patience=120, random_state=0
    ).fit(X.X[:120], schema=X.schema)
    found = learning(model.history_)
    assert found.state == "memorises"
    assert "best state was kept" in found.sentence(40) and "epoch 40" in found.sentence(40)


def test_held_out_rows_get_a_line_of_their_own():
    entries = [h | {"kl": 1.0} for h in history(FALLING, FALLING + 5)]
    figure = figures.curves(entries, best=30)
    assert [(t.name, t.yaxis) for t in figure.data] == [
        ("rows it learns from", "y"),
        ("rows held out", "y"),
        ("KL", "y2"),
    ]
    assert figure.layout.shapes[0].x0 == 30
    one = figures.curves([{"step": 1, "loss": 3.0, "reconstruction": -2.0, "kl": 1.0}])
    assert [t.name for t in one.data] == ["loss", "log-likelihood", "KL"] and not one.layout.shapes


def test_each_metric_has_an_axis_on_which_it_can_be_read():
    entries = [
        {"step": i, "loss": 1e6 if i == 1 else 1000.0 - i, "kl": 0.01 * i} for i in range(1, 101)
    ]
    loss, kl = (
        figures.curves(entries).layout.yaxis.range,
        figures.curves(entries).layout.yaxis2.range,
    )
    assert loss[0] < 900 and loss[1] < 2000 and kl[0] < 0.05 and 1 < kl[1] < 1.2


# -- how far samples lie from real rows ------------------------------------------------------------


def test_real_rows_reach_the_floor_and_shuffled_columns_do_not(monkeypatch):
    monkeypatch.setattr(scales, "_POOL", 500)
    data = DATASETS["spectra"](n=800).load()
    own = features_of(data)
    scale = frechet_scale(data, own)
    others = np.setdiff1d(np.arange(800), own.rows)
    real = scale.score(data.X[others[: scale.size]])
    assert real.value < 1.5 * scale.floor and real.ceiling == scale.floor
    mixed = np.random.default_rng(0).permuted(data.X[others[: scale.size]], axis=0)
    bad = scale.score(mixed)
    assert bad.value > 5 * scale.floor and bad.standing < 0.3 and bad.error > 0
    assert frechet_scale(data, own).score(mixed).value == bad.value, "seeded"
    with pytest.raises(ValueError, match="expected at least"):
        scale.score(mixed[:30])


def test_samples_of_one_label_are_held_against_rows_of_that_label():
    data = DATASETS["digits"]().load()
    own = features_of(data)
    zeros = np.flatnonzero(data.targets() == "0")
    scale = frechet_scale(data, own, zeros)
    assert scale.size == len(np.intersect1d(own.free, zeros)) // 2
    ones = data.X[data.targets() == "1"][: scale.size]
    assert scale.score(ones).value > scale.score(data.X[zeros][: scale.size]).value
    with pytest.raises(ValueError, match="real rows are left"):
        frechet_scale(data, own, zeros[:10])


def test_documents_are_drawn_before_they_are_compared():
    data = DATASETS["docstrings"]().load()
    scale = frechet_scale(data, features_of(data))
    model = MODELS["LSA"](latent_dim=10).fit(data.X, schema=data.schema)
    found = scale.score(model.sample(scale.size, random_state=0))
    assert found.value > 2 * scale.floor and 0 <= found.standing < 1
