"""What is refused is named with the way out, on every way in; what is broken gives a sentence."""

import gzip
import time

import numpy as np
import pytest
from example_files import zipped
from format_files import hdf5, matlab, refusal, stata
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvm_core import DataError, read_dataset
from lvm_core.datasets.readers.foreign import BRANDS, KNOWN, NAMED

OF_NAME = {suffix: b"\0\1\2" + bytes(60) + suffix.encode() for suffix in NAMED}


@pytest.mark.parametrize("start", [*KNOWN, *(b"\0\0\0\x18ftyp" + brand for brand in BRANDS)])
def test_what_is_known_and_not_read_is_named_on_every_way_in(start, tmp_path):
    content = start + b"\n" + bytes(range(1, 200))
    plain = refusal(content, "thing.dat")
    assert "which is not read here; " in plain
    path = tmp_path / "thing.dat"
    path.write_bytes(content)
    with pytest.raises(DataError) as of_path:
        read_dataset(path)
    assert str(of_path.value) == plain
    assert refusal(gzip.compress(content), "thing.dat.gz") == plain
    if "picture" not in plain:  # of those a zip is read
        assert refusal(zipped({"thing.dat": content}), "thing.zip") == plain


@pytest.mark.parametrize("suffix", NAMED)
def test_what_only_its_name_tells_is_named_too(suffix):
    assert NAMED[suffix][0] in refusal(OF_NAME[suffix], f"thing{suffix}")


def test_pickles_of_all_versions_and_in_zips_are_refused():
    import pickle

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for value in ({"a": [1, 2]}, [1, 2], np.arange(3)):
            assert "Python pickle" in refusal(pickle.dumps(value, protocol), "data.pkl"), protocol
    assert "PyTorch" in refusal(
        zipped({"archive/data.pkl": b"\x80\x02", "archive/version": b"3"}), "m.pt"
    )


def test_binary_files_of_no_known_kind_are_called_that():
    noise = np.random.default_rng(0).bytes(5000)
    assert "binary file of no kind known here" in refusal(b"zz" + noise, "a.xyz")
    assert "binary file of no kind known here" in refusal(b"zz" + noise, "a.csv")


STARTS = {
    "gz": b"\x1f\x8b\x08",
    "bz2": b"BZh9",
    "xz": b"\xfd7zXZ\0",
    "zst": b"\x28\xb5\x2f\xfd",
    "idx": b"\0\0\x08\x03",
    "arff": b"@relation a\n@attribute a numeric\n",
    "libsvm": b"1 1:2 2:3\n",
    "vec": b"3 2\nking 0.5 1.5\n",
    "npy": b"\x93NUMPY\x01\0",
    "zip": b"PK\3\4",
    "json": b'{"columns": ["a"], "data": [',
}


@settings(max_examples=150, deadline=2000, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(STARTS)), st.binary(max_size=3000), st.booleans())
def test_bytes_behind_every_beginning_give_a_sentence_or_data(suffix, rest, named):
    try:
        found = read_dataset(STARTS[suffix] + rest, f"a.{suffix}" if named else "a")
    except DataError as error:
        sentence = str(error)
        assert 10 < len(sentence) < 600 and "could not be read (" not in sentence
    else:
        assert len(found) >= 3 and np.isfinite(found.X.sum())


# each is parsed in a process of its own, which takes half a second
APART = {"h5": hdf5(), "mat": matlab(), "mat4": matlab(format="4"), "dta": stata()}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(APART)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=20),
    st.floats(0.01, 1),
)
def test_broken_files_of_parsers_in_c_give_a_sentence_or_data(key, changes, part):
    data = bytearray(APART[key])
    for at, value in changes:
        data[int(at * len(data))] = value
    begun = time.monotonic()
    try:
        read_dataset(bytes(data[: int(part * len(data)) + 1]), f"a.{key.removesuffix('4')}")
    except DataError as error:
        assert len(str(error)) < 600 and "could not be read (" not in str(error)
    assert time.monotonic() - begun < 60
