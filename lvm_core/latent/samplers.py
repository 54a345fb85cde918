"""Where new codes come from, besides a model's own prior: densities fitted to the codes of the
training rows.

A prior is where codes ought to lie; the codes of real rows often lie elsewhere. A density fitted to
them afterwards (Ghosh et al., 2020, arXiv:1903.12436) draws from where the decoder has been.
``sampler = SAMPLERS["Mixture"]().fit(Z)``, ``sampler.sample(n)``; held-out codes say which of them
to take, see :func:`lvm_core.latent.held_out.compare_sources`.

**Temperature** means one thing for a prior and for every sampler. A code is made of a centre, drawn
by its share, and of standard normal noise around it; temperature multiplies the noise. At 1 a
source is itself, at 0 it gives its centres. A prior and one Gaussian have one centre, their mean; a
mixture has the mean of each part, labels the mean of each label, and a flow what it makes of the
means of its parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from ..io.serialize import Persistent
from ..io.serialize import load as _load
from ..params import Registry, param
from ..progress import OnStep, Reporter

MOST_ROWS = 20_000  # codes a mixture or a flow is fitted to
COUNTS = (1, 2, 4, 6, 8, 10, 14, 20, 28, 40)
# nats a row, below which a step of EM is the last: a third of the time of scikit-learn's own for
# 0.05 nats on 16 dimensions
TOLERANCE = 0.03
MOST_LABELS = 50  # beyond, a flow takes no notice of labels
LEAST_FLOW = 100  # codes from which a network can learn
PATIENCE, RATE = 5, 2e-3  # of a flow: epochs without a gain, and the step size of Adam
# a spread below that share of the largest is none: rounding
CONSTANT = 1e-6


class Sampler(Persistent):
    """A density on codes, from which new ones are drawn: the base of all.

    A subclass writes ``_fit``, which sets ``shares_`` and ``labels_`` beside what it learns,
    ``_codes``, which makes codes of numbers of centres and noise, and ``_log_prob``.

    Attributes
    ----------
    shares_ : ndarray of shape (c,)
        Weight of each centre.
    labels_ : list
        The label of each centre, None where it has none; empty where no centre has one.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import SAMPLERS
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> sampler = SAMPLERS["Mixture"](components=2).fit(Z)
    >>> sampler.sample(3, random_state=0).shape, sampler.log_prob(Z).shape
    ((3, 2), (100,))
    """

    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    shares_: np.ndarray
    labels_: list

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
        self._fit(Z, y, on_step)
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
            Multiplies the noise around each centre: 0 gives the centres, 1 the density itself.
        random_state : int, RandomState or None, default=None
            Seed.
        label : str, default=None
            Draw from the centres of this label alone.

        Returns
        -------
        ndarray of shape (n, k)
            Codes.

        Raises
        ------
        ValueError
            Where n or the temperature is out of range, or no centre has the label.
        """
        if n < 1 or int(n) != n:
            raise ValueError(f"n is {n!r}, expected a whole number of at least 1.")
        if not (np.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature is {temperature}, expected a number of at least 0.")
        rng, shares = check_random_state(random_state), self.shares_
        if label is not None:
            shares = shares * (np.asarray(self.labels_, object) == label if self.labels_ else 0.0)
            if not shares.sum():
                known = sorted({name for name in self.labels_ if name is not None})
                raise ValueError(
                    f"label is {str(label)[:40]!r}, expected one of "
                    f"{', '.join(known[:20]) or 'none: this density knows no labels'}."
                )
        part = rng.choice(len(shares), int(n), p=shares / shares.sum())
        return self._codes(part, temperature * rng.standard_normal((int(n), self._length())))

    def log_prob(self, Z) -> np.ndarray:
        """Log density of codes.

        Parameters
        ----------
        Z : array-like of shape (n, k)
            Codes.

        Returns
        -------
        ndarray of shape (n,)
            In nats.

        Raises
        ------
        ValueError
            For codes of another length.
        """
        Z = np.asarray(Z, np.float64)
        if Z.ndim != 2 or Z.shape[1] != self._length():
            raise ValueError(f"Z has shape {Z.shape}, expected (n, {self._length()}).")
        return self._log_prob(Z)

    def _fit(self, Z: np.ndarray, y, on_step: OnStep | None) -> None:
        raise NotImplementedError

    def _length(self) -> int:
        """k, the length of a code."""
        raise NotImplementedError

    def _codes(self, part: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Numbers of centres (n,) and noise (n, k), times the temperature, as codes."""
        raise NotImplementedError

    def _log_prob(self, Z: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class GaussianParts(Sampler):
    """A sum of Gaussians: the base of those that have a closed form.

    A subclass writes ``_parts``, which returns the shares, means, covariances and labels of the
    Gaussians.

    Attributes
    ----------
    means_ : ndarray of shape (c, k)
        Mean of each part: its centre.
    roots_ : ndarray of shape (c k, k)
        A root of each part's covariance, below each other.
    shares_, labels_
        As in :class:`Sampler`.
    """

    means_: np.ndarray
    roots_: np.ndarray

    def _parts(self, Z, y, report: Reporter) -> tuple:
        """(shares (c,), means (c, k), covariances (c, k, k), labels: a list of c, or empty)."""
        raise NotImplementedError

    def _fit(self, Z, y, on_step):
        shares, means, covariances, self.labels_ = self._parts(Z, y, Reporter(on_step, len(COUNTS)))
        values, vectors = np.linalg.eigh(covariances)
        self.shares_, self.means_ = np.asarray(shares, np.float64), np.asarray(means, np.float64)
        self.roots_ = np.concatenate(vectors * np.sqrt(np.maximum(values, 0))[:, None, :])

    def _length(self):
        return self.means_.shape[1]

    def _codes(self, part, noise):
        roots = self.roots_.reshape(len(self.shares_), -1, self._length())
        return self.means_[part] + np.einsum("nij,nj->ni", roots[part], noise)

    def _log_prob(self, Z):
        k, each = self._length(), []
        roots = self.roots_.reshape(-1, k, k)
        # what has no spread at all gets so little that the log stays finite
        least = max(float(np.square(roots).sum(2).max()) * CONSTANT**2, 1e-300)
        for share, mean, root in zip(self.shares_, self.means_, roots):
            values, vectors = np.linalg.eigh(root @ root.T)
            values = np.maximum(values, least)
            scaled = (Z - mean) @ vectors / np.sqrt(values)
            each.append(
                math.log(max(share, 1e-300))
                - 0.5
                * (np.square(scaled).sum(1) + np.log(values).sum() + k * math.log(2 * math.pi))
            )
        return np.logaddexp.reduce(each, 0)


@dataclass(repr=False, eq=False)
class ShrinkageGaussian(GaussianParts):
    """One Gaussian whose covariance is shrunk towards its diagonal, as suits few rows.

    The shrinkage is the oracle approximating one (OAS) [1]_.

    Attributes
    ----------
    shrinkage_ : float
        How far the covariance is shrunk, 0 to 1.
    means_, roots_, shares_, labels_
        As in :class:`GaussianParts`, of one part without a label.

    References
    ----------
    .. [1] Chen, Wiesel, Eldar & Hero (2010), doi:10.1109/TSP.2010.2053029.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import ShrinkageGaussian
    >>> Z = np.random.default_rng(0).normal(size=(8, 2))
    >>> ShrinkageGaussian().fit(Z).sample(3, random_state=0).shape
    (3, 2)
    """

    title: ClassVar[str] = "One Gaussian"
    summary: ClassVar[str] = (
        "Fitted to the codes of the training rows: their mean and how they vary."
    )

    def _parts(self, Z, y, report):
        from sklearn.covariance import OAS

        spread = Z.std(0)
        # a dimension that does not vary must not be given the others' spread
        spread = np.maximum(spread, CONSTANT * spread.max() or 1.0)
        found = OAS().fit(Z / spread)
        self.shrinkage_ = float(found.shrinkage_)
        return [1.0], [Z.mean(0)], found.covariance_[None] * np.outer(spread, spread), []


@dataclass(repr=False, eq=False)
class Mixture(GaussianParts):
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
        As in :class:`GaussianParts`; there are no labels.

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

    def _parts(self, Z, y, report):
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
class Classes(GaussianParts):
    """One Gaussian for each label, its covariance shrunk towards a sphere [1]_.

    Labels of fewer than two rows are left out.

    Parameters
    ----------
    random_state : int or None, default=0
        Not used: the fit has no chance in it.

    Attributes
    ----------
    means_, roots_, shares_, labels_
        As in :class:`GaussianParts`: a part for each label.

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

    def _parts(self, Z, y, report):
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


@dataclass(repr=False, eq=False)
class Flow(Sampler):
    """A normalizing flow: affine couplings [1]_ over a mixture of Gaussians [2]_, exact density.

    The mixture is fitted first, of each label's rows where there are labels; the couplings then
    bend it, and end where a tenth of the codes, which they do not learn from, says so.

    Parameters
    ----------
    components : int, default=0
        Gaussians of the mixture, of each label's where there are labels; 0 chooses by BIC.
    blocks, width : int
        Couplings, and units of a hidden layer of each.
    epochs : int, default=30
        Passes over the codes, at most.
    random_state : int or None, default=0
        Seed of the fit, and of the sample of ``MOST_ROWS`` codes that is used of more.

    Attributes
    ----------
    net_ : CouplingFlow
        What was learnt.
    history_ : list of dict
        loss and held_out, minus the log density in nats per row of standardised codes, by step.
    shares_, labels_
        As in :class:`Sampler`: of each part of the mixture.

    References
    ----------
    .. [1] Dinh, Sohl-Dickstein & Bengio (2017), *Density Estimation Using Real NVP*,
       https://arxiv.org/abs/1605.08803.
    .. [2] Izmailov, Kirichenko, Finzi & Wilson (2020), *Semi-Supervised Learning with Normalizing
       Flows*, https://arxiv.org/abs/1912.13025.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.samplers import Flow
    >>> Z = np.random.default_rng(0).normal(size=(200, 2))
    >>> Z[:, 1] += Z[:, 0] ** 2
    >>> sampler = Flow(epochs=3).fit(Z)
    >>> sampler.sample(4, random_state=0).shape, sampler.log_prob(Z).shape
    ((4, 2), (200,))
    """

    title: ClassVar[str] = "Flow"
    summary: ClassVar[str] = (
        "A mixture fitted to the codes of the training rows and bent by a network: follows curved "
        "groups too."
    )

    components: int = param(0, low=0, high=200, help="Gaussians it bends; 0 chooses by BIC.")
    blocks: int = param(6, low=1, high=32, help="Couplings of the flow.", advanced=True)
    width: int = param(
        64, low=4, high=1024, log=True, help="Units of a hidden layer.", advanced=True
    )
    epochs: int = param(30, low=1, high=1000, log=True, help="Passes over the codes, at most.")
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, help="Seed of the fit.", advanced=True
    )

    def _fit(self, Z, y, on_step):
        import torch

        from ..nn.nets import in_batches
        from ..nn.training import Adam, EarlyStopping, device, ramp_down, ramp_up, seeded, train

        if Z.shape[1] < 2:
            raise ValueError(f"Z has shape {Z.shape}, expected codes of two numbers or more.")
        rng = check_random_state(self.random_state)
        if len(Z) > MOST_ROWS:
            rows = np.sort(rng.choice(len(Z), MOST_ROWS, replace=False))
            Z, y = Z[rows], None if y is None else np.asarray(y, object)[rows]
        group, names = _groups(Z, y)
        Z, group = Z[group >= 0], group[group >= 0]
        aside = np.zeros(len(Z), bool)
        aside[rng.permutation(len(Z))[: max(1, len(Z) // 10)]] = True
        mixtures = self._mixtures(Z[~aside], group[~aside], len(names), rng)
        of_part = np.repeat(np.arange(len(names)), [len(m.shares_) for m in mixtures])
        share = np.bincount(group, minlength=len(names)) / len(group)
        self.shares_ = np.concatenate([s * m.shares_ for s, m in zip(share, mixtures)])
        self.labels_ = [names[c] for c in of_part] if any(n is not None for n in names) else []
        self.shape_ = [Z.shape[1], len(of_part)]
        self._rebuild()
        net, generator = self.net_, seeded(rng)
        net.initialise(generator)
        self._standardise(Z, mixtures)
        # only parts of a row's own label explain it
        own = torch.as_tensor(
            np.where(group[:, None] == of_part, 0.0, -np.inf), dtype=torch.float32
        )
        data = torch.as_tensor(Z, dtype=torch.float32)
        loss = lambda net, z, own: -(net.log_prob_parts(z) + own).logsumexp(1)
        learnt, kept = torch.as_tensor(np.flatnonzero(~aside)), np.flatnonzero(aside)
        where, adam = device(), Adam(net.to(device()).parameters())
        data, own, learnt = data.to(where), own.to(where), learnt.to(where)
        watched = (Z[kept].astype(np.float32), own[kept].cpu().numpy())

        def measure():
            each = in_batches(loss, net, *watched)
            return torch.tensor(float(each.mean(dtype=np.float64)), device=where)

        early = EarlyStopping(net, measure, PATIENCE)
        early.least = early.loss.clone()  # the mixture itself, unbent, is kept where it does best

        def update(index, progress):
            rows = learnt[index]
            value = loss(net, data[rows], own[rows]).mean()
            adam.step(value, RATE * ramp_up(progress, 0.02) * ramp_down(progress, 0.7))
            return {"loss": value.detach(), "held_out": early.loss}

        size = int(np.clip(len(learnt) // 20, 16, 512))
        self.history_, self.stopped_ = train(
            update,
            len(learnt),
            batch_size=size,
            steps=self.epochs * -(-len(learnt) // size),
            generator=seeded(rng, where),
            on_step=on_step,
            after_epoch=early,
        )
        early.restore()
        net.eval()

    def _mixtures(self, Z, group, count: int, rng) -> list:
        """A mixture of the codes of each group."""
        found = []
        for c in range(count):
            rows = Z[group == c]
            # a group whose rows were all set aside is where all are
            enough = len(rows) >= 10 * (Z.shape[1] + 1)
            sampler = (
                Mixture(self.components, int(rng.randint(2**31 - 1)))
                if enough
                else ShrinkageGaussian()
            )
            found.append(sampler.fit(rows if len(rows) > 1 else Z))
        return found

    def _standardise(self, Z, mixtures) -> None:
        """Put the whitening of codes and the mixture's parts, whitened, into the network."""
        import torch

        net, k = self.net_, Z.shape[1]
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(Z.T)))
        spread = np.sqrt(np.maximum(values, 0))
        # a direction without spread is not blown up to one
        spread[spread <= CONSTANT * spread.max()] = spread.max() or CONSTANT**2
        whiten = vectors / spread
        means = np.concatenate([(m.means_ - Z.mean(0)) @ whiten for m in mixtures])
        roots = np.concatenate([m.roots_.reshape(-1, k, k) for m in mixtures])
        roots = np.einsum("ji,cjl->cil", whiten, roots)
        covariances = roots @ roots.transpose(0, 2, 1) + 1e-6 * np.eye(k)
        roots = np.linalg.cholesky(covariances)
        for name, value in (
            ("loc", Z.mean(0)),
            ("whiten", whiten),
            ("colour", (vectors * spread).T),
            ("log_det", -np.log(spread).sum()),
            ("log_shares", np.log(np.maximum(self.shares_, 1e-300))),
            ("means", means),
            ("roots", roots),
            ("precisions", np.linalg.inv(roots)),
        ):
            getattr(net, name).copy_(torch.as_tensor(value, dtype=torch.float32))

    def _rebuild(self):
        from ..nn.flows import CouplingFlow

        k, parts = self.shape_
        self.net_ = CouplingFlow(k, parts, blocks=self.blocks, width=self.width).eval()

    def _length(self):
        return self.shape_[0]

    def _codes(self, part, noise):
        from ..nn.nets import in_batches

        return in_batches(
            lambda net, noise, part: net.decode(part.long(), noise), self.net_, noise, part
        )

    def _log_prob(self, Z):
        from ..nn.nets import in_batches

        return in_batches(lambda net, z: net.log_prob(z), self.net_, Z)


def _groups(Z, y) -> tuple[np.ndarray, list]:
    """The group (n,) of each row and the label of each group: a label of two rows or more its own,
    all other rows that of None, and -1 for the only such row. Too many labels are none.
    """
    rows = np.zeros(len(Z), int)
    if y is None:
        return rows, [None]
    known = np.array([v is not None and v == v for v in y])
    names, codes, counts = np.unique(
        [str(v) for v in np.asarray(y, object)[known]], return_inverse=True, return_counts=True
    )
    kept = np.flatnonzero(counts > 1)
    if not 0 < len(kept) <= MOST_LABELS:
        return rows, [None]
    place = np.full(len(names), len(kept))
    place[kept] = np.arange(len(kept))
    rows[:] = len(kept)
    rows[known] = place[codes]
    labels = [str(names[c]) for c in kept]
    rest = int((rows == len(kept)).sum())
    if rest == 1:
        rows[rows == len(kept)] = -1
    return rows, labels + [None] * (rest > 1)


# the simplest first
SAMPLERS = Registry(
    {
        "ShrinkageGaussian": ShrinkageGaussian,
        "Classes": Classes,
        "Mixture": Mixture,
        "Flow": Flow,
    }
)


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
    least = max(2 * Z.shape[1] + 2, LEAST_FLOW if name == "Flow" else 0)
    if Z.shape[0] < least:
        return (
            f"Its {Z.shape[0]} training codes of {Z.shape[1]} dimensions are too few to fit a "
            "density to."
        )
    if name == "Flow" and Z.shape[1] < 2:
        return "Its codes are single numbers, whose shapes a mixture follows."
    if Z.min() >= 0:
        return "Its codes are shares or weights, never negative, which a Gaussian knows nothing of."
    if name == "Classes" and (y is None or not any(v is not None and v == v for v in y)):
        return "Its data has no labels."
    return ""
