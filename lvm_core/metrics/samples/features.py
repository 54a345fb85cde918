"""What samples are compared by: features of our own, learnt on the data at hand and on nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...progress import OnStep
from ...schema import Schema
from ..base import percent

MOST = 64  # features
_LEAST = 10  # components, where one or two hold nearly all of the variance
_LEARN_ROWS = 6000  # a small network needs no more
_STEPS = 500
_RARE = 0.3  # the spread of a 0/1 column that is 1 in one row of ten


@dataclass(frozen=True)
class Features:
    """What samples are compared by: features of our own, see :func:`own_features`.

    Attributes
    ----------
    transform : callable
        Rows X (n, d), dense or CSR, -> features (n, f), each of variance 1 on the data.
    words : str
        What they are.
    free : ndarray of int
        The rows of the data that may be compared; where a network learnt labels, those it has not
        seen.
    ordered : bool
        Whether the first ones are those in which rows differ most.
    """

    transform: Callable[[np.ndarray], np.ndarray]
    words: str
    free: np.ndarray
    ordered: bool = False


def own_features(
    X, schema: Schema, y=None, *, random_state: int = 0, on_step: OnStep | None = None
) -> Features:
    """Features of the data, learnt on the data itself and on nothing else.

    Pictures with labels: what a small network says before its last layer, learnt on half of the
    rows; kept only if it tells the other half well. Up to 64 columns: the columns as they are, each
    scaled to variance 1, those of rare categories less. Anything wider: principal components, each
    scaled to variance 1 (of words: of the square roots of their shares, which is the Hellinger
    distance).

    Networks that learnt photographs, as in the usual FID, know nothing of digits, spectra or
    tables; features learnt on the data itself do, but make distances comparable only between models
    of the same data.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        The data.
    schema : Schema
        Feature groups of its columns.
    y : array-like of shape (n,), default=None
        Labels, None where a row has none.
    random_state : int, default=0
        Seed of the samples and of the network.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress` while the network learns.

    Returns
    -------
    Features

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.features import own_features
    >>> from lvm_core.schema import Schema
    >>> X = np.random.default_rng(0).normal(5, 3, size=(100, 4))
    >>> features = own_features(X, Schema.gaussian(4))
    >>> features.words
    'the 4 columns, each scaled to variance 1'
    >>> features.transform(X).std(0).round(6)
    array([1., 1., 1., 1.])
    """
    rng = np.random.RandomState(random_state)
    if (
        schema.image is not None
        and y is not None
        and (found := _of_a_classifier(X, schema, np.asarray(y, object), rng, on_step))
    ):
        return found
    if schema.d <= MOST and not schema.has("counts") and schema.image is None:
        together = " (a category's together, rare ones less)" if schema.has("categorical") else ""
        return _scaled(
            lambda A: np.asarray(A, np.float64),
            X,
            f"the {schema.d} columns, each scaled to variance 1{together}",
            weight=_weights(schema),
            least=_least(schema),
        )
    return _of_components(X, schema, rng)


def hellinger(X) -> np.ndarray:
    """Counts as square roots of each row's shares; a negative weight counts as 0.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Counts.

    Returns
    -------
    ndarray of shape (n, d)
        Dense float32.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.features import hellinger
    >>> hellinger(np.array([[1, 3, 0], [0, 0, 5]])).round(4)
    array([[0.5  , 0.866, 0.   ],
           [0.   , 0.   , 1.   ]], dtype=float32)
    """
    X = np.maximum(np.asarray(X.toarray() if hasattr(X, "indptr") else X, np.float32), 0)
    return np.sqrt(X / np.maximum(X.sum(1, keepdims=True), 1e-12))


def _weights(schema: Schema) -> np.ndarray:
    """(d,): the columns of a category together count as one."""
    return np.concatenate(
        [
            np.full(b.size, b.size**-0.5 if b.likelihood == "categorical" else 1.0)
            for b in schema.groups
        ]
    )


def _least(schema: Schema) -> np.ndarray:
    """(d,): the least spread that a column is divided by. A category of one row in a hundred, or
    the mark of a missing value, would else say more than all other columns, and that by chance.
    """
    return np.concatenate(
        [np.full(b.size, 0.0 if b.likelihood == "gaussian" else _RARE) for b in schema.groups]
    )


def _scaled(
    transform, X, words, free=None, weight=None, ordered=False, least: float | np.ndarray = 0.0
) -> Features:
    """The features with mean 0 and variance 1 (or ``weight`` squared) on X, less where their spread
    is below ``least``; dead ones left out.
    """
    F = transform(X)
    mean, spread = F.mean(0), F.std(0)
    alive = spread > 1e-6 * max(spread.max(), 1e-12)
    spread = np.maximum(spread, least)
    spread = (spread if weight is None else spread / weight)[alive]
    return Features(
        lambda Y: (transform(Y)[:, alive] - mean[alive]) / spread,
        words,
        np.arange(len(F)) if free is None else free,
        ordered,
    )


def _of_components(X, schema: Schema, rng) -> Features:
    from sklearn.decomposition import PCA

    words = schema.has("counts")
    dense = hellinger if words else lambda A: np.asarray(A, np.float64)
    n = X.shape[0]
    some = X if n <= _LEARN_ROWS else X[np.sort(rng.choice(n, _LEARN_ROWS, replace=False))]
    k = max(1, min(MOST, n // 4, schema.d))
    found = PCA(k, svd_solver="randomized" if schema.d > 500 else "auto", random_state=rng).fit(
        dense(some)
    )
    share = np.cumsum(found.explained_variance_ratio_)
    k = min(max(int(np.searchsorted(share, 0.95)) + 1, _LEAST), k)
    what = "of the square roots of the words' shares " if words else ""
    return _scaled(
        lambda A: found.transform(dense(A))[:, :k],
        X,
        f"the first {k} principal components {what}({percent(share[k - 1])} of the variance), "
        "each scaled to variance 1",
        ordered=True,
    )


def _of_a_classifier(X, schema: Schema, y, rng, on_step) -> Features | None:
    """None where there are too few labels, or where the network cannot tell rows it has not
    seen.
    """
    known = np.flatnonzero([v is not None and v == v for v in y])
    names, codes, counts = np.unique(
        [str(v) for v in y[known]], return_inverse=True, return_counts=True
    )
    if len(known) < 400 or not 2 <= len(names) <= 100 or counts.min() < 4:
        return None
    order = rng.permutation(len(known))
    learn, watch = order[: min(len(order) // 2, _LEARN_ROWS)], order[len(order) // 2 :]
    features, classify = _learn(
        np.asarray(X[known[learn]]), codes[learn], len(names), schema, rng, on_step
    )
    watched = watch[:2000]
    right = float((classify(np.asarray(X[known[watched]])) == codes[watched]).mean())
    common = counts.max() / counts.sum()
    if right < (1 + common) / 2:
        return None
    free = np.setdiff1d(np.arange(X.shape[0]), known[learn])
    part = X[free[:_LEARN_ROWS]]
    return _scaled(
        features,
        part,
        (
            f"{MOST} features of a small network that learnt the labels of {len(learn):,} other "
            f"rows and tells {percent(right)} of new ones right"
        ),
        free,
    )


def _network(schema: Schema) -> str:
    # not "auto": distances by these features are compared from version to version
    return "conv" if schema.image is not None and min(schema.image[:2]) >= 12 else "mlp"


def _learn(X, codes, classes: int, schema: Schema, rng, on_step):
    """(features, classify): functions of rows, from a network that was trained to tell the
    classes.
    """
    import torch
    from torch import nn

    from ...nn.nets import InputScaler, Linear, encoder, in_batches, initialise, last, scales
    from ...nn.training import Adam, BatchSource, device, seeded, train

    where = device()
    scaler = InputScaler(schema)
    body, top = (
        nn.Sequential(scaler, encoder(schema, MOST, _network(schema), 128, 1, nn.SiLU), nn.SiLU()),
        last(Linear(MOST, classes)),
    )
    net = nn.ModuleList([body, top])
    initialise(net, seeded(rng))
    # not robust: distances by these features are compared from version to version
    scaler.init_from_data(*scales(X, schema), robust=False)
    net.to(where).train()
    rows, wanted = BatchSource(X, where), torch.as_tensor(codes, device=where)
    adam = Adam(net.parameters())

    def update(index, progress):
        loss = nn.functional.cross_entropy(
            top(body(rows[index])), wanted[index], label_smoothing=0.1
        )
        adam.step(loss, 1e-3 * min(1.0, 2 - 2 * progress))
        return {"loss": loss.detach()}

    train(
        update,
        len(X),
        batch_size=64,
        steps=_STEPS,
        generator=seeded(rng, where),
        on_step=on_step,
        phase="features",
    )
    net.eval()
    run = lambda f: lambda A: in_batches(f, net, np.asarray(A, np.float32)).astype(np.float64)
    return run(lambda net, x: net[0](x)), lambda A: run(lambda net, x: net[1](net[0](x)))(A).argmax(
        1
    )
