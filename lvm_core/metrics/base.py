"""What every measurement hands to the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number, what to compare it with, and what it means in one plain sentence.

    ``baseline``: what a know-nothing gets (chance, the mean); ``ceiling``: what perfection gets;
    None where there is none. ``unit``: "share" (0 to 1), "nats", "percentile" or "". ``error``:
    standard error of ``value``, None where it is exact.
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
    """A share in words, with more digits near 0 and 1, where they matter: ``93 %``, ``99.6 %``,
    never a rounded-up 100 %.
    """
    value = 100 * share
    edge = min(abs(value), abs(100 - value))
    if 0 < edge < 0.01:
        return "over 99.99 %" if value > 50 else "under 0.01 %"
    return f"{value:.{0 if edge >= 1 or edge == 0 else 1 if edge >= 0.1 else 2}f} %"
