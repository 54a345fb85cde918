"""A raw table -> Dataset: types, label, text and everything that is left out, each with its
reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from .. import settings
from ..codecs.levels import Categorical
from ..codecs.table import TableCodec
from ..labels import MOST_CLASSES, kind_of
from .base import DataError, Dataset, require_rows, require_variety
from .documents import text_dataset
from .doubts import (
    USABLE,
    WORDS,
    add_doubts,
    column_doubts,
    crowded_doubt,
    ratings_doubt,
    series_doubt,
    words_per_row,
)
from .free_text import are_records, documents_column, records_doubt
from .infer import COLUMN_TYPES, NESTED, InferredColumn, infer_column
from .missing import split_missing
from .pivot import find_series, pivot_series
from .ratings import RatingColumns, find_ratings, pivot_ratings
from .upload import name_list
from .vectors import array_dataset

LABELS = (
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "species",
    "category",
    "categories",
    "topic",
    "group",
    "diagnosis",
    "outcome",
    "variety",
    "genre",
    "sentiment",
    "y",
    "type",
    "cluster",
)
ANY_LABELS = ("label", "target", "class")  # labels even when they are real numbers

# a column of a vector, such as emb_0, embedding.12, pixel[3], dim 7
NUMBERED = re.compile(r"(?P<name>.*?)[\s_.:\[(-]*(?P<number>\d{1,5})[\])]?")
DIMENSIONS = re.compile(
    r"(?i)(?:.*[\s_.-])?(?:emb|embs|embed|embedding|embeddings|vec|vector|vectors|latent|dim|dims|"
    r"dimension|pixel|pixels|px|feature_?vector|representation|repr|encoding|hidden|"
    r"fingerprint|fp|bert|word2vec|w2v|doc2vec|clip|resnet|topic_?vector)"
)


@dataclass
class TableOptions:
    """What a person asked of a table; the defaults let it be found.

    Parameters
    ----------
    kind : {"auto", "table", "text", "array", "ratings"}
        What the rows are read as: a record, a document, a vector or a rating each.
    label : str
        ``auto``, ``none``, or a column.
    text_column : str
        ``auto``, or a column.
    max_levels : int
        Most frequent levels of a category that are kept; the rest become ``(other)``.
    decimal : {".", ","}
        What stands before a number's fraction, in columns of words.
    types : dict of str to str
        Column -> type, for columns whose type is not to be found.
    text : dict
        Options of :func:`~lvm_core.datasets.documents.text_dataset`.
    series : str
        ``auto``, ``none``, or the column that cuts a long table into series; of ratings, who rates.
    value : str
        ``auto``, or the column a series follows; of ratings, these.
    order : str
        ``auto``, ``none``, or the column of times within a series; of ratings, what is rated.
    missing : str
        Further words and numbers that mean missing, between commas or semicolons.

    Examples
    --------
    >>> from lvm_core.datasets.frames import TableOptions
    >>> TableOptions(label="species").text_column
    'auto'
    """

    kind: str = "auto"  # auto, table, text, array, ratings
    label: str = "auto"  # auto, none, or a column
    text_column: str = "auto"  # auto, or a column
    max_levels: int = 50
    decimal: str = "."
    types: dict[str, str] = field(default_factory=dict)
    text: dict = field(default_factory=dict)  # options of text_dataset
    series: str = "auto"  # auto, none, or the column that cuts a long table into series
    value: str = "auto"  # the column a series follows
    order: str = "auto"  # auto, none, or the column of times within a series
    missing: str = ""  # further words and numbers that mean so


def table_dataset(
    frame: pd.DataFrame,
    name: str,
    options: TableOptions | None = None,
    notes: list[str] | None = None,
) -> Dataset:
    """The Dataset of a raw table.

    Rows X are of its usable columns; or of its column of free text, where fewer than three others
    describe the rows.

    Parameters
    ----------
    frame : DataFrame (n, ...)
        The table; its index is not used.
    name : str
        Name of the dataset.
    options : TableOptions, optional
        What was asked; without, everything is found.
    notes : list of str, optional
        Added to, with what is understood and what is left out.

    Returns
    -------
    Dataset
        Of kind ``table``, ``text`` or ``array``; its ``source["options"]`` holds what was found.

    Raises
    ------
    DataError
        When it has fewer than 3 rows or fewer than 2 usable columns, or when a wish cannot be met.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.frames import table_dataset
    >>> frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [0.1, 0.4, 0.2], "label": ["x", "y", "x"]})
    >>> data = table_dataset(frame, "numbers")
    >>> data.X.shape, data.label
    ((3, 2), 'label')
    """
    options, notes = options or TableOptions(), [] if notes is None else notes
    settings.check("columns", frame.shape[1], name)
    settings.check("rows", frame.shape[0], name)
    require_rows(len(frame), name)
    frame = _named(frame, notes)
    _check_options(options, frame)
    missing = split_missing(options.missing, options.decimal)
    nameless = [c for i, c in enumerate(frame.columns) if c == f"column {i + 1}"]
    row_names = nameless == list(frame.columns[:1])  # as R and pandas write them
    found = {
        c: infer_column(
            frame[c],
            options.types.get(c, ""),
            options.decimal,
            first=i == 0,
            missing=missing,
            unnamed=i == 0 and row_names,
        )
        for i, c in enumerate(frame.columns)
    }
    if _only_short_vectors(options, found):
        _use_short_vectors(found)
    notes += [note for u in found.values() for note in u.notes][:100]
    rows = pd.DataFrame(
        {c: u.values for c, u in found.items() if len(u.values) == len(frame)},
        index=range(len(frame)),
    )
    types = {c: u.type for c, u in found.items()}
    ratings = _rating_columns(options, rows, types)
    if ratings is not None and (ratings.named or options.kind == "ratings"):
        return _as_ratings(rows, types, ratings, name, options, notes)
    free = options.kind == "auto" and options.text_column == "auto" and "text" not in types.values()
    long = find_series(rows, types) if options.series == "auto" and free and not ratings else None
    if options.series not in ("auto", "none") or long is not None and long.sure:
        cut = options if long is None else replace(options, series=long.series, order=long.order)
        dataset = _as_series(rows, types, name, cut, notes)
        add_doubts(dataset, [series_doubt(long, len(rows), True)] if long else [])
        return dataset
    vectors = _vector_column(options, found)
    text = None if vectors else _text_column(options, found)
    label = _label(options, rows, types, text)
    if (
        label is not None
        and types[label] in ("integer", "boolean")
        and kind_of(rows[label], label=True) == "classes"
    ):
        # classes that are numbered, not measured
        rows[label] = rows[label].astype("str").where(rows[label].notna())
    numbers = _numeric(types, label)
    group = numbered_columns(numbers)
    one_by_one = text is None and vectors is None and not group
    if vectors is not None:
        dataset = _as_vectors(rows, found, vectors, name, label, notes)
    elif (
        options.kind == "array"
        or options.kind == "auto"
        and (group and not _text_asked(options) or text is None and _axis(numbers) is not None)
    ):
        text = None
        dataset = _as_array(rows, types, group or numbers, name, label, notes)
    elif text is not None:
        nested = [c for c, u in found.items() if u.reason == NESTED or u.vectors is not None]
        notes += [f"Left out, {NESTED}: {name_list(nested, 10)}."] * bool(nested)
        dataset = _as_text(rows, text, name, label, options, notes)
    else:
        dataset = _as_table(rows, found, types, name, label, options, notes)
    dataset.source = {
        "options": {"kind": dataset.kind, "label": dataset.label or "none", "types": types}
    }
    if text is not None:
        dataset.source["options"]["text_column"] = text
    add_doubts(
        dataset,
        [
            ratings_doubt(ratings, False) if ratings else None,
            series_doubt(long, len(rows), False) if long else None,
            records_doubt(found, dataset.kind) if one_by_one else None,
            *column_doubts(
                found,
                dataset.kind,
                text,
                vectors,
                group if dataset.kind == "array" and vectors is None else [],
                [] if group else _run_of_numbers(numbers),
            ),
            *(crowded_doubt(rows[c.name], len(c.levels)) for c in _crowded(dataset.codec)),
        ],
    )
    return dataset


def _rating_columns(options, rows, types) -> RatingColumns | None:
    """The columns of ratings: as asked, or as found."""
    if options.kind not in ("auto", "ratings") or _text_asked(options):
        return None
    asked = (options.series, options.order, options.value)
    if options.kind == "ratings" and not {"auto", "none"} & set(asked):
        return RatingColumns(*asked)
    found = find_ratings(rows, types) if set(asked) <= {"auto"} else None
    if found is None and options.kind == "ratings":
        raise DataError(
            "the columns of ratings were not found; say who rates (series column), what is rated "
            "(time column) and the rating (value column)."
        )
    return found


def _as_ratings(rows, types, ratings, name, options, notes) -> Dataset:
    """A row a person and a column an item, read as any table."""
    wide = pivot_ratings(rows, ratings, notes)
    kept = {c: t for c, t in options.types.items() if c in wide}
    if options.label not in ("auto", "none", *wide.columns):
        raise DataError(
            f"column {options.label!r} is not one of who rated, so it cannot be the label; there "
            f"are: {name_list(wide.columns, 20)}."
        )
    inner = replace(
        options,
        kind="table",
        types=kept | {ratings.user: "ignore"},
        series="none",
        value="auto",
        order="auto",
        missing="",
    )
    dataset = table_dataset(wide, name, inner, notes)
    dataset.source = {
        "options": {
            "kind": "ratings",
            "label": dataset.label or "none",
            "types": types,
            "series": ratings.user,
            "order": ratings.item,
            "value": ratings.rating,
        }
    }
    add_doubts(dataset, [ratings_doubt(ratings, True)])
    return dataset


def _as_series(rows, types, name, options, notes) -> Dataset:
    if options.kind not in ("auto", "array"):
        raise DataError(
            f"{name} cannot be read as {options.kind} and be cut into series by "
            f"{options.series!r}; choose array, or none as the series column."
        )
    found = pivot_series(rows, types, options.series, options.value, options.order, notes)
    if options.label != "auto" and options.label in rows and options.label not in found.rows:
        raise DataError(
            f"column {options.label!r} changes within a series and cannot be its label; there are: "
            f"{name_list(found.rows.columns, 20)}."
        )
    label = _label(
        options,
        found.rows,
        {c: "ignore" if c == options.series else types[c] for c in found.rows.columns},
        None,
    )
    if (
        label is not None
        and types[label] in ("integer", "boolean")
        and kind_of(found.rows[label], label=True) == "classes"
    ):
        found.rows[label] = found.rows[label].astype("str").where(found.rows[label].notna())
    dataset = array_dataset(
        found.values,
        name,
        found.rows,
        label,
        notes,
        axis=found.axis,
        axis_label=found.axis_label,
        value_label=", ".join(found.channels),
        channels=found.channels if len(found.channels) > 1 else None,
        one_scale=True,
    )
    dataset.source = {
        "options": {
            "kind": "array",
            "label": label or "none",
            "types": types,
            "series": options.series,
            "value": found.channels[0] if len(found.channels) == 1 else "auto",
            "order": found.order or "none",
        }
    }
    return dataset


def _as_text(rows, text, name, label, options, notes) -> Dataset:
    others = [c for c in rows.columns if c != text]
    notes.append(
        f"Column {text!r} holds the documents"
        + (f"; kept beside them: {name_list(others)}." if others else ".")
    )
    documents = ["" if d is None or d != d else str(d) for d in rows[text]]
    kept = rows[others].rename(columns={"text": "text (2)"})
    return text_dataset(
        documents, name, kept, "text (2)" if label == "text" else label, notes, **options.text
    )


def _as_table(rows, found, types, name, label, options, notes) -> Dataset:
    used = [c for c, t in types.items() if t not in ("ignore", "text") and c in rows and c != label]
    if (
        len(used) < 2
        and label is not None
        and options.label == "auto"
        and types[label] not in ("ignore", "text")
    ):
        used, label = [c for c in types if c in used or c == label], None
    for reason in dict.fromkeys(u.reason for u in found.values() if u.reason):
        notes.append(
            f"Left out, {reason}: "
            f"{name_list([c for c, u in found.items() if u.reason == reason], 10)}."
        )
    prose = [c for c, t in types.items() if t == "text"]
    if prose:
        notes.append(
            f"Free text, kept beside the rows and not part of what a model sees: "
            f"{name_list(prose)}; read the file as text to use it."
        )
    if len(used) < 2:
        said = " ".join(notes[-4:])
        raise DataError(
            (
                f"{name} has {len(used)} usable column{'s' * (len(used) != 1)}; at least 2 are "
                f"needed. {said}"
            ).strip()
        )
    if label is not None:
        notes.append(f"Label: {label}; it colours the map and is not part of what a model sees.")
    codec = TableCodec.of(rows[used], {c: types[c] for c in used}, options.max_levels)
    settings.check("cells", len(rows) * codec.schema.d, name)
    settings.check("features", codec.schema.d, name)
    _describe(codec, rows, notes)
    X = codec.encode(rows[used])
    require_variety(X, name)
    return Dataset(name, X, rows, codec, label, notes)


def _as_vectors(rows, found, column, name, label, notes) -> Dataset:
    """The vectors in one column, the others kept beside them."""
    vectors = found[column].vectors
    notes.insert(0, f"{len(rows):,} vectors of {vectors.shape[1]:,} values, of column {column!r}.")
    _say_beside(list(rows.columns), {c: u.type for c, u in found.items()}, notes)
    others = [c for c, u in found.items() if u.vectors is not None and c != column]
    if others:
        notes.append(f"Left out, vectors too: {name_list(others)}; ignore {column!r} to use them.")
    return array_dataset(vectors, name, rows, label, notes, value_label=str(column))


def _say_beside(columns, types, notes) -> None:
    notes += [f"Kept beside them: {name_list(columns)}."] * bool(columns)
    prose = [c for c in columns if types[c] == "text"]
    if prose:
        notes.append(f"Column {prose[0]!r} holds documents; read the file as text to use them.")


def _as_array(rows, types, columns, name, label, notes) -> Dataset:
    axis = _axis(columns)
    if len(columns) < 2:
        raise DataError(
            f"{name} has {len(columns)} columns of numbers; at least 2 are needed to read it as "
            "vectors."
        )
    span = (
        f", from {axis[0]:g} to {axis[-1]:g}, as the columns' names say" if axis is not None else ""
    )
    notes.insert(0, f"{len(rows):,} vectors of {len(columns):,} values{span}.")
    others = [c for c in rows.columns if c not in columns]
    _say_beside(others, types, notes)
    vectors = rows[columns].to_numpy(dtype=float, na_value=np.nan)
    kept = list(rows.columns) if _are_years(axis) else others
    return array_dataset(vectors, name, rows[kept], label, notes, axis=axis, names=columns)


def _are_years(axis: np.ndarray | None) -> bool:
    """Whether an axis counts years, each of which people also look at by itself."""
    return axis is not None and axis.min() >= 1500 and axis.max() <= 2100 and len(axis) <= 200


def _numeric(types: dict[str, str], label: str | None) -> list[str]:
    """The columns of numbers."""
    return [c for c, t in types.items() if t in ("numeric", "integer") and c != label]


def _axis(columns: list[str]) -> np.ndarray | None:
    """The columns' names as an axis, such as wavelengths: 20 or more numbers that only grow or
    only fall.
    """
    values = pd.to_numeric(pd.Series(columns, dtype="str"), errors="coerce").to_numpy()
    steps = np.diff(values)
    return values if len(values) >= 20 and (steps > 0).all() | (steps < 0).all() else None


def numbered_columns(columns: list[str]) -> list[str]:
    """The columns of numbers that are one vector: ``emb_0`` to ``emb_383``.

    Parameters
    ----------
    columns : list of str
        Names of columns of numbers.

    Returns
    -------
    list of str
        Those of one name, numbered without a gap from 0 or 1: 8 and more that are called
        dimensions of a vector, or 64 and more that are nearly all there are; else none.

    Examples
    --------
    >>> from lvm_core.datasets.frames import numbered_columns
    >>> numbered_columns(["year", *(f"emb_{i}" for i in range(8))])[:2]
    ['emb_0', 'emb_1']
    >>> numbered_columns(["answer 1", "answer 2", "answer 3"])
    []
    """
    group = _run_of_numbers(columns)
    found = NUMBERED.fullmatch(group[0]) if group else None
    named = found is not None and DIMENSIONS.fullmatch(found["name"])
    size = len(group)
    return group if named or size >= 64 and size >= 0.9 * len(columns) else []


def _run_of_numbers(columns: list[str]) -> list[str]:
    """Columns of one name, numbered without a gap from 0 or 1: eight or more that are called
    dimensions, or 16 or more that are most of the columns of numbers; else none.
    """
    groups: dict[str, list[tuple[int, str]]] = {}
    for column in columns:
        if found := NUMBERED.fullmatch(column):
            groups.setdefault(found["name"], []).append((int(found["number"]), column))
    if not groups:
        return []
    stem, group = max(groups.items(), key=lambda item: len(item[1]))
    numbers, size = [number for number, _ in group], len(group)
    runs = numbers == list(range(numbers[0], numbers[0] + size)) and numbers[0] <= 1
    named = DIMENSIONS.fullmatch(stem) is not None
    enough = size >= 8 if named else size >= max(16, 0.8 * len(columns))
    return [column for _, column in group] if runs and enough else []


def _crowded(codec) -> list[Categorical]:
    """Categories with more values than are kept."""
    columns = codec.columns if isinstance(codec, TableCodec) else ()
    return [c for c in columns if isinstance(c, Categorical) and c.other]


def _describe(codec: TableCodec, rows: pd.DataFrame, notes: list[str]) -> None:
    by_type: dict[str, list] = {}
    for column in codec.columns:
        by_type.setdefault(column.type, []).append(str(column.name))
    types = "; ".join(f"{len(names)} {t} ({name_list(names)})" for t, names in by_type.items())
    notes.insert(0, f"{len(codec.columns)} columns are used: {types}.")
    crowded = [
        f"{c.name} has {rows[c.name].nunique():,} values, {len(c.levels)} of them kept"
        for c in _crowded(codec)
    ]
    if crowded:
        notes.append(
            f"Categories with many values keep the most frequent, the rest are (other): "
            f"{name_list(crowded)}."
        )
    gaps = [f"{c.name} ({c.missing:.1%})" for c in codec.columns if c.missing]
    if gaps:
        notes.append(f"Missing values are modelled as missing: {name_list(gaps)}.")


def _named(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Every column a name of its own, as text."""
    names, taken, renamed = [], set(), []
    for i, raw in enumerate(frame.columns):
        name = " ".join(
            ""
            if raw is None or raw != raw
            else "".join(c if c.isprintable() else " " for c in str(raw)).split()
        )
        name = "" if re.fullmatch(r"Unnamed: \d+", name) and i else name
        fresh, k = name[:200] or f"column {i + 1}", 2
        while fresh in taken:
            fresh, k = f"{name[:200] or f'column {i + 1}'} ({k})", k + 1
        if fresh != name and name:
            renamed.append(fresh)
        taken.add(fresh)
        names.append(fresh)
    if renamed:
        notes.append(f"Columns that shared a name were renamed: {name_list(renamed)}.")
    return frame.set_axis(names, axis=1)


