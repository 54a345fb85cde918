"""What every map of codes promises."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from ..io.serialize import load
from ..latent.neighbours import nearest_others
from ..params import Registry
from ..progress import Progress
from ..projections.base import Projection
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

QUICK = {"iterations": 30, "epochs": 30}  # what is checked does not depend on their number
LONG = dict.fromkeys(QUICK, 5000)
SAVED = ["recipe.json", "weights.safetensors"]


def quick(cls: type[Projection], **params) -> Projection:
    """A map of this class with few steps.

    Parameters
    ----------
    cls : type
        The class of the map.
    **params
        Further parameters of it.

    Returns
    -------
    Projection

    Examples
    --------
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.checks.projections import quick
    >>> quick(PROJECTIONS["TSNE"]).iterations
    30
    """
    return cls(**{k: v for k, v in QUICK.items() if k in cls.parameters()} | params)


class ProjectionCase:
    """A map and the codes it is checked on; it is fitted once for the checks that only look."""

    def __init__(self, projection: Projection):
        self.projection = projection
        self.cls: type[Projection] = type(projection)
        rng = np.random.RandomState(0)
        self.codes = rng.normal(size=(80, 6)) + 4 * np.eye(6)[rng.randint(3, size=80)]

    def classes(self, Z) -> np.ndarray | None:
        """Three classes for a map that asks for labels, None for the others."""
        return np.arange(len(Z)) % 3 if self.cls.labels else None

    def fresh(self, **params) -> Projection:
        """The map unfitted, with some parameters changed where it has them."""
        known = {k: v for k, v in params.items() if k in self.cls.parameters()}
        return cast(Projection, clone(self.projection)).set_params(**known)

    def fit(self, Z=None, on_step=None, **params) -> Projection:
        """A map fitted on Z, the case's own codes unless others are given."""
        Z = self.codes if Z is None else Z
        return self.fresh(**params).fit(Z, self.classes(Z), on_step=on_step)

    @cached_property
    def fitted(self) -> Projection:
        """The map of the codes. Do not change it."""
        return self.fit()


def check_describes_itself(case: ProjectionCase) -> None:
    """What the pages and the tables of the guide say about it is there."""
    cls = case.cls
    require_words(cls, "title", "summary")
    require(cls.summary.endswith("."), f"the summary is no sentence: {cls.summary!r}")
    require_parameters(cls, first="n_components", last="random_state")
    require(not cls.link or cls.link.startswith("https://"), f"the link {cls.link!r} is no https")


def check_shapes_and_types(case: ProjectionCase) -> None:
    """Positions have the dimensions asked for, keep the codes' type, and differ along each axis."""
    for c in (1, 2, 3):
        for dtype in (np.float32, np.float64):
            P = case.fit(case.codes.astype(dtype), n_components=c).embedding_
            require_equal(P.shape, (len(case.codes), c), "shape of the positions")
            require(P.dtype == dtype, f"positions of {np.dtype(dtype)} codes are {P.dtype}")
            require_finite(P, "positions")
            require(np.ptp(P, axis=0).min() > 1e-3, "all positions are the same along an axis")


def check_seeds_reproduce(case: ProjectionCase) -> None:
    """Equal seeds give equal maps; other seeds give other ones only where ``random`` says so."""
    first, again, other = (case.fit(random_state=seed).embedding_ for seed in (3, 3, 4))
    require_equal(first, again, "maps of the same seed")
    same = np.array_equal(first, other)
    stated = f"random is {case.cls.random}"
    found = "the same map" if same else "another map"
    require(same != case.cls.random, f"{stated}, and another seed gives {found}")


def check_training_codes_return_to_their_places(case: ProjectionCase) -> None:
    """Every code the map was made of is placed where it lies."""
    P = case.fitted.transform(case.codes)
    require_close(P, case.fitted.embedding_, "positions of the training codes", 1e-9)


def check_one_row_is_the_same_alone(case: ProjectionCase) -> None:
    """Where a code is placed does not depend on the codes beside it."""
    new = case.codes[:20] + 0.3
    alone = np.vstack([case.fitted.transform(row[None]) for row in new])
    require_close(alone, case.fitted.transform(new), "positions alone and together", 1e-12)


def check_placing_is_continuous(case: ProjectionCase) -> None:
    """A code that moves in small steps moves in small steps on the map."""
    t = np.linspace(0, 1, 2001)[:, None]
    P = case.fitted.transform(case.codes[0] * (1 - t) + case.codes[40] * t)
    step = np.linalg.norm(np.diff(P, axis=0), axis=1).max()
    extent = np.ptp(case.fitted.embedding_, axis=0).max()
    require(step < 0.03 * extent, f"a step of 1/2000 jumps over {step / extent:.1%} of the map")


