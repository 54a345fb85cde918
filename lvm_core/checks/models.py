"""What every latent variable model promises."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from ..io.checkpoint import Checkpoint
from ..io.serialize import load
from ..models.base import LatentModel
from ..params import Registry
from ..progress import Progress
from ..schema import Schema
from .base import (
    Check,
    require,
    require_close,
    require_equal,
    require_finite,
    require_parameters,
    require_refused,
    require_words,
    run,
)
from .examples import Example, examples

# What is checked does not depend on how long a model trains or how wide it is.
QUICK = {
    "latent_dim": 2,
    "segments": 1,
    "max_iter": 20,
    "epochs": 3,
    "steps": 6,
    "width": 16,
    "batch_size": 16,
}
SAVED = ["recipe.json", "weights.safetensors"]


def quick(cls: type[LatentModel], **params) -> LatentModel:
    """A model of this class with a small budget, as far as it has such parameters.

    Parameters
    ----------
    cls : type
        The class of the model.
    **params
        Values that replace those of the small budget; parameters the class lacks are left out.

    Returns
    -------
    LatentModel

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.checks.models import quick
    >>> quick(MODELS["PCA"], latent_dim=3, epochs=5).latent_dim
    3
    """
    return cls(**{k: v for k, v in (QUICK | params).items() if k in cls.parameters()})


class ModelCase:
    """A model and the data it is checked on; fitted once for the checks that only look."""

    def __init__(self, model: LatentModel, example: Example):
        self.model, self.example = model, example
        self.cls: type[LatentModel] = type(model)
        self.X, self.schema = example.X, example.schema

    def fresh(self, **params) -> LatentModel:
        """The model unfitted, with some parameters changed where it has them."""
        known = {k: v for k, v in params.items() if k in self.cls.parameters()}
        return cast(LatentModel, clone(self.model)).set_params(**known)

    def fit(self, model: LatentModel | None = None, y=None, **more) -> LatentModel:
        """A model fitted on the example."""
        return (model or self.fresh()).fit(self.X, y, schema=self.schema, **more)

    @cached_property
    def fitted(self) -> LatentModel:
        """The model fitted on the example. Do not change it."""
        return self.fit()

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes (n, k) of the example."""
        return self.fitted.transform(self.X)


# -- once for each kind of data the model is for ---------------------------------------------------


def check_round_trip(case: ModelCase) -> None:
    """Shapes and types are kept and all is finite, from rows to codes and back."""
    model, X, Z = case.fitted, case.X, case.codes
    k = len(model.code_mean_)
    R, S = model.inverse_transform(Z), model.sample(5, random_state=1)
    require_equal(Z.shape, (X.shape[0], k), "shape of the codes")
    require_equal(R.shape, X.shape, "shape of the rows that come back")
    require_equal(S.shape, (5, X.shape[1]), "shape of the samples")
    for name, values in (("codes", Z), ("rows that come back", R)):
        require(values.dtype == X.dtype, f"the {name} are {values.dtype}, X is {X.dtype}")
    for name, values in (("codes", Z), ("rows that come back", R), ("samples", S)):
        require_finite(values, name)
    for name in ("code_mean_", "code_std_", "importance_"):
        require_equal(np.shape(np.asarray(getattr(model, name, None))), (k,), f"shape of {name}")
        require_finite(getattr(model, name), name)
    require(not model.stopped_, "stopped_ is true although nobody stopped the fit")


def check_decoded_rows_can_exist(case: ModelCase) -> None:
    """Draws of categories and truth values are 0 or 1, counts are as many as the data's."""
    model, X = case.fitted, case.X
    R, S = model.inverse_transform(case.codes), model.sample(20, random_state=0)
    for group, span in case.schema.spans():
        if group.likelihood == "categorical":
            require_close(S[:, span].sum(1), np.ones(20), "sums of a drawn category's columns")
        if group.likelihood in ("categorical", "bernoulli") and case.schema.image is None:
            drawn = set(np.unique(S[:, span]).tolist())
            require(drawn <= {0.0, 1.0}, f"a {group.likelihood} column was drawn as {drawn}")
        if group.likelihood == "counts":
            require(R.min() >= 0, "expected counts are negative")
            require_close(R.sum(1).mean(), X.sum() / X.shape[0], "mean length of documents", 1e-3)


