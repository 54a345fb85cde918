"""Every codec keeps its promises, and no check is one that cannot fail."""

import numpy as np
import pandas as pd
import pytest

from lvm_core.checks import Check, check_codec, codec_checks
from lvm_core.checks import codecs as checks
from lvm_core.checks.codecs import CodecCase
from lvm_core.codecs import CODECS
from lvm_core.codecs.array import ArrayCodec
from lvm_core.codecs.image import ImageCodec
from lvm_core.codecs.table import TableCodec
from lvm_core.codecs.text import TextCodec

RNG = np.random.default_rng(0)
PICTURES = RNG.random((5, 6, 4, 3), dtype=np.float32)
VECTORS = RNG.normal(5, 2, (9, 4)).astype(np.float32)
DOCUMENTS = ["The cat sat on the mat", "The dog barked at the cat", "The cat chased the mouse"]
TABLE = pd.DataFrame(
    {
        "height": [1.5, 2.5, 3.25, 1.75],
        "age": [30, 41, 28, 64],
        "member": [True, False, True, True],
        "city": pd.Series(["Ulm", "Bonn", None, "Ulm"], dtype="str"),
        "born": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-01"]).astype(
            "datetime64[us]"
        ),
    }
)
CASES = [
    (ImageCodec.of(PICTURES), PICTURES),
    (TableCodec.of(TABLE), TABLE),
    (TextCodec.of(DOCUMENTS)[0], DOCUMENTS),
    (ArrayCodec.of(VECTORS), VECTORS),
]
EVERY = [check for codec, items in CASES for check in codec_checks(codec, items)]


def test_every_codec_is_checked():
    assert {type(codec) for codec, _ in CASES} == set(CODECS.values())


@pytest.mark.parametrize("check", EVERY, ids=str)
def test_every_codec_keeps_its_promises(check):
    check()


# -- a codec that breaks one promise ---------------------------------------------------------------


class Nameless(ArrayCodec):
    kind = ""


class Double(ArrayCodec):
    def encode(self, items):
        return super().encode(items).astype(np.float64)


class Lossy(ArrayCodec):
    def decode(self, X):
        return np.round(super().decode(X))


class Forgetful(ArrayCodec):
    @classmethod
    def from_json(cls, data):
        return super().from_json(data | {"mean": [0.0] * len(data["mean"])})


class Fragile(ArrayCodec):
    def decode(self, X):
        if np.abs(X).max() > 50:
            raise ValueError("too far")
        return super().decode(X)


class AsABatch(ArrayCodec):
    def decode(self, X):
        return super().decode(X) + len(X)


class AnyWidth(ArrayCodec):
    def decode(self, X):
        return super().decode(np.asarray(X)[:, : len(self.mean)])


BAD = {
    "describes itself": Nameless,
    "rows are numbers": Double,
    "round trip": Lossy,
    "json brings it back": Forgetful,
    "any row decodes": Fragile,
    "one row is the same alone": AsABatch,
    "rows of another width are refused": AnyWidth,
}


@pytest.mark.parametrize("name, cls", BAD.items())
def test_a_codec_that_breaks_a_promise_fails_its_check(name, cls):
    test = getattr(checks, "check_" + name.replace(" ", "_"))
    with pytest.raises(AssertionError, match=f"^{cls.__name__}: {name}: "):
        Check(cls.__name__, test, CodecCase(cls.of(VECTORS), VECTORS))()


@pytest.mark.parametrize("items", [TABLE, PICTURES, DOCUMENTS], ids=["table", "image", "text"])
def test_items_that_come_back_otherwise_are_found(items):
    codec = next(codec for codec, known in CASES if known is items)

    class Reversed(type(codec)):
        def decode(self, X):
            items = super().decode(X)
            return items.iloc[::-1] if isinstance(items, pd.DataFrame) else items[::-1]

    case = CodecCase(Reversed.from_json(codec.to_json()), items)
    with pytest.raises(AssertionError, match="^Reversed: round trip: "):
        Check("Reversed", checks.check_round_trip, case)()


def test_every_check_can_fail():
    assert {Check("", test, None).name for test in checks.CHECKS} == set(BAD)


def test_checking_a_codec_stops_at_the_promise_it_breaks():
    with pytest.raises(AssertionError, match="^AnyWidth: rows of another width are refused"):
        check_codec(AnyWidth.of(VECTORS), VECTORS)
