"""Rows kept in memory or in a file are the same rows."""

import numpy as np
import pytest

from lvm_core.io.rows import RowWriter


@pytest.mark.parametrize("most", [2**20, 10])
def test_rows_come_back_as_they_were_added(most):
    rows = np.random.default_rng(0).integers(0, 255, (9, 4, 2)).astype(np.uint8)
    writer = RowWriter(12, (4, 2), np.uint8, most)
    for start in (0, 1, 4):
        writer.add(rows[start : {0: 1, 1: 4, 4: 9}[start]])
    found = writer.array()
    del writer
    assert np.array_equal(found, rows) and isinstance(found, np.memmap) == (most == 10)


@pytest.mark.parametrize("most", [2**20, 10])
def test_none_is_an_empty_array_and_another_shape_is_refused(most):
    writer = RowWriter(12, (4,), np.float32, most)
    with pytest.raises(ValueError, match="shape"):
        writer.add(np.zeros((1, 3)))
    assert writer.array().shape == (0, 4)