def check_seeds_reproduce(case: ModelCase) -> None:
    """Equal seeds give equal models; other seeds give other ones where the fit is iterative."""
    first, again, other = (case.fit(case.fresh(random_state=seed)) for seed in (3, 3, 4))
    Z = first.transform(case.X)
    require_equal(again.transform(case.X), Z, "codes of two fits with the same seed")
    require_equal(again.history_, first.history_, "histories of two fits with the same seed")
    if case.cls.iterative:
        differs = not np.array_equal(other.transform(case.X), Z)
        require(differs, "another seed gives the same codes: the seed is not used")


def check_one_row_is_the_same_alone(case: ModelCase) -> None:
    """What a row is turned into does not depend on the rows beside it."""
    model, X, Z = case.fitted, case.X, case.codes
    one_by_one = [model.transform(X[i : i + 1]) for i in range(5)]
    require_close(np.vstack(one_by_one), Z[:5], "codes of rows alone and together")
    decoded = [model.inverse_transform(Z[i : i + 1]) for i in range(5)]
    together = model.inverse_transform(Z)[:5]
    require_close(np.vstack(decoded), together, "decoded rows alone and together")
    score_samples = getattr(model, "score_samples", None)
    if score_samples is not None:
        scored = np.hstack([score_samples(X[i : i + 1]) for i in range(5)])
        require_close(scored, score_samples(X)[:5], "likelihoods alone and together", 1e-4)


def check_save_and_load(case: ModelCase) -> None:
    """A saved model comes back equal, from safetensors and JSON alone."""
    model, Z = case.fitted, case.codes
    with tempfile.TemporaryDirectory() as folder:
        saved = model.save(Path(folder) / "model")
        files = sorted(path.name for path in saved.iterdir())
        again: Any = load(saved, Registry({case.cls.__name__: case.cls}))
    require_equal(files, SAVED, "files of a saved model")
    require_equal(again.get_params(), model.get_params(), "parameters after loading")
    require_equal(again.transform(case.X), Z, "codes before saving and after loading")
    decoded = model.inverse_transform(Z)
    require_equal(again.inverse_transform(Z), decoded, "rows before saving and after loading")
    before, after = (m.sample(4, random_state=2) for m in (model, again))
    require_equal(before, after, "samples before saving and after loading")
    require(again.schema_ == model.schema_, "the schema changed by saving")
    require_equal(again.history_, model.history_, "histories before saving and after loading")
    if case.cls.iterative:
        before, after = (m.preview(case.X[:8], Z[:4]) for m in (model, again))
        for name, rows in before.items():
            require_equal(after[name], rows, f"'{name}' of the preview before and after saving")


def check_suggestions_are_allowed(case: ModelCase) -> None:
    """``suggest`` gives values inside their domains, and no more dimensions than columns."""
    for n in (3, 150, 60_000):
        suggested = case.cls.suggest(n, case.schema)
        case.cls(**suggested).validate()
        k = suggested.get("latent_dim", 1)
        d = case.schema.d
        require(1 <= k <= d, f"latent_dim={k} is suggested for {n} rows of {d} columns")


# -- once for each model ---------------------------------------------------------------------------


def check_describes_itself(case: ModelCase) -> None:
    """What the pages and the tables of the guide say about it is there."""
    cls = case.cls
    require_words(cls, "title", "summary", "objective", "when", "reading", "importance_meaning")
    require_parameters(cls, first="latent_dim", last="random_state")
    unknown = set(cls.supported_kinds) - {"image", "table", "text", "array"}
    require(
        cls.supported_kinds and not unknown, f"is for unknown kinds of data: {cls.supported_kinds}"
    )
    require(not cls.link or cls.link.startswith("https://"), f"the link {cls.link!r} is no https")
    duration = cls.duration_param
    require(not duration or duration in cls.parameters(), f"has no parameter {duration!r}")