def check_save_and_load(case: ProjectionCase) -> None:
    """A saved map comes back equal, from safetensors and JSON alone."""
    new = case.codes[:7] * 1.1
    for c in (2, 3):
        projection = case.fit(n_components=c)
        with tempfile.TemporaryDirectory() as folder:
            saved = projection.save(Path(folder) / "map")
            files = sorted(path.name for path in saved.iterdir())
            again: Any = load(saved, Registry({case.cls.__name__: case.cls}))
        P = projection.embedding_
        require_equal(files, SAVED, "files of a saved map")
        require_equal(again.get_params(), projection.get_params(), "parameters after loading")
        require_equal(again.embedding_, P, "positions before saving and after loading")
        placed, there = (p.transform(new) for p in (again, projection))
        require_equal(placed, there, "new positions before saving and after loading")
        back, codes = (p.inverse_transform(P[:7] + 0.1) for p in (again, projection))
        require_equal(back, codes, "codes at positions before saving and after loading")


def check_inverse_is_finite_and_near(case: ProjectionCase) -> None:
    """Every position has a code; between two points it lies near the data."""
    codes, P = case.codes, case.fitted.embedding_
    far = np.zeros((2, P.shape[1]))
    far[0] = 1e6
    require_finite(case.fitted.inverse_transform(far), "codes of far positions")
    middle = case.fitted.inverse_transform((P[:-1] + P[1:]) / 2)
    require_equal(middle.shape, (len(codes) - 1, codes.shape[1]), "shape of the codes")
    inside = middle.min() >= codes.min() - 3 and middle.max() <= codes.max() + 3
    require(inside, "codes between points lie far outside the data")


def check_exact_maps_return_to_the_position(case: ProjectionCase) -> None:
    """On an ``exact`` map the code of a position is placed there."""
    if not case.cls.exact:
        return
    for c in (1, 2, 3):
        for k in (1, 2, 3, 6):
            projection = case.fit(case.codes[:, :k], n_components=c)
            there = projection.embedding_[:10].copy()
            there[:, : min(c, k)] += 0.25
            back = projection.transform(projection.inverse_transform(there))
            require_close(back, there, f"positions there and back ({k} to {c} dimensions)", 1e-9)
            if k <= c:
                codes = projection.inverse_transform(projection.embedding_)
                require_close(codes, case.codes[:, :k], f"codes of {k} dimensions", 1e-9)


def check_bad_positions_are_refused(case: ProjectionCase) -> None:
    """Positions of another width, or not finite, are refused in a sentence."""
    c = case.fitted.embedding_.shape[1]
    wide, nan = np.zeros((3, c + 3)), np.full((3, c), np.nan)
    back = case.fitted.inverse_transform
    words = f"(3, {c + 3})", f"expected (n, {c})"
    require_refused(lambda: back(wide), "positions of another width", *words)
    require_refused(lambda: back(nan), "positions that are NaN", "NaN")


def check_few_rows(case: ProjectionCase) -> None:
    """From three rows on there is a map, with the parameters it suggests for so few."""
    for n in range(3, 11):
        Z = np.random.RandomState(n).normal(size=(n, 4))
        for c in (2, 3):
            projection = case.fit(Z, n_components=c, **case.cls.suggest(n))
            require_finite(projection.embedding_, f"positions of {n} rows")
            require_finite(projection.transform(Z + 0.1), f"new positions beside {n} rows")


def check_narrow_and_wide_codes(case: ProjectionCase) -> None:
    """Codes of one, two and 300 dimensions have a map."""
    for n, k in ((40, 1), (40, 2), (30, 300)):
        P = case.fit(np.random.RandomState(0).normal(size=(n, k)), n_components=3).embedding_
        require_equal(P.shape, (n, 3), f"shape of the positions of codes of {k} dimensions")
        require_finite(P, f"positions of codes of {k} dimensions")


def check_duplicates(case: ProjectionCase) -> None:
    """Codes that occur 30 times each have a map with a way there and back."""
    Z = np.repeat(np.random.RandomState(0).normal(size=(6, 3)), 30, axis=0)
    projection = case.fit(Z)
    require_finite(projection.embedding_, "positions of repeated codes")
    require_finite(projection.transform(Z), "new positions of repeated codes")
    require_finite(projection.inverse_transform(projection.embedding_), "codes at positions")


def _neighbours_kept(codes, P) -> float:
    near, seen = nearest_others(codes, 5)[1], nearest_others(P / np.ptp(P), 5)[1]
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(near, seen)]))


def check_the_unit_does_not_matter(case: ProjectionCase) -> None:
    """Codes in another unit keep as many neighbours on their map."""
    kept = _neighbours_kept(case.codes, case.fitted.embedding_)
    for scale in (1e-30, 1e14):
        scaled = _neighbours_kept(case.codes, case.fit(case.codes * scale).embedding_)
        said = f"{scaled:.0%} of the neighbours kept with codes times {scale:g}, {kept:.0%} without"
        require(abs(scaled - kept) < 0.15, said)


