"""What every measurement hands to the page."""

from __future__ import annotations

from dataclasses import dataclass


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
        What a know-nothing gets (chance, the mean); None where there is none.
    ceiling : float, default=None
        What perfection gets; None where there is none.
    unit : str, default=""
        ``"share"`` (0 to 1), ``"nats"``, ``"bits"``, ``"percentile"`` or ``""``.
    error : float, default=None
        Standard error of ``value``; None where it is exact.

    Examples
    --------
    >>> from lvm_core.metrics import Score
    >>> Score("Accuracy", 0.75, "Three of four are right.", baseline=0.5, ceiling=1.0).standing
    0.5
    """

    name: str
    value: float
    sentence: str
    baseline: float | None = None
    ceiling: float | None = None
    unit: str = ""
    error: float | None = None

    @property
    def standing(self) -> float | None:
        """Where the value lies between baseline (0) and ceiling (1), clipped; None when either
        is missing.
        """
        if self.baseline is None or self.ceiling is None or self.ceiling == self.baseline:
            return None
        return min(max((self.value - self.baseline) / (self.ceiling - self.baseline), 0.0), 1.0)


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
