"""The one answer to what a class is, and that the app's parts agree on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lvm_core import read_dataset
from lvm_core.labels import kind_of
from lvm_core.plots.colouring import continuous


@pytest.mark.parametrize(
    "values, kind, of_label",
    [
        (pd.Series([True, False, None], dtype="boolean"), "classes", "classes"),
        (pd.Series(range(12)), "classes", "classes"),
        # pandas makes floats of whole numbers with a gap
        (pd.Series([*range(12), None]), "classes", "classes"),
        (pd.Series(range(13)), "number", "classes"),
        (pd.Series(range(30)), "number", "classes"),
        (pd.Series(range(31)), "number", "number"),
        (pd.Series([0.5, 1.0, 1.5]), "number", "number"),
        (pd.to_datetime(pd.Series(["2026-01-01", "2026-01-02"])), "date", "date"),
        (pd.Series([f"w{i}" for i in range(200)]), "classes", "classes"),
        (pd.Series([f"w{i}" for i in range(201)]), "names", "names"),
        (pd.Series(np.arange(1_000_000)), "number", "number"),
    ],
)
def test_what_the_values_of_a_column_are(values, kind, of_label):
    assert kind_of(values) == kind and kind_of(values, label=True) == of_label
    assert continuous(values) == (kind in ("number", "date"))


@pytest.mark.parametrize("different, labelled", [(30, True), (31, False), (50, False)])
def test_the_label_of_a_file_is_coloured_as_it_is_learnt(different, labelled):
    """Up to 50 whole numbers were labels to a model while a map drew those beyond 30 on a scale."""
    rows = "\n".join(["a,b,label"] + [f"{i % 7}.5,{i % 11}.25,{i % different}" for i in range(400)])
    data = read_dataset(rows.encode(), name="t.csv", label="label")
    assert (data.targets() is not None) == labelled
    assert continuous(data.rows["label"]) == (not labelled)
