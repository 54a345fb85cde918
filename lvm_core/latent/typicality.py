"""How usual a code is: is there data like it, or is the decoder making things up?"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from .neighbours import nearest, nearest_others


class TypicalityLevel(StrEnum):
    """How typical a code is, by its distance to the training codes.

    The values are words for people.

    Attributes
    ----------
    TYPICAL : str
        As near as 95 % of the training codes are to each other.
    UNUSUAL : str
        Farther than that.
    FAR : str
        Beyond all training codes, by half as much again.

    Examples
    --------
    >>> from lvm_core.latent.typicality import TypicalityLevel
    >>> [str(level) for level in TypicalityLevel]
    ['usual', 'unusual', 'far from anything seen']
    """

    # as near as 95 % of the training codes are to each other
    TYPICAL = "usual"
    UNUSUAL = "unusual"
    FAR = "far from anything seen"  # beyond all training codes, by half as much again


class Typicality:
    """How typical codes are of the training codes: the k-nearest-neighbour outlier score [1]_.

    The measure is the mean distance to the nearest training codes, each dimension taken in units of
    its spread there (a constant dimension as it is), given as a percentile among the same distance
    of the training codes themselves, each without itself.

    Parameters
    ----------
    codes : array-like of shape (n, k)
        Training codes, n of at least 2.
    k : int, default=5
        Nearest codes that the distance is a mean of; cut to n - 1.
    rows : int, default=5000
        Of more codes than that a sample stands for the rest in the percentile; distances are always
        to all.
    random_state : int, default=0
        Seed of the sample.

    Raises
    ------
    ValueError
        For fewer than two codes, or codes that are not finite.

    References
    ----------
    .. [1] Angiulli & Pizzuti (2002), doi:10.1007/3-540-45681-3_2.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.typicality import Typicality
    >>> codes = np.random.default_rng(0).normal(size=(500, 2))
    >>> typicality = Typicality(codes)
    >>> [str(level) for level in typicality.labels([[0.0, 0.0], [9.0, 9.0]])]
    ['usual', 'far from anything seen']
    >>> typicality.percentile([[9.0, 9.0]])
    array([100.])
    """

    def __init__(self, codes, k: int = 5, *, rows: int = 5000, random_state: int = 0):
        codes = np.asarray(codes, np.float64)
        if codes.ndim != 2 or len(codes) < 2 or not np.isfinite(codes).all():
            raise ValueError(
                f"codes have shape {codes.shape}, expected (n, k) with at least 2 rows of finite "
                "numbers."
            )
        spread = codes.std(0)
        self._unit = np.where(spread > 1e-12 * np.abs(codes).max(initial=0), spread, 1.0)
        self._codes, self.k = codes / self._unit, min(k, len(codes) - 1)
        if len(codes) <= rows:
            own = nearest_others(self._codes, self.k)[0]
        else:
            chosen = np.random.RandomState(random_state).choice(len(codes), rows, replace=False)
            # the first is the code itself
            own = nearest(self._codes[chosen], self._codes, self.k + 1)[0][:, 1:]
        self._reference = np.sort(own.mean(1))

    def percentile(self, Z) -> np.ndarray:
        """Share of training codes, 0 to 100 (m,), that lie closer to their neighbours than each
        row of Z does.
        """
        return self.describe(Z)[0]

    def labels(self, Z) -> list[TypicalityLevel]:
        """How typical each row of Z is."""
        return self.describe(Z)[1]

    def describe(self, Z, k: int = 1) -> tuple[np.ndarray, list[TypicalityLevel], np.ndarray]:
        """Percentiles, levels and nearest training codes, from one search.

        Parameters
        ----------
        Z : array-like of shape (m, k)
            Codes.
        k : int, default=1
            How many nearest training codes are returned of each.

        Returns
        -------
        percentile : ndarray of shape (m,)
            0 to 100, see :meth:`percentile`.
        words : list of TypicalityLevel of length m
            How typical each row is.
        rows : ndarray of shape (m, k)
            Row numbers of the nearest training codes.

        Raises
        ------
        ValueError
            For codes of another width, or that are not finite.
        """
        distances, rows = nearest(self._scaled(Z), self._codes, max(k, self.k))
        distance = distances[:, : self.k].mean(1)
        low, high = (np.searchsorted(self._reference, distance, side) for side in ("left", "right"))
        percentile, far = (
            50.0 * (low + high) / len(self._reference),
            distance > 1.5 * self._reference[-1],
        )
        words = [
            TypicalityLevel.FAR
            if f
            else TypicalityLevel.TYPICAL
            if p <= 95
            else TypicalityLevel.UNUSUAL
            for f, p in zip(far, percentile)
        ]
        return percentile, words, rows[:, :k]

    def nearest(self, Z, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The training codes nearest to each row of Z.

        Parameters
        ----------
        Z : array-like of shape (m, k)
            Codes.
        k : int, default=1
            How many.

        Returns
        -------
        D : ndarray of shape (m, k)
            Distances, in units of spread.
        I : ndarray of shape (m, k)
            Row numbers.
        """
        return nearest(self._scaled(Z), self._codes, k)

    def _scaled(self, Z):
        Z = np.asarray(Z, np.float64)
        if Z.ndim != 2 or Z.shape[1] != self._codes.shape[1]:
            raise ValueError(f"Z has shape {Z.shape}, expected (n, {self._codes.shape[1]}).")
        if not np.isfinite(Z).all():
            raise ValueError("Z holds NaN or infinity, expected finite codes.")
        return Z / self._unit


def out_of_support(made, codes, *, rows: int = 5000, random_state: int = 0) -> float:
    """Share of codes farther from the training codes than 95 % of these are from each other.

    About .05 where both are drawn alike, near 1 where a decoder is asked for what it has hardly
    seen.

    Parameters
    ----------
    made : array-like of shape (m, k)
        Codes to judge.
    codes : array-like of shape (n, k)
        Training codes.
    rows : int, default=5000
        Of more training codes than that a sample is used.
    random_state : int, default=0
        Seed of the sample.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.typicality import out_of_support
    >>> codes = np.random.default_rng(0).normal(size=(500, 2))
    >>> out_of_support(codes[:100] + 20, codes)
    1.0
    """
    codes = np.asarray(codes)
    if len(codes) > rows:
        codes = codes[
            np.sort(np.random.RandomState(random_state).choice(len(codes), rows, replace=False))
        ]
    return float((Typicality(codes).percentile(made) > 95).mean())