def check_stop_keeps_what_was_reached(case: ModelCase) -> None:
    """``on_step`` that returns True ends the fit at once, and the model works."""
    heard: list[Progress] = []

    def stop(progress: Progress) -> bool:
        heard.append(progress)
        return True

    longer = {"epochs": 5000, "steps": 100_000} if case.cls.iterative else {}
    model = case.fit(case.fresh(**longer), on_step=stop)
    expected = int(case.cls.iterative)
    require_equal(len(heard), expected, "steps heard of until the fit stopped")
    require_equal(bool(model.stopped_), case.cls.iterative, "stopped_ of a fit that was stopped")
    rows = model.inverse_transform(model.transform(case.X))
    require_finite(rows, "rows decoded by a stopped model")
    if heard:
        require(heard[0].total > heard[0].step, "stopped at the last step of all")
        require_equal(model.history_[-1]["step"], heard[0].step, "the last step of the history")


class _Killed(Exception):
    """Stands for a process that ends in the middle of a fit."""


def check_an_interrupted_fit_goes_on(case: ModelCase) -> None:
    """From its checkpoint a model that can be continued learns bit by bit what it would have."""
    if not (case.cls.iterative and case.cls.duration_param):
        return
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder))
        killed = False
        try:
            interrupt = lambda _: checkpoint.interrupt(_Killed())
            case.fit(on_step=interrupt, checkpoint=checkpoint)
        except _Killed:
            killed = True
        require(killed, "no checkpoint was written before the fit ended")
        resumed = case.fit(checkpoint=Checkpoint(Path(folder)))
    require_equal(resumed.transform(case.X), case.codes, "codes of a fit that was interrupted")


def check_samples_follow_seed_and_temperature(case: ModelCase) -> None:
    """The seed decides the samples, the temperature their spread."""
    model = case.fitted
    once, twice = (model.sample(6, random_state=5) for _ in range(2))
    require_equal(once, twice, "samples of the same seed")
    one, other = (model.sample_codes(6, random_state=seed) for seed in (5, 6))
    require(not np.array_equal(one, other), "another seed draws the same codes")
    cold = model.sample_codes(50, temperature=0.1, random_state=0).std(0).sum()
    warm = model.sample_codes(50, random_state=0).std(0).sum()
    require(cold < warm, f"spread {cold:.3g} at temperature 0.1, {warm:.3g} at 1")
    frozen = model.sample_codes(6, temperature=0.0)
    require(np.ptp(frozen, axis=0).max() < 1e-12, "codes differ at temperature 0")


def check_global_random_states_are_left_alone(case: ModelCase) -> None:
    """Fitting and sampling use generators of their own."""
    import torch

    numpy_now = lambda: cast(tuple, np.random.get_state())[1]  # a dict only where legacy=False
    torch_before, numpy_before = torch.get_rng_state(), numpy_now().copy()
    case.fit().sample(3, random_state=0)
    require_equal(numpy_now(), numpy_before, "NumPy's global state before and after")
    require(torch.equal(torch.get_rng_state(), torch_before), "PyTorch's global state changed")


def check_bad_parameters_are_named(case: ModelCase) -> None:
    """A value outside its domain is refused with its name, the value and what was expected."""
    for name, value in (("latent_dim", 0), ("latent_dim", 2.5), ("random_state", -1)):
        model = case.fresh(**{name: value})
        words = f"{name} is {value}", "expected a whole number"
        require_refused(lambda model=model: case.fit(model), f"{name}={value}", *words)


def check_schema_of_another_width_is_refused(case: ModelCase) -> None:
    """X and a schema that disagree are refused with both numbers."""
    d = case.X.shape[1]
    wider = Schema.gaussian(d + 1)
    fit = lambda: case.fresh().fit(case.X, schema=wider)
    require_refused(fit, "a schema of another width", str(d), str(d + 1))


def check_codes_of_another_shape_are_refused(case: ModelCase) -> None:
    """Codes that are no (n, k), or not finite, are refused in a sentence."""
    model, k = case.fitted, len(case.fitted.code_mean_)
    for shape in ((2, k + 1), (k,)):
        bad = np.zeros(shape)
        refuse = lambda bad=bad: model.inverse_transform(bad)
        require_refused(refuse, f"codes of shape {shape}", f"expected (n, {k})")
    nan = np.full((2, k), np.nan)
    require_refused(lambda: model.inverse_transform(nan), "codes that are NaN", "NaN")


