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
    """Codes Z (n, k) whose decoded rows come closest to X (n, d), and how far they stay: residual
    (n,), the root mean square difference over a row's columns in standard deviations of the data.

    Starts from the encoder's code or, where that is nearer, the nearest of 1024 drawn ones
    (``random_state``), and follows the gradient of the squared difference for ``steps`` steps.
    ``on_step`` returning True ends it early.
    """
    import torch

    from .training import Adam, device, seeded, train

    check_is_fitted(model)
    X, rng = model._check(X, reset=False), check_random_state(random_state)
    net, where, dtype = model.net_, device(), X.dtype
    wanted = [p.requires_grad for p in net.parameters()]
    net.requires_grad_(False)
    target = net.scaler(torch.tensor(np.asarray(X, np.float32), device=where))
    z = _nearest_start(model, X, target, rng).requires_grad_()
    best, least = z.detach().clone(), torch.full((len(z),), torch.inf, device=where)
    adam = Adam([z])

    def keep(error):
        better = error.detach() < least
        best[better], least[better] = z.detach()[better], error.detach()[better]

    def update(_, progress):
        error = (net.scaler(net.mean(z)) - target).square().mean(1)
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
            keep((net.scaler(net.mean(z)) - target).square().mean(1))
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
        distance, index = torch.cdist(target, net.scaler(net.mean(drawn))).min(1)
        nearer = distance < (net.scaler(net.mean(own)) - target).norm(dim=1)
        return torch.where(nearer[:, None], drawn[index], own)


@dataclass(frozen=True)
class InversionResult:
    """What inversion says of one row: its ``code`` (k,), the decoded row ``back`` (d,),
    ``residual`` and ``at_first``, that of the encoder's code; ``of_mean``, that of the mean
    row; ``reference`` (m,): the residuals of training rows searched for in the same way.
    ``differences`` (d,): real minus decoded, in standard deviations of the data.
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
    """Invert ``row`` (d,) together with ``others`` (m, d), training rows to compare its
    residual with.
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
    """(name, difference) of each column, or of each category: signed, or the root mean square
    over its values. ``names`` (d,) are of columns whose block has none of its own.
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
