"""A zip of text files, in a folder per class or flat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..documents import text_dataset
from ..encoding import ENCODINGS, to_text
from ..upload import class_folders, name_list, shown
from .base import TextReader


@dataclass
class Texts(TextReader):
    """A zip of text files: a document a file; the folder it lies in is its label.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers
        As for :class:`~lvm_core.datasets.readers.base.TextReader`.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto decides for each file.
    label : {"auto", "none"}
        Auto labels each document with its folder.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     for i, words in enumerate(["red apples", "green apples", "red cherries"]):
    ...         archive.writestr(f"{words.split()[1]}/{i}.txt", words)
    >>> read_dataset(file.getvalue(), "fruit.zip").rows["label"].tolist()
    ['apples', 'apples', 'cherries']
    """

    name: ClassVar[str] = "texts"
    title: ClassVar[str] = "Zip of text files"
    suffixes: ClassVar[tuple[str, ...]] = (".zip",)
    list_order: ClassVar[int] = 40

    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; auto decides for each file.",
        advanced=True,
    )
    label: str = param(
        "auto",
        choices=("auto", "none"),
        help="Auto labels each document with its folder.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        if not upload.is_zip:
            return False
        texts = len(upload.archive.having(".txt", ".text", ".md"))
        return texts > 1 and texts >= 0.5 * len(upload.archive.entries)

    def read(self, upload):
        archive = upload.archive
        entries, notes, kept, failed = (
            archive.having(".txt", ".text", ".md"),
            list(archive.notes),
            [],
            [],
        )
        others = len(archive.entries) - len(entries)
        if others:
            notes.append(f"Files that are no text were passed over: {others:,}.")
        settings.check("rows", len(entries), upload.name)
        for info in entries:
            try:
                settings.check("cell_chars", info.file_size // 4, shown(info.filename))
                kept.append(
                    (
                        info,
                        to_text(archive.read(info), self.encoding, shown(info.filename))[0].strip(),
                    )
                )
            except DataError:
                failed.append(shown(info.filename))
        if not kept:
            raise DataError(
                f"None of the {len(entries)} files in {upload.name} can be read as text: "
                f"{name_list(failed)}."
            )
        if failed:
            notes.append(
                f"{len(failed)} of {len(entries)} files could not be read as text and were left "
                "out: "
                f"{name_list(failed, 10)}."
            )
        rows = pd.DataFrame({"file": [shown(info.filename) for info, _ in kept]})
        names = class_folders([info.filename for info, _ in kept]) if self.label == "auto" else None
        if names is not None:
            rows.insert(0, "label", names)
            notes.append(f"Label: the folder each file lies in ({len(set(names))} of them).")
        return text_dataset(
            [text for _, text in kept],
            upload.name,
            rows,
            None if names is None else "label",
            notes,
            **self._text_options(),
        )
