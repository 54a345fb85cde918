"""Mean and variance of columns."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from lvm_core.nn.moments import moments


@pytest.mark.parametrize("n", [1, 2, 999, 1000, 1001, 3500])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_as_numpy_has_them_whatever_the_slices(n, kind):
    X = np.random.RandomState(0).randn(n, 4).astype(kind) * [1, 10, 0.1, 0] + np.array(
        [0, 1, -5, 7], kind
    )
    mean, variance = moments(X.astype(kind))
    exact = X.astype(kind).astype(np.float64)
    assert_allclose(mean, exact.mean(0), rtol=1e-6, atol=1e-6)
    assert_allclose(variance, exact.var(0), rtol=1e-5, atol=1e-10)
    assert variance[3] == 0


def test_far_from_zero_the_spread_survives():
    X = (1e4 + np.random.RandomState(0).randn(5000, 2)).astype(np.float32)
    assert_allclose(moments(X)[1], X.astype(np.float64).var(0), rtol=1e-4)


def test_sparse_rows_as_dense_ones():
    X = np.random.RandomState(0).poisson(0.3, (2500, 6)).astype(np.float32)
    for sparse, dense in zip(moments(csr_array(X)), moments(X)):
        assert_allclose(sparse, dense, rtol=1e-5)
