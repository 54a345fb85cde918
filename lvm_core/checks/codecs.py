"""What every codec promises: items <-> rows of X."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..codecs.base import Codec
from .base import Check, require, require_close, require_equal, require_finite, run

N = 7


class CodecCase:
    """A codec and items it can hold, encoded once."""

    def __init__(self, codec: Codec, items: Any):
        self.codec, self.items = codec, items
        self.cls: type[Codec] = type(codec)

    @cached_property
    def X(self):
        """The items as rows (n, d)."""
        return self.codec.encode(self.items)

    @property
    def dense(self) -> np.ndarray:
        """The same, never sparse."""
        return self.X.toarray() if hasattr(self.X, "indptr") else self.X


def same_items(found: Any, expected: Any, what: str) -> None:
    """Two lists of items agree up to the rounding of float32."""
    if isinstance(expected, pd.DataFrame):
        expected = expected.reset_index(drop=True)
        found = found.reset_index(drop=True)
        try:
            # A number is stored as float32 in units of its column's spread.
            spread = max((np.ptp(v.dropna()) for _, v in _numbers(expected)), default=0.0)
            pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-5 * float(spread))
        except AssertionError as error:
            raise AssertionError(f"{what} differ: {' '.join(str(error).split())}") from error
    elif isinstance(expected, np.ndarray):
        require_close(found, expected, what)
    else:
        require_equal(found, expected, what)


def _numbers(frame: pd.DataFrame):
    for name in frame:
        if frame[name].dtype.kind in "fiu":
            yield name, frame[name].astype(float)


def check_describes_itself(case: CodecCase) -> None:
    """It states its kind, and its schema has a column for every column of X."""
    require(case.cls.kind, "states no kind")
    require_equal(case.codec.schema.d, case.X.shape[1], "columns of the schema")


def check_rows_are_numbers(case: CodecCase) -> None:
    """X is float32, one row an item, finite, and what each likelihood can have."""
    require_equal(case.X.shape[0], len(case.items), "rows of X")
    require(case.X.dtype == np.float32, f"X is {case.X.dtype}, expected float32")
    require_finite(case.X, "rows of X")
    for group, span in case.codec.schema.spans():
        values = case.dense[:, span]
        if group.likelihood == "bernoulli":
            require(set(np.unique(values).tolist()) <= {0.0, 1.0}, "a 0/1 column holds others")
        if group.likelihood == "categorical":
            require_close(values.sum(1), np.ones(len(values)), "sums over a category's columns")
        if group.likelihood == "counts":
            require(values.min() >= 0, "counts are negative")


def check_round_trip(case: CodecCase) -> None:
    """Items come back from their rows; of documents, their terms do."""
    back = case.codec.decode(case.X)
    if case.cls.kind == "text":
        require_equal(len(back), len(case.items), "documents that come back")
        for row, document, terms in zip(case.dense, case.items, back):
            heaviest = np.sort(row[row > 0])[::-1].tolist()[: len(terms)]
            require_equal([weight for _, weight in terms], heaviest, "counts of a document")
            strange = [term for term, _ in terms if term not in document.lower()]
            require(not strange, f"a document came back with terms it lacks: {strange}")
    else:
        same_items(back, case.items, "items there and back")


def check_json_brings_it_back(case: CodecCase) -> None:
    """From plain JSON comes a codec that encodes and decodes alike."""
    text = json.dumps(case.codec.to_json())
    again = case.cls.from_json(json.loads(text))
    require_equal(json.loads(text).get("kind"), case.cls.kind, "kind in the JSON")
    require(again.schema == case.codec.schema, "the schema changed on its way through JSON")
    X = again.encode(case.items)
    X = X.toarray() if hasattr(X, "indptr") else X
    require_equal(X, case.dense, "rows before and after JSON")
    same_items(again.decode(case.X), case.codec.decode(case.X), "items before and after JSON")


def check_any_row_decodes(case: CodecCase) -> None:
    """Whatever finite row a model makes up becomes an item that can be encoded again."""
    d = case.codec.schema.d
    for spread in (1.0, 100.0):
        rows = np.random.RandomState(0).normal(0, spread, (N, d)).astype(np.float32)
        items = case.codec.decode(rows)
        require_equal(len(items), N, "items decoded from rows drawn by chance")
        if case.cls.kind != "text":
            require_finite(_rows(case.codec.encode(items)), "rows of such items")


def check_one_row_is_the_same_alone(case: CodecCase) -> None:
    """What a row is decoded to does not depend on the rows beside it."""
    together = case.codec.decode(case.X[:3])
    for i in range(3):
        alone = case.codec.decode(case.X[i : i + 1])
        expected = together[i : i + 1]
        same_items(alone, expected, "items decoded alone and together")


def check_rows_of_another_width_are_refused(case: CodecCase) -> None:
    """Rows that are not the codec's own are refused with both numbers."""
    d = case.codec.schema.d
    try:
        case.codec.decode(np.zeros((2, d + 2), np.float32))
    except ValueError as error:
        said = str(error)
        named = str(d) in said and str(d + 2) in said
        require(named, f"rows of {d + 2} columns were refused without both numbers: {said!r}")
    else:
        raise AssertionError(f"rows of {d + 2} columns were accepted, there are {d}")


def _rows(X) -> Any:
    return X.toarray() if hasattr(X, "indptr") else X


CHECKS = (
    check_describes_itself,
    check_rows_are_numbers,
    check_round_trip,
    check_json_brings_it_back,
    check_any_row_decodes,
    check_one_row_is_the_same_alone,
    check_rows_of_another_width_are_refused,
)


def codec_checks(codec: Codec, items: Any) -> Iterator[Check]:
    """The checks of a codec one by one.

    Parameters
    ----------
    codec : Codec
        Made for such items.
    items : DataFrame, ndarray or list of str
        At least three items of the codec's kind, as it decodes them; documents for text.

    Yields
    ------
    Check
    """
    case = CodecCase(codec, items)
    for test in CHECKS:
        yield Check(case.cls.__name__, test, case)


def check_codec(codec: Codec, items: Any) -> None:
    """Check everything that a codec promises.

    Parameters
    ----------
    codec : Codec
        Made for such items.
    items : DataFrame, ndarray or list of str
        At least three items of the codec's kind, as it decodes them; documents for text.

    Raises
    ------
    AssertionError
        For the first property that does not hold, and what was found.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.checks import check_codec
    >>> from lvm_core.codecs.array import ArrayCodec
    >>> vectors = np.random.default_rng(0).normal(5, 2, (10, 4)).astype(np.float32)
    >>> check_codec(ArrayCodec.of(vectors), vectors)
    """
    run(codec_checks(codec, items))
