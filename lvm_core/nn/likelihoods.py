"""The output end of a network: raw numbers into one natural distribution per block of columns
of X.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..schema import Schema

# least noise, as a share of a column's own spread: without it an exact fit has infinite likelihood
SIGMA_FLOOR = 0.01
SIGMA_RATE = 0.02  # the noise follows the mean squared error of about the last 50 minibatches
# of Student-t noise, in standard deviations of the column: as in MIWAE's notebook
LEAST_SCALE, LEAST_DF = 1e-3, 3.0


class Likelihood(nn.Module):
    """One likelihood for ``size`` columns of X.

    At raw outputs of 0 the distribution is the columns' marginal in the training rows, which
    :meth:`init_from_data` takes. Rows may have leading dimensions: ``raw`` (s, n, r) are s draws of
    the same n rows, and every result then begins with s.

    Parameters
    ----------
    size : int
        Number of columns.

    Attributes
    ----------
    separate : bool
        Whether every feature group needs a head of its own.
    outputs : int
        Numbers the network gives for each column.
    """

    separate: ClassVar[bool] = False  # whether every block needs a head of its own
    outputs: ClassVar[int] = 1  # numbers the network gives for each column

    bias: torch.Tensor

    def __init__(self, size: int, **options):
        super().__init__()
        self.size = size
        self.register_buffer("bias", torch.zeros(size))

    def init_from_data(self, X, loc: np.ndarray, scale: np.ndarray) -> None:
        """Take the marginal of the training columns.

        Parameters
        ----------
        X : array or CSR (n, size)
            Training columns.
        loc, scale : array (size,)
            Their means and spreads.

        Raises
        ------
        ValueError
            The values cannot have this likelihood.
        """
        raise NotImplementedError

    def log_prob(
        self, raw: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """log p(x | raw) in nats; nothing is changed by asking.

        Parameters
        ----------
        raw : tensor (..., n, outputs * size)
            The network's outputs.
        x : tensor (n, size)
            Rows.
        mask : tensor (n, size), optional
            1 where an entry counts, 0 where it does not.

        Returns
        -------
        tensor (..., n)
        """
        raise NotImplementedError

    def update_noise(self, raw: torch.Tensor, x: torch.Tensor) -> None:
        """Let a learned noise follow the error at the raw outputs (n, size) of rows x (n, size)."""

    def log_prob_and_update(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """:meth:`update_noise`, then :meth:`log_prob`: a training step, the error computed once."""
        return self.log_prob(raw, x)

    def mean(self, raw: torch.Tensor) -> torch.Tensor:
        """E[x | raw], (..., n, size)."""
        raise NotImplementedError

    def sample_decoder(self, raw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A differentiable draw, for training.

        Parameters
        ----------
        raw : tensor (n, outputs * size)
            The network's outputs.
        generator : torch.Generator
            Of the draws.

        Returns
        -------
        tensor (n, size)
            The mean for real columns, and for discrete ones a hard Gumbel draw forwards with its
            softened gradient backwards.

        References
        ----------
        Jang, Gu & Poole (2017), *Categorical Reparameterization with Gumbel-Softmax*,
        https://arxiv.org/abs/1611.01144.
        """
        return self.mean(raw)

    def sigma(self) -> torch.Tensor:
        """Spread (size,) of Gaussian noise in the units of X; 0 for other likelihoods."""
        return torch.zeros(self.size)

    def _set_bias(self, values: np.ndarray) -> None:
        self.bias.copy_(torch.as_tensor(values))


