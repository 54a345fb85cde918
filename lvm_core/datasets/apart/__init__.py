"""Parsers in C that read what anybody brings run in a process of their own, with bounds on memory
and time: a file that breaks one of them gives a sentence and ends nothing else.

Each program of this folder is run by its path and imports nothing of the package; what they share
lies beside them in ``apart_program``. It is called with a folder in which ``input`` is the file,
``asked.json`` what is wanted, and where it leaves ``said.json``, and arrays or tables beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ... import settings
from ..base import DataError
from ..upload import Upload, name_list

SECONDS = 120  # after which a program is ended
KINDS = {  # what a program reads, by its name or the form that is asked for
    "hdf5": "an HDF5 file",
    "matlab": "a MATLAB file",
    "sav": "an SPSS file",
    "por": "an SPSS file",
    "dta": "a Stata file",
    "sas7bdat": "a SAS file",
    "xport": "a SAS file",
}
_HERE = Path(__file__).parent


def run_apart(
    program: str, data: bytes, name: str, asked: dict, take: Callable[[dict, Path], Any]
) -> Any:
    """Run one of the programs of this folder on a file.

    Parameters
    ----------
    program : str
        Its name, such as ``hdf5``.
    data : bytes
        The file.
    name : str
        What it is called, for the sentences.
    asked : dict
        What is wanted; must be JSON.
    take : callable
        ``take(said, folder)`` reads what the program left, before the folder goes.

    Returns
    -------
    object
        What ``take`` returns.

    Raises
    ------
    DataError
        When the program refuses the file, breaks, or takes too long or too much memory.

    Examples
    --------
    >>> from lvm_core.datasets.apart import run_apart
    >>> run_apart("hdf5", b"noise", "a.h5", {}, lambda said, folder: said)
    Traceback (most recent call last):
        ...
    lvm_core.settings.DataError: a.h5 is an HDF5 file that is damaged; save it again.
    """
    limits = {
        "bytes": settings.LIMITS.zip_bytes,
        "ratio": settings.LIMITS.zip_ratio,
        "seconds": SECONDS,
    }
    with tempfile.TemporaryDirectory(prefix="latent-explorer-") as place:
        folder = Path(place)
        (folder / "input").write_bytes(data)
        (folder / "asked.json").write_text(json.dumps(asked | limits), encoding="utf-8")
        command = [sys.executable, "-P", str(_HERE / f"{program}.py"), place]
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                env={k: v for k, v in os.environ.items() if not k.startswith("HDF5_")}
                | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DataError(
                f"{name} took more than {SECONDS} seconds to read; save it in a simpler form, such "
                "as .npy or .csv."
            ) from error
        said = folder / "said.json"
        found = json.loads(said.read_text(encoding="utf-8")) if said.is_file() else {}
        if "refused" in found:
            raise DataError(f"{name} {found['refused']}")
        if not found:
            kind = KINDS[asked.get("form", program)]
            raise DataError(f"{name} is {kind} that is damaged; save it again.")
        return take(found, folder)


def stored_arrays(
    program: str, upload: Upload, notes: list[str], **asked
) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """The arrays of a file as one of the programs lists them: name -> (shape, type).

    Parameters
    ----------
    program : {"hdf5", "matlab"}
        What lists them.
    upload : Upload
        The file.
    notes : list of str
        Added to, with what was left out.
    **asked
        What else the program is told.

    Raises
    ------
    DataError
        When the file is damaged, or holds no array of numbers.

    Examples
    --------
    >>> import io
    >>> import h5py
    >>> from lvm_core.datasets.apart import stored_arrays
    >>> from lvm_core.datasets.upload import Upload
    >>> content = io.BytesIO()
    >>> with h5py.File(content, "w") as file:
    ...     file["x"] = [[1.0, 2.0]]
    >>> stored_arrays("hdf5", Upload("a.h5", content.getvalue()), [])
    {'x': ((1, 2), dtype('float64'))}
    """
    said = run_apart(program, bytes(upload.data), upload.name, asked, lambda said, folder: said)
    if said["count"]:
        more = said["count"] - len(said["left"])
        notes.append(
            f"Left out: {name_list(said['left'])}{f' and {more:,} more' if more > 0 else ''}."
        )
    if said["more"]:
        notes.append("There are more arrays than are looked at.")
    if not said["arrays"]:
        raise DataError(
            f"{upload.name} holds no array of numbers that can be read. {' '.join(notes)}".strip()
        )
    return {name: (tuple(s), np.dtype(kind)) for name, (s, kind) in said["arrays"].items()}


def array_values(program: str, upload: Upload, names: list[str], **asked) -> dict[str, np.ndarray]:
    """Some of those arrays, in this machine's byte order.

    Parameters
    ----------
    program : {"hdf5", "matlab"}
        What reads them.
    upload : Upload
        The file.
    names : list of str
        Of those that :func:`stored_arrays` found.
    **asked
        What else the program is told.

    Raises
    ------
    DataError
        When one is damaged, or over the limit of bytes.

    Examples
    --------
    >>> import io
    >>> import h5py
    >>> from lvm_core.datasets.apart import array_values
    >>> from lvm_core.datasets.upload import Upload
    >>> content = io.BytesIO()
    >>> with h5py.File(content, "w") as file:
    ...     file["x"] = [[1.0, 2.0]]
    >>> array_values("hdf5", Upload("a.h5", content.getvalue()), ["x"])["x"].tolist()
    [[1.0, 2.0]]
    """

    def take(said: dict, folder: Path) -> dict[str, np.ndarray]:
        found = {}
        for i, name in enumerate(names):
            values = np.load(folder / f"{i}.npy", allow_pickle=False)
            found[name] = values.astype(values.dtype.newbyteorder("="), copy=False)
        return found

    asked = asked | {"names": names}
    return run_apart(program, bytes(upload.data), upload.name, asked, take)
