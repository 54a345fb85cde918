"""The maximum mean discrepancy: how far two samples are from being of one distribution."""

from __future__ import annotations

import torch

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernels, those of the WAE's authors
MOST_ROWS = 1024  # of each sample that are compared: the cost is that of all pairs


def mmd(z, other):
    """Squared maximum mean discrepancy of two samples, unbiased.

    ``E k(z, z') + E k(y, y') - 2 E k(z, y)``, the sum over seven scales s of the inverse
    multiquadratic kernels ``k(a, b) = c / (c + |a - b|^2)``, ``c = 2 k s`` with k the number of
    dimensions: 2k is what two draws from N(0, I) differ by in the mean square.

    Parameters
    ----------
    z, other : tensor (n, k), tensor (m, k)
        The samples.

    Returns
    -------
    0-d tensor
        0 in the mean for samples of one distribution, so it may be below; 0 for fewer than two
        rows.

    References
    ----------
    * Gretton et al. (2012), *A Kernel Two-Sample Test*,
      https://jmlr.org/papers/v13/gretton12a.html.
    * Tolstikhin et al. (2018), *Wasserstein Auto-Encoders*, https://arxiv.org/abs/1711.01558.

    Examples
    --------
    >>> import torch
    >>> generator = torch.Generator().manual_seed(0)
    >>> a, b = (torch.randn(500, 2, generator=generator) for _ in range(2))
    >>> abs(mmd(a, b).item()) < 0.05, mmd(a, b + 1.0).item() > 0.3
    (True, True)
    """
    z, other = z[:MOST_ROWS], other[:MOST_ROWS]
    n, m, k = len(z), len(other), z.shape[1]
    if min(n, m) < 2:
        return z.new_zeros(())
    pairs = [
        (_squares(z, z), 1 / (n * (n - 1))),
        (_squares(other, other), 1 / (m * (m - 1))),
        (_squares(z, other), -2 / (n * m)),
    ]
    total = z.new_zeros(())
    for scale in SCALES:
        c = 2 * k * scale
        for i, (squares, weight) in enumerate(pairs):
            # a row beside itself is no pair: its kernel of 1 comes off
            total = total + weight * ((c / (c + squares)).sum() - (n, m, 0)[i])
    return total


def _squares(a, b):
    """Squared distances (n, m) of rows, without matrix products: those may be of reduced precision,
    and small distances would be lost.
    """
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
