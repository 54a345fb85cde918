"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence each."""

from .base import Score
from .projection import projection

__all__ = ["Score", "projection"]
