"""How good a model's samples are: as real as real rows, as varied, and not copies. The long
look; :func:`generation` is the quick one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from ...datasets.base import Dataset
from ...latent.neighbours import nearest
from ...progress import OnStep, Reporter
from ..base import Score, columns_word, number, percent
from .copying import copying
from .distances import frechet, frechet_by_chance, frechet_error, kernel, kid, kid_by_chance
from .features import own_features
from .prdc import prdc
from .table_checks import table_report
from .table_report import TableReport

MOST_ROWS = 2000  # compared on each side
LEAST_ROWS = 20
NEIGHBOURS = 5
_POOL = 20_000  # training rows that features are learnt on and rows are drawn from
CELLS = 50_000_000  # and their values in all
_SHARES = {
    "precision": ("Precision", "How real: {} of the samples lie where real rows do."),
    "recall": ("Recall", "How varied: {} of the real rows lie where samples do."),
    "density": (
        "Density",
        (
            "How real: around a sample there are {} times the real rows that there should be; "
            "below 1 means samples where the data is thin, above 1 only its densest parts."
        ),
    ),
    "coverage": ("Coverage", "How varied: {} of the real rows have a sample nearby."),
}


class Heading(StrEnum):
    """The groups in which the scores of new samples are shown, in their words for people.

    Examples
    --------
    >>> from lvm_core.metrics.samples.quality import Heading
    >>> [heading.name for heading in Heading]
    ['REALISM', 'NOVELTY', 'WORDS']
    """

    REALISM = "Real enough, varied enough"
    NOVELTY = "New, not copied"
    WORDS = "Words"


@dataclass
class SampleQuality:
    """What :func:`sample_quality` found.

    Attributes
    ----------
    scores : dict of Heading to list of Score
        By heading.
    features : str
        What rows were compared by.
    compared : ndarray of int
        Row numbers of the samples that were.
    positions : dict of str to ndarray of shape (b, 2)
        ``"real"`` rows and ``"generated"`` samples in two common dimensions.
    outliers : ndarray of int
        Samples, the one farthest from real rows first.
    suspects : DataFrame or None
        A ``sample``, its nearest training ``row``, and how near (``ratio``, see
        :class:`~.copying.Copying`), nearest first.
    report : TableReport or None
        Of tables: column by column and pair by pair, usefulness and privacy, in the field's
        numbers.
    words : DataFrame or None
        Of corpora: the 50 words whose frequencies differ most.
    """

    scores: dict[Heading, list[Score]] = field(default_factory=dict)
    features: str = ""
    compared: np.ndarray = field(default_factory=lambda: np.arange(0))
    positions: dict[str, np.ndarray] = field(default_factory=dict)
    outliers: np.ndarray = field(default_factory=lambda: np.arange(0))
    suspects: pd.DataFrame | None = None
    report: TableReport | None = None
    words: pd.DataFrame | None = None


def sample_quality(
    dataset: Dataset, new, train, unseen, *, random_state: int = 0, on_step: OnStep | None = None
) -> SampleQuality:
    """How good samples are: as real as real rows, as varied, and not copies.

    Realism and variety are measured on own features, equally many rows a side, at most
    ``MOST_ROWS``: KID and Fréchet distance, precision, recall, density, coverage. What they come to
    is what real rows get against other real rows; their baseline is rows whose columns were
    shuffled, each on its own. Tables also get a :class:`~.table_report.TableReport`, corpora their
    word frequencies. A corpus' samples are lists of chances: documents as long as real ones are
    drawn from them before they are compared.

    Parameters
    ----------
    dataset : Dataset
        Real rows, with their schema and codec.
    new : array-like of shape (m, d)
        Generated rows.
    train : array-like of int
        Row numbers the model learnt from.
    unseen : array-like of int
        Row numbers it has not seen.
    random_state : int, default=0
        Seed of all draws.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress`; returning True ends it early, and what
        was reached by then is returned.

    Returns
    -------
    SampleQuality

    Raises
    ------
    ValueError
        Below ``LEAST_ROWS`` samples or training rows.
    """
    if min(len(train), len(new)) < LEAST_ROWS:
        raise ValueError(
            f"there are {len(new)} samples and {len(train)} training rows, expected at least "
            f"{LEAST_ROWS} each."
        )
    rng = np.random.RandomState(random_state)
    every = np.asarray(train, int), np.asarray(unseen, int)
    most = max(LEAST_ROWS, CELLS // dataset.X.shape[1])
    train = np.sort(rng.permutation(train)[: min(most, _POOL)])
    unseen = np.sort(rng.permutation(np.asarray(unseen, int))[: min(most, MOST_ROWS)])
    found, stages = SampleQuality(), [("realism and variety", _realism), ("copies", _copies)]
    if dataset.kind == "text":
        stages.append(("words", _words))
    report = Reporter(on_step, len(stages), "features")
    y = dataset.targets()
    own = own_features(
        dataset.X[train], dataset.schema, None if y is None else y[train], random_state=random_state
    )
    found.features = own.words
    for done, (report.phase, stage) in enumerate(stages):
        if report(done):
            return found
        stage(found, dataset, np.asarray(new), own, train, unseen, rng)
    report(len(stages))
    if dataset.kind == "table":
        found.report = table_report(
            dataset.rows.iloc[every[0]],
            dataset.rows.iloc[every[1]],
            dataset.decode(np.asarray(new)),
            label=dataset.label,
            random_state=random_state,
            on_step=on_step,
        )
    return found


def _realism(found, dataset, new, own, train, unseen, rng) -> None:
    """KID, Fréchet distance, precision, recall, density, coverage; where samples lie."""
    X, schema = dataset.X[train], dataset.schema
    free = rng.permutation(own.free)
    b = min(len(free) // 2, len(new), MOST_ROWS)
    found.compared = np.sort(rng.permutation(len(new))[:b])
    samples = new[found.compared]
    items = documents(samples, X, rng) if schema.has("counts") else samples
    A, B, F = own.transform(X[free[:b]]), own.transform(X[free[b : 2 * b]]), own.transform(items)
    S = own.transform(shuffled(X[free[:b]], schema, rng))
    parts = columns_word(schema)
    found.scores[Heading.REALISM] = _distances(A, B, F, S, rng, parts) + _neighbourhoods(
        A, B, F, S, parts
    )
    found.positions = dict(zip(("real", "generated"), _flat(A, F, own.ordered)))
    found.outliers = found.compared[
        np.argsort(-nearest(F, np.concatenate([A, B]), NEIGHBOURS)[0].mean(1), kind="stable")
    ]


def _flat(A, F, ordered: bool) -> list[np.ndarray]:
    """Both in two dimensions: those in which the real rows A differ most."""
    from sklearn.decomposition import PCA

    k = min(2, A.shape[1])
    place = (lambda side: side[:, :k]) if ordered else PCA(k).fit(A).transform
    return [np.pad(place(side), ((0, 0), (0, 2 - k))) for side in (A, F)]


def _distances(A, B, F, S, rng, parts: str) -> list[Score]:
    b, scores = len(A), []
    R = np.concatenate([A, B])
    chance = kid_by_chance(
        kernel(R.astype(np.float32), R.astype(np.float32)), b, random_state=rng.randint(2**31 - 1)
    )
    halves = frechet_by_chance(R, b, random_state=rng.randint(2**31 - 1))
    for name, value, error, worst, floor, how in (
        (
            "KID",
            *kid(A, F),
            kid(A, S)[0],
            float(np.quantile(chance, 0.95)),
            "by a cubic kernel, without bias",
        ),
        (
            "Fréchet distance",
            frechet(A, F),
            frechet_error(A, F),
            frechet(A, S),
            float(np.quantile(halves, 0.95)),
            "between means and covariances; greater where rows are few",
        ),
    ):
        verdict = (
            "no difference is seen"
            if value <= floor
            else f"this is {number(value / floor, 2)} times that"
            if floor > 0
            else "this is above it"
        )
        scores.append(
            Score(
                name,
                value,
                (
                    f"Distance to {b:,} real rows {how}. Real rows stay below {number(floor, 2)} "
                    f"from other real rows, their floor: {verdict}. Shuffled {parts} get "
                    f"{number(worst, 3)}."
                ),
                worst if worst > floor else None,
                floor,
                error=error,
            )
        )
    return scores


def _neighbourhoods(A, B, F, S, parts: str) -> list[Score]:
    value, best, worst = (prdc(A, side, NEIGHBOURS) for side in (F, B, S))
    scores = []
    for key, (name, words) in _SHARES.items():
        show = percent if key != "density" else lambda v: f"{v:.2f}"
        useless = "" if worst[key] < best[key] else ", so here this number tells little"
        scores.append(
            Score(
                name,
                value[key],
                words.format(show(value[key]))
                + (
                    f" Other real rows get {show(best[key])}, shuffled {parts} "
                    f"{show(worst[key])}{useless}."
                ),
                None if useless else worst[key],
                best[key],
                "" if key == "density" else "share",
            )
        )
    return scores


def _copies(found, dataset, new, own, train, unseen, rng) -> None:
    """Nearest training rows, of unseen rows for comparison."""
    as_rows = (lambda A: own.transform(A)) if dataset.schema.has("counts") else np.asarray
    samples = found.compared
    result = copying(
        as_rows(new[samples]),
        as_rows(dataset.X[train]),
        as_rows(dataset.X[unseen]) if len(unseen) else unseen,
        random_state=rng.randint(2**31 - 1),
    )
    found.scores[Heading.NOVELTY] = result.scores
    order = np.argsort(result.ratio, kind="stable")
    found.suspects = pd.DataFrame(
        {"sample": samples[order], "row": train[result.row[order]], "ratio": result.ratio[order]}
    )


def _words(found, dataset, new, own, train, unseen, rng) -> None:
    """How often each word comes."""
    X = dataset.X[train]
    halves = [X[rows] for rows in np.array_split(rng.permutation(len(train)), 2)]
    real, generated, *two = (_frequencies(A) for A in (X, np.maximum(new, 0), *halves))
    value, best = (1 - 0.5 * float(np.abs(p - q).sum()) for p, q in ((real, generated), two))
    least = 1 - 0.5 * float(np.abs(real - 1 / len(real)).sum())
    found.scores[Heading.WORDS] = [
        Score(
            "Word frequencies",
            value,
            f"The words of generated documents have {percent(value)} of their real frequencies; "
            f"two halves of the data agree to {percent(best)}, all words "
            f"equally often to {percent(least)}.",
            least,
            best,
            "share",
        )
    ]
    worst = np.argsort(-np.abs(real - generated), kind="stable")[:50]
    found.words = pd.DataFrame(
        {
            "name": [dataset.codec.terms[j] for j in worst],
            "measure": "times as often as in the data",
            "value": generated[worst] / np.maximum(real[worst], 1e-12),
        }
    )


def _frequencies(X) -> np.ndarray:
    total = np.asarray(X.sum(0), np.float64).ravel()
    return total / max(total.sum(), 1e-12)


def documents(chances, X, rng) -> np.ndarray:
    """Documents of as many words as real ones have, drawn from chances.

    Parameters
    ----------
    chances : array-like of shape (m, d)
        Weights of the words, a row a document.
    X : CSR matrix of shape (n, d)
        Counts of real documents.
    rng : RandomState
        Source of the draws.

    Returns
    -------
    ndarray of int of shape (m, d)
        Counts.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.quality import documents
    >>> drawn = documents([[0.5, 0.5, 0.0]], np.array([[3.0, 1.0, 0.0]]), np.random.RandomState(0))
    >>> int(drawn.sum()), int(drawn[0, 2])
    (4, 0)
    """
    draw = np.random.default_rng(rng.randint(2**31 - 1))
    p = np.maximum(np.asarray(chances, np.float64), 0) + 1e-15
    lengths = draw.choice(np.rint(np.asarray(X.sum(1)).ravel()).astype(int), len(p))
    return draw.multinomial(lengths, p / p.sum(1, keepdims=True))


def shuffled(X, schema, rng) -> np.ndarray:
    """Rows with every column shuffled on its own: each right, none fitting the others.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Rows.
    schema : Schema
        Feature groups of the columns; a category's columns are shuffled together.
    rng : RandomState
        Source of the shuffling.

    Returns
    -------
    ndarray of shape (n, d)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.quality import shuffled
    >>> from lvm_core.schema import Schema
    >>> X = np.arange(40.0).reshape(20, 2)
    >>> mixed = shuffled(X, Schema.gaussian(2), np.random.RandomState(0))
    >>> bool((np.sort(mixed, 0) == X).all()), bool((mixed == X).all())
    (True, False)
    """
    X = np.asarray(X.toarray() if hasattr(X, "indptr") else X)
    mixed = np.random.default_rng(rng.randint(2**31 - 1)).permuted(X, axis=0)
    for group, span in schema.spans():
        if group.likelihood == "categorical":
            mixed[:, span] = X[rng.permutation(len(X)), span]
    return mixed
