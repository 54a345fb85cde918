"""What ``tables.py`` measures our models of tables against: CTGAN and TVAE (Xu et al., 2019,
arXiv:1907.00503; the package ctgan, which SDV's synthesizers of these names run) and adversarial
random forests (Watson et al., 2023, arXiv:2205.09435; the package arfpy), with the settings that
their packages suggest, and the two tables that need no model.

None of them is among the app's dependencies; ``tables.py`` says how to install them. They set the
global seeds of NumPy and PyTorch, as such programs do.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

GONE = "(missing)"
_MARK = " is missing"  # of the column that says where a number is


class Filled:
    """A table without gaps and dates, as the peers want it, and the way back.

    A missing number stands at the median, with a category beside it that says so; a missing
    category is a category. On the way back whole numbers are rounded and all numbers are kept
    within the ends of the real ones, as SDV does.

    Parameters
    ----------
    real : DataFrame of n rows
        The table; its columns are numbers, dates, truth values, words or categories.
    """

    def __init__(self, real: pd.DataFrame):
        from lvm_core.labels import is_measured
        from lvm_core.metrics.samples.mixed import as_numbers

        self.real, self.measured = real, [c for c in real.columns if is_measured(real[c])]
        self.ends, parts = {}, {}
        for name, column in real.items():
            if name not in self.measured:
                parts[name] = column.astype(object).where(column.notna(), GONE).astype("str")
                continue
            values = as_numbers(column)
            seen = values[np.isfinite(values)]
            self.ends[name] = seen.min(), seen.max(), bool((seen % 1 == 0).all())
            parts[name] = pd.Series(values, column.index).fillna(float(np.median(seen)))
            if len(seen) < len(values):
                parts[f"{name}{_MARK}"] = np.where(np.isfinite(values), "no", "yes")
        self.frame = pd.DataFrame(parts)
        self.named = [c for c in self.frame.columns if c not in self.measured]

    def back(self, made: pd.DataFrame) -> pd.DataFrame:
        """Generated rows in the columns of the real table."""
        found = {}
        for name, column in self.real.items():
            if name not in self.measured:
                words = made[name].astype("str")
                found[name] = words.where(words != GONE, None)
                continue
            low, high, whole = self.ends[name]
            values = pd.to_numeric(made[name], errors="coerce").clip(low, high)
            values = values.round() if whole else values
            if f"{name}{_MARK}" in made:
                values = values.where(made[f"{name}{_MARK}"].astype("str") != "yes")
            if pd.api.types.is_datetime64_any_dtype(column):
                values = pd.to_datetime(values, unit="us")
            found[name] = values
        return pd.DataFrame(found)


def independent(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """The plainest baseline: every column drawn from the training rows on its own."""
    rng = np.random.default_rng(seed)
    rows = {c: train[c].iloc[rng.integers(len(train), size=n)].array for c in train.columns}
    return pd.DataFrame(rows)


def ctgan(train: pd.DataFrame, n: int, seed: int, epochs: int = 300) -> pd.DataFrame:
    """Rows of CTGAN."""
    from ctgan import CTGAN

    return _of_ctgan(CTGAN(epochs=epochs, enable_gpu=False), train, n, seed)


def tvae(train: pd.DataFrame, n: int, seed: int, epochs: int = 300) -> pd.DataFrame:
    """Rows of TVAE."""
    from ctgan import TVAE

    return _of_ctgan(TVAE(epochs=epochs, enable_gpu=False), train, n, seed)


def _of_ctgan(model, train, n, seed) -> pd.DataFrame:
    filled = Filled(train)
    model.set_random_state(seed)
    with _quiet():
        model.fit(filled.frame, discrete_columns=filled.named)
        return filled.back(model.sample(n))


def arf(train: pd.DataFrame, n: int, seed: int, epochs: int = 0) -> pd.DataFrame:
    """Rows of adversarial random forests; epochs mean nothing to them."""
    from arfpy import arf as forests

    if not hasattr(np, "in1d"):
        np.in1d = np.isin  # arfpy 0.1.1 is older than NumPy 2.4
    filled = Filled(train)
    frame = filled.frame.astype(dict.fromkeys(filled.named, "category"))
    # by number: it asks for columns by their place, which pandas 3 takes for a name
    frame, names = frame.set_axis(range(frame.shape[1]), axis=1), frame.columns
    np.random.seed(seed)  # the generator that it draws from
    with _quiet():
        model = forests.arf(frame, verbose=False, random_state=seed)
        model.forde()
        return filled.back(model.forge(n).set_axis(names, axis=1))


@contextlib.contextmanager
def _quiet():
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


# name: (how rows are made, the module it needs)
PEERS: dict[str, tuple[Callable[..., pd.DataFrame], str]] = {
    "CTGAN": (ctgan, "ctgan"),
    "TVAE": (tvae, "ctgan"),
    "ARF": (arf, "arfpy"),
}


def here(name: str) -> bool:
    """Whether the package of a peer can be imported."""
    return importlib.util.find_spec(PEERS[name][1]) is not None