def _check_options(options: TableOptions, frame: pd.DataFrame) -> None:
    asked = [
        *options.types,
        *([options.label] if options.label not in ("auto", "none") else []),
        *(
            c
            for c in (options.text_column, options.series, options.value, options.order)
            if c not in ("auto", "none")
        ),
    ]
    strange = [c for c in asked if c not in frame.columns]
    if strange:
        raise DataError(
            f"there is no column {strange[0]!r}; there are: {name_list(frame.columns, 20)}."
        )
    wrong = [t for t in options.types.values() if t not in COLUMN_TYPES]
    if wrong:
        raise DataError(f"{wrong[0]!r} is no column type; there are: {', '.join(COLUMN_TYPES)}.")


def _vector_column(options: TableOptions, found: dict[str, InferredColumn]) -> str | None:
    """The column of vectors to learn from: one said to be so, or the longest."""
    vectors = {
        c: u.vectors for c, u in found.items() if u.type == "vector" and u.vectors is not None
    }
    if not vectors or options.kind in ("table", "text") or _text_asked(options):
        return None
    asked = [c for c in vectors if options.types.get(c) == "vector"]
    return max(asked or vectors, key=lambda c: vectors[c].shape[1])


def _only_short_vectors(options: TableOptions, found: dict[str, InferredColumn]) -> bool:
    """Whether short vectors are all there is to learn from, beside one label at most."""
    usable = sum(u.type in (*USABLE, "vector") for u in found.values())
    return (
        any(u.vectors is not None for u in found.values())
        and usable < 2
        and options.kind in ("auto", "array")
        and not any(u.type == "vector" for u in found.values())
        and _text_column(options, found) is None
    )