class Gaussian(Likelihood):
    """Real columns, x ~ N(mean, sigma^2).

    The noise is no weight: it follows the training's mean squared error, which is its optimum, and
    moves only by :meth:`update_noise`.

    Parameters
    ----------
    size : int
        Number of columns.
    noise : {"learned", "unit"}
        ``unit`` keeps sigma = 1 in the units of X.
    shared : bool
        One sigma for all columns, as of a picture, instead of one each.
    bounded : bool
        The mean stays in [0, 1], by a sigmoid.

    References
    ----------
    Rybkin, Daniilidis & Levine (2021), *Simple and Effective VAE Training with Calibrated
    Decoders*, https://arxiv.org/abs/2006.13202.

    Examples
    --------
    >>> import torch
    >>> density = Gaussian(1).log_prob(torch.zeros(1, 1), torch.zeros(1, 1)).exp()
    >>> round(density.item(), 4)
    0.3989
    """

    scale: torch.Tensor
    variance: torch.Tensor

    def __init__(
        self, size: int, noise: str = "learned", shared: bool = False, bounded: bool = False
    ):
        super().__init__(size)
        self.learned, self.shared, self.bounded = noise == "learned", shared, bounded
        groups = 1 if shared else size
        self.register_buffer("scale", torch.ones(groups))
        self.register_buffer("variance", torch.ones(groups))

    def init_from_data(self, X, loc, scale):
        self._set_bias(_logit(loc) if self.bounded else loc)
        self.scale.copy_(torch.as_tensor(scale[: len(self.scale)]))
        if self.learned:
            self.variance.copy_(self.scale**2)

    def mean(self, raw):
        if self.bounded:
            return torch.sigmoid(raw + self.bias)
        return torch.addcmul(self.bias, raw, self.scale)

    def _square(self, raw, x):
        return F.mse_loss(self.mean(raw), x.expand_as(raw), reduction="none")

    def log_prob(self, raw, x, mask=None):
        square = self._square(raw, x)
        if mask is not None:
            each = square / self.variance + torch.log(2 * math.pi * self.variance)
            return -0.5 * (each * mask).sum(-1)
        return self._density(square.sum(-1, keepdim=True) if self.shared else square)

    def _density(self, square):
        constant = torch.log(2 * math.pi * self.variance).sum() * (self.size / len(self.variance))
        return -0.5 * ((square / self.variance).sum(-1) + constant)

    def update_noise(self, raw, x):
        with torch.no_grad():
            self.log_prob_and_update(raw, x)

    def log_prob_and_update(self, raw, x):
        square = self._square(raw, x)
        square = square.sum(-1, keepdim=True) if self.shared else square
        if self.learned:
            now = square.detach().mean(0) / (self.size if self.shared else 1)
            # a new tensor: a loss computed with the one before still needs that for its gradient
            self.variance = torch.maximum(
                self.variance.lerp(now, SIGMA_RATE), (SIGMA_FLOOR * self.scale) ** 2
            )
        return self._density(square)

    def sigma(self):
        return self.variance.sqrt().expand(self.size)


