"""Numbers of drawn tables have the marginals of the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_allclose

from lvm_core import MODELS, load_model, read_dataset
from lvm_core.analysis.conditional_samples import sample_conditional
from lvm_core.models.marginals import (
    bounds_of_draws,
    fit_marginals,
    match_marginals,
    quantiles,
    table_columns,
)
from lvm_core.schema import FeatureGroup, Schema

rng = np.random.RandomState(0)
N = 3000
ONE = Schema((FeatureGroup("gaussian", 1, "x"),))
TABLE = pd.DataFrame(
    {
        "spend": np.where(rng.rand(N) < 0.4, 0.0, rng.exponential(30, N)).round(2),
        "rooms": rng.poisson(3, N),
        "income": np.exp(rng.standard_normal(N)).round(3),
        "kind": rng.choice(["a", "b"], N),
    }
)
TABLE["age"] = np.where(rng.rand(N) < 0.1, np.nan, 20 + 3 * TABLE.rooms + rng.randint(5, size=N))
DATA = read_dataset(TABLE.to_csv(index=False).encode(), "t.csv", label="none")
NUMBERS = ["spend", "rooms", "income", "age"]


def fitted(name: str):
    cls = MODELS[name]
    more = {"epochs": 5} if "epochs" in cls.parameters() else {}
    more |= {"steps": 200} if "steps" in cls.parameters() else {}
    values = cls.suggest(N, DATA.schema) | more | {"latent_dim": 2}
    return cls(**values).fit(DATA.X, schema=DATA.schema)


@pytest.fixture(scope="module")
def pca():
    return fitted("PCA")


def ks(a, b) -> float:
    """Kolmogorov and Smirnov's distance of two samples."""
    at = np.unique(np.r_[a, b])
    share = lambda x: np.searchsorted(np.sort(x), at, side="right") / len(x)
    return float(np.abs(share(np.asarray(a)) - share(np.asarray(b))).max())


# -- the maps --------------------------------------------------------------------------------------

columns = arrays.arrays(
    np.float64,
    st.integers(1, 120),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 1)),
)


@given(columns, columns, columns)
def test_a_map_is_monotone_and_stays_in_the_range_of_the_data(drawn, data, asked):
    maps = fit_marginals(drawn[:, None], data[:, None], ONE)
    assert maps.shape[:2] == (1, 2) and np.isfinite(maps).all()
    assert (np.diff(maps, axis=2) >= 0).all()
    found = match_marginals(np.sort(asked)[:, None], maps, ONE)[:, 0]
    assert (np.diff(found) >= 0).all()
    assert found.min() >= data.min() and found.max() <= data.max()


@given(columns)
def test_quantiles_are_a_quantile_function(data):
    p, wanted = quantiles(data)
    assert p[0] == 0 and p[-1] == 1 and (np.diff(p) >= 0).all() and (np.diff(wanted) >= 0).all()
    assert wanted[0] >= data.min() and wanted[-1] <= data.max()


