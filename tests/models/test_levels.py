"""Levels, flags and gaps are as frequent in samples of linear Gaussian models as in the data."""

import numpy as np
import pandas as pd
import pytest

from lvm_core import MODELS, read_dataset
from lvm_core.models import load_model
from lvm_core.models.levels import calibrate_levels, pick_levels
from lvm_core.schema import FeatureGroup, Schema

rng = np.random.RandomState(0)
N = 2500
X = rng.randn(N)
KINDS = {"common": 0.89, "mid": 0.09, "rare": 0.015, "rarest": 0.005}
TABLE = pd.DataFrame(
    {
        "x": X.round(3),
        "y": rng.randn(N).round(3),
        "fraud": rng.rand(N) < 0.03,
        "half": X + rng.randn(N) > 0,
        "kind": rng.choice(list(KINDS), N, p=list(KINDS.values())),
        "z": np.where(rng.rand(N) < 0.04, np.nan, X + rng.randn(N)).round(3),
    }
)
DATA = read_dataset(TABLE.to_csv(index=False).encode(), "t.csv", label="none")


def shares(frame: pd.DataFrame) -> dict[str, float]:
    kinds = {kind: (frame["kind"] == kind).mean() for kind in KINDS}
    return {
        "fraud": frame.fraud.mean(),
        "half": frame.half.mean(),
        "gap": frame.z.isna().mean(),
    } | kinds


@pytest.mark.parametrize("name", ("PCA", "FactorAnalysis", "GaussianMixture"))
def test_levels_keep_their_shares_and_what_goes_with_them(name, tmp_path):
    cls = MODELS[name]
    model = cls(**cls.suggest(N, DATA.schema)).fit(DATA.X, schema=DATA.schema)
    drawn = DATA.decode(model.sample(8000, random_state=1))
    real, made = shares(TABLE), shares(drawn)
    for what, share in real.items():
        assert abs(made[what] - share) < 0.15 * share + 0.004, (what, share, made[what])
    assert np.corrcoef(drawn.x, drawn.half)[0, 1] > 0.3
    # a row's own code still says which level it has
    again = DATA.decode(model.sample_decoder(model.transform(DATA.X), random_state=0))
    assert np.corrcoef(again.half, TABLE.half)[0, 1] > 0.2
    model.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert np.array_equal(loaded.sample(50, random_state=3), model.sample(50, random_state=3))
    del loaded.offsets_  # as of a model that was saved before there were any
    assert set(np.unique(loaded.sample(50, random_state=3)[:, 2])) <= {0, 1}


def test_real_columns_are_left_as_they_are_drawn():
    model = MODELS["PCA"](latent_dim=2).fit(rng.randn(50, 5))
    assert len(model.offsets_) == 0 and len(np.unique(model.sample(20, random_state=0))) == 100


@pytest.mark.parametrize("seed", range(3))
def test_offsets_balance_any_categories(seed):
    rng = np.random.RandomState(seed)
    p = np.append(rng.dirichlet(np.full(7, 0.5)), [0.0])
    scores = p + rng.randn(20_000, 8) * rng.uniform(0.02, 0.4, 8)
    schema = Schema((FeatureGroup("categorical", 8),))
    offsets = calibrate_levels(scores, p, schema)
    won = pick_levels(scores, offsets, schema).mean(0)
    assert np.abs(won - p).sum() < 0.02
    one_level = Schema((FeatureGroup("categorical", 1), FeatureGroup("bernoulli", 2)))
    drawn = pick_levels(
        scores[:, :3],
        calibrate_levels(scores[:, :3], np.array([1.0, 0.0, 1.0]), one_level),
        one_level,
    )
    assert drawn.mean(0).tolist() == [1, 0, 1]