def check_degenerate_codes_are_refused(case: ProjectionCase) -> None:
    """Codes without a map, and values no library survives, are refused by ValueError."""
    rows = np.full((29, 4), 1.0)
    nearly = np.full((30, 4), 0.1) + 3e-18 * np.arange(30)[:, None]
    bad = {
        "equal codes": (np.ones((30, 4)), "all 30 points are the same"),
        "codes that differ by rounding": (nearly, "all 30 points are the same"),
        "NaN": (np.vstack([rows, np.full((1, 4), np.nan)]), "NaN"),
        "infinity": (np.vstack([rows, np.full((1, 4), np.inf)]), "infinity"),
        "values of 1e18": (1e16 * np.arange(120.0).reshape(30, 4), "scale the data first"),
        "a single code": (np.arange(4.0)[None], "minimum"),
    }
    for what, (Z, words) in bad.items():
        try:
            case.fit(Z)
        except ValueError as error:
            require(words in str(error), f"{what}: refused without '{words}': {error}")
        else:
            raise AssertionError(f"{what}: a map was made, expected a ValueError")


def check_bad_parameters_are_named(case: ProjectionCase) -> None:
    """A value outside its domain is refused with its name and the value."""
    fit = lambda: case.fit(n_components=4)
    require_refused(fit, "n_components=4", "n_components is 4")
    for n in (3, 50, 5000):
        case.cls(**case.cls.suggest(n)).validate()


def check_progress_is_reported(case: ProjectionCase) -> None:
    """An iterative map reports its steps in order, the others none; errors of the listener
    arrive.
    """
    seen: list[Progress] = []
    projection = case.fit(on_step=lambda progress: bool(seen.append(progress)))
    require(not projection.stopped_, "stopped_ is true although nobody stopped the fit")
    require_equal(bool(seen), case.cls.iterative, "whether steps were reported")
    if not case.cls.iterative:
        return
    steps = [progress.step for progress in seen]
    require(steps == sorted(set(steps)), f"steps are not in order: {steps}")
    require(steps[-1] <= seen[-1].total, f"step {steps[-1]} of {seen[-1].total}")

    def broken(progress):
        raise KeyError("the page is gone")

    try:
        case.fit(on_step=broken)
    except KeyError:
        return
    raise AssertionError("an error in on_step was swallowed")


def check_stop_keeps_what_was_reached(case: ProjectionCase) -> None:
    """``on_step`` that returns True ends the fit, and the map works."""
    if not case.cls.iterative:
        return
    calls = []
    stop = lambda progress: calls.append(progress.step) or len(calls) == 2
    projection = case.fit(on_step=stop, **LONG)
    require(projection.stopped_ and len(calls) == 2, f"went on for {len(calls)} steps of 2")
    require_equal(projection.embedding_.shape, (len(case.codes), 2), "shape of the positions")
    require_finite(projection.embedding_, "positions")
    placed = projection.transform(case.codes)
    require_close(placed, projection.embedding_, "positions of the training codes", 1e-7)


def check_scikit_learn(case: ProjectionCase) -> None:
    """scikit-learn's own ``check_estimator``."""
    check_estimator(case.fresh(), on_skip=None)


CHECKS = (
    check_describes_itself,
    check_shapes_and_types,
    check_seeds_reproduce,
    check_training_codes_return_to_their_places,
    check_one_row_is_the_same_alone,
    check_placing_is_continuous,
    check_save_and_load,
    check_inverse_is_finite_and_near,
    check_exact_maps_return_to_the_position,
    check_bad_positions_are_refused,
    check_few_rows,
    check_narrow_and_wide_codes,
    check_duplicates,
    check_the_unit_does_not_matter,
    check_degenerate_codes_are_refused,
    check_bad_parameters_are_named,
    check_progress_is_reported,
    check_stop_keeps_what_was_reached,
)


def projection_checks(
    projection: Projection | type[Projection], *, sklearn: bool = True
) -> Iterator[Check]:
    """The checks of a map one by one.

    Parameters
    ----------
    projection : Projection or type
        An instance is checked with its parameters; a class with few steps, see :func:`quick`.
    sklearn : bool
        Whether scikit-learn's ``check_estimator`` is among them, as one check.

    Yields
    ------
    Check

    Examples
    --------
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.checks import projection_checks
    >>> next(projection_checks(PROJECTIONS["PCA"])).name
    'describes itself'
    """
    case = ProjectionCase(quick(projection) if isinstance(projection, type) else projection)
    tests = CHECKS + ((check_scikit_learn,) if sklearn else ())
    for test in tests:
        yield Check(case.cls.__name__, test, case)


def check_projection(projection: Projection | type[Projection]) -> None:
    """Check everything that a map promises.

    Parameters
    ----------
    projection : Projection or type
        An instance is checked with its parameters; a class with few steps, see :func:`quick`.

    Raises
    ------
    AssertionError
        For the first property that does not hold, and what was found.

    Examples
    --------
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.checks import check_projection
    >>> check_projection(PROJECTIONS["Identity"])
    """
    run(projection_checks(projection))
