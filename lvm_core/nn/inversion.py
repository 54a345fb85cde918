"""Inversion: the code whose decoded row is nearest to a real one, found by gradient descent
through the decoder (Zhu et al., 2016, arXiv:1609.03552).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

DRAWN = 1024  # codes of the prior among which a start is looked for
STEPS = 200
# towards the origin, in squared differences: of two codes as good, the more usual one
PULL = 1e-4


def invert(
    model, X, steps: int = STEPS, on_step=None, random_state=None
) -> tuple[np.ndarray, np.ndarray]:
    """Codes whose decoded rows come closest to X, by gradient descent through the decoder.

    Starts from the encoder's code or, where that is nearer, the nearest of 1024 drawn ones, and
    follows the gradient of the squared difference.

    Parameters
    ----------
    model : LatentModel
        Fitted, of which ``can_invert()`` is true.
    X : array (n, d)
        Rows.
    steps : int
        Of the descent.
    on_step : callable, optional
        Hears the progress; returning True ends it early.
    random_state : int, RandomState or None
        Of the drawn codes.

    Returns
    -------
    Z : array (n, k)
        The codes.
    residual : array (n,)
        How far the decoded rows stay: the root mean square difference over a row's columns in
        standard deviations of the data.

    References
    ----------
    Zhu et al. (2016), https://arxiv.org/abs/1609.03552.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.autoencoder import Autoencoder
    >>> X = np.random.RandomState(0).standard_normal((40, 4)).astype("float32")
    >>> model = Autoencoder(latent_dim=2, epochs=1, width=8).fit(X)
    >>> Z, residual = invert(model, X[:3], steps=5, random_state=0)
    >>> Z.shape, residual.shape
    ((3, 2), (3,))
    """
    import torch

    from .training import Adam, device, seeded, train

    check_is_fitted(model)
    X, rng = model._check(X, reset=False), check_random_state(random_state)
    net, where, dtype = model.net_, device(), X.dtype
    wanted = [p.requires_grad for p in net.parameters()]
    net.requires_grad_(False)
    target = net.scaler.standardize(torch.tensor(np.asarray(X, np.float32), device=where))
    z = _nearest_start(model, X, target, rng).requires_grad_()
    best, least = z.detach().clone(), torch.full((len(z),), torch.inf, device=where)
    adam = Adam([z])

    def keep(error):
        better = error.detach() < least
        best[better], least[better] = z.detach()[better], error.detach()[better]

    def update(_, progress):
        error = (net.scaler.standardize(net.mean(z)) - target).square().mean(1)
        keep(error)
        adam.step((error + PULL * z.square().mean(1)).sum(), 0.05 * min(1.0, 2 * (1 - progress)))
        return {"loss": error.detach().mean().sqrt()}

    try:
        if steps:
            train(
                update,
                len(z),
                batch_size=len(z),
                steps=steps,
                generator=seeded(rng, where),
                on_step=on_step,
                phase="inversion",
            )
        with torch.no_grad():
            keep((net.scaler.standardize(net.mean(z)) - target).square().mean(1))
            best = net.project_code(best)
    finally:
        for parameter, flag in zip(net.parameters(), wanted):
            parameter.requires_grad_(flag)
    return best.cpu().numpy().astype(dtype), least.sqrt().cpu().numpy().astype(dtype)


def _nearest_start(model, X, target, rng):
    import torch

    net, as_tensor = (
        model.net_,
        lambda Z: torch.tensor(Z, dtype=torch.float32, device=target.device),
    )
    with torch.no_grad():
        drawn, own = as_tensor(model._prior(DRAWN, 1.0, rng)), as_tensor(model._encode(X))
        distance, index = torch.cdist(target, net.scaler.standardize(net.mean(drawn))).min(1)
        nearer = distance < (net.scaler.standardize(net.mean(own)) - target).norm(dim=1)
        return torch.where(nearer[:, None], drawn[index], own)


@dataclass(frozen=True)
class InversionResult:
    """What inversion says of one row.

    Attributes
    ----------
    code : array (k,)
        The code that was found.
    back : array (d,)
        The decoded row.
    residual : float
        How far it stays from the real one, see :func:`invert`.
    at_first : float
        The residual of the encoder's code.
    of_mean : float
        That of the mean row.
    reference : array (m,)
        The residuals of training rows searched for in the same way.
    differences : array (d,)
        Real minus decoded, in standard deviations of the data.
    """

    code: np.ndarray
    back: np.ndarray
    residual: float
    at_first: float
    of_mean: float
    reference: np.ndarray
    differences: np.ndarray

    @property
    def farther(self) -> float:
        """Share of the training rows that stay farther from their decoded row than this one."""
        return float((self.reference > self.residual).mean())


def invert_row(
    model, row, others, *, steps: int = STEPS, on_step=None, random_state=0
) -> InversionResult:
    """Invert one row together with training rows, to compare its residual with theirs.

    Parameters
    ----------
    model : LatentModel
        Fitted, of which ``can_invert()`` is true.
    row : array (d,)
        The row.
    others : array (m, d)
        Training rows.
    steps, on_step, random_state
        See :func:`invert`.

    Returns
    -------
    InversionResult

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.autoencoder import Autoencoder
    >>> X = np.random.RandomState(0).standard_normal((40, 4)).astype("float32")
    >>> model = Autoencoder(latent_dim=2, epochs=1, width=8).fit(X)
    >>> found = invert_row(model, X[0], X[1:6], steps=5)
    >>> found.code.shape, found.back.shape, found.reference.shape
    ((2,), (4,), (5,))
    """
    X = np.vstack([np.asarray(row, np.float32)[None], others]).astype(np.float32)
    Z, residual = invert(model, X, steps, on_step, random_state)
    back, loc, scale = (
        model.inverse_transform(Z[:1])[0],
        *(v.cpu().numpy() for v in (model.net_.scaler.loc, model.net_.scaler.scale)),
    )
    first = (X[0] - model.inverse_transform(model.transform(X[:1]))[0]) / scale
    at_first, of_mean = (float(np.sqrt(np.mean(v**2))) for v in (first, (X[0] - loc) / scale))
    return InversionResult(
        Z[0], back, float(residual[0]), at_first, of_mean, residual[1:], (X[0] - back) / scale
    )


def by_group(
    differences: np.ndarray, schema, names: list[str] | None = None
) -> list[tuple[str, float]]:
    """The differences of a row by column, or by category.

    Parameters
    ----------
    differences : array (d,)
        As :class:`InversionResult` has them.
    schema : Schema
        The columns.
    names : list of str, optional
        (d,) of columns whose feature group has no name of its own.

    Returns
    -------
    list of (str, float)
        Name and difference of each column: signed; of a category the root mean square over its
        values.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> groups = FeatureGroup("gaussian", 1, "age"), FeatureGroup("categorical", 2, "town")
    >>> by_group(np.array([-0.5, 1.0, -1.0]), Schema(groups))
    [('age', -0.5), ('town', 1.0)]
    """
    parts = []
    for group, span in schema.spans():
        part = differences[span]
        if group.likelihood == "categorical":
            parts.append(
                (
                    group.name or f"columns {span.start + 1} to {span.stop}",
                    float(np.sqrt(np.mean(part**2))),
                )
            )
        elif group.size == 1 and group.name:
            parts.append((group.name, float(part[0])))
        else:
            parts += [
                (names[i] if names else f"column {i + 1}", float(v))
                for i, v in zip(range(span.start, span.stop), part)
            ]
    return parts
