"""Every setting of the app, each an environment variable that begins with LATENT_EXPLORER_, in one
place.

The limits say how much is accepted, and each is checked before memory is taken; the other settings
say how the app runs. A value that cannot be read, and a name that is no setting, is refused in one
sentence when the app or the command line starts (:func:`check_environment`); merely importing the
package never fails over it.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class DataError(ValueError):
    """Data that cannot be used.

    Its message is one plain sentence with what was found, what was expected and what to do.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> from lvm_core.settings import DataError
    >>> try:
    ...     read_dataset(b"", "empty.csv")
    ... except DataError as error:
    ...     print(error)
    empty.csv is empty; choose a file with data in it.
    """


def _limit(default: int, unit: str, advice: str) -> int:
    return field(default=default, metadata={"unit": unit, "advice": advice})


@dataclass(frozen=True)
class Limits:
    """The largest of everything that is accepted.

    Each is a setting: the environment variable LATENT_EXPLORER_ROWS, say, is ``rows``; sizes may be
    written as 500 MB or 2 GB.

    Parameters
    ----------
    upload_bytes : int
        Bytes of an uploaded file.
    array_bytes : int
        Bytes of a .npy, which needs no parsing.
    archive_bytes : int
        Bytes of a run as one zip.
    kept_bytes : int
        Bytes of the datasets and runs that are kept of one person.
    runs_under_way : int
        Runs of one person that wait or train.
    rows : int
        Rows of a dataset.
    columns : int
        Columns of a table.
    features : int
        Values of a row of X.
    cells : int
        Values of a table, rows times columns.
    array_cells : int
        Values of an array or of pictures, rows times columns.
    cell_chars : int
        Characters of a cell or document.
    picture_pixels : int
        Pixels of a picture before it is resized.
    zip_pixels : int
        Pixels of all pictures of a zip before they are resized.
    zip_entries : int
        Entries of a zip.
    zip_bytes : int
        Bytes of a zip when unpacked.
    zip_ratio : int
        How many times its packed size a zip may have when unpacked.

    See Also
    --------
    check : Refuse what is over a limit.

    Examples
    --------
    >>> from lvm_core.settings import Limits
    >>> Limits().rows
    1000000
    >>> Limits.of_environment({"LATENT_EXPLORER_ZIP_BYTES": "500 MB"}).zip_bytes
    524288000
    """

    upload_bytes: int = _limit(200 * 2**20, "bytes", "Bring a part of it, or pure numbers as .npy.")
    # of .npy, which needs no parsing
    array_bytes: int = _limit(4 * 2**30, "bytes", "Bring a part of it.")
    archive_bytes: int = _limit(2**30, "bytes", "Download it again without the data.")
    # of one person
    kept_bytes: int = _limit(
        50 * 2**30,
        "bytes",
        "Delete runs (Train, All runs) and datasets (Data, Kept) you need no more.",
    )
    # of one person
    runs_under_way: int = _limit(
        20, "runs waiting or training", "Let some end first, or cancel some."
    )
    rows: int = _limit(1_000_000, "rows", "Bring a part of it.")
    columns: int = _limit(2000, "columns", "Leave some out, or bring pure numbers as .npy.")
    features: int = _limit(200_000, "values per row", "Make the rows shorter.")
    cells: int = _limit(100_000_000, "values in all", "Bring fewer rows or smaller pictures.")
    array_cells: int = _limit(600_000_000, "values in all", "Bring fewer rows or smaller pictures.")
    cell_chars: int = _limit(
        1_000_000, "characters in one cell or document", "Split the long ones."
    )
    picture_pixels: int = _limit(50_000_000, "pixels in one picture", "Make the picture smaller.")
    zip_pixels: int = _limit(
        5_000_000_000, "pixels in all its pictures", "Make the pictures smaller, or bring fewer."
    )
    zip_entries: int = _limit(100_000, "entries in a zip", "Bring a part of it.")
    zip_bytes: int = _limit(2**30, "bytes when unpacked", "Bring a part of it.")
    zip_ratio: int = _limit(
        200, "times its packed size when unpacked", "Pack the files again without padding."
    )

    @classmethod
    def of_environment(cls, environment=os.environ) -> Limits:
        """The defaults, changed by the environment.

        Parameters
        ----------
        environment : mapping of str to str
            Where the variables are looked up; the process's own environment by default.

        Raises
        ------
        ValueError
            One sentence that names the variable that cannot be read.
        """
        chosen = {
            f.name: (
                f"{PREFIX}{f.name.upper()}",
                environment.get(f"{PREFIX}{f.name.upper()}", "").strip(),
            )
            for f in fields(cls)
        }
        return cls(
            **{name: _number(variable, text) for name, (variable, text) in chosen.items() if text}
        )


def _number(variable: str, text: str) -> int:
    found = re.fullmatch(
        r"(\d+(?:\.\d+)?) ?([KMGT]?)i?B?", text.replace(",", "").replace("_", ""), re.I
    )
    if found is None or not (
        value := int(float(found[1]) * 2 ** (10 * " KMGT".index(found[2].upper() or " ")))
    ):
        raise ValueError(
            f"{variable} is {text[:40]!r}, expected a number above 0, such as 500000, 500 MB or 2 "
            "GB."
        )
    return value


def _path(variable: str, text: str) -> Path:
    return Path(text).expanduser().absolute()


def _people(variable: str, text: str) -> str:
    if text.lower() not in ("one", "many"):
        raise ValueError(
            f"{variable} is {text[:40]!r}, expected one or many: whether everything is everybody's."
        )
    return text.lower()


def _hosts(variable: str, text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower().rstrip(".") for name in text.split(","))
    if not all(re.fullmatch(r"\*|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?", name) for name in names):
        raise ValueError(
            f"{variable} is {text[:40]!r}, expected names of this server without ports, such as "
            "lab.example.org,lab; or * for any."
        )
    return names


def _slots(variable: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(
            f"{variable} is {text[:40]!r}, expected how many fits may run at once, such as 2."
        )
    return max(1, int(text))


def _positive(what: str) -> Callable[[str, str], float]:
    def read(variable: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise ValueError(f"{variable} is {text[:40]!r}, expected {what}.")
        return value

    return read


PREFIX = "LATENT_EXPLORER_"
_OTHERS: dict[str, Callable[[str, str], Any]] = {
    "home": _path,
    "people": _people,
    "hosts": _hosts,
    "slots": _slots,
    "memory": _positive("GiB that one fit may take, such as 8"),
    "checkpoint": _positive("seconds between two checkpoints, such as 10"),
    "minutes": _positive(
        "minutes that a training on pictures, or on a wide table, may take, such as 5"
    ),
}
NAMES = tuple(f"{PREFIX}{name.upper()}" for name in (*_OTHERS, *(f.name for f in fields(Limits))))


def setting(name: str, environment: Mapping[str, str] | None = None) -> Any:
    """Read one of the settings that are no limits.

    Parameters
    ----------
    name : str
        ``home`` (the workspace's folder), ``people`` (``"one"`` or ``"many"``), ``hosts`` (names
        this server answers to), ``slots`` (fits at once), ``memory`` (GiB a fit may take),
        ``checkpoint`` (seconds between two checkpoints) or ``minutes`` (the time budget that is
        suggested for pictures and wide tables).
    environment : mapping of str to str, optional
        Where it is looked up; the process's own environment by default.

    Returns
    -------
    Path, str, tuple of str, int, float or None
        Its value; None where it is not set.

    Raises
    ------
    ValueError
        One sentence that names the variable and what was expected.

    Examples
    --------
    >>> from lvm_core.settings import setting
    >>> setting("slots", {"LATENT_EXPLORER_SLOTS": "3"})
    3
    """
    variable = f"{PREFIX}{name.upper()}"
    text = (os.environ if environment is None else environment).get(variable, "").strip()
    return _OTHERS[name](variable, text) if text else None


def check_environment(environment: Mapping[str, str] | None = None) -> None:
    """Refuse settings that cannot be read, and names that are none.

    Called where the app and the command line start.

    Parameters
    ----------
    environment : mapping of str to str, optional
        What is checked; the process's own environment by default. Only names that begin with
        LATENT_EXPLORER_ are looked at.

    Raises
    ------
    ValueError
        A sentence for each of them, a line each.

    Examples
    --------
    >>> from lvm_core.settings import check_environment
    >>> check_environment({"LATENT_EXPLORER_ROWS": "2000", "HOME": "/root"})
    >>> check_environment({"LATENT_EXPLORER_SLOTS": "many"})
    Traceback (most recent call last):
        ...
    ValueError: LATENT_EXPLORER_SLOTS is 'many', expected how many fits may run at once, such as 2.
    """
    environment = os.environ if environment is None else environment
    found = []
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        try:
            if name in _OTHERS:
                setting(name, environment)
            elif variable in NAMES:
                Limits.of_environment({variable: environment[variable]})
            else:
                near = difflib.get_close_matches(variable, NAMES, 1)
                found.append(
                    f"{variable} is no setting{f'; did you mean {near[0]}?' if near else '.'}"
                )
        except ValueError as error:
            found.append(str(error))
    if found:
        raise ValueError("\n".join(found))


def _limits_of_environment() -> Limits:
    try:
        return Limits.of_environment()
    except ValueError:
        # said by check_environment at the start, not by a traceback at an import
        return Limits()


LIMITS = _limits_of_environment()


def check(name: str, found: int, what: str, times: int = 1, unit: str = "") -> None:
    """Refuse what is over a limit.

    Parameters
    ----------
    name : str
        A field of :class:`Limits`.
    found : int
        How much there is.
    what : str
        What has it, for the sentence: mostly the name of a file.
    times : int
        For what can be counted before the thing itself: the limit times this is allowed, such as so
        many lines for so many rows.
    unit : str
        What was counted then; the limit's own unit where it is empty.

    Raises
    ------
    DataError
        When ``found`` is over the limit; the sentence gives both numbers.

    Examples
    --------
    >>> from lvm_core.settings import check
    >>> check("columns", 10, "table.csv")
    >>> check("columns", 3_000_000_000, "table.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lvm_core.settings.DataError: table.csv has 3,000,000,000 columns; the limit is ...
    """
    allowed = times * getattr(LIMITS, name)
    if found > allowed:
        meta = next(f.metadata for f in fields(Limits) if f.name == name)
        raise DataError(
            f"{what} has {found:,} {unit or meta['unit']}; the limit is {allowed:,}. "
            f"{meta['advice']}"
        )
