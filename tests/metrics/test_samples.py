"""Sample quality: the published numbers, the definitions written out naively, and samples whose
faults are known.
"""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.fitting import fit_run
from lvm_core.metrics import frechet, generation, kid, prdc, sample_quality
from lvm_core.metrics.samples.copying import copying
from lvm_core.metrics.samples.distances import frechet_error, kernel, kid_by_chance
from lvm_core.metrics.samples.features import own_features
from lvm_core.metrics.samples.quality import shuffled
from lvm_core.schema import FeatureGroup, Schema


def normal(n, d, seed=0):
    return np.random.RandomState(seed).standard_normal((n, d))


def score(found, name):
    return next(s for scores in found.scores.values() for s in scores if s.name == name)


# -- precision, recall, density, coverage ----------------------------------------------------------


def naive_prdc(real, fake, k):
    """The definitions, from all distances at once."""
    far = lambda A, B: np.sqrt(np.square(A[:, None] - B).sum(2))
    balls, own = (np.sort(far(A, A), axis=1)[:, k] for A in (real, fake))
    apart = far(real, fake)
    inside = apart <= balls[:, None]
    return {
        "precision": inside.any(0).mean(),
        "recall": (apart <= own).any(1).mean(),
        "density": inside.sum() / k / len(fake),
        "coverage": inside.any(1).mean(),
    }


@given(
    st.integers(7, 40),
    st.integers(7, 40),
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_prdc_is_its_definition(n, m, d, k, seed):
    real, fake = normal(n, d, seed), 0.7 * normal(m, d, seed + 1) + 0.3
    for name, value in naive_prdc(real, fake, k).items():
        assert_allclose(prdc(real, fake, k)[name], value, err_msg=name)


def test_prdc_does_not_depend_on_the_size_of_its_blocks(monkeypatch):
    real, fake = normal(300, 4), normal(200, 4, 1)
    whole = prdc(real, fake)
    monkeypatch.setattr(sys.modules["lvm_core.metrics.samples.prdc"], "_CELLS", 7 * 200)
    assert prdc(real, fake) == whole


def test_prdc_of_equal_and_of_distant_rows():
    X = normal(200, 3) + 1e4
    assert prdc(X, X)["precision"] == prdc(X, X)["recall"] == prdc(X, X)["coverage"] == 1
    assert prdc(X, X + 100) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    twins = np.repeat([[0.0, 0], [1, 0], [0, 1]], 20, axis=0)
    # all balls have radius 0
    assert prdc(twins, twins)["precision"] == prdc(twins, twins)["coverage"] == 1
    with pytest.raises(ValueError, match="more than k = 5 rows"):
        prdc(X[:5], X)


def test_prdc_shows_the_bias_that_was_published():
    """clovaai's example, N(0, I) against N(0, I) with k = 5, on a tenth of the rows; the whole
    of it is in benchmarks/prdc_numbers.py.
    """
    found = prdc(normal(1000, 1000), normal(1000, 1000, 1))
    assert 0.3 < found["precision"] < 0.7 and 0.3 < found["recall"] < 0.7
    assert 1 < found["density"] < 1.5 and found["coverage"] > 0.93


# -- distances -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, m", [(30, 30), (43, 17), (4, 9)])
def test_kid_is_the_unbiased_estimate_with_pairs_counted_one_by_one(n, m):
    A, B = normal(n, 5), normal(m, 5, 1) + 0.5
    k = lambda a, b: (a @ b / 5 + 1) ** 3
    mean = lambda P, Q, same: np.mean(
        [k(p, q) for i, p in enumerate(P) for j, q in enumerate(Q) if not (same and i == j)]
    )
    assert_allclose(kid(A, B)[0], mean(A, A, True) + mean(B, B, True) - 2 * mean(A, B, False))


def test_kid_is_right_on_average_and_its_error_is_its_spread():
    same = np.array([kid(normal(60, 3, s), normal(60, 3, s + 1000)) for s in range(200)])
    apart = np.array([kid(normal(60, 3, s), normal(60, 3, s + 1000) + 0.6) for s in range(200)])
    assert abs(same[:, 0].mean()) < 4 * same[:, 0].std() / np.sqrt(200) and (same[:, 0] < 0).any()
    assert 0.7 < np.median(apart[:, 1]) / apart[:, 0].std() < 1.5
    assert apart[:, 0].min() > same[:, 0].mean()


def test_the_floor_is_the_distance_of_random_halves():
    X = normal(120, 3)
    found = kid_by_chance(kernel(X, X), 60, 300)
    rng = np.random.RandomState(5)
    by_hand = [kid(X[s[:60]], X[s[60:]])[0] for s in (rng.permutation(120) for _ in range(300))]
    assert stats.ks_2samp(found, by_hand).pvalue > 0.001
    assert_allclose(
        [found.mean(), found.std()],
        [np.mean(by_hand), np.std(by_hand)],
        atol=0.25 * np.std(by_hand),
    )


def test_frechet_is_the_formula_for_gaussians_that_share_their_axes():
    scale, shift = np.array([1, 2, 0.5]), np.array([1, 0, 2])
    A = normal(4000, 3)
    # mean 0 and covariance I, exactly
    A = (A - A.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(A.T))).T
    assert_allclose(
        frechet(A, A * scale + shift),
        np.square(shift).sum() + np.square(scale - 1).sum(),
        rtol=1e-9,
    )
    assert frechet(A, A) == pytest.approx(0, abs=1e-9)
    spread = np.std([frechet(normal(200, 3, s), normal(200, 3, s + 500) + 1) for s in range(60)])
    assert 0.6 < frechet_error(normal(200, 3), normal(200, 3, 1) + 1) / spread < 1.7


