"""How rows of X enter a network: each column in a scale that networks like."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..schema import Schema
from .moments import moments

# spread that a column of 0 and 1 is divided by at least: a level of one row in 30 000 would enter
# at 170 standard deviations, which no learning rate stands
LEAST_SPREAD = 0.1
# standard deviations beyond which real values enter by their logarithm: as far out as such a level
LIMIT = 1 / LEAST_SPREAD
NO_LIMIT = 1e30  # no value of X is so far out; a saved number must be finite


class InputScaler(nn.Module):
    """X (n, d) in the scale networks like.

    Columns standardised, pictures by one common spread, and counts as log(1 + count) of unit length
    times sqrt(d). Columns of 0 and 1 are divided by at least :data:`LEAST_SPREAD`; a real value y
    standard deviations from the mean, beyond L = :data:`LIMIT` of them, enters as
    sign(y) L (1 + log(\\|y\\| / L)), which has the same value and slope at L.

    Parameters
    ----------
    schema : Schema
        The columns of X.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> scaler = InputScaler(Schema.gaussian(2))
    >>> scaler.init_from_data(np.array([1.0, 0.0]), np.array([2.0, 1.0]))
    >>> scaler(torch.tensor([[5.0, 3.0]])).tolist()
    [[2.0, 3.0]]
    >>> round(scaler(torch.tensor([[5.0, 1000.0]]))[0, 1].item(), 2)
    56.05
    """

    loc: torch.Tensor
    scale: torch.Tensor
    rate: torch.Tensor
    limit: torch.Tensor

    def __init__(self, schema: Schema):
        super().__init__()
        of = lambda *names: [span for group, span in schema.spans() if group.likelihood in names]
        table = schema.image is None  # pixels have one spread, and are in range
        self.counts = of("counts")
        self.levels = of("bernoulli", "categorical") if table else []
        self.limited = table and schema.has("gaussian")
        self.register_buffer("loc", torch.zeros(schema.d))
        self.register_buffer("scale", torch.ones(schema.d))
        self.register_buffer("rate", torch.ones(schema.d))  # 1 / scale: multiplying is quicker
        self.register_buffer("limit", torch.tensor(NO_LIMIT))

    def init_from_data(self, loc: np.ndarray, scale: np.ndarray, robust: bool = True) -> None:
        """Take the columns' means (d,) and spreads (d,); without ``robust`` as they are, and no
        logarithm.
        """
        scale = np.array(scale)
        if robust:
            for span in self.levels:
                scale[span] = np.maximum(scale[span], LEAST_SPREAD)
        self.limit.fill_(LIMIT if robust and self.limited else NO_LIMIT)
        self.loc.copy_(torch.as_tensor(loc))
        self.scale.copy_(torch.as_tensor(scale))
        self.rate.copy_(torch.as_tensor(1 / scale))

    def standardize(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) in standard deviations from the mean, for distances between rows."""
        return (x - self.loc) * self.rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.standardize(x)
        if self.limited:  # columns of 0 and 1 stay within it: 1 / LEAST_SPREAD is LIMIT
            beyond = (y.abs() / self.limit).clamp(min=1).log()
            y = y.clamp(-self.limit, self.limit) + y.sign() * self.limit * beyond
        for span in self.counts:
            y[:, span] = (
                F.normalize(torch.log1p(x[:, span].clamp(min=0))) * (span.stop - span.start) ** 0.5
            )
        return y


def plain_scaler(state: dict[str, torch.Tensor], scaler: InputScaler) -> dict[str, torch.Tensor]:
    """A network's saved numbers, with no limit where an earlier version knew none.

    Parameters
    ----------
    state : dict of str to tensor
        State dict of a network whose ``scaler`` is an :class:`InputScaler`.
    scaler : InputScaler
        That of the network that takes them.

    Returns
    -------
    dict of str to tensor
        Its scales are as they were saved, so that it gives the answers it gave.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> scaler = InputScaler(Schema.gaussian(1))
    >>> plain_scaler({"scaler.loc": torch.zeros(1)}, scaler)["scaler.limit"].item() > 1e29
    True
    """
    if "scaler.loc" not in state or "scaler.limit" in state:
        return state
    return state | {"scaler.limit": torch.full_like(scaler.limit, NO_LIMIT)}


def scales(X, schema: Schema) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of columns.

    Parameters
    ----------
    X : array or CSR (n, d)
        Rows.
    schema : Schema
        Their columns.

    Returns
    -------
    mean : array (d,)
    spread : array (d,)
        One for a whole picture, 1 for constant columns.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.schema import Schema
    >>> mean, spread = scales(np.array([[0.0, 7.0], [4.0, 7.0]]), Schema.gaussian(2))
    >>> mean.tolist(), spread.tolist()
    ([2.0, 7.0], [2.0, 1.0])
    """
    mean, variance = moments(X)
    if schema.image is not None:
        variance = np.full_like(variance, variance.mean())
    spread = np.sqrt(variance)
    return mean, np.where(spread > 1e-7 * np.abs(mean), spread, 1.0)
