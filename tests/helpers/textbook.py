"""Data whose answer is known."""

import numpy as np


def linear_data(n=500, d=8, noise=0.5, seed=0):
    """Rows of a linear-Gaussian model with two latent dimensions."""
    rng = np.random.RandomState(seed)
    axes = np.linalg.qr(rng.standard_normal((d, 2)))[0].T
    return rng.standard_normal((n, 2)) * [3, 1.5] @ axes + noise * rng.standard_normal((n, d)) + 5
