"""How much is accepted, in one place, and the one error for what is not. Every limit is checked before memory is taken."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields


class DataError(ValueError):
    """Data that cannot be used: one plain sentence with what was found, what was expected and what to do."""


def _limit(default: int, unit: str, advice: str) -> int:
    return field(default=default, metadata={"unit": unit, "advice": advice})


@dataclass(frozen=True)
class Limits:
    """The largest of everything. Each is a setting: the environment variable LATENT_EXPLORER_ROWS, say, is ``rows``; sizes may be
    written as 500 MB or 2 GB."""

    upload_bytes: int = _limit(200 * 2**20, "bytes", "Bring a part of it, or pure numbers as .npy.")
    array_bytes: int = _limit(4 * 2**30, "bytes", "Bring a part of it.")        # of .npy, which needs no parsing
    archive_bytes: int = _limit(2**30, "bytes", "Download it again without the data.")
    kept_bytes: int = _limit(50 * 2**30, "bytes", "Delete runs (Train, All runs) and datasets (Data, Kept) you need no more.")     # of one person
    runs_under_way: int = _limit(20, "runs waiting or training", "Let some end first, or cancel some.")                              # of one person
    rows: int = _limit(1_000_000, "rows", "Bring a part of it.")
    columns: int = _limit(2000, "columns", "Leave some out, or bring pure numbers as .npy.")
    features: int = _limit(50_000, "values per row", "Make the rows shorter.")
    cells: int = _limit(100_000_000, "values in all", "Bring fewer rows or smaller pictures.")
    array_cells: int = _limit(600_000_000, "values in all", "Bring fewer rows or smaller pictures.")
    cell_chars: int = _limit(1_000_000, "characters in one cell or document", "Split the long ones.")
    picture_pixels: int = _limit(50_000_000, "pixels in one picture", "Make the picture smaller.")
    zip_entries: int = _limit(100_000, "entries in a zip", "Bring a part of it.")
    zip_bytes: int = _limit(2**30, "bytes when unpacked", "Bring a part of it.")
    zip_ratio: int = _limit(200, "times its packed size when unpacked", "Pack the files again without padding.")

    @classmethod
    def of_environment(cls, environment=os.environ) -> "Limits":
        """The defaults, changed by the environment. Raises ValueError naming the variable that cannot be read."""
        chosen = {f.name: (f"{PREFIX}{f.name.upper()}", environment.get(f"{PREFIX}{f.name.upper()}", "").strip()) for f in fields(cls)}
        return cls(**{name: _number(variable, text) for name, (variable, text) in chosen.items() if text})


def _number(variable: str, text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)i?B?", text.replace(",", "").replace("_", ""), re.I)
    if found is None or not (value := int(float(found[1]) * 2 ** (10 * " KMGT".index(found[2].upper() or " ")))):
        raise ValueError(f"{variable} is {text[:40]!r}, expected a number above 0, such as 500000, 500 MB or 2 GB.")
    return value


PREFIX = "LATENT_EXPLORER_"
LIMITS = Limits.of_environment()


def check(name: str, found: int, what: str, times: int = 1, unit: str = "") -> None:
    """Raise DataError when ``found`` is over the limit ``name``; the sentence gives both numbers.

    ``times`` and ``unit`` are for what can be counted before the thing itself: at most so many lines, say, for so many rows."""
    allowed = times * getattr(LIMITS, name)
    if found > allowed:
        meta = next(f.metadata for f in fields(Limits) if f.name == name)
        raise DataError(f"{what} has {found:,} {unit or meta['unit']}; the limit is {allowed:,}. {meta['advice']}")