def check_preview_while_it_learns(case: ModelCase) -> None:
    """An iterative model can be looked at in the middle of its fit, with labels and without."""
    n, d = case.X.shape
    labels = np.array(["a", "b", None, "c"] * n, dtype=object)[:n]
    for y in (None, labels):
        seen, model = [], case.fresh()
        Z = np.random.RandomState(0).standard_normal((4, model.latent_dim)).astype(np.float32)
        look = lambda _: seen.append(model.preview(case.X[:8], Z))
        case.fit(model, y, on_step=look)
        require_equal(bool(seen), case.cls.iterative, "whether steps were reported")
        for shown in seen:
            require_equal(shown["made"].shape, (4, d), "shape of the rows decoded meanwhile")
            for name, n_rows in (("back", 4), ("codes", 8)):
                rows = len(shown.get(name, [0] * n_rows))
                require_equal(rows, n_rows, f"number of rows of '{name}'")
            for name, part in shown.items():
                require_finite(part, f"'{name}' of the preview")


def check_missing_values(case: ModelCase) -> None:
    """A model that takes missing values learns from rows with NaN in them."""
    if not case.cls.accepts_missing or hasattr(case.X, "indptr"):
        return
    X = case.X.copy()
    X[::3, 0] = np.nan
    model = case.fresh().fit(X, schema=case.schema)
    Z = model.transform(X)
    require_finite(Z, "codes of rows with missing values")
    require_finite(model.inverse_transform(Z), "rows decoded from them")


def check_scikit_learn(case: ModelCase) -> None:
    """scikit-learn's own ``check_estimator``."""
    check_estimator(case.fresh(), on_skip=None)


ON_EACH_EXAMPLE = (
    check_round_trip,
    check_decoded_rows_can_exist,
    check_seeds_reproduce,
    check_one_row_is_the_same_alone,
    check_save_and_load,
    check_suggestions_are_allowed,
)
ONCE = (
    check_describes_itself,
    check_stop_keeps_what_was_reached,
    check_an_interrupted_fit_goes_on,
    check_samples_follow_seed_and_temperature,
    check_global_random_states_are_left_alone,
    check_bad_parameters_are_named,
    check_schema_of_another_width_is_refused,
    check_codes_of_another_shape_are_refused,
    check_preview_while_it_learns,
    check_missing_values,
)


def cases(model: LatentModel | type[LatentModel]) -> list[ModelCase]:
    """The examples a model is for, each with the model; an instance keeps its parameters."""
    estimator = quick(model) if isinstance(model, type) else model
    kinds = type(estimator).supported_kinds
    fitting = [
        example
        for kind in kinds
        for example in examples().values()
        if example.kind == kind and (type(estimator).sparse or not hasattr(example.X, "indptr"))
    ]
    return [ModelCase(estimator, example) for example in fitting]


def model_checks(
    model: LatentModel | type[LatentModel], *, sklearn: bool = True
) -> Iterator[Check]:
    """The checks of a model one by one.

    Parameters
    ----------
    model : LatentModel or type
        An instance is checked with its parameters; a class with a small budget, see :func:`quick`.
    sklearn : bool
        Whether scikit-learn's ``check_estimator`` is among them, as one check.

    Yields
    ------
    Check

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.checks import model_checks
    >>> [str(check) for check in model_checks(MODELS["HMM"])][:2]
    ['HMM on array: round trip', 'HMM on array: decoded rows can exist']
    """
    found = cases(model)
    name = type(found[0].model).__name__ if found else getattr(model, "__name__", str(model))
    require(found, f"{name} is for none of the kinds of data that there are")
    for case in found:
        for test in ON_EACH_EXAMPLE:
            yield Check(f"{name} on {case.example.name}", test, case)
    for test in ONCE:
        yield Check(name, test, found[0])
    if sklearn:
        yield Check(name, check_scikit_learn, found[0])


def check_model(model: LatentModel | type[LatentModel]) -> None:
    """Check everything that a latent variable model promises.

    Parameters
    ----------
    model : LatentModel or type
        An instance is checked with its parameters; a class with a small budget, see :func:`quick`.

    Raises
    ------
    AssertionError
        For the first property that does not hold: which, on which data, and what was found.

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.checks import check_model
    >>> check_model(MODELS["PCA"](latent_dim=2, whiten=True))
    """
    run(model_checks(model))