def _use_short_vectors(found: dict[str, InferredColumn]) -> None:
    """Take the longest of the short vectors, which are left out beside other columns."""
    lengths = {c: u.vectors.shape[1] for c, u in found.items() if u.vectors is not None}
    column = max(lengths, key=lambda c: lengths[c])
    notes = [note for note in found[column].notes if "choose the type vector" not in note]
    found[column] = replace(found[column], type="vector", reason="", notes=notes)


def _text_asked(options: TableOptions) -> bool:
    return options.kind == "text" or options.text_column != "auto"


def _text_column(options: TableOptions, found: dict[str, InferredColumn]) -> str | None:
    if options.text_column != "auto":
        return options.text_column
    if options.kind == "table":
        return None
    prose = documents_column(found)
    if prose is not None:
        records = options.kind == "auto" and are_records(found, LABELS, options.max_levels)
        return None if records else prose
    # Titles and short answers are too short for prose; they are it where nothing else is there.
    words = {c: words_per_row(u.values) for c, u in found.items() if "like a name" in u.reason}
    longest = max(words, key=lambda c: words[c], default=None)
    lonely = sum(u.type in USABLE for u in found.values()) < 2
    if longest is not None and words[longest] >= WORDS and (lonely or options.kind == "text"):
        return longest
    if options.kind == "text":
        raise DataError(
            f"no column holds text ({WORDS} words or more, mostly unique); name one as text_column."
        )
    return None


def _label(
    options: TableOptions, rows: pd.DataFrame, types: dict[str, str], text: str | None
) -> str | None:
    """The column to colour by: the one asked for, one called so, or a last column that alone
    holds words, and few of them.
    """
    if options.label in rows.columns and options.label != text:
        return options.label
    if options.label != "auto":
        return None
    free = [c for c in rows.columns if c != text and types[c] not in ("ignore", "text")]
    for wanted in LABELS:
        for c in free:
            if c.casefold() == wanted and (c.casefold() in ANY_LABELS or _few(rows[c], types[c])):
                return c
    last = free[-1] if free else None
    lonely = [c for c in free if types[c] == "categorical"] == [last] and last == rows.columns[-1]
    return (
        last
        if lonely and rows[last].nunique() <= 20 and rows[last].nunique() < len(rows) / 2
        else None
    )


def _few(column: pd.Series, kind: str) -> bool:
    return kind in ("categorical", "boolean", "integer") and 2 <= column.nunique() <= min(
        MOST_CLASSES, max(3, len(column) / 2)
    )