# -- copies ----------------------------------------------------------------------------------------


def verdicts(new, train, unseen):
    return [s.value for s in copying(new, train, unseen).scores]


def test_copies_are_told_from_new_rows_and_from_smooth_ones():
    train, unseen, honest = normal(900, 4), normal(300, 4, 1), normal(400, 4, 2)
    nearer, unseen_share = verdicts(honest, train, unseen)
    assert 0.42 < nearer < 0.58 and 0.17 < unseen_share < 0.33
    nearer, unseen_share = verdicts(train[:400] + 0.01 * honest, train, unseen)
    assert nearer > 0.95 and unseen_share < 0.05
    # near to everything, and to nobody's rows more
    nearer, unseen_share = verdicts(0.3 * honest, train, unseen)
    assert nearer > 0.7 and 0.12 < unseen_share < 0.38
    nearer, unseen_share = verdicts(unseen, train, unseen)
    assert nearer == pytest.approx(0.5) and unseen_share == 1


def test_nearer_is_the_mann_whitney_statistic_and_its_error_that_of_chance():
    train, unseen, new = normal(300, 3), normal(80, 3, 1), 0.8 * normal(100, 3, 2)
    far = lambda A: np.sqrt(np.square(A[:, None] - train).sum(2)).min(1)
    want = stats.mannwhitneyu(far(unseen), far(new)).statistic / (80 * 100)
    assert_allclose(verdicts(new, train, unseen)[0], want)
    drawn = [
        copying(normal(100, 2, s), normal(200, 2, s + 1000), normal(50, 2, s + 2000)).scores[1]
        for s in range(150)
    ]
    assert abs(np.mean([d.value for d in drawn]) - 0.2) < 0.015
    assert 0.75 < np.mean([d.error for d in drawn]) / np.std([d.value for d in drawn]) < 1.3


def test_suspects_are_the_copies_with_their_originals():
    train = normal(200, 4)
    found = copying(np.concatenate([normal(30, 4, 1), train[[7, 3]]]), train, normal(50, 4, 2))
    assert (
        set(np.argsort(found.ratio)[:2]) == {30, 31}
        and list(found.row[30:]) == [7, 3]
        and found.ratio[30:].max() == 0
    )
    assert len(copying(train[:5], train, train[:0]).scores) == 1
    assert copying(np.zeros((3, 2)), np.zeros((9, 2)), np.zeros((0, 2))).ratio.max() == 0
    with pytest.raises(ValueError, match="expected at least 2 and 1"):
        copying(train, train[:1], train)


# -- features --------------------------------------------------------------------------------------


def test_features_say_what_they_are_and_are_scaled():
    digits = DATASETS["digits"]().load()
    told, untold = (
        own_features(digits.X, digits.schema, digits.targets()),
        own_features(digits.X, digits.schema),
    )
    assert "learnt the labels" in told.words and 800 < len(told.free) < 1000
    assert "principal components" in untold.words and len(untold.free) == 1797
    for found in (told, untold):
        assert_allclose(found.transform(digits.X[found.free]).std(0), 1, atol=1e-4)
    noise = np.random.RandomState(0).permutation(digits.targets())
    # labels that no network can tell
    assert "principal components" in own_features(digits.X, digits.schema, noise).words


def test_features_of_tables_are_their_columns_and_of_words_their_shares():
    X = normal(50, 5) * [1, 1, 1, 1, 0]
    found = own_features(X, Schema((FeatureGroup("gaussian", 3), FeatureGroup("categorical", 2))))
    assert "5 columns" in found.words and found.transform(X).shape == (50, 4)
    counts = np.random.RandomState(0).poisson(1, (40, 100))
    assert "words" in own_features(counts, Schema.counts(100)).words
    assert_allclose(
        own_features(counts, Schema.counts(100)).transform(3 * counts),
        own_features(counts, Schema.counts(100)).transform(counts),
        atol=1e-4,
    )


