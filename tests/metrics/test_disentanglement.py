"""Disentanglement metrics on codes whose answer is known, and against their definitions written
out.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import mutual_info_score

from lvm_core import DATASETS
from lvm_core.metrics.disentanglement import (
    dci,
    disentanglement,
    factor_columns,
    factor_votes,
    in_use,
    information,
    levels,
    mig,
    quantile_bins,
)

N = 1200


def known(n=N, seed=0) -> pd.DataFrame:
    """Independent factors: two numbers, a category, a whole number."""
    rng = np.random.RandomState(seed)
    return pd.DataFrame(
        {
            "size": rng.uniform(size=n),
            "place": rng.normal(size=n),
            "shape": rng.choice(["heart", "square", "star"], n),
            "count": rng.randint(5, size=n),
        }
    )


def as_codes(factors) -> np.ndarray:
    """The factors themselves, as numbers of variance 1."""
    Z = np.column_stack(
        [c if pd.api.types.is_numeric_dtype(c) else pd.factorize(c)[0] for _, c in factors.items()]
    ).astype(float)
    return (Z - Z.mean(0)) / Z.std(0)


def turned(Z) -> np.ndarray:
    """Rotated so that every dimension holds as much of every factor (a Hadamard matrix)."""
    return Z @ np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def values(found) -> dict[str, float]:
    return {s.name: s.value for s in found.scores}


FACTORS = known()
Z = as_codes(FACTORS)


@pytest.fixture(scope="module")
def identity():
    return disentanglement(Z, FACTORS)


def test_codes_that_are_the_factors_get_1(identity):
    assert len(identity.scores) == 5
    for name, value in values(identity).items():
        assert value > 0.97, name
    assert (identity.importance.to_numpy().argmax(1) == np.arange(4)).all() and (
        identity.factors["found"] > 0.97
    ).all()
    assert_allclose(identity.information.to_numpy(), np.eye(4), atol=0.05)
    assert_allclose(identity.importance.sum(1), 1)


def test_order_sign_and_scale_of_the_dimensions_do_not_matter(identity):
    other = disentanglement((Z * [3, -2, 0.5, 1])[:, [2, 0, 3, 1]], FACTORS)
    for name, value in values(other).items():
        assert value == pytest.approx(values(identity)[name], abs=0.02), name
    assert_allclose(
        other.information.to_numpy(), identity.information.to_numpy()[:, [2, 0, 3, 1]], atol=0.02
    )


def test_a_rotation_takes_all_but_the_informativeness(identity):
    rotated = values(disentanglement(turned(Z), FACTORS))
    assert (
        rotated["MIG"] < 0.1
        and rotated["DCI disentanglement"] < 0.5
        and rotated["DCI completeness"] < 0.5
    )
    assert rotated["FactorVAE score"] < values(identity)["FactorVAE score"]
    assert rotated["DCI informativeness"] > 0.5


def test_noise_knows_nothing():
    found = disentanglement(np.random.RandomState(1).standard_normal((N, 6)), FACTORS)
    for s in found.scores:
        assert s.standing < 0.06, s.name
    assert (
        values(found)["MIG"] < 0.02
        and values(found)["DCI informativeness"] < 0.05
        and values(found)["DCI disentanglement"] < 0.06
    )


def test_more_dimensions_of_noise_beside_the_factors_change_little():
    wide = np.column_stack([Z, np.random.RandomState(1).standard_normal((N, 4))])
    found = values(disentanglement(wide, FACTORS))
    assert (
        found["MIG"] > 0.95 and found["DCI completeness"] > 0.93 and found["FactorVAE score"] > 0.95
    )


def test_a_factor_told_twice_has_no_gap():
    found = disentanglement(np.column_stack([Z, Z[:, 0]]), FACTORS)
    gaps = found.factors.set_index("name")["gap"]
    assert gaps["size"] == 0 and gaps["place"] > 0.95
    assert found.factors["completeness"][0] < 0.8


# -- the definitions -------------------------------------------------------------------------------


def test_mig_is_chens_gap_of_mutual_informations():
    V = np.column_stack([levels(c) for _, c in FACTORS.items()])
    codes = turned(Z)[:, :3]
    gaps = []
    for v in V.T:
        shared = sorted(mutual_info_score(v, quantile_bins(z)) for z in codes.T)
        gaps.append((shared[-1] - shared[-2]) / mutual_info_score(v, v))
    assert_allclose(mig(codes, V, adjusted=False), np.mean(gaps))


@given(st.integers(0, 1000), st.sampled_from((200, 1000)))
@settings(max_examples=4, deadline=None)
def test_chance_shares_information_until_it_is_taken_off(seed, n):
    rng = np.random.RandomState(seed)
    V, codes = rng.randint(20, size=(n, 3)), rng.standard_normal((n, 4))
    assert information(codes, V, adjusted=False).mean() > 0.05 * 1000 / n
    assert information(codes, V).mean() < 0.03
    assert_allclose(np.diag(information(V + 0.0, V)), 1)


@given(st.integers(2, 5), st.integers(2, 6), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_dci_lies_between_0_and_1_and_does_not_mind_order(f, k, seed):
    rng = np.random.RandomState(seed)
    R = rng.dirichlet(np.full(k, 0.3), f)
    d, c = dci(R)
    assert 0 <= d <= 1 and 0 <= c <= 1
    assert_allclose(dci(R[rng.permutation(f)][:, rng.permutation(k)]), (d, c))
    assert_allclose(dci(np.full((f, k), 1 / k)), (0, 0), atol=1e-9)


def test_dci_by_hand():
    R = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    assert_allclose(dci(R), (1, (1 - np.log(2) / np.log(3) + 1) / 2))
    assert_allclose(dci(np.array([[0.5, 0.5], [0.5, 0.5]])), (0, 0), atol=1e-12)


def test_votes_go_to_the_dimension_that_stands_still():
    V = np.column_stack([levels(c) for _, c in FACTORS.items()])
    right, share = factor_votes(Z[:, [0]], V[:, :2], np.random.RandomState(0))
    assert share == 0.5 and sorted(right) == [0, 1]  # one dimension can only name one factor
    assert factor_votes(Z, V, np.random.RandomState(0))[1] > 0.97


def test_numbers_are_cut_into_equal_parts_and_equal_numbers_stay_together():
    assert (np.bincount(quantile_bins(np.arange(1000.0))) == 50).all()
    assert len(np.unique(quantile_bins(np.r_[np.zeros(900), np.arange(100)]))) < 20
    assert levels(pd.Series(["b", "a", "b"])).tolist() == [0, 1, 0] and levels(
        pd.Series([3, 9, 3])
    ).tolist() == [0, 1, 0]


# -- columns, errors, stopping ---------------------------------------------------------------------


def test_columns_that_can_be_factors():
    assert factor_columns(DATASETS["sprites"](n=100).load().rows) == [
        "shape",
        "scale",
        "rotation",
        "x",
        "y",
    ]
    assert factor_columns(DATASETS["spectra"](n=50).load().rows) == [
        "temperature",
        "velocity",
        "line width",
        "hydrogen",
        "metals",
    ]
    rows = pd.DataFrame(
        {
            "row": range(100),
            "name": [f"n{i}" for i in range(100)],
            "same": 1,
            "group": ["a", "b"] * 50,
            "yes": [True, False] * 50,
        }
    )
    assert factor_columns(rows) == ["group", "yes"]


def test_dead_dimensions_and_missing_factors_are_left_out():
    gaps = FACTORS.copy()
    gaps.loc[:99, "shape"] = None
    found = disentanglement(np.column_stack([np.full(N, 0.1), 1e-3 * Z]), gaps)
    assert found.rows == N - 100 and found.dimensions.tolist() == [1, 2, 3, 4]
    assert disentanglement(Z, gaps, alive=[True, True, False, False]).dimensions.tolist() == [0, 1]


def test_dimensions_in_use_are_those_with_information_where_codes_are_noisy():
    noisy = SimpleNamespace(importance_=[2.0, 0.02, 0.001], encode_distribution=lambda X: None)
    assert (
        in_use(noisy).tolist() == [True, True, False]
        and in_use(SimpleNamespace(importance_=[0.99, 0.001])).all()
    )


def test_it_is_reproducible_can_be_stopped_and_says_what_it_cannot_do(identity):
    assert disentanglement(Z, FACTORS).scores == identity.scores
    assert [s.name for s in disentanglement(Z, FACTORS, on_step=lambda p: True).scores] == ["MIG"]
    assert [s.name for s in disentanglement(Z, FACTORS[["size"]]).scores] == [
        "MIG",
        "DCI completeness",
        "DCI informativeness",
    ]
    with pytest.raises(ValueError, match="expected at least 100"):
        disentanglement(Z[:50], FACTORS[:50])
    with pytest.raises(ValueError, match="0 factors that vary"):
        disentanglement(Z, pd.DataFrame({"a": np.ones(N)}))
    with pytest.raises(ValueError, match="0 dimensions in use"):
        disentanglement(np.zeros((N, 2)), FACTORS)
    with pytest.raises(ValueError, match="a code for each"):
        disentanglement(Z[1:], FACTORS)
