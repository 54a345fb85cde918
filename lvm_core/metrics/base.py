"""What every measurement hands to the page, and how its numbers are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..schema import Schema

LOWER_IS_BETTER = ("Bits per value", "Bits per word")
# standard errors of the difference within which two models are level
LEVEL = 2.0
VERDICTS = ("better", "level", "worse")


@dataclass(frozen=True)
class Reference:
    """What a plain linear model with a code of the same length gets for the same number.

    Parameters
    ----------
    name : str
        The model: ``"PCA"``, or ``"LSA"`` for texts.
    value : float
        Its number, on the same rows.
    error : float or None
        Standard error of that.
    verdict : str
        ``"better"``, ``"level"`` or ``"worse"``: how the model that was scored does beside it.
        Level is a difference within two standard errors, taken row by row where that is known.
    advice : str, default=""
        What to do about it.

    See Also
    --------
    Score.beside : Makes one.

    Examples
    --------
    >>> from lvm_core.metrics.base import Reference
    >>> Reference("PCA", 0.57, 0.01, "worse", "train longer, or take PCA").words
    'worse than PCA'
    """

    name: str
    value: float
    error: float | None
    verdict: str
    advice: str = ""

    @property
    def words(self) -> str:
        """The verdict in three words."""
        return f"{self.verdict} {'with' if self.verdict == 'level' else 'than'} {self.name}"


@dataclass(frozen=True)
class Score:
    """One number, what to compare it with, and what it means in one plain sentence.

    Parameters
    ----------
    name : str
        What it is called.
    value : float
        The number.
    sentence : str
        What it means.
    baseline : float, default=None
        What is got without looking at the row (chance, the mean); None where there is none.
    ceiling : float, default=None
        What perfection gets; None where there is none.
    unit : str, default=""
        ``"share"`` (0 to 1), ``"nats"``, ``"bits"``, ``"percentile"`` or ``""``.
    error : float, default=None
        Standard error of ``value``; None where it is exact.
    reference : Reference, default=None
        What a plain linear model gets; None where there is none, or where it is that model.
    by_row : array of shape (m,), default=None
        The part of each measured row, whose mean is ``value``: for comparing two models on the same
        rows. It is not kept with a run.
    detail : str, default=""
        How it was measured and what it may be compared with, for those who ask.

    Examples
    --------
    >>> from lvm_core.metrics import Score
    >>> score = Score("Accuracy", 0.75, "Three of four are right.", 0.5, 1.0, "share", error=0.02)
    >>> score.standing, score.text
    (0.5, '75.0 ± 2.0 %')
    """

    name: str
    value: float
    sentence: str
    baseline: float | None = None
    ceiling: float | None = None
    unit: str = ""
    error: float | None = None
    reference: Reference | None = None
    by_row: np.ndarray | None = field(default=None, repr=False, compare=False)
    detail: str = ""

    @property
    def standing(self) -> float | None:
        """Where the value lies between baseline (0) and ceiling (1), clipped; None when either
        is missing.
        """
        if self.baseline is None or self.ceiling is None or self.ceiling == self.baseline:
            return None
        return min(max((self.value - self.baseline) / (self.ceiling - self.baseline), 0.0), 1.0)

    @property
    def text(self) -> str:
        """The number with its error and unit, as it is shown."""
        return shown(self.value, self.error, self.unit)

    @property
    def reference_text(self) -> str:
        """The number of the reference in the same way; empty where there is none."""
        found = self.reference
        return "" if found is None else shown(found.value, found.error, self.unit)

    def beside(self, other: Score, name: str, advice: str = "") -> Score:
        """The same score with what another model gets for it as its reference.

        Parameters
        ----------
        other : Score
            The same number of the other model, on the same rows.
        name : str
            What the other model is called.
        advice : str, default=""
            What to do where this one is worse.

        Returns
        -------
        Score
            Without a reference where either number is not finite.

        Examples
        --------
        >>> from lvm_core.metrics import Score
        >>> ours, theirs = (Score("Accuracy", v, "", error=0.01) for v in (0.75, 0.60))
        >>> ours.beside(theirs, "PCA").reference.verdict
        'better'
        """
        if not (math.isfinite(self.value) and math.isfinite(other.value)):
            return replace(self, reference=None)
        if (
            self.by_row is not None
            and other.by_row is not None
            and len(self.by_row) == len(other.by_row) > 1
        ):
            apart = np.asarray(self.by_row, float) - np.asarray(other.by_row, float)
            error = float(apart.std(ddof=1) / len(apart) ** 0.5)
        else:
            error = math.hypot(self.error or 0.0, other.error or 0.0)
        ahead = (self.value - other.value) * (-1 if self.name in LOWER_IS_BETTER else 1)
        # what rounding alone makes is no difference
        least = max(LEVEL * error, 1e-6 * max(abs(self.value), abs(other.value)))
        verdict = "level" if abs(ahead) <= least else "better" if ahead > 0 else "worse"
        return replace(
            self,
            reference=Reference(
                name, other.value, other.error, verdict, advice if verdict == "worse" else ""
            ),
        )


def average_item(schema: Schema) -> str:
    """What always answering with the mean of all rows is called.

    Parameters
    ----------
    schema : Schema
        Of the rows.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.metrics.base import average_item
    >>> from lvm_core.schema import Schema
    >>> average_item(Schema.gaussian(3)), average_item(Schema.counts(3))
    ('the mean row', 'the average document')
    """
    if schema.image is not None:
        return "the mean picture"
    return "the average document" if schema.has("counts") else "the mean row"


def columns_word(schema: Schema) -> str:
    """What the columns of X are called.

    Parameters
    ----------
    schema : Schema
        Of the rows.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.metrics.base import columns_word
    >>> from lvm_core.schema import Schema
    >>> columns_word(Schema.gaussian(3)), columns_word(Schema.counts(3))
    ('columns', 'words')
    """
    if schema.image is not None:
        return "pixels"
    return "words" if schema.has("counts") else "columns"


def percent(share: float) -> str:
    """A share in words, with more digits near 0 and 1, where they matter.

    Parameters
    ----------
    share : float
        0 to 1.

    Returns
    -------
    str
        Never a rounded-up 100 %.

    Examples
    --------
    >>> from lvm_core.metrics.base import percent
    >>> percent(0.93), percent(0.996), percent(0.999999), percent(1)
    ('93 %', '99.6 %', 'over 99.99 %', '100 %')
    """
    value = 100 * share
    edge = min(abs(value), abs(100 - value))
    if 0 < edge < 0.01:
        return "over 99.99 %" if value > 50 else "under 0.01 %"
    return f"{value:.{0 if edge >= 1 or edge == 0 else 1 if edge >= 0.1 else 2}f} %"


def number(value: float, digits: int = 4) -> str:
    """A number with thousands separators, and no power of ten where it can do without.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default=4
        Digits that count; those before the decimal point are all written.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.metrics.base import number
    >>> number(1234567.8), number(-101.25), number(0.000123456), number(0.5), number(2e-9)
    ('1,234,568', '-101.2', '0.0001235', '0.5', '2e-9')
    """
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(float(value))
    if not 1e-6 <= abs(value) < 1e12:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(power)}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_error(value: float, error: float | None, unit: str = "") -> str:
    """A number and its standard error in one format.

    The error has two digits that count, or one where its first is 3 or more; the number ends at the
    same decimal, or whole; both have thousands separators. Beyond a million million and below a
    millionth both have the same power of ten.

    Parameters
    ----------
    value : float
        The number.
    error : float or None
        Its standard error; where it is None, 0 or not finite, or smaller than the rounding of
        ``value``, the number stands alone.
    unit : str, default=""
        Written behind.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.metrics.base import with_error
    >>> with_error(1011.4, 1234.0, "nats"), with_error(-101.271, 0.0527), with_error(93.04, 2.96)
    ('1,011 ± 1,200 nats', '-101.27 ± 0.05', '93 ± 3')
    >>> with_error(1.234e-9, 2e-11)
    '(1.234 ± 0.020)e-9'
    """
    behind = f" {unit}" if unit else ""
    if not error or not math.isfinite(error) or not math.isfinite(value):
        return number(value) + behind
    error = abs(error)
    if error < 1e-12 * abs(value):
        return number(value) + behind
    size = max(abs(value), error)
    if not 1e-6 <= size < 1e12:
        power = math.floor(math.log10(size))
        # in two steps: ten to the power alone may be out of reach
        half = power // 2
        small = lambda v: v / 10.0**half / 10.0 ** (power - half)
        return f"({with_error(small(value), small(error))})e{power}{behind}"
    first = math.floor(math.log10(error))
    places = -first if error / 10.0**first >= 2.95 else 1 - first
    decimals = max(0, places)  # the number itself is not rounded before its decimal point
    return f"{value:,.{decimals}f} ± {round(error, places):,.{decimals}f}{behind}"


def shown(value: float, error: float | None = None, unit: str = "") -> str:
    """A score's number as it is shown, with its error and unit.

    Parameters
    ----------
    value : float
        The number.
    error : float, default=None
        Its standard error.
    unit : str, default=""
        As of a :class:`Score`.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.metrics.base import shown
    >>> shown(0.9304, 0.012, "share"), shown(0.93, None, "share"), shown(-101.3, 0.8, "nats")
    ('93.0 ± 1.2 %', '93 %', '-101.3 ± 0.8 nats')
    """
    if unit == "share":
        return with_error(100 * value, 100 * error, "%") if error else percent(value)
    if unit == "percentile":
        return f"{value:.0f} %"
    return with_error(value, error, unit)


def share_error(value: float, n: int) -> float:
    """Standard error of a share that was counted.

    One more of either kind is counted, so that all or none of a few rows is no certainty (Laplace's
    rule of succession).

    Parameters
    ----------
    value : float
        The share.
    n : int
        Of how many.

    Returns
    -------
    float

    Examples
    --------
    >>> from lvm_core.metrics.base import share_error
    >>> round(share_error(0.5, 100), 3), round(share_error(1.0, 100), 3)
    (0.05, 0.01)
    """
    p = (value * n + 1) / (n + 2)
    return (p * (1 - p) / n) ** 0.5
