"""The contract of every latent variable model: scikit-learn's grammar, and a few words more."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..io.checkpoint import Checkpoint
from ..io.serialize import Persistent
from ..progress import OnStep
from ..schema import Schema
from .levels import CALIBRATED, calibrate_levels, pick_levels
from .marginals import DRAWN, bounds_of_draws, fit_marginals, match_marginals, table_columns

if TYPE_CHECKING:
    from torch import nn


class LatentModel(Persistent, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Rows X (n, d) <-> codes Z (n, k): what every latent variable model is.

    A subclass is a dataclass of ``param`` fields with ``latent_dim`` first and ``random_state``
    last. It writes ``_fit``, ``_encode`` and ``_decode``; the checks, dtypes and error sentences
    live here once.

    Attributes
    ----------
    schema_ : Schema
        The columns of X.
    n_features_in_ : int
        d, the number of columns.
    importance_ : array (k,)
        How much each dimension of the code does, in the unit that ``importance_meaning`` names.
    code_mean_, code_std_ : array (k,)
        Of the training codes.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.
    history_ : list of dict
        Metrics by step; empty for closed-form models.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models import MODELS
    >>> X = np.random.RandomState(0).standard_normal((50, 4))
    >>> model = MODELS["PCA"](latent_dim=2).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, model.inverse_transform(Z).shape, model.sample(3, random_state=0).shape
    ((50, 2), (50, 4), (3, 4))
    """

    title: ClassVar[str] = ""
    # place in lists: straight lines first, then topics, mixtures, networks
    list_order: ClassVar[int] = 90
    paper: ClassVar[str] = ""
    year: ClassVar[int] = 0
    link: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    objective: ClassVar[str] = ""  # what is optimised, in full, as LaTeX
    # when to use it, and when rather not: two or three sentences for people
    when: ClassVar[str] = ""
    reading: ClassVar[str] = ""  # what its code and its numbers mean
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "table", "text", "array")
    importance_meaning: ClassVar[str] = ""
    sparse: ClassVar[bool] = False  # whether X may be CSR
    # whether X may hold NaN: cells without a value
    accepts_missing: ClassVar[bool] = False
    # whether the fit uses labels y; its _fit then takes y, None without any
    labels: ClassVar[bool] = False
    # whether sample_codes and sample take a label, one of classes_
    conditional: ClassVar[bool] = False
    # whether the fit reports steps; its _fit then takes a checkpoint too
    iterative: ClassVar[bool] = False
    # whether its draws of 0/1 and one-hot columns are scores with thresholds; it then has _scores
    draws_scores: ClassVar[bool] = False
    # whether draws of the numbers of a table are mapped to the quantiles of the data
    matches_marginals: ClassVar[bool] = True
    # whether the decoder learnt on codes drawn from the prior, not on those of rows
    decoder_trained_on_prior: ClassVar[bool] = False
    # what its likelihoods are called where not as usual
    noise_words: ClassVar[dict[str, str]] = {}
    # "instant": solved at once; "slow": minutes where others take seconds
    cost: ClassVar[str] = ""
    # the parameter that says how long it trains, where a fit can be continued
    duration_param: ClassVar[str] = ""

    # declared for type checkers alone: here they would be parameters, or be there before a fit
    if TYPE_CHECKING:
        latent_dim: int
        random_state: int | None
        schema_: Schema
        n_features_in_: int
        code_mean_: np.ndarray
        code_std_: np.ndarray
        importance_: np.ndarray
        stopped_: bool
        history_: list[dict[str, Any]]
        classes_: list[str]  # of those that learn from labels

    @classmethod
    def suggest(cls, n: int, schema: Schema, minutes: float | None = None) -> dict[str, Any]:
        """Parameter values that suit n rows of this schema, where they differ from the defaults.

        Parameters
        ----------
        n : int
            Number of rows.
        schema : Schema
            Their columns.
        minutes : float, optional
            Time the training may take on this machine; only networks for pictures ask for it.

        Returns
        -------
        dict
            Name -> value.
        """
        return {}

    @property
    def code_metric(self) -> str:
        """How codes are best compared: ``"euclidean"``, or ``"cosine"`` where a code's direction
        says what a row is about and its length only how much. Maps of codes begin with it.
        """
        return "euclidean"

    # -- the public verbs --------------------------------------------------------------------------

    def fit(
        self,
        X,
        y=None,
        *,
        schema: Schema | None = None,
        on_step: OnStep | None = None,
        checkpoint: Checkpoint | None = None,
        layout: Schema | None = None,
    ):
        """Learn from X.

        ``on_step(Progress)`` may return True to stop; the fit then keeps what was reached. An
        ``iterative`` model keeps its state in ``checkpoint`` from time to time; a later fit with
        the same X, parameters and checkpoint goes on from there and learns bit by bit what an
        uninterrupted one learns.

        Parameters
        ----------
        X : array (n, d)
            Rows; a model with ``sparse`` takes CSR too, one with ``accepts_missing`` NaN.
        y : array (n,), optional
            Labels, None or NaN where a row has none; only a model with ``labels`` uses them.
        schema : Schema, optional
            Names the columns' likelihoods; without one they are real numbers.
        on_step : callable, optional
            Hears the progress.
        checkpoint : Checkpoint, optional
            Where the state is kept.
        layout : Schema, optional
            Deprecated: what ``schema`` was called before.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X, the schema or a parameter cannot be used, saying why.
        """
        self.validate()
        X = self._check(X, reset=True)
        if layout is not None:
            warnings.warn("fit(layout=...) is now fit(schema=...).", FutureWarning, stacklevel=2)
        schema = schema or layout or Schema.gaussian(X.shape[1])
        if schema.d != X.shape[1]:
            raise ValueError(f"X has {X.shape[1]} columns, the schema describes {schema.d}.")
        self.schema_, self.stopped_, self.history_ = schema, False, []
        y = np.asarray(y, dtype=object).reshape(-1) if self.labels and y is not None else None
        if y is not None and len(np.asarray(y)) != X.shape[0]:
            raise ValueError(f"y has {len(np.asarray(y))} labels, X has {X.shape[0]} rows.")
        kept = ({"checkpoint": checkpoint} if self.iterative else {}) | (
            {"y": y} if self.labels else {}
        )
        Z = self._fit(X, check_random_state(self.random_state), on_step, **kept)
        Z = self._encode(X) if Z is None else Z
        if not np.isfinite(Z).all():
            raise ValueError(
                f"{type(self).__name__} diverged: some codes are not finite. Try a lower learning "
                "rate, or check the data for extreme values."
            )
        self.code_mean_, self.code_std_ = Z.mean(0), Z.std(0)
        if self.draws_scores:
            self._calibrate(X)
        self._fit_marginals(X)
        return self

    def transform(self, X) -> np.ndarray:
        """Codes of rows.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        array (n, k)
            Codes Z, of X's dtype.
        """
        check_is_fitted(self)
        X = self._check(X, reset=False)
        return np.ascontiguousarray(self._encode(X)).astype(X.dtype, copy=False)

    def inverse_transform(self, Z) -> np.ndarray:
        """The expected row of each code.

        Parameters
        ----------
        Z : array (n, k)
            Codes.

        Returns
        -------
        array (n, d)
            Rows X: probabilities for 0/1 and categorical columns.
        """
        Z = self._check_codes(Z)
        return self._decode(Z).astype(Z.dtype, copy=False)

    def sample_codes(self, n: int, *, temperature: float = 1.0, random_state=None) -> np.ndarray:
        """Codes from the model's prior.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Multiplies the prior's spread; at least 0.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, k)

        Raises
        ------
        ValueError
            n is no whole number of at least 1, or the temperature none of at least 0.
        """
        n, temperature = self._check_draw(n, temperature)
        return self._prior(n, temperature, check_random_state(random_state))

    def sample(self, n: int, *, temperature: float = 1.0, random_state=None) -> np.ndarray:
        """New rows: codes from the prior, then a draw from the decoder's distribution.

        Pixels and counts are given at their mean, as is customary; columns of a table are drawn,
        and their numbers mapped to the quantiles of the data, see
        :func:`~lvm_core.models.marginals.fit_marginals`.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Multiplies the prior's spread; at least 0.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, d)
        """
        rng = check_random_state(random_state)
        return self.sample_decoder(
            self.sample_codes(n, temperature=temperature, random_state=rng), random_state=rng
        )

    def sample_decoder(self, Z, random_state=None) -> np.ndarray:
        """A draw from the decoder's distribution at each code; see :meth:`sample`.

        Parameters
        ----------
        Z : array (n, k)
            Codes.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, d)
        """
        return self._matched(self._draw(self._check_codes(Z), check_random_state(random_state)))

    def preview(self, X, Z) -> dict[str, np.ndarray]:
        """How an iterative model stands while its fit is under way.

        Parameters
        ----------
        X : array (n, d)
            Rows.
        Z : array (m, k)
            Codes, m <= n.

        Returns
        -------
        dict
            ``codes`` (n, k) of those rows, ``back`` (m, d): what comes back from the first m of
            them, ``made`` (m, d): what Z is decoded to.
        """
        codes = self._encode(X)
        return {"codes": codes, "back": self._decode(codes[: len(Z)]), "made": self._decode(Z)}

    def training_warning(self, history: list[dict[str, Any]]) -> str:
        """What has gone wrong in a training, as far as its metrics tell, and what to do.

        Parameters
        ----------
        history : list of dict
            As ``history_``, also of a training under way.

        Returns
        -------
        str
            A sentence or two; empty where nothing is wrong.
        """
        return ""

    # -- what a model may know of itself; see lvm_core.capabilities for what only some can do ------

    def as_torch(self) -> tuple[nn.Module, nn.Module] | None:
        """``transform`` and ``inverse_transform`` as functions of float32 tensors.

        ONNX is written from them.

        Returns
        -------
        (encoder, decoder) : torch.nn.Module, or None
            Rows (n, d) -> codes (n, k) and back, see :class:`~lvm_core.nn.nets.Function`; None
            where a code is found by iteration, which is no function of a fixed length.
        """
        return None

    def can_invert(self) -> bool:
        """Whether :func:`lvm_core.nn.inversion.invert` can descend through its decoder.

        Returns
        -------
        bool
            Of a fitted model.
        """
        return False

    def decoder_size(self) -> tuple[int, str]:
        """What a receiver must have to decode, once for all rows.

        Returns
        -------
        size : int
            Bytes.
        what : str
            What they are.
        """
        # what draws alone need decodes nothing
        learnt = (v for k, v in vars(self).items() if k.endswith("_") and k != "marginals_")
        arrays = (v for v in learnt if isinstance(v, np.ndarray) and v.dtype.kind == "f")
        return sum(v.size * 4 for v in arrays), "all the model learnt, as 32-bit numbers"

    def word_weights(self) -> np.ndarray | None:
        """What each word weighs in each dimension of the code, of a model of word counts.

        Returns
        -------
        array (k, d) or None
            None without such.
        """
        return None

    def word_vectors(self) -> np.ndarray | None:
        """Vectors of the words, of a model of word counts.

        Returns
        -------
        array (d, k) or None
            By default what each word weighs in each dimension; None without such.
        """
        weights = self.word_weights()
        return None if weights is None else np.asarray(weights, np.float64).T

    # -- what a subclass writes --------------------------------------------------------------------

    def _fit(self, X, rng: np.random.RandomState, on_step: OnStep | None) -> np.ndarray | None:
        """Learn; may return the training codes where they are at hand."""
        raise NotImplementedError

    def _encode(self, X) -> np.ndarray:
        raise NotImplementedError

    def _decode(self, Z: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _prior(self, n: int, temperature: float, rng: np.random.RandomState) -> np.ndarray:
        """Standard normal codes unless a model knows better."""
        return rng.standard_normal((n, len(self.code_mean_))) * temperature

    def _draw(self, Z: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """Draw discrete columns from their probabilities; real columns stay at their mean
        unless overridden.
        """
        return draw_discrete(self._decode(Z), self.schema_, rng)

    def _calibrate(self, X) -> None:
        """Learn ``offsets_`` (d,); see :func:`~lvm_core.models.levels.calibrate_levels`."""
        self.offsets_ = np.zeros(0)
        schema = self.schema_
        if schema.image is None and (schema.has("bernoulli") or schema.has("categorical")):
            rng, n = np.random.RandomState(0), int(np.clip(CALIBRATED // schema.d, 2000, 20_000))
            scores = self._scores(self._prior(n, 1.0, rng), rng)
            self.offsets_ = calibrate_levels(scores, X.mean(0, dtype=np.float64), schema)

    def _fit_marginals(self, X) -> None:
        """Learn ``marginals_`` (c, 2, q) from draws at a fixed seed; see
        :func:`~lvm_core.models.marginals.fit_marginals`.
        """
        vars(self).pop("marginals_", None)  # of an earlier fit
        schema = self.schema_
        if not self.matches_marginals or not table_columns(schema):
            return
        rng, n = np.random.RandomState(0), int(np.clip(DRAWN // schema.d, 2000, 20_000))
        drawn = self._draw(self.sample_codes(n, random_state=rng), rng)
        if np.isfinite(drawn).all():
            self.marginals_ = fit_marginals(drawn, X, schema)

    def _matched(self, X: np.ndarray) -> np.ndarray:
        """Draws with the marginals of the data; as they are of a model saved before there were
        maps.
        """
        maps = getattr(self, "marginals_", None)
        return X if maps is None else match_marginals(X, maps, self.schema_)

    def _pick(self, scores: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """Levels from scores; of a model saved before there were offsets, as probabilities."""
        offsets = getattr(self, "offsets_", np.zeros(0))
        if len(offsets):
            return pick_levels(scores, offsets, self.schema_)
        return draw_discrete(scores, self.schema_, rng)

    def _within(self, weights, means, covariance, low, high, n, random_state) -> np.ndarray:
        """Rows of Gaussians of scores within bounds, where ``draws_scores``."""
        from .bounded_normals import sample_within

        offsets, schema = getattr(self, "offsets_", np.zeros(0)), self.schema_
        if not len(offsets) and (schema.has("bernoulli") or schema.has("categorical")):
            raise ValueError("This model was trained by an earlier version: train it again.")
        offsets = offsets if len(offsets) else np.zeros(schema.d)
        maps = getattr(self, "marginals_", None)
        a, b = (low, high) if maps is None else bounds_of_draws(low, high, maps, schema)
        rng = check_random_state(random_state)
        X = sample_within(weights, means, covariance, schema, offsets, a, b, check_count(n), rng)
        if maps is None:
            return X
        columns = [column for column, _ in table_columns(schema)]
        X = self._matched(X)
        X[:, columns] = np.clip(X[:, columns], low[columns], high[columns])
        return X

    def _scores(self, Z: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """A draw at each code before anything is discrete, where ``draws_scores``."""
        raise NotImplementedError

    # -- shared checks -----------------------------------------------------------------------------

    def _check(self, X, reset: bool) -> Any:
        checked = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr" if self.sparse else False,
            dtype=(np.float64, np.float32),
            ensure_min_samples=2 if reset else 1,
            ensure_all_finite="allow-nan" if self.accepts_missing else True,
        )
        X = cast(Any, checked)  # an array or CSR; declared as anything it returns for X and y
        values = X.data if hasattr(X, "indptr") else X
        # past NaN, and no copy of X
        largest = (
            max(np.fmax.reduce(values, axis=None), -np.fmin.reduce(values, axis=None))
            if values.size
            else 0
        )
        if largest > 1e15:
            raise ValueError(
                f"{type(self).__name__}: the largest value is {largest:.3g}, expected at most "
                "1e15; scale the data first."
            )
        return X

    def _check_draw(self, n, temperature) -> tuple[int, float]:
        """What is asked of :meth:`sample_codes`, of the right types."""
        check_is_fitted(self)
        n = check_count(n)
        if not (np.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature is {temperature}, expected a number of at least 0.")
        return n, float(temperature)

    def _check_codes(self, Z) -> np.ndarray:
        check_is_fitted(self)
        Z = np.asarray(Z)
        if Z.dtype not in (np.float32, np.float64):
            Z = Z.astype(np.float64)
        k = len(self.code_mean_)
        if Z.ndim != 2 or Z.shape[1] != k:
            raise ValueError(
                f"Z has shape {Z.shape}, expected (n, {k}): one row per item, {k} latent "
                "dimensions."
            )
        if not np.isfinite(Z).all():
            raise ValueError("Z holds NaN or infinity, expected finite codes.")
        return Z

    @property
    def _n_features_out(self) -> int:
        return len(self.code_mean_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.sparse
        tags.input_tags.allow_nan = self.accepts_missing
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def draw_discrete(X: np.ndarray, schema: Schema, rng: np.random.RandomState) -> np.ndarray:
    """Draw 0/1 and one-hot columns from the probabilities found there.

    Parameters
    ----------
    X : array (n, d)
        Expected rows; it is not changed.
    schema : Schema
        Its columns. Pictures are left at their mean.
    rng : RandomState
        Of the draws.

    Returns
    -------
    array (n, d)
        A copy of X whose other columns are as they were.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema = Schema((FeatureGroup("gaussian", 1), FeatureGroup("categorical", 2)))
    >>> draw_discrete(np.array([[0.3, 1.0, 0.0]]), schema, np.random.RandomState(0)).tolist()
    [[0.3, 1.0, 0.0]]
    """
    X = np.array(X, copy=True)
    if schema.image is not None:
        return X
    for group, span in schema.spans():
        if group.likelihood == "bernoulli":
            X[:, span] = rng.uniform(size=X[:, span].shape) < np.clip(X[:, span], 0, 1)
        elif group.likelihood == "categorical":
            p = np.clip(X[:, span], 1e-9, None).cumsum(1)
            X[:, span] = np.eye(group.size)[
                np.minimum((rng.uniform(size=(len(X), 1)) * p[:, -1:] > p).sum(1), group.size - 1)
            ]
    return X


def check_count(n: Any) -> int:
    if isinstance(n, Iterable) or int(n) != n or n < 1:
        raise ValueError(f"n is {n!r}, expected a whole number of at least 1.")
    return int(n)
