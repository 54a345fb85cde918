"""Where new codes come from, besides a model's own prior: densities fitted to the codes of the
training rows.

A prior is where codes ought to lie; the codes of real rows often lie elsewhere. A density fitted to
them afterwards (Ghosh et al., 2020, arXiv:1903.12436) draws from where the decoder has been.
``sampler = SAMPLERS["Mixture"]().fit(Z)``, ``sampler.sample(n)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from ..io.serialize import Persistent
from ..io.serialize import load as _load
from ..params import Registry, param
from ..progress import OnStep, Reporter

MOST_ROWS = 20_000  # codes a mixture is fitted to
COUNTS = (1, 2, 4, 6, 8, 10, 14, 20, 28, 40)
# nats a row, below which a step of EM is the last: a third of the time of scikit-learn's own for
# 0.05 nats on 16 dimensions
TOLERANCE = 0.03


class Sampler(Persistent):
    """A density on codes, from which new ones are drawn: the base of all.

    A subclass writes ``_fit``, which returns the shares, means, covariances and labels of Gaussian
    parts.

    Attributes
    ----------
    means_ : ndarray of shape (c, k)
        Mean of each part.
    roots_ : ndarray of shape (c k, k)
        A root of each part's covariance, below each other.
    shares_ : ndarray of shape (c,)
        Weight of each part.
    labels_ : list
        The label of each part, where it has one; else empty.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import SAMPLERS
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> SAMPLERS["Mixture"](components=2).fit(Z).sample(3, random_state=0).shape
    (3, 2)
    """

    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    def fit(self, Z, y=None, *, on_step: OnStep | None = None) -> Sampler:
        """Learn from codes.

        Parameters
        ----------
        Z : array-like of shape (n, k)
            Codes, n of at least 2.
        y : sequence of shape (n,), default=None
            Labels, None where a row has none.
        on_step : callable, default=None
            Called with a :class:`~lvm_core.progress.Progress`; returning True ends the fit with
            what was reached.

        Returns
        -------
        Sampler
            Itself.

        Raises
        ------
        ValueError
            Where the codes are fewer than 2 or not finite, the labels not as many, or the density
            cannot be fitted to them.
        """
        self.validate()
        Z = np.asarray(Z, np.float64)
        if Z.ndim != 2 or len(Z) < 2 or not np.isfinite(Z).all():
            raise ValueError(
                f"Z has shape {Z.shape}, expected finite codes (n, k) of at least 2 rows."
            )
        if y is not None and len(y) != len(Z):
            raise ValueError(f"y has {len(y)} labels, Z has {len(Z)} rows.")
        shares, means, covariances, self.labels_ = self._fit(Z, y, Reporter(on_step, len(COUNTS)))
        values, vectors = np.linalg.eigh(covariances)
        self.shares_, self.means_ = np.asarray(shares, np.float64), np.asarray(means, np.float64)
        self.roots_ = np.concatenate(vectors * np.sqrt(np.maximum(values, 0))[:, None, :])
        return self

    def sample(
        self, n: int, *, temperature: float = 1.0, random_state=None, label: str | None = None
    ) -> np.ndarray:
        """Draw codes.

        Parameters
        ----------
        n : int
            How many.
        temperature : float, default=1.0
            Multiplies the spread of each part: 0 gives the parts' centres.
        random_state : int, RandomState or None, default=None
            Seed.
        label : str, default=None
            Draw from the parts of this label alone.

        Returns
        -------
        ndarray of shape (n, k)
            Codes.

        Raises
        ------
        ValueError
            Where n or the temperature is out of range, or no part has the label.
        """
        if n < 1 or int(n) != n:
            raise ValueError(f"n is {n!r}, expected a whole number of at least 1.")
        if not (np.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature is {temperature}, expected a number of at least 0.")
        rng, shares = check_random_state(random_state), self.shares_
        if label is not None:
            shares = shares * (np.asarray(self.labels_, object) == label if self.labels_ else 0.0)
            if not shares.sum():
                raise ValueError(
                    f"label is {str(label)[:40]!r}, expected one of "
                    f"{', '.join(self.labels_[:20]) or 'none: this density knows no labels'}."
                )
        part = rng.choice(len(shares), int(n), p=shares / shares.sum())
        roots = self.roots_.reshape(len(shares), -1, self.means_.shape[1])
        return self.means_[part] + temperature * np.einsum(
            "nij,nj->ni", roots[part], rng.standard_normal((int(n), self.means_.shape[1]))
        )

    def _fit(self, Z, y, report) -> tuple:
        """(shares (c,), means (c, k), covariances (c, k, k), labels: a list of c, or empty)."""
        raise NotImplementedError


@dataclass(repr=False, eq=False)
class Mixture(Sampler):
    """A mixture of Gaussians with full covariances; the solver is scikit-learn's.

    Parameters
    ----------
    components : int, default=0
        Gaussians in the mixture; 0: the one of ``COUNTS`` with the least BIC [1]_.
    random_state : int or None, default=0
        Seed of the fit, and of the sample of ``MOST_ROWS`` codes that is used of more.

    Attributes
    ----------
    bic_ : dict of str to float
        What each number of components got.
    means_, roots_, shares_, labels_
        As in :class:`Sampler`; there are no labels.

    References
    ----------
    .. [1] Schwarz (1978), doi:10.1214/aos/1176344136.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import Mixture
    >>> rng = np.random.default_rng(0)
    >>> Z = np.vstack([rng.normal(-9, 1, size=(100, 2)), rng.normal(9, 1, size=(100, 2))])
    >>> sampler = Mixture().fit(Z)
    >>> len(sampler.means_)
    2
    >>> sampler.sample(4, random_state=0).shape
    (4, 2)
    """

    title: ClassVar[str] = "Mixture of Gaussians"
    summary: ClassVar[str] = (
        "Fitted to the codes of the training rows: draws from where real items lie."
    )

    components: int = param(0, low=0, high=200, help="Gaussians in the mixture; 0 chooses by BIC.")
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, help="Seed of the fit.", advanced=True
    )

    def _fit(self, Z, y, report):
        from sklearn.mixture import GaussianMixture

        rng = check_random_state(self.random_state)
        Z = Z if len(Z) <= MOST_ROWS else Z[np.sort(rng.choice(len(Z), MOST_ROWS, replace=False))]
        mean, spread = Z.mean(0), Z.std(0)
        S, seed = (
            (Z - mean) / np.where(spread > 1e-6 * max(spread.max(), 1e-300), spread, 1.0),
            int(rng.randint(2**31 - 1)),
        )
        # fewer rows than that have no covariance
        most = max(1, min(len(np.unique(S, axis=0)), len(S) // (S.shape[1] + 1)))
        best: Any = None
        least, self.bic_ = np.inf, {}
        for number, c in enumerate(
            [min(self.components, most)] if self.components else [c for c in COUNTS if c <= most]
        ):
            found = GaussianMixture(
                c, tol=TOLERANCE, reg_covar=1e-4, random_state=seed, max_iter=200
            ).fit(S)
            self.bic_[str(c)] = float(found.bic(S))
            if best is None or self.bic_[str(c)] < least:
                best, least, worse = found, self.bic_[str(c)], 0
            else:
                worse += 1
            # two in a row that are worse: it will not turn again
            if report(number + 1, bic=self.bic_[str(c)]) or worse == 2:
                break
        return (
            best.weights_,
            best.means_ * spread + mean,
            best.covariances_ * np.outer(spread, spread),
            [],
        )


@dataclass(repr=False, eq=False)
class Classes(Sampler):
    """One Gaussian for each label, its covariance shrunk towards a sphere [1]_.

    Labels of fewer than two rows are left out.

    Parameters
    ----------
    random_state : int or None, default=0
        Not used: the fit has no chance in it.

    Attributes
    ----------
    means_, roots_, shares_, labels_
        As in :class:`Sampler`: a part for each label.

    References
    ----------
    .. [1] Ledoit & Wolf (2004), doi:10.1016/S0047-259X(03)00096-4.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import Classes
    >>> Z = np.random.default_rng(0).normal(size=(40, 2)) + [[0, 0], [50, 0]] * 20
    >>> sampler = Classes().fit(Z, ["a", "b"] * 20)
    >>> sampler.labels_
    ['a', 'b']
    >>> bool((sampler.sample(5, label="b", random_state=0)[:, 0] > 25).all())
    True
    """

    title: ClassVar[str] = "One Gaussian a label"
    summary: ClassVar[str] = (
        "Fitted to the training codes of each label: new items of a label you choose."
    )

    random_state: int | None = param(
        0, low=0, high=2**31 - 1, help="Not used: the fit has no chance in it.", advanced=True
    )

    def _fit(self, Z, y, report):
        from sklearn.covariance import ledoit_wolf

        if y is None:
            raise ValueError("There are no labels; expected y, the label of each code.")
        known = np.array([v is not None and v == v for v in y])
        names, codes, counts = np.unique(
            [str(v) for v in np.asarray(y, object)[known]], return_inverse=True, return_counts=True
        )
        kept = np.flatnonzero(counts > 1)
        if not len(kept):
            raise ValueError(f"Of {len(names)} labels none has two rows; expected one that has.")
        Z, spread = Z[known], Z[known].std(0)
        # so that the sphere suits codes of any scale, and a dead dimension stays dead
        spread = np.maximum(spread, 1e-6 * spread.max() or 1.0)
        parts = [Z[codes == c] / spread for c in kept]
        covariances = [ledoit_wolf(part)[0] * np.outer(spread, spread) for part in parts]
        return (
            counts[kept] / counts[kept].sum(),
            [part.mean(0) * spread for part in parts],
            np.array(covariances),
            [str(names[c]) for c in kept],
        )


SAMPLERS = Registry({"Mixture": Mixture, "Classes": Classes})


def load_sampler(folder) -> Sampler:
    """Read back a sampler written by ``sampler.save(folder)``.

    Parameters
    ----------
    folder : path-like
        Where it was saved.

    Returns
    -------
    Sampler
        One of ``SAMPLERS``, fitted.

    Raises
    ------
    LoadError
        With what was found, where that is no sampler.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import Mixture, load_sampler
    >>> sampler = Mixture(components=1).fit(np.random.default_rng(0).normal(size=(50, 2)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = sampler.save(folder)
    ...     again = load_sampler(folder)
    >>> bool((again.means_ == sampler.means_).all())
    True
    """
    return _load(folder, SAMPLERS)


def why_not(name: str, Z, y=None) -> str:
    """Why codes cannot be drawn by a sampler, in one sentence.

    Parameters
    ----------
    name : str
        A name of ``SAMPLERS``.
    Z : array-like of shape (n, k)
        Codes.
    y : sequence of shape (n,), default=None
        Labels.

    Returns
    -------
    str
        Empty where they can be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import why_not
    >>> Z = np.random.default_rng(0).normal(size=(50, 2))
    >>> why_not("Mixture", Z)
    ''
    >>> why_not("Classes", Z)
    'Its data has no labels.'
    """
    Z = np.asarray(Z)
    if Z.shape[0] < 2 * Z.shape[1] + 2:
        return (
            f"Its {Z.shape[0]} training codes of {Z.shape[1]} dimensions are too few to fit a "
            "density to."
        )
    if Z.min() >= 0:
        return "Its codes are shares or weights, never negative, which a Gaussian knows nothing of."
    if name == "Classes" and (y is None or not any(v is not None and v == v for v in y)):
        return "Its data has no labels."
    return ""
