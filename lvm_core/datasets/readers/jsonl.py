"""Records as JSON: one a line, or a list of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..documents import text_dataset
from ..encoding import ENCODINGS, to_text
from ..json_orientations import records_of
from .base import TableReader


@dataclass
class JsonLines(TableReader):
    """JSON Lines, a JSON file that holds a list of records, or a table as pandas writes it in any
    orientation.

    Records in records become columns such as ``a.b``.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto finds it.

    Examples
    --------
    >>> import json
    >>> from lvm_core import read_dataset
    >>> records = [{"size": {"height": i + 0.5, "width": i * i + 0.1}} for i in range(4)]
    >>> data = read_dataset(json.dumps(records).encode(), "sizes.json")
    >>> data.rows.columns.tolist()
    ['size.height', 'size.width']
    """

    name: ClassVar[str] = "jsonl"
    title: ClassVar[str] = "JSON records"
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".json")
    list_order: ClassVar[int] = 60

    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; change it when accents look wrong.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        if upload.is_zip or upload.suffix in cls.suffixes:
            return not upload.is_zip
        start = upload.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        return re.match(rb'\{\s*"|\[\n|\[\s*(\{|\[\s*["\d-])', start) is not None

    def read(self, upload):
        text, encoding, notes = to_text(upload.data, self.encoding, upload.name)
        # before they become objects, each a hundred times its two brackets; records may hold a few
        # others each
        settings.check(
            "rows",
            text.count("{") + text.count("["),
            upload.name,
            times=4,
            unit="records and lists",
        )
        records = _records(text, upload.name, notes)
        settings.check("rows", len(records), upload.name)
        if all(isinstance(r, str) for r in records):
            dataset = text_dataset(records, upload.name, notes=notes, **self._text_options())
            dataset.source = {"options": {"kind": "text"}}
            return dataset
        kept = [r for r in records if isinstance(r, dict)]
        if len(kept) < len(records):
            notes.append(
                f"{len(records) - len(kept):,} of {len(records):,} entries are no records (name: "
                "value) and were left "
                "out."
            )
        if not kept:
            raise DataError(
                f'{upload.name} holds no records; expected one {{"name": value}} a line, or a list '
                "of them."
            )
        flat = [_flat(record) for record in kept]
        names = dict.fromkeys(name for record in flat for name in record)
        settings.check("columns", len(names), upload.name)
        settings.check("cells", len(names) * len(flat), upload.name)
        frame = pd.DataFrame(
            {name: pd.Series([record.get(name) for record in flat], dtype=object) for name in names}
        )
        return self._dataset(frame, upload.name, notes)


def _records(text: str, name: str, notes: list[str]) -> list:
    """Every record; lines that are no JSON are left out and counted when they are few. Raises
    DataError.
    """
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    except RecursionError as error:
        raise DataError(f"{name} is nested too deeply; expected a list of flat records.") from error
    found = records_of(whole, name, notes)
    if found is not None:
        return found
    if (
        isinstance(whole, dict)
        and len(lists := [v for v in whole.values() if isinstance(v, list)]) == 1
    ):
        whole = lists[0]
    if isinstance(whole, list):
        return whole
    if whole is not None:
        raise DataError(
            f"{name} holds one JSON value; expected one record a line, or a list of records."
        )
    lines = [found.group() for found in re.finditer(r"[^\n]*\S[^\n]*", text)]
    settings.check("rows", len(lines), name)
    records, bad = [], 0
    for line in lines:
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            bad += 1
    if bad > 0.5 * len(lines) or not records:
        raise DataError(
            f"{name} is no JSON: {bad:,} of its {len(lines):,} lines cannot be read; expected one "
            "record a line, or "
            "a list of records."
        )
    if bad:
        notes.append(f"{bad:,} of {len(lines):,} lines are no JSON and were left out.")
    return records


def _flat(record: dict, depth: int = 2) -> dict:
    flat = {}
    for name, value in record.items():
        if isinstance(value, dict) and depth:
            flat.update({f"{name}.{k}": v for k, v in _flat(value, depth - 1).items()})
        else:
            flat[name] = value
    return flat
