"""What the benchmark of tables stands on: its halves, its two ends, and the way to its peers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import table_peers
import tables


def visits(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.normal(20, 5, n).round(2)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.1, np.nan, size),
            "count": rng.poisson(4, n),
            "day": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "kind": np.where(rng.random(n) < 0.2, None, rng.choice(["oak", "elm"], n)),
            "large": np.where(size > 20, "yes", "no"),
        }
    )


def test_what_peers_are_given_has_no_gaps_and_comes_back_as_it_was():
    real = visits()
    filled = table_peers.Filled(real)
    assert not filled.frame.isna().any(axis=None)
    assert set(filled.named) == {"size is missing", "kind", "large"}
    back = filled.back(filled.frame)
    assert list(back) == list(real)
    assert_frame_equal(back, real, check_dtype=False)
    far = filled.frame.assign(size=1e6, count=2.4)
    made = filled.back(far)
    assert made["size"].dropna().eq(real["size"].max()).all() and made["count"].eq(2).all()


def test_independent_columns_keep_each_column_and_no_pair():
    real = visits(4000)
    made = table_peers.independent(real, 4000, 1)
    assert set(made["kind"].dropna()) == {"oak", "elm"}
    assert abs(made["large"].eq("yes").mean() - real["large"].eq("yes").mean()) < 0.03
    apart = lambda t: t[t["large"] == "yes"]["size"].mean() - t[t["large"] == "no"]["size"].mean()
    assert apart(real) > 7 and abs(apart(made)) < 1


def test_the_two_ends_are_far_apart_and_copies_gain_no_nearness(tmp_path):
    path = tmp_path / "visits.csv"
    visits(800).to_csv(path, index=False)
    data, held_out, target = tables.halves(path, 300, 0, None)
    train = data.rows[list(held_out.columns)]
    assert len(train) == len(held_out) == 300 and target == "large"
    again = tables.halves(path, 300, 0, None)[1]
    assert_frame_equal(held_out, again)
    both = pd.concat([train, held_out]).dropna()
    assert len(both) > 300 and not both.duplicated().any()  # no row is on both sides
    found = {
        tables.REAL: tables.measure(train, train, held_out, target),
        tables.PLAIN: tables.measure(
            table_peers.independent(train, 300, 0), train, held_out, target
        ),
    }
    real, plain = found[tables.REAL], found[tables.PLAIN]
    assert real["use"] > 0.95 and plain["use"] < 0.3
    assert real["C2ST"] > plain["C2ST"] + 0.2
    assert real["nearer"] > 0.99 and plain["nearer"] < 0.6
    made = tables.ours("PCA", data, 300, 0)
    found["PCA"] = tables.measure(made, train, held_out, target)
    assert tables.way(found["PCA"]["use"], plain["use"], real["use"]) > 0.5
    assert tables.line("PCA", found, 1.5).split()[-1] == "1.5"
    assert tables.line(tables.REAL, found, 0).split()[2] == f"{real['C2ST']:.3f}"


def test_an_unknown_column_is_told(tmp_path):
    path = tmp_path / "visits.csv"
    visits(100).to_csv(path, index=False)
    with pytest.raises(SystemExit, match="no column 'height'; there are: size, count"):
        tables.halves(path, 50, 0, "height")


def test_peers_that_are_not_installed_are_known(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "ctgan" or None)
    assert [name for name in table_peers.PEERS if table_peers.here(name)] == ["CTGAN", "TVAE"]
