"""What models of word counts share: their checks, and the one step that PLSA and LDA are both
made of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .base import LatentModel

# of a block of (counts, topics), so that memory does not grow with the corpus
_VALUES = 2_000_000
_LOOK = 10  # sweeps, after which it is asked which documents have settled
_CONVERGED = 1e-5  # change of a topic's share in one sweep


class CountModel(LatentModel, ABC):
    """A model of word counts: rows X (n, d) of non-negative numbers, dense or CSR.

    ``fit`` and ``transform`` raise ValueError for negative values, ``fit`` also where every count
    is 0.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.
    """

    supported_kinds: ClassVar[tuple[str, ...]] = ("text",)
    sparse: ClassVar[bool] = True

    @abstractmethod
    def _fit(self, X, rng, on_step, **kept): ...

    def _check(self, X, reset) -> Any:
        X = super()._check(X, reset)
        values = X.data if hasattr(X, "indptr") else X
        name = type(self).__name__
        if values.size and values.min() < 0:
            raise ValueError(
                f"Negative values in data passed to {name}: the least is {values.min():g}, "
                "expected counts of at least 0."
            )
        if reset and not values.sum() > 0:
            raise ValueError(f"{name}: every count is 0, there are no words to learn from.")
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class TopicModel(CountModel):
    """A document is a mixture of k topics, each a distribution over the d words.

    The code is the mixture. A subclass sets ``components_`` (k, d), whose rows sum to 1, and calls
    :meth:`_learn` with the function that makes one step.

    Attributes
    ----------
    components_ : array (k, d)
        The topics.
    mean_length_ : float
        Words of an average document.
    importance_ : array (k,)
        The share of all words that each topic wrote.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.
    """

    importance_meaning: ClassVar[str] = "share of the corpus's words"
    duration_param: ClassVar[str] = "epochs"
    iterative: ClassVar[bool] = True

    if TYPE_CHECKING:  # what a subclass has: a parameter, and what it learns
        epochs: int
        components_: np.ndarray

    def _learn(
        self,
        X,
        state: dict[str, np.ndarray],
        step: Callable,
        rng,
        on_step,
        checkpoint,
        *,
        batch_size: int,
        early_stop: bool,
    ) -> None:
        """Call ``step(rows, share of the training done)``, which changes the arrays of
        ``state`` in place and returns its loss in nats a document, for ``epochs`` times the
        corpus; where it ``settles``, until an epoch gains less than a millionth.
        """
        import torch

        from ..nn.training import seeded, train

        self.mean_length_ = float(X.sum()) / X.shape[0]
        n, losses = X.shape[0], [np.inf, np.inf]

        def update(rows, progress):
            losses[:] = [losses[1], step(rows.numpy(), progress)]
            return {"loss": torch.tensor(losses[1], dtype=torch.float64)}

        def at_rest():
            return bool(losses[0] - losses[1] < 1e-6 * abs(losses[1]))

        self.history_, self.stopped_ = train(
            update,
            n,
            batch_size=batch_size,
            steps=self.epochs * -(-n // batch_size),
            generator=seeded(rng),
            on_step=on_step,
            checkpoint=checkpoint,
            parts={"state": _Arrays(state)},
            after_epoch=at_rest if early_stop else None,
        )

    def _weigh_topics(self, X, Z: np.ndarray) -> np.ndarray:
        lengths = np.asarray(X.sum(1), np.float64).ravel()
        self.importance_ = lengths @ Z / lengths.sum()
        return Z

    def word_weights(self):
        return self.components_

    def _decode(self, Z):
        return self.mean_length_ * (self._mixture(Z) @ self.components_)

    def _mixture(self, Z):
        """The nearest mixtures there are: what is negative is cut, the rest scaled to sum to 1;
        all topics alike where nothing is left.
        """
        Z = np.maximum(Z, 0).astype(np.float64)
        total = Z.sum(1, keepdims=True)
        return np.where(total > 1e-12, Z / np.maximum(total, 1e-12), 1 / Z.shape[1])

    @staticmethod
    def _dirichlet(concentration: np.ndarray, n: int, temperature: float, rng) -> np.ndarray:
        """Mixtures (n, k) from a Dirichlet, their distance from its mean multiplied by
        ``temperature``.
        """
        mean = concentration / concentration.sum()
        Z = np.maximum(mean + temperature * (rng.dirichlet(concentration, n) - mean), 0)
        return Z / Z.sum(1, keepdims=True)


class _Arrays:
    """NumPy arrays as a part that a checkpoint keeps."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        import torch

        # the same memory
        self.tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def state_dict(self):
        return self.tensors

    def load_state_dict(self, state):
        for name, tensor in self.tensors.items():
            tensor.copy_(state[name])