@given(columns, columns, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_bounds_taken_back_hold_what_goes_between_them(drawn, data, low, width):
    maps = fit_marginals(drawn[:, None], data[:, None], ONE)
    a, b = bounds_of_draws(np.array([low]), np.array([low + width]), maps, ONE)
    assert a[0] <= b[0]
    found = match_marginals(drawn[:, None], maps, ONE)[:, 0]
    inside = (found >= low) & (found <= low + width)
    slack = 1e-9 * (1 + np.abs(drawn).max())
    assert (drawn[inside] >= a[0] - slack).all() and (drawn[inside] <= b[0] + slack).all()


@pytest.mark.parametrize("make", [rng.standard_normal, rng.standard_exponential, rng.standard_t])
def test_draws_that_match_stay_where_they_are(make):
    size = {"size": 20_000} | ({"df": 4} if make == rng.standard_t else {})
    data, drawn = make(**size), make(**size)
    maps = fit_marginals(drawn[:, None], data[:, None], ONE)
    same = np.quantile(data, np.linspace(0.01, 0.99, 50))[:, None]
    assert_allclose(match_marginals(same, maps, ONE), same, atol=0.25, rtol=0.05)
    # the very rows: nothing but the means of their cells is left
    own = fit_marginals(data[:, None], data[:, None], ONE)
    assert_allclose(match_marginals(same, own, ONE), same, atol=0.02, rtol=0.02)


def test_shared_values_have_their_share_and_nothing_lies_between_levels():
    data = np.repeat([0.0, 2.0, 5.0], [6000, 3000, 1000])
    maps = fit_marginals(rng.standard_normal((20_000, 1)), data[:, None], ONE)
    found = match_marginals(rng.standard_normal((20_000, 1)), maps, ONE)[:, 0]
    values, counts = np.unique(found, return_counts=True)
    assert values.tolist() == [0, 2, 5]
    assert_allclose(counts / len(found), [0.6, 0.3, 0.1], atol=0.012)


def test_a_mass_beside_a_density_keeps_its_share_and_the_density_its_shape():
    tail = 100 + rng.exponential(50, 4000)
    data = np.r_[np.zeros(6000), tail]
    maps = fit_marginals(rng.standard_normal((20_000, 1)), data[:, None], ONE)
    found = match_marginals(rng.standard_normal((20_000, 1)), maps, ONE)[:, 0]
    assert abs((found == 0).mean() - 0.6) < 0.012
    assert ((found > 0) & (found < 90)).mean() < 0.005, "the data has none there"
    assert ks(found[found > 90], tail) < 0.03


@pytest.mark.parametrize("n", [30, 150, 5000])
def test_no_number_of_a_single_row_is_kept_but_the_ends(n):
    data = rng.exponential(size=n)
    p, wanted = quantiles(data)
    assert not np.isin(wanted[1:-1], data).any() and len(p) <= n / 10 + 3
    assert len(p) < 230
    assert wanted[0] == data.min() and wanted[-1] == data.max()


def test_a_model_that_draws_a_constant_draws_the_median():
    data = rng.exponential(size=(1000, 1))
    maps = fit_marginals(np.full((500, 1), 3.0), data, ONE)
    found = match_marginals(np.array([[3.0]]), maps, ONE)[0, 0]
    assert_allclose(found, np.median(data), rtol=0.1)


@pytest.mark.parametrize("whose", ["draws", "data"])
def test_a_column_of_which_nothing_is_there(whose):
    """All draws, or all rows, have the value missing."""
    gap = FeatureGroup("bernoulli", 1, "x (missing)", missing_of=1)
    schema, flag = Schema((ONE.groups[0], gap)), np.ones((500, 1))
    value, no = rng.uniform(size=(500, 1)), np.zeros((500, 1))
    drawn = np.hstack([value, flag if whose == "draws" else no])
    data = np.hstack([value, flag if whose == "data" else no])
    maps = fit_marginals(drawn, data, schema)
    found = match_marginals(np.array([[0.5, 0.0], [7.0, 1.0]]), maps, schema)
    assert found[1].tolist() == [7.0, 1.0], "what is missing is left as it is"
    assert_allclose(found[0, 0], 0.5 if whose == "draws" else 0.0, atol=0.02)


def test_series_pictures_and_vectors_are_left_alone():
    groups = FeatureGroup("gaussian", 4), FeatureGroup("bernoulli", 1), FeatureGroup("counts", 1)
    assert table_columns(Schema(groups)) == table_columns(Schema.picture(1, 1, 1)) == []
    model = MODELS["PCA"](latent_dim=2).fit(rng.randn(50, 5))
    assert not hasattr(model, "marginals_")


def test_maps_of_another_table_are_refused():
    maps = fit_marginals(rng.randn(50, 1), rng.randn(50, 1), ONE)
    with pytest.raises(ValueError, match="shape"):
        match_marginals(rng.randn(5, 2), maps, Schema((ONE.groups[0], ONE.groups[0])))


# -- of models -------------------------------------------------------------------------------------

DRAWN = ("PCA", "FactorAnalysis", "ICA", "GaussianMixture", "VAE", "GAN", "MIWAE", "ConditionalVAE")


@pytest.mark.parametrize("name", DRAWN)
def test_samples_have_the_marginals_of_the_data(name):
    model = fitted(name)
    drawn = DATA.decode(model.sample(4000, random_state=1))
    maps = model.marginals_
    model.marginals_ = None
    before = DATA.decode(model.sample(4000, random_state=1))
    model.marginals_ = maps
    for column in NUMBERS:
        real = TABLE[column].dropna()
        distance, earlier = (ks(frame[column].dropna(), real) for frame in (drawn, before))
        assert distance < 0.05, (column, distance, earlier)
    assert ks(before["spend"], TABLE["spend"]) > 0.1, "or the test says nothing"
    assert abs((drawn["spend"] == 0).mean() - (TABLE["spend"] == 0).mean()) < 0.04
    # levels, and what is missing, are as they were drawn
    assert drawn["kind"].equals(before["kind"])
    assert drawn["age"].isna().equals(before["age"].isna())
    assert (drawn["rooms"] == drawn["rooms"].round()).all()
    # one row alone is drawn as well
    one = model.sample_decoder(model.sample_codes(1, random_state=2), random_state=2)
    assert one.shape == (1, DATA.schema.d) and np.isfinite(one).all()


def test_rank_correlations_are_those_the_model_draws(pca):
    Z = pca.sample_codes(4000, random_state=1)
    drawn = pca.sample_decoder(Z, random_state=1)
    before = pca._draw(Z, np.random.RandomState(1))
    at = [column for column, _ in table_columns(DATA.schema)][1:3]  # rooms and income
    pair = lambda X: pd.DataFrame(X[:, at]).corr("spearman").iloc[0, 1]
    assert abs(pair(drawn) - pair(before)) < 0.02
    both = DATA.decode(drawn)[["rooms", "age"]].corr("spearman").iloc[0, 1]
    assert both > 0.6, "in the data .96, without the model's noise"


def test_decoded_codes_are_not_mapped(pca):
    Z = pca.transform(DATA.X[:20])
    assert_allclose(pca.inverse_transform(Z), Z @ pca.components_ + pca.mean_, atol=1e-5)


def test_a_saved_model_draws_the_same_and_one_of_before_as_before(pca, tmp_path):
    again = load_model(pca.save(tmp_path / "new"))
    assert np.array_equal(again.marginals_, pca.marginals_)
    assert np.array_equal(again.sample(50, random_state=3), pca.sample(50, random_state=3))
    del again.marginals_  # as of a model that was saved before there were any
    before = load_model(again.save(tmp_path / "old"))
    Z = before.sample_codes(50, random_state=3)
    drawn = before.sample_decoder(Z, random_state=np.random.RandomState(4))
    assert np.array_equal(drawn, before._draw(Z, np.random.RandomState(4)))
    assert not np.array_equal(drawn, pca.sample_decoder(Z, np.random.RandomState(4)))


def test_a_mixture_of_products_has_none():
    model = MODELS["ProductMixture"](latent_dim=2, components=5, epochs=2)
    assert not hasattr(model.fit(DATA.X, schema=DATA.schema), "marginals_")


def test_a_second_fit_forgets_the_maps_of_the_first(pca):
    model = MODELS["PCA"](latent_dim=2).fit(DATA.X, schema=DATA.schema)
    assert model.marginals_.shape[0] == len(NUMBERS)
    assert not hasattr(model.fit(DATA.X), "marginals_")


def test_a_temperature_keeps_to_the_range(pca):
    for temperature in (0.0, 3.0):
        drawn = DATA.decode(pca.sample(500, temperature=temperature, random_state=0))
        for column in NUMBERS:
            assert drawn[column].min() >= TABLE[column].min()
            assert drawn[column].max() <= TABLE[column].max()


@pytest.mark.parametrize("name", ("ConditionalVAE", "ConditionalGAN"))
def test_a_label_is_asked_for_as_before(name):
    cls = MODELS[name]
    short = {"steps": 100} if "steps" in cls.parameters() else {"epochs": 3}
    schema, y = DATA.schema, TABLE["kind"].to_numpy()
    model = cls(**cls.suggest(N, schema) | short).fit(DATA.X, y, schema=schema)
    assert model.sample(5, label="a", random_state=0).shape == (5, schema.d)
    drawn = DATA.decode(model.sample(3000, random_state=1))
    assert ks(drawn["income"], TABLE["income"]) < 0.06


@pytest.mark.parametrize(
    "conditions",
    [
        {"spend": 0.0},
        {"spend": (50, 80), "kind": "a"},
        {"rooms": 4, "age": (30, None)},
        {"income": (None, 0.5)},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ("PCA", "FactorAnalysis", "GaussianMixture"))
def test_conditions_hold_after_the_maps(name, conditions):
    model = fitted(name)
    X, rows = sample_conditional(model, DATA.codec, conditions, 200, random_state=0)
    assert np.isfinite(X).all()
    for column, wanted in conditions.items():
        low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
        assert low is None or (rows[column] >= low).all()
        assert high is None or (rows[column] <= high).all()


def test_a_condition_leaves_the_others_as_their_rows_have_them(pca):
    """Columns that know nothing of it keep their marginals; those that do follow."""
    _, rows = sample_conditional(pca, DATA.codec, {"rooms": (5, None)}, 2000, random_state=0)
    assert ks(rows["income"], TABLE["income"]) < 0.06
    ages = rows["age"].dropna()
    assert abs(ages.median() - TABLE.loc[TABLE.rooms >= 5, "age"].median()) < 5