class StudentT(Likelihood):
    """Real columns with Student-t noise: the network gives place, scale and degrees of freedom.

    Parameters
    ----------
    size : int
        Number of columns.

    References
    ----------
    Mattei & Frellsen (2019), *MIWAE: Deep Generative Modelling and Imputation of Incomplete Data
    Sets*, https://arxiv.org/abs/1812.02633.

    Examples
    --------
    >>> import torch
    >>> place, scale, df = StudentT(2).parts(torch.zeros(5, 6))
    >>> place.shape, bool((df > 3).all())
    (torch.Size([5, 2]), True)
    """

    outputs = 3

    scale: torch.Tensor

    def __init__(self, size: int, **options):
        super().__init__(size)
        self.register_buffer("scale", torch.ones(size))

    def init_from_data(self, X, loc, scale):
        self._set_bias(loc)
        self.scale.copy_(torch.as_tensor(scale))

    def parts(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Place, scale and degrees of freedom (..., n, size) each, in the units of X."""
        place, spread, df = raw.chunk(3, -1)
        scale = self.scale * (F.softplus(spread) + LEAST_SCALE)
        return self.bias + self.scale * place, scale, LEAST_DF + F.softplus(df)

    def mean(self, raw):
        return self.bias + self.scale * raw[..., : self.size]

    def log_prob(self, raw, x, mask=None):
        place, scale, df = self.parts(raw)
        return _total(student_log_prob((x - place) / scale, df) - scale.log(), mask)


class Bernoulli(Likelihood):
    """Columns of 0 and 1, each on its own; raw is added to the log-odds.

    Parameters
    ----------
    size : int
        Number of columns.

    Examples
    --------
    >>> import torch
    >>> Bernoulli(2).mean(torch.zeros(1, 2)).tolist()
    [[0.5, 0.5]]
    """

    def init_from_data(self, X, loc, scale):
        _within(X, 0, 1, "0/1 columns")
        self._set_bias(_logit(loc))

    def mean(self, raw):
        return torch.sigmoid(raw + self.bias)

    def log_prob(self, raw, x, mask=None):
        each = F.binary_cross_entropy_with_logits(
            raw + self.bias, x.expand_as(raw), reduction="none"
        )
        return -_total(each, mask)

    def sample_decoder(self, raw, generator):
        u = torch.rand(raw.shape, generator=generator, device=raw.device).clamp(1e-6, 1 - 1e-6)
        soft = torch.sigmoid((raw + self.bias + torch.log(u) - torch.log1p(-u)) / 0.5)
        return (soft > 0.5).float() + soft - soft.detach()


class Categorical(Likelihood):
    """One one-hot group; raw is added to the log-frequencies.

    Parameters
    ----------
    size : int
        Number of levels.

    Examples
    --------
    >>> import torch
    >>> Categorical(4).mean(torch.zeros(1, 4)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """

    separate = True

    def init_from_data(self, X, loc, scale):
        _within(X, 0, 1, "one-hot columns")
        self._set_bias(_log_share(loc))

    def mean(self, raw):
        return torch.softmax(raw + self.bias, -1)

    def log_prob(self, raw, x, mask=None):
        return _total(x * torch.log_softmax(raw + self.bias, -1), mask)

    def sample_decoder(self, raw, generator):
        u = torch.rand(raw.shape, generator=generator, device=raw.device).clamp(1e-6, 1 - 1e-6)
        soft = torch.softmax((raw + self.bias - torch.log(-torch.log(u))) / 0.5, -1)
        return F.one_hot(soft.argmax(-1), self.size).float() + soft - soft.detach()


class Counts(Likelihood):
    """Counts over one vocabulary, multinomial given their sum.

    ``log_prob`` is that of the words in their order: the multinomial coefficient, which no model
    can change, is left out. ``mean`` is given for a row of average length.

    Parameters
    ----------
    size : int
        Number of words.

    References
    ----------
    Miao, Yu & Blunsom (2016), *Neural Variational Inference for Text Processing*,
    https://arxiv.org/abs/1511.06038.

    Examples
    --------
    >>> import torch
    >>> log_p = Counts(2).log_prob(torch.zeros(1, 2), torch.tensor([[1.0, 2.0]]))
    >>> round(log_p.exp().item(), 3)  # (1/2)^3
    0.125
    """

    separate = True

    length: torch.Tensor

    def __init__(self, size: int, **options):
        super().__init__(size)
        self.register_buffer("length", torch.ones(1))

    def init_from_data(self, X, loc, scale):
        _within(X, 0, np.inf, "counts")
        self._set_bias(_log_share(loc))
        self.length.fill_(float(loc.sum()))

    def mean(self, raw):
        return torch.softmax(raw + self.bias, -1) * self.length

    def log_prob(self, raw, x, mask=None):
        return _total(x * torch.log_softmax(raw + self.bias, -1), mask)


LIKELIHOODS = {
    "gaussian": Gaussian,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "counts": Counts,
}


class Likelihoods(nn.Module):
    """All feature groups of a schema at once.

    Raw outputs (n, outputs) <-> distributions over rows X (n, d). The first d raw outputs belong to
    the columns of X, in their order; what a likelihood needs beside one number a column comes after
    them.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    spans : sequence of (likelihood, slice), optional
        The columns that have a likelihood, where not all have one; the others are 0 in every mean.
    gaussian : type of Likelihood
        The likelihood of real columns.
    **options
        For :class:`Gaussian`: ``noise`` and ``bounded``.

    Attributes
    ----------
    d : int
        Number of columns.
    outputs : int
        Numbers the network gives for a row.
    parts : torch.nn.ModuleList of Likelihood
        The heads.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> groups = FeatureGroup("gaussian", 2), FeatureGroup("bernoulli", 1)
    >>> likelihoods = Likelihoods(Schema(groups))
    >>> likelihoods.outputs
    3
    >>> likelihoods.log_prob(torch.zeros(4, 3), torch.zeros(4, 3)).shape
    torch.Size([4])
    """

    parts: Sequence[Likelihood]
    order: torch.Tensor

    def __init__(
        self,
        schema: Schema,
        spans: Sequence[tuple[str, slice]] | None = None,
        gaussian: type[Likelihood] = Gaussian,
        **options,
    ):
        super().__init__()
        options["shared"] = schema.image is not None
        if spans is None:
            spans = [(group.likelihood, span) for group, span in schema.spans()]
        groups: list[tuple[type[Likelihood], list[int]]] = []
        for likelihood, span in spans:
            columns, kind = (
                list(range(span.start, span.stop)),
                (LIKELIHOODS | {"gaussian": gaussian})[likelihood],
            )
            same = next((g for g in groups if g[0] is kind and not kind.separate), None)
            same[1].extend(columns) if same else groups.append((kind, columns))
        self.d, self.outputs = schema.d, schema.d
        heads = nn.ModuleList(kind(len(columns), **options) for kind, columns in groups)
        self.parts = cast(Sequence[Likelihood], heads)
        self.columns = [columns for _, columns in groups]
        without = sorted({*range(schema.d)} - {c for columns in self.columns for c in columns})
        order = np.concatenate([np.zeros(0, int), *self.columns, np.array(without, int)])
        self.without, self.sorted = len(without), bool((np.diff(order) > 0).all())
        self.register_buffer("order", torch.as_tensor(np.argsort(order)), persistent=False)
        self._index = [_as_slice(columns) for columns in self.columns]
        self._raw_index = []
        for likelihood, columns in zip(self.parts, self.columns):
            more = list(range(self.outputs, self.outputs + (likelihood.outputs - 1) * len(columns)))
            self._raw_index.append(_as_slice(columns + more))
            self.outputs += len(more)
        self._alone = len(self.parts) == 1 and not without

    def each(self) -> Iterator[tuple[Likelihood, slice | list[int], slice | list[int]]]:
        """Every head with its columns of X and its columns of the raw outputs."""
        return zip(self.parts, self._index, self._raw_index)

    def init_from_data(self, X, loc: np.ndarray, scale: np.ndarray) -> None:
        """See :meth:`Likelihood.init_from_data`.

        Raises
        ------
        ValueError
            Names the columns whose values cannot have their likelihood.
        """
        for likelihood, columns, _ in self.each():
            likelihood.init_from_data(X[:, columns], loc[columns], scale[columns])

    def log_prob(
        self, raw: torch.Tensor, x: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """log p(x | raw) in nats, (..., n), summed over all groups.

        See :meth:`Likelihood.log_prob`.
        """
        if self._alone:
            return self.parts[0].log_prob(raw, x, mask)
        each = (
            likelihood.log_prob(raw[..., r], x[..., c], None if mask is None else mask[..., c])
            for likelihood, c, r in self.each()
        )
        return cast(torch.Tensor, sum(each))

    def update_noise(self, raw: torch.Tensor, x: torch.Tensor) -> None:
        """Let learned noise follow the error of one minibatch.

        Parameters
        ----------
        raw : tensor (n, outputs)
            The network's outputs.
        x : tensor (n, d)
            Rows.
        """
        for likelihood, c, r in self.each():
            likelihood.update_noise(raw[..., r], x[..., c])

    def log_prob_and_update(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """log p(x | raw) (n,) after the learned noise followed its error: a training step."""
        if self._alone:
            return self.parts[0].log_prob_and_update(raw, x)
        each = (
            likelihood.log_prob_and_update(raw[..., r], x[..., c])
            for likelihood, c, r in self.each()
        )
        return cast(torch.Tensor, sum(each))

    def mean(self, raw: torch.Tensor) -> torch.Tensor:
        """E[x | raw], (..., n, d)."""
        return self._join([likelihood.mean(raw[..., r]) for likelihood, _, r in self.each()])

    def sample_decoder(self, raw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A differentiable draw (n, d), see :meth:`Likelihood.sample_decoder`."""
        return self._join(
            [likelihood.sample_decoder(raw[..., r], generator) for likelihood, _, r in self.each()]
        )

    def sigma(self) -> np.ndarray:
        """Gaussian noise (d,) of the real columns in the units of X, 0 for the others."""
        sigma = np.zeros(self.d)
        for likelihood, c, _ in self.each():
            sigma[c] = likelihood.sigma().cpu().numpy()
        return sigma

    def _join(self, parts: list[torch.Tensor]) -> torch.Tensor:
        if self.without:
            parts.append(parts[0].new_zeros((*parts[0].shape[:-1], self.without)))
        joined = torch.cat(parts, -1) if len(parts) > 1 else parts[0]
        return joined if self.sorted else joined[..., self.order]


def student_log_prob(t: torch.Tensor, df: torch.Tensor) -> torch.Tensor:
    """Log density of Student's t.

    Parameters
    ----------
    t : tensor
        Where.
    df : tensor
        Degrees of freedom, of a shape that broadcasts with t.

    Returns
    -------
    tensor
        In nats, of the broadcast shape.

    Examples
    --------
    >>> import torch
    >>> round(student_log_prob(torch.tensor(0.0), torch.tensor(1.0)).exp().item(), 4)  # 1 / pi
    0.3183
    """
    return (
        torch.lgamma((df + 1) / 2)
        - torch.lgamma(df / 2)
        - 0.5 * torch.log(math.pi * df)
        - (df + 1) / 2 * torch.log1p(t * t / df)
    )


def _total(each: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return (each if mask is None else each * mask).sum(-1)


def _as_slice(columns: list[int]) -> slice | list[int]:
    neighbours = columns == list(range(columns[0], columns[0] + len(columns)))
    return slice(columns[0], columns[-1] + 1) if neighbours else columns


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 0.01, 0.99)
    return np.log(p / (1 - p))


def _log_share(means: np.ndarray) -> np.ndarray:
    floor = max(float(means.sum()), 1e-12) * 0.01 / len(means)
    return np.log((means + floor) / (means + floor).sum())


def _within(X, low: float, high: float, what: str) -> None:
    values = X.data if hasattr(X, "indptr") else X
    if values.size and (values.min() < low or values.max() > high):
        raise ValueError(
            f"The {what} hold values from {values.min():g} to {values.max():g}, "
            f"expected {f'{low:g} to {high:g}' if np.isfinite(high) else f'at least {low:g}'}."
        )
