"""Datasets: built-in sources in ``builtin``; uploads by :func:`read_dataset`."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import PurePosixPath
from typing import Any, cast

from ..settings import LIMITS as LIMITS
from .base import DataError as DataError
from .base import Dataset as Dataset
from .builtin import DATASETS as DATASETS
from .readers import READERS
from .readers import SUFFIXES as SUFFIXES
from .readers.base import Reader
from .readers.foreign import refuse_foreign, refuse_unknown
from .upload import Upload


def read_dataset(
    path_or_file,
    name: str | None = None,
    *,
    reader: str | None = None,
    types: dict | None = None,
    **options,
) -> Dataset:
    r"""Read a file.

    The format is found by content, then by suffix.

    Parameters
    ----------
    path_or_file : path, bytes, binary file or list of paths
        What to read; of a folder or a list of paths, all files, as if they were in one zip.
    name : str, optional
        Its file name; that of the path or the file object by default.
    reader : str, optional
        One of :data:`READERS`, where the format is not to be found.
    types : dict of str to str, optional
        Column -> numeric, integer, boolean, categorical, date, text or ignore; corrects a table's
        columns.
    **options
        Parameters of the reader, see :func:`reader_for`.

    Returns
    -------
    Dataset
        Its ``source`` says what was done: ``{"reader", "name", "asked": options given, "options":
        all options in effect}``.

    Raises
    ------
    DataError
        One sentence, whatever the file holds.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> table = b"height,kind\n1.5,elm\n2.5,oak\n1.8,elm\n2.2,oak\n"
    >>> data = read_dataset(table, "trees.csv", label="none")
    >>> data.kind, data.X.shape
    ('table', (4, 3))
    >>> data.source["reader"], data.source["asked"]
    ('csv', {'label': 'none'})
    """
    upload = Upload.open(path_or_file, name)
    try:
        outer, upload = upload, upload.unwrapped()
        upload, chosen = _read_by(upload, READERS[reader]) if reader else _reader_of(upload)
        job = _configured(chosen, options, types)
        dataset = job.read(upload)
    except DataError:
        raise
    except Exception as error:  # the one boundary: no file, however broken, may end the caller
        logging.getLogger(__name__).warning("reading %s failed", upload.name, exc_info=True)
        raise DataError(
            f"{upload.name} could not be read ({type(error).__name__}: "
            f"{str(error).splitlines()[0][:120] if str(error) else 'no reason given'}); "
            "is it complete, and of the type its name says?"
        ) from error
    if upload is not outer:
        how = "read from the zip" if outer.is_zip else "unpacked from"
        if upload.name != outer.name:  # a tar is read as it is called
            dataset.notes.insert(0, f"{upload.name} was {how} {outer.name}.")
        if upload.is_zip:  # its pictures at full size are looked for in the upload itself
            dataset.source.get("pictures", {}).pop("left_out", None)
    found = dataset.source.pop("options", {})
    asked = dict(options) | ({"types": dict(types)} if types else {})
    in_effect = job.to_config()["params"] | found
    dataset.source |= {
        "reader": chosen.name,
        "name": upload.name,
        "asked": asked,
        "options": in_effect,
        **({"reader_asked": True} if reader else {}),
    }
    if upload.suffix and upload.suffix in SUFFIXES and upload.suffix not in chosen.suffixes:
        dataset.notes.insert(
            0,
            (
                f"The name ends in {upload.suffix}, but the content is: {chosen.title}; it was "
                "read as that."
            ),
        )
    return dataset


def reader_for(path_or_file, name: str | None = None) -> type[Reader]:
    r"""The reader that :func:`read_dataset` would choose.

    Parameters
    ----------
    path_or_file : path, bytes or binary file
        The file.
    name : str, optional
        Its file name; that of the path or the file object by default.

    Returns
    -------
    type of Reader
        Its ``parameters()`` are the options a form can offer.

    Raises
    ------
    DataError
        For a file of no type known here.

    Examples
    --------
    >>> from lvm_core.datasets import reader_for
    >>> reader_for(b"a,b\n1,2\n3,4\n", "numbers.csv").title
    'Table as text (CSV, TSV)'
    """
    return _reader_of(Upload.open(path_or_file, name).unwrapped())[1]


def readers_for(path_or_file, name: str | None = None) -> list[type[Reader]]:
    r"""Every reader that may read a file.

    Parameters
    ----------
    path_or_file : path, bytes or binary file
        The file.
    name : str, optional
        Its file name; that of the path or the file object by default.

    Returns
    -------
    list of type of Reader
        First the one that :func:`read_dataset` would choose, then those whose files look like this
        one, the most general first; of text, all that read text.

    Raises
    ------
    DataError
        For a file of no type known here.

    Examples
    --------
    >>> from lvm_core.datasets import readers_for
    >>> [reader.name for reader in readers_for(b"One line.\nAnother one, longer.\n", "a.txt")][:2]
    ['txt', 'csv']
    """
    upload, chosen = _reader_of(Upload.open(path_or_file, name).unwrapped())
    text = not upload.is_zip and b"\0" not in upload.head
    others = [
        reader
        for reader in READERS.values()
        if reader is not chosen
        and (
            reader.matches(upload)
            or text
            and "encoding" in reader.parameters()
            and ".zip" not in reader.suffixes
        )
    ]
    return [chosen, *others[::-1]]


def _reader_of(upload: Upload) -> tuple[Upload, type[Reader]]:
    """What is to be read, which may be in the upload, and what reads it."""
    refuse_foreign(upload)
    for reader in READERS.values():
        if reader.matches(upload):
            if "encoding" in reader.parameters():  # of text
                refuse_unknown(upload)
            return upload, reader
    if (inner := upload.only_file()) is not None:
        return _reader_of(inner)
    if upload.is_zip:
        kinds = Counter(
            PurePosixPath(info.filename.lower()).suffix or "no suffix"
            for info in upload.archive.entries
        )
        inside = ", ".join(f"{count:,} {suffix}" for suffix, count in kinds.most_common(5))
        raise DataError(
            f"{upload.name} holds {inside}; expected a zip of pictures, of text files, or with "
            "exactly one table. "
            f"{' '.join(upload.archive.notes)}".strip()
        )
    raise DataError(f"{upload.name} is of no type known here; there are: {', '.join(SUFFIXES)}.")


def _read_by(upload: Upload, reader: type[Reader]) -> tuple[Upload, type[Reader]]:
    """The same for a reader that was named."""
    inner = None if reader.matches(upload) else upload.only_file()
    return upload if inner is None else inner, reader


def _configured(chosen: type[Reader], options: dict, types: dict | None) -> Reader:
    strange = sorted(set(options) - set(chosen.parameters()))
    if strange:
        raise DataError(
            f"{chosen.title} has no option {strange[0]!r}; there are: "
            f"{', '.join(chosen.parameters())}."
        )
    job = chosen(**options)
    try:
        job.validate()
    except ValueError as error:
        raise DataError(str(error)) from error
    if types:
        if not hasattr(job, "types"):
            raise DataError(f"{chosen.title} has no columns whose types could be set.")
        cast(Any, job).types = dict(types)
    return job
