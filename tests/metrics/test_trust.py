"""How far to trust a map: against scikit-learn, against the definitions written out, and on
maps whose faults are known.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from lvm_core.io.files import StoreError
from lvm_core.latent.distances import LEVELS, QueryDistances
from lvm_core.metrics.maps import ranks
from lvm_core.metrics.maps import trust as module
from lvm_core.metrics.maps.large_scale import RandomTriplets, triplets_agree
from lvm_core.metrics.maps.trust import MapTrust, map_trust
from lvm_core.metrics.maps.trust_scores import TITLES, comparison_table, reach, trust_scores
from lvm_core.runs.trust_files import load_trust, save_trust

rng = np.random.RandomState(0)
DIGITS = load_digits().data
TRIPLES = np.repeat(rng.normal(size=(60, 5)), 5, 0)  # every row five times


@pytest.fixture
def quick(monkeypatch):
    """Few rows measured as many are."""
    monkeypatch.setattr(ranks, "EXACT_ROWS", 0)


def value(trust: MapTrust, name: str, pair: str = "map") -> float:
    return trust.numbers[pair][name][0]


# -- scikit-learn ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", (np.float64, np.float32))
@pytest.mark.parametrize("metric", ("euclidean", "cosine"))
@pytest.mark.parametrize("n", (11, 120, 700))
def test_trustworthiness_is_scikit_learns(n, metric, dtype):
    Z, P = rng.normal(size=(n, 7)).astype(dtype) + 1, rng.normal(size=(n, 2)).astype(dtype)
    trust = map_trust(Z, P, metric=metric, ks=(1, 5, 10, 30, 100))
    for k in trust.ks:
        assert_allclose(
            value(trust, f"trust@{k}"),
            trustworthiness(Z, P, n_neighbors=k, metric=metric),
            atol=1e-6,
        )
        if metric == "euclidean":
            assert_allclose(
                value(trust, f"continuity@{k}"), trustworthiness(P, Z, n_neighbors=k), atol=1e-6
            )


@pytest.mark.parametrize(
    "Z, P",
    [
        (DIGITS, DIGITS[:, [20, 43]]),
        (DIGITS.astype(np.float32), DIGITS[:, 20:22] + 0.001 * DIGITS[:, 43:45]),
        (TRIPLES, TRIPLES[:, :2]),
        (TRIPLES, np.zeros((300, 2))),
        (np.ones((50, 3)), rng.normal(size=(50, 2))),
    ],
    ids=("integer pixels on integers", "float32 pixels", "duplicates", "one place", "one row"),
)
def test_ties_fall_as_in_scikit_learn(Z, P):
    trust = map_trust(Z, P, ks=(5, 10, 24))
    for k in trust.ks:
        assert_allclose(value(trust, f"trust@{k}"), trustworthiness(Z, P, n_neighbors=k), atol=1e-6)
        assert_allclose(
            value(trust, f"continuity@{k}"), trustworthiness(P, Z, n_neighbors=k), atol=1e-6
        )


@pytest.mark.parametrize("d", (2, 7, 80))
def test_many_rows_are_measured_as_few_are(quick, d):
    Z = rng.normal(size=(900, d)) + 100  # far from the origin
    P = Z[:, :2] + rng.normal(size=(900, 2))
    trust = map_trust(Z, P)
    for k in trust.ks:
        assert_allclose(value(trust, f"trust@{k}"), trustworthiness(Z, P, n_neighbors=k), atol=1e-6)
        assert_allclose(
            value(trust, f"continuity@{k}"), trustworthiness(P, Z, n_neighbors=k), atol=1e-6
        )


def test_beyond_that_ties_share_their_mean_rank(quick):
    line = np.array([[0.0], [1], [-1], [2], [-2], [3], [-3], [4]])
    block = ranks.Space(line).ranked(np.array([0]))
    assert block.ranks(np.array([[1, 2, 3, 4, 7]])).tolist() == [[1.5, 1.5, 3.5, 3.5, 7]]
    assert block.nearest(3).tolist() == [[1, 2, 3]] and block.as_near(
        np.array([[3, 4, 5]]), 3
    ).tolist() == [[True, True, False]]


def drawn(seed, kind, dtype):
    """Codes and a map of one kind, small, from a seed."""
    rng = np.random.RandomState(seed)
    n, d, c = rng.randint(5, 120), rng.choice([1, 2, 3, 5, 16, 70]), rng.choice([1, 2, 3])
    Z, P = rng.normal(size=(n, d)), rng.normal(size=(n, c))
    P[:, : min(c, d)] += Z[:, : min(c, d)]
    if kind == "on a grid":
        Z, P = np.round(2 * Z), np.round(2 * P)
    elif kind == "repeated":
        at = rng.randint(max(n // 4, 2), size=n)
        Z, P = Z[at], P[at] if seed % 2 else P
    elif kind == "far from the origin":
        Z, P = Z + 1000, P - 300
    elif kind == "heavy tails":
        Z *= np.exp(3 * rng.normal(size=(n, 1)))
    return Z.astype(dtype), P.astype(dtype)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(("plain", "on a grid", "repeated", "far from the origin", "heavy tails")),
    dtype=st.sampled_from((np.float32, np.float64)),
    metric=st.sampled_from(("euclidean", "cosine")),
)
def test_any_map_scores_as_in_scikit_learn(seed, kind, dtype, metric):
    Z, P = drawn(seed, kind, dtype)
    bound = (len(Z) - 1) // 2
    trust = map_trust(Z, P, ks=tuple(sorted({1, max(bound // 2, 1), bound})), metric=metric)
    for k in trust.ks:
        assert_allclose(
            value(trust, f"trust@{k}"),
            trustworthiness(Z, P, n_neighbors=k, metric=metric),
            atol=1e-6,
        )
        if metric == "euclidean":
            assert_allclose(
                value(trust, f"continuity@{k}"), trustworthiness(P, Z, n_neighbors=k), atol=1e-6
            )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(("plain", "ties", "tails", "one outlier", "equal")),
    dtype=st.sampled_from((np.float32, np.float64)),
    m=st.integers(1, 600),
)
def test_one_pass_counts_as_sorting_does(seed, kind, dtype, m):
    rng = np.random.RandomState(seed)
    D = rng.chisquare(16, (3, 5000))
    D = {
        "plain": D,
        "ties": np.round(D),
        "tails": D**8,
        "one outlier": np.where(rng.rand(*D.shape) < 1e-3, 1e30, D),
        "equal": 0 * D,
    }[kind].astype(dtype)
    T = np.sort(D[:, rng.randint(5000, size=m)], axis=1)
    D[:, 7] = np.inf
    assert_array_equal(ranks._by_one_pass(D, T), ranks._by_sorting(D, T))


@pytest.mark.parametrize("d, far", ((7, 1e4), (80, 1e4), (2, 1e3)))
def test_tight_groups_far_from_the_origin_keep_their_order(quick, d, far):
    Z = np.random.RandomState(1).normal(size=(600, d)).astype(np.float32) + np.where(
        np.arange(600) % 2, far, -far
    )[:, None].astype(np.float32)
    D = cdist(Z.astype(np.float64), Z.astype(np.float64))
    np.fill_diagonal(D, np.inf)
    assert (
        np.mean(ranks.Space(Z).ranked(np.arange(600)).nearest(20) == np.argsort(D, 1)[:, :20])
        > 0.99
    )


# -- the definitions -------------------------------------------------------------------------------


def by_hand(Z, P, k):
    """(3, n): neighbours kept, trustworthiness and continuity of each point; (n, n) ranks in
    both.
    """
    a, b = ((np.argsort(np.argsort(cdist(A, A), 1, kind="stable"), 1)) for A in (Z, P))
    n, scale = len(Z), 2 / (k * (2 * len(Z) - 3 * k - 1))
    near, alike = (b >= 1) & (b <= k), (a >= 1) & (a <= k)
    return (
        np.array(
            [
                (near & alike).sum(1) / k,
                1 - scale * np.where(near & ~alike, a - k, 0).sum(1),
                1 - scale * np.where(alike & ~near, b - k, 0).sum(1),
            ]
        ),
        a,
        b,
        n,
    )


@pytest.mark.parametrize("way", ("few", "many"))
def test_every_point_has_its_own_share(way, request):
    if way == "many":
        request.getfixturevalue("quick")
    Z, P = rng.normal(size=(90, 5)), rng.normal(size=(90, 2))
    trust = map_trust(Z, P, ks=(4, 12))
    for at, k in enumerate(trust.ks):
        assert_allclose(trust.points[:, at], by_hand(Z, P, k)[0], atol=1e-6)
    _, a, b, n = by_hand(Z, P, 12)
    larger = np.maximum(a, b)
    Q = np.array([((larger <= K) & (larger > 0)).sum() / (n * K) for K in range(1, n - 1)])
    R = ((n - 1) * Q - np.arange(1, n - 1)) / (n - 1 - np.arange(1, n - 1))
    assert_allclose(trust.curve, R[trust.sizes - 1], atol=1e-6)
    assert_allclose(
        value(trust, "area"), (R / np.arange(1, n - 1)).sum() / (1 / np.arange(1, n - 1)).sum()
    )
    assert trust.sizes[0] == 1 and trust.sizes[-1] == n - 2


def test_labels_are_named_as_by_a_classifier_that_leaves_the_point_out():
    X, y = load_digits(return_X_y=True)
    P = X[:300, 20:24] @ rng.normal(size=(4, 2))
    trust = map_trust(X[:300], P, y=y[:300], ks=(7,))
    for name, A in (("label of@7", X[:300]), ("label on@7", P)):
        near = NearestNeighbors(n_neighbors=7).fit(A).kneighbors(return_distance=False)
        # ties in distance fall either way
        assert_allclose(
            value(trust, name),
            np.mean([np.bincount(y[j]).argmax() == y[i] for i, j in enumerate(near)]),
            atol=0.011,
        )
    assert trust.chance_label == np.bincount(y[:300]).max() / 300


def test_rows_without_a_label_do_not_vote():
    y = np.array(["a"] * 30 + ["b"] * 30, object)
    Z = np.concatenate([rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 50])
    some = y.copy()
    some[::3] = None
    assert value(map_trust(Z, Z, y=some, ks=(5,)), "label on@5") == 1.0
    for none in (np.full(60, None, object), np.full(60, "a", object)):
        assert "label on@5" not in map_trust(Z, Z, y=none, ks=(5,)).numbers["map"]


def test_triples_and_distances():
    A = rng.normal(size=(200, 3))
    D = cdist(A, A)[np.triu_indices(200, 1)], cdist(A[:, :2], A[:, :2])[np.triu_indices(200, 1)]
    agree = lambda A, P: triplets_agree(RandomTriplets(A), RandomTriplets(P))
    found = agree(A, A[:, :2])
    assert abs(found["distances"][0] - np.corrcoef(*D)[0, 1]) < 5 * found["distances"][1]
    assert abs(found["ranks"][0] - spearmanr(*D)[0]) < 5 * found["ranks"][1]
    assert_allclose([v for v, _ in agree(A, 3 * A).values()], 1)
    noise = agree(A, rng.normal(size=(200, 2)))
    assert abs(noise["triplets"][0] - 0.5) < 0.03 and abs(noise["ranks"][0]) < 0.05
    assert agree(A, np.zeros((200, 2)))["triplets"][0] == 0.5
    assert_allclose(agree(sparse.csr_matrix(A), A[:, :2])["ranks"], found["ranks"])


# -- maps whose faults are known -------------------------------------------------------------------


def test_a_fold_makes_false_neighbours_and_a_cut_tears():
    line = np.linspace(-1, 1, 300)[:, None]
    folded = map_trust(line, np.hstack([np.abs(line) + 1e-9 * line, 0 * line]), ks=(10,))
    false, torn = 1 - folded.point("trust", 10), 1 - folded.point("continuity", 10)
    # the ends lie on one another
    assert (
        false.mean() > 5 * torn.mean() and false[[0, 299]].min() > 0.2 > 0.05 > false[145:155].max()
    )
    circle = np.hstack([np.cos(np.pi * line), np.sin(np.pi * line)])
    cut = map_trust(circle, np.hstack([line, 0 * line]), ks=(10,))
    false, torn = 1 - cut.point("trust", 10), 1 - cut.point("continuity", 10)
    assert (
        torn[[0, 299]].min() > 0.3
        and torn[20:280].max() == 0 == false[20:280].max()
        and false.max() < 0.02
    )


def test_a_faithful_map_is_perfect():
    Z = rng.normal(size=(150, 2))
    trust = map_trust(Z, Z @ [[0, 1], [-1, 0]] * 7 + 3, Z, ks=(10,))
    assert trust.points.min() == 1 == trust.curve.min() and all(
        v == pytest.approx(1) for pair in trust.numbers.values() for v, _ in pair.values()
    )


def test_each_step_is_judged_apart():
    X = rng.normal(size=(400, 6)).astype(np.float32)
    # the codes have lost half, the label with it
    Z, y = X[:, :3].copy(), (X[:, 5] > 0).astype(object)
    trust = map_trust(Z, Z[:, :2], X, y, ks=(10,))
    assert value(trust, "trust@10", "codes") == pytest.approx(
        trustworthiness(X, Z, n_neighbors=10), abs=1e-6
    )
    assert value(trust, "trust@10", "whole") == pytest.approx(
        trustworthiness(X, Z[:, :2], n_neighbors=10), abs=1e-6
    )
    table = {row["score"]: row for row in comparison_table(trust, 10)}
    row = table["Label from the neighbours"]
    assert row["map of the rows"] > 0.7 > 0.6 > row["codes of the rows"]
    assert table["Neighbours kept"]["by chance"] == 10 / 399


def test_sparse_rows_are_compared_by_their_cosine_and_gaps_are_filled(quick):
    X = sparse.random(300, 40, 0.5, "csr", dtype=np.float32, random_state=0)
    Z = rng.normal(size=(300, 4))
    numbers = map_trust(Z, Z[:, :2], X, ks=(10,)).numbers
    for pair, A in (("codes", Z), ("whole", Z[:, :2])):
        assert numbers[pair]["trust@10"][0] == pytest.approx(
            trustworthiness(X.toarray(), A, n_neighbors=10, metric="cosine"), abs=1e-4
        )
    holed = rng.normal(size=(50, 3))
    holed[3, 1] = holed[4, 2] = np.nan
    holed[:, 0] = np.nan
    filled = module.filled(holed)
    assert (
        np.isfinite(filled).all()
        and filled[3, 1] == pytest.approx(np.nanmean(holed[:, 1]))
        and (filled[:, 0] == 0).all()
    )
    assert module.filled(X) is X


# -- many rows, few rows, stops --------------------------------------------------------------------


def test_beyond_the_limit_a_seeded_sample_is_measured_against_all(monkeypatch):
    Z = rng.normal(size=(2000, 5))
    P = Z[:, :2] + 0.3 * rng.normal(size=(2000, 2))
    whole = map_trust(Z, P)
    monkeypatch.setattr(module, "ALL_ROWS", 1000)
    part, again = map_trust(Z, P), map_trust(Z, P)
    assert len(part.rows) == 500 == module.measured_rows(2000) and (np.diff(part.rows) > 0).all()
    assert_array_equal(part.points, again.points)
    assert_array_equal(part.points, whole.points[:, :, part.rows])
    for name, (v, error) in part.numbers["map"].items():
        if "@" in name or name == "area":
            assert (
                abs(v - value(whole, name)) < 4 * error + 1e-9
                and whole.numbers["map"][name][1] is None
            )
    assert "500 of 2,000" in reach(part) and "all 2,000" in reach(whole)
    assert not np.array_equal(map_trust(Z, P, random_state=1).rows, part.rows)


def test_wide_codes_cost_rows():
    assert (
        module.measured_rows(100_000) == 100_000 == module.measured_rows(100_000, 32)
        and module.measured_rows(100_000, 320) == 10_000
    )
    assert module.measured_rows(1_000_000) == 10_000 and module.measured_rows(3) == 3


def test_a_stop_keeps_a_fair_sample(monkeypatch):
    seen = []
    Z = rng.normal(size=(3000, 4))
    trust = map_trust(Z, Z[:, :2], Z, on_step=lambda p: seen.append(p) or len(seen) == 3)
    assert (
        0 < len(trust.rows) < 1500
        and set(trust.numbers) == {"map"}
        and len(seen) == 3
        and seen[-1].total == 3000
    )
    assert_array_equal(trust.points, map_trust(Z, Z[:, :2]).points[:, :, trust.rows])


@pytest.mark.parametrize("n", (3, 4, 5, 21))
def test_few_rows(n):
    Z = rng.normal(size=(n, 2))
    trust = map_trust(Z, Z[:, ::-1], Z, np.array(["a", "b"] * n, object)[:n])
    assert (
        trust.points.min() == 1
        and trust.ks == (min(10, (n - 1) // 2),)
        and len(trust_scores(trust, trust.ks[0])) == len(TITLES)
    )


def test_parts_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="Z has 5, P has 4"):
        map_trust(np.zeros((5, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="X has 4"):
        map_trust(np.zeros((5, 2)), np.zeros((5, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="at least 3"):
        map_trust(np.zeros((2, 2)), np.zeros((2, 2)))


# -- words and files -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X = X[:400].astype(np.float32)
    Z = (X - X.mean(0)) @ np.linalg.svd(X - X.mean(0), full_matrices=False)[2][:8].T
    return map_trust(Z, Z[:, :2], X, y[:400].astype(object))


def test_every_score_says_what_it_is_and_what_it_cannot_say(digits):
    for k in digits.ks:
        scores = trust_scores(digits, k)
        assert (
            [s.name for s in scores]
            == list(TITLES.values())
            == [row["score"] for row in comparison_table(digits, k)]
        )
        for score in scores:
            assert (
                0.0 <= score.baseline < score.value <= score.ceiling == 1
                and 80 < len(score.sentence) < 330
                and score.sentence.endswith(".")
            )
    table = {row["score"]: row for row in comparison_table(digits, 10)}
    assert (
        table["Trustworthiness"]["codes of the rows"]
        > 0.95
        > table["Trustworthiness"]["map of the codes"]
        > table["Trustworthiness"]["by chance"]
    )


def test_what_was_measured_is_kept(digits, tmp_path):
    save_trust(tmp_path / "trust", digits)
    again = load_trust(tmp_path / "trust", 400)
    assert (
        again.numbers == digits.numbers
        and again.ks == digits.ks
        and again.n_compared == digits.n_compared
        and again.chance_label == digits.chance_label
    )
    for name in ("rows", "points", "sizes", "curve"):
        assert_array_equal(getattr(again, name), getattr(digits, name))
    for wrong in (
        replace(digits, rows=digits.rows[::-1]),
        replace(digits, points=digits.points * np.nan),
        replace(digits, rows=digits.rows + 1),
        replace(digits, ks=(10,)),
    ):
        save_trust(tmp_path / str(id(wrong)), wrong)
        with pytest.raises(StoreError):
            load_trust(tmp_path / str(id(wrong)), 400)
    with pytest.raises(StoreError):
        load_trust(tmp_path / "trust", 401)
    (tmp_path / "trust" / "trust.json").write_text('{"format": 1, "n": 400, "numbers": 3}')
    with pytest.raises(StoreError):
        load_trust(tmp_path / "trust", 400)


# -- nearness to one point -------------------------------------------------------------------------


@pytest.mark.parametrize("d", (2, 16, 90))
def test_nearness_falls_with_rank(d):
    A = rng.normal(size=(3000, d)).astype(np.float32) + 5
    truth, i = QueryDistances(A), 17
    d_true = cdist(A[[i]].astype(float), A.astype(float))[0]
    assert_allclose(truth.distances(i), d_true, atol=2e-2 if d > 64 else 1e-5)
    order = np.argsort(d_true)
    assert_array_equal(np.argsort(truth.ranks(i))[:50], order[:50])
    found = truth.nearness(i)
    assert (
        (np.diff(found[order].astype(int)) <= 0).sum() >= 2990
        and found[order[:2]].min() >= LEVELS - 25
        and found[order[-1]] == 0
    )
    for rank in (10, 100, 1000):  # each tenfold costs the same
        assert abs(int(found[order[rank]]) - LEVELS * (1 - np.log(rank) / np.log(2999))) < 4


def test_the_first_points_stand_for_all():
    A = rng.normal(size=(40_000, 8)).astype(np.float32)
    truth = QueryDistances(A)
    part, whole = truth.nearness(3, 10_000), truth.nearness(3)
    far = whole[:10_000] < 150  # of the nearest few, a sample has few
    assert len(part) == 10_000 and np.abs(part[far].astype(int) - whole[:10_000][far]).max() < 12
    assert (
        truth.quick_rows == 40_000 and QueryDistances(np.zeros((40_000, 500))).quick_rows < 20_000
    )
    assert (QueryDistances(np.zeros((5, 2))).nearness(0) <= LEVELS).all() and QueryDistances(
        np.zeros((5, 2))
    ).ranks(2).tolist() == [1, 2, 0, 3, 4]