def test_shuffled_rows_keep_columns_and_categories_whole():
    X = np.column_stack([normal(60, 2), np.eye(3)[np.arange(60) % 3]])
    mixed = shuffled(
        X,
        Schema((FeatureGroup("gaussian", 2), FeatureGroup("categorical", 3))),
        np.random.RandomState(0),
    )
    assert_allclose(np.sort(mixed, 0), np.sort(X, 0))
    assert (mixed[:, 2:].sum(1) == 1).all() and not (mixed == X).all(1).any()


# -- the whole -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return DATASETS["digits"]().load()


def test_more_noise_is_never_better(digits):
    rows = np.random.RandomState(0).permutation(len(digits))
    train, unseen, new = rows[:1200], rows[1200:1300], digits.X[rows[1300:]]
    noise = normal(*new.shape)
    found = [
        sample_quality(digits, np.clip(new + level * noise, 0, 1), train, unseen)
        for level in (0, 0.1, 0.2, 0.4, 0.8)
    ]
    for name in ("KID", "Fréchet distance"):
        values = [score(f, name).value for f in found]
        assert (
            values == sorted(values) and values[0] < 2 * score(found[0], name).ceiling < values[2]
        )
    assert score(found[0], "Coverage").value > 0.9 > score(found[3], "Coverage").value


@pytest.fixture(scope="module")
def fits():
    people_ = "\n".join(
        ["height,weight,city,group"]
        + [
            f"{150 + i % 40}.5,{50 + i % 40 + i % 7},{'Ulm' if i % 40 > 20 else ''},{'ab'[i % 2]}"
            for i in range(120)
        ]
    )
    corpus = "\n".join(
        f"the cat number {i} sat on the mat and stocks {'fell' if i % 2 else 'rose'} in trade"
        for i in range(60)
    )
    generated = {
        "table": read_dataset(people_.encode(), name="people.csv"),
        "text": read_dataset(corpus.encode(), name="corpus.txt"),
        "array": DATASETS["spectra"](n=120).load(),
        "image": DATASETS["digits"]().load(),
    }
    return {
        kind: (data, fit_run(data, MODELS["LSA" if kind == "text" else "PCA"](latent_dim=2)))
        for kind, data in generated.items()
    }


@pytest.mark.parametrize("kind, headings", [("image", 2), ("table", 2), ("text", 3), ("array", 2)])
def test_every_kind_of_data_gets_its_scores(kind, headings, fits):
    data, fitted = fits[kind]
    new = fitted.model.sample(150, random_state=0)
    found = sample_quality(data, new, fitted.train, fitted.held_out)
    again = sample_quality(data, new, fitted.train, fitted.held_out)
    assert len(found.scores) == headings and found.scores == again.scores
    assert (found.report is not None) == (kind == "table")
    for s in (s for scores in found.scores.values() for s in scores):
        assert (
            np.isfinite(s.value)
            and s.sentence.endswith(".")
            and "nan" not in s.sentence
            and (s.baseline is None or np.isfinite(s.baseline))
        )
    assert (
        found.positions["real"].shape
        == found.positions["generated"].shape
        == (len(found.compared), 2)
    )
    assert set(found.outliers) == set(found.suspects["sample"]) == set(found.compared)
    assert (
        set(found.suspects["row"]) <= set(fitted.train)
        and found.suspects["ratio"].is_monotonic_increasing
    )


def test_real_rows_pass_for_samples_and_training_rows_are_caught(digits):
    rows = np.random.RandomState(1).permutation(len(digits))
    honest = sample_quality(digits, digits.X[rows[1400:]], rows[:1100], rows[1100:1400])
    assert score(honest, "KID").value < 2 * score(honest, "KID").ceiling
    copied = sample_quality(digits, digits.X[rows[:500]], rows[:1100], rows[1100:1400])
    assert (
        score(copied, "Nearest is an unseen row").value
        == 0
        < score(honest, "Nearest is an unseen row").value
    )
    assert copied.suspects["ratio"].max() == 0


def test_it_can_be_stopped_and_refuses_what_is_too_small(digits, fits):
    data, fitted = fits["table"]
    new = fitted.model.sample(50, random_state=0)
    stopped = sample_quality(
        data, new, fitted.train, fitted.held_out, on_step=lambda p: p.step >= 1
    )
    assert list(stopped.scores) == ["Real enough, varied enough"] and stopped.report is None
    with pytest.raises(ValueError, match="expected at least 20 each"):
        sample_quality(data, new[:5], fitted.train, fitted.held_out)


def test_rows_that_all_have_a_twin_give_no_ratio_to_nothing():
    twins = np.repeat(np.random.default_rng(0).normal(size=(50, 3)), 2, axis=0)
    copies = generation(twins, twins + 1.0, Schema.gaussian(3))[0]
    assert (copies.value, copies.baseline) == (0.0, 1.0)
    assert "most rows of the data are themselves the same as another" in copies.sentence
    assert "e+" not in copies.sentence
