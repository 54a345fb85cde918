"""t-distributed stochastic neighbour embedding."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from ..latent.neighbours import nearest_others
from ..params import param
from ..progress import Reporter
from .base import Projection
from .pca import principal_start

# steps of early exaggeration: from the principal components the groups have gathered by then
_EARLY = 100
# measured: beyond, and on one or two axes, interpolation by FFT is faster
_BARNES_HUT_ROWS = 1_500
_GRID = {"min_num_intervals": 20, "ints_in_interval": 2.0}  # see TSNE


@dataclass(repr=False, eq=False)
class TSNE(Projection):
    """t-distributed stochastic neighbour embedding [1]_, by openTSNE [2]_.

    Minimises ``KL(p || q)``, p the chance that a point would pick another as its neighbour under a
    Gaussian whose width gives every point ``perplexity`` effective neighbours, q the same on the
    map under a Student t. Started from the principal components [3]_, by exact neighbours, with
    steps as long as n allows [4]_. Repulsion is interpolated [5]_ on a grid with nodes every 2/3 of
    the kernel's width, half the library's resolution, and the groups gather in 100 steps, not 250:
    on 10 000 digits of MNIST that is 15 times faster than the library's defaults and as good
    (``benchmarks/maps_mnist.py``). New points are placed by their nearest training points.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    perplexity : float, default=20.0
        Neighbours each point listens to: small for fine detail, large for the overall shape.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    iterations : int, default=200
        Steps of refinement, after 100 that gather the groups.
    exaggeration : float, default=1.0
        Attraction between neighbours; above 1 packs groups tighter (4 looks like UMAP).
    random_state : int or None, default=0
        Seed: the same seed gives the same map.

    Attributes
    ----------
    kl_divergence_ : float
        In nats, without exaggeration.
    perplexity_ : float
        As used, at most (n - 1) / 3.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] van der Maaten & Hinton (2008), jmlr.org/papers/v9/vandermaaten08a.html.
    .. [2] Policar, Strazar & Zupan (2024), doi:10.18637/jss.v109.i03.
    .. [3] Kobak & Berens (2019), doi:10.1038/s41467-019-13056-x.
    .. [4] Belkina et al. (2019), doi:10.1038/s41467-019-13055-y.
    .. [5] Linderman et al. (2019), doi:10.1038/s41592-018-0308-4.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.tsne import TSNE
    >>> Z = np.random.default_rng(0).normal(size=(40, 5))
    >>> tsne = TSNE(iterations=20).fit(Z)
    >>> tsne.embedding_.shape, tsne.perplexity_
    ((40, 2), 13.0)
    """

    title: ClassVar[str] = "t-SNE"
    paper: ClassVar[str] = "van der Maaten & Hinton"
    year: ClassVar[int] = 2008
    link: ClassVar[str] = "https://www.jmlr.org/papers/v9/vandermaaten08a.html"
    summary: ClassVar[str] = (
        "Keeps near neighbours together better than any other map. Gaps and sizes of groups mean "
        "little."
    )
    iterative: ClassVar[bool] = True
    random: ClassVar[bool] = True
    min_rows: ClassVar[int] = 3
    embedding_neighbours: ClassVar[int] = 30

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    perplexity: float = param(
        20.0,
        low=1,
        high=500,
        log=True,
        help="Neighbours each point listens to: small for fine detail, large for the overall shape.",  # noqa: E501
    )
    metric: str = param(
        "euclidean",
        choices=("euclidean", "cosine"),
        help="Compare codes by distance, or by direction only (cosine).",
    )
    iterations: int = param(
        200, low=10, high=5000, help=f"Steps of refinement, after {_EARLY} that gather the groups."
    )
    exaggeration: float = param(
        1.0,
        low=1,
        high=12,
        advanced=True,
        help="Attraction between neighbours; above 1 packs groups tighter (4 looks like UMAP).",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed: the same seed gives the same map."
    )

    @classmethod
    def suggest(cls, n):
        return {"perplexity": float(max(1, min(20, (n - 1) // 3)))}

    def _measured(self, divergence) -> None:
        self.kl_divergence_ = float(divergence)

    def _fit(self, Z, rng, on_step):
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors

        Z, n = self._compared(Z), len(Z)
        self.perplexity_ = float(np.clip(self.perplexity, 1, max(1, (n - 1) / 3)))
        distances, indices = nearest_others(Z, min(n - 1, max(2, int(3 * self.perplexity_))))
        # the map does not depend on the unit, the library's bisection does
        distances /= distances.mean() or 1.0
        # more than two threads would add up in changing order; two on two busy cores wait for each
        # other (8x slower, measured)
        threads = 2 if (os.cpu_count() or 1) >= 4 else 1
        fft = self.n_components < 3 and n > _BARNES_HUT_ROWS
        affinities = PerplexityBasedNN(
            knn_index=PrecomputedNeighbors(indices, distances),
            perplexity=self.perplexity_,  # pyright: ignore[reportArgumentType]  # its default is 30
            n_jobs=threads,
        )
        embedding = TSNEEmbedding(
            1e-4 * principal_start(Z, self.n_components, rng),
            affinities,
            random_state=rng,
            n_jobs=threads,
            negative_gradient_method="fft" if fft else "bh",
            **_GRID,
        )

        report, done = Reporter(on_step, _EARLY + self.iterations), 0

        def callback(step, divergence, positions):
            self._measured(divergence)
            self.stopped_ = report(done + step, np.asarray(positions), kl_divergence=divergence)
            return self.stopped_

        for steps, pull in ((_EARLY, 12.0), (self.iterations, self.exaggeration)):
            if not self.stopped_:
                embedding.optimize(
                    steps,
                    exaggeration=pull,
                    momentum=0.8,
                    learning_rate=max(n / pull, 50.0),
                    inplace=True,
                    callbacks=callback,
                    callbacks_every_iters=10,
                )
                done += steps
        return np.asarray(embedding)

    @property
    def embedded_how(self) -> str:
        return (
            super().embedded_how
            if self.n_components == 3
            else "by t-SNE's own optimiser, each around the fixed places of its nearest"
        )

    def embed_new(self, D, I):
        """Positions of many new points at once, by openTSNE's optimiser.

        As the base class, and then 100 steps of the optimiser with the training points held where
        they are [1]_, at perplexity 10. Trustworthiness .971 where medians have .968 and kNN
        accuracy .922 where they have .915 (the set-up is the base class's). In three dimensions the
        medians are kept.

        Parameters
        ----------
        D : ndarray of shape (m, k)
            Distances to the nearest training points.
        I : ndarray of shape (m, k)
            Their row numbers.

        Returns
        -------
        ndarray of shape (m, c)
            Positions.

        References
        ----------
        .. [1] Policar, Strazar & Zupan (2023), doi:10.1007/s10994-021-06043-1.
        """
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import joint_probabilities_nn
        from openTSNE.tsne import PartialTSNEEmbedding

        start = super().embed_new(D, I[:, :10])
        if self.n_components == 3:
            return start
        method = {"n_jobs": 1, "negative_gradient_method": "fft", **_GRID}
        P = joint_probabilities_nn(
            I,
            D / (D.mean() or 1.0),
            [min(10.0, I.shape[1] / 3)],
            symmetrize=False,
            normalization="point-wise",
            n_reference_samples=len(self.codes_),
        )
        fixed = np.asarray(self.embedding_, np.float64)
        # where the library puts the origin of its grid
        middle = (fixed.max(0) + fixed.min(0)) / 2
        reference = TSNEEmbedding(fixed, SimpleNamespace(P=self.codes_), **method)
        new = PartialTSNEEmbedding(start - middle, reference, P=P, **method)
        new.optimize(
            100, learning_rate=0.3, exaggeration=1.5, momentum=0.8, max_grad_norm=0.25, inplace=True
        )
        return np.asarray(new) + middle