def counts(X) -> Any:
    """Word counts as CSR float64 without stored zeros.

    Parameters
    ----------
    X : array or CSR (n, d)
        It is not changed.

    Returns
    -------
    csr_array (n, d)

    Examples
    --------
    >>> counts([[0, 2], [1, 0]]).data.tolist()
    [2.0, 1.0]
    """
    from scipy.sparse import csr_array

    X = csr_array(X, dtype=np.float64, copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    return X


def ratios(X, shares: np.ndarray, topics: np.ndarray):
    """Observed over expected counts, the step that PLSA and LDA share.

    The expected words that topic k wrote in document i are then ``shares * (R @ topics.T)``, and
    those of word j ``topics * (shares.T @ R)``.

    Parameters
    ----------
    X : CSR (n, d)
        Word counts x.
    shares : array (n, k)
        Those of PLSA, or their variational counterparts of LDA.
    topics : array (k, d)
        Likewise.

    Returns
    -------
    R : csr_array (n, d)
        ``x / (shares @ topics)`` where x is not 0, of the same pattern.
    logs : array (nnz,)
        ``log(shares @ topics)`` there.

    Examples
    --------
    >>> import numpy as np
    >>> R, logs = ratios(counts([[1, 3]]), np.ones((1, 1)), np.array([[0.25, 0.75]]))
    >>> R.toarray().tolist(), np.exp(logs).round(2).tolist()
    ([[4.0, 4.0]], [0.25, 0.75])
    """
    from scipy.sparse import csr_array

    rows, words = (
        np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)),
        np.ascontiguousarray(topics.T),
    )
    expected, step = np.empty(len(X.data)), max(1, _VALUES // len(topics))
    for start in range(0, len(expected), step):
        part = slice(start, start + step)
        expected[part] = np.einsum("ik,ik->i", shares[rows[part]], words[X.indices[part]])
    expected = np.maximum(expected, 1e-300)
    return csr_array((X.data / expected, X.indices, X.indptr), shape=X.shape), np.log(expected)


def fold_in(
    X,
    topics: np.ndarray,
    shares: Callable[[np.ndarray], np.ndarray],
    prior: float = 0.0,
    sweeps: int = 200,
) -> np.ndarray:
    """Words that each topic wrote in each document, the topics being given.

    ``W = prior + S * (R @ topics.T)`` with ``S = shares(W)`` until W / sum(W) has settled, for
    every document by itself; R as of :func:`ratios`.

    Parameters
    ----------
    X : CSR (n, d)
        Word counts.
    topics : array (k, d)
        They are held still.
    shares : callable
        W (n, k) -> S (n, k), such as :func:`proportions`.
    prior : float
        Words of each topic that a document is given beforehand.
    sweeps : int
        Most of them a document.

    Returns
    -------
    array (n, k)
        W.

    Examples
    --------
    >>> import numpy as np
    >>> W = fold_in(counts([[3, 0], [1, 1]]), np.eye(2), proportions)
    >>> proportions(W).round(2).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    W, words = np.full((X.shape[0], len(topics)), prior + 1.0), np.ascontiguousarray(topics.T)
    # rows whose counts begin in the same stretch
    blocks = X.indptr[:-1] // max(1, _VALUES // len(topics))
    for active in np.split(np.arange(len(W)), np.flatnonzero(np.diff(blocks)) + 1):
        for _ in range(sweeps // _LOOK):
            W[active], change = _sweep(X[active], words, shares, prior, W[active])
            active = active[change > _CONVERGED]
            if not len(active):
                break
    return W


def _sweep(X, words, shares, prior, W) -> tuple[np.ndarray, np.ndarray]:
    """W after a few sweeps, and the largest change of a share in each row's last one."""
    from scipy.sparse import csr_array

    # (counts, k)
    rows, near = np.repeat(np.arange(len(W)), np.diff(X.indptr)), words[X.indices]
    R = csr_array((X.data.copy(), np.arange(len(rows)), X.indptr), shape=(len(W), len(rows)))
    for _ in range(_LOOK):
        before, S = W, shares(W)
        R.data = X.data / np.maximum(np.einsum("ik,ik->i", S[rows], near), 1e-300)
        W = prior + S * (R @ near)
    return W, np.abs(proportions(W) - proportions(before)).max(1)


def proportions(W: np.ndarray) -> np.ndarray:
    """Rows scaled to sum to 1.

    Parameters
    ----------
    W : array (n, k)
        Non-negative numbers.

    Returns
    -------
    array (n, k)
        A row of zeros stays one.

    Examples
    --------
    >>> import numpy as np
    >>> proportions(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    return W / np.maximum(W.sum(1, keepdims=True), 1e-300)
