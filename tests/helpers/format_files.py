"""Small good files of the formats that are no text, made here."""

import io
import struct

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from lvm_core import DataError, read_dataset
from lvm_core.datasets.upload import bundle

WORDS = ["the", "of", ".", "café", "123", "king", *(f"word{i}" for i in range(34))]
LABELS = np.arange(40) % 3


def numbers(n: int = 40, d: int = 25, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def glove(words=WORDS, d: int = 25, separator: str = " ") -> str:
    rows = numbers(len(words), d)
    lines = [separator.join([w, *(f"{v:.5f}" for v in row)]) for w, row in zip(words, rows)]
    return "\n".join(lines) + "\n"


def word2vec(words=WORDS, d: int = 25) -> bytes:
    rows = zip(words, numbers(len(words), d))
    body = b"".join(w.encode() + b" " + row.tobytes() + b"\n" for w, row in rows)
    return f"{len(words)} {d}\n".encode() + body


def arff(n: int = 40) -> bytes:
    header = (
        "% a comment\n@RELATION 'my trees'\n\n@ATTRIBUTE 'stem height' NUMERIC\n"
        "@attribute rings integer\n@attribute kind {elm,'red oak',\"it's ash\"}\n@DATA\n"
    )
    kinds = ["elm", "'red oak'", '"it\'s ash"', "?"]
    rows = [f"{i * 0.75},{i % 9},{kinds[i % 4]}" for i in range(n)]
    return (header + "\n".join(rows) + "\n").encode()


def libsvm(n: int = 40, d: int = 8) -> bytes:
    X = np.random.default_rng(0).random((n, d))
    lines = [
        f"{i % 2} "
        + " ".join(f"{j + 1}:{v:.3f}" for j, v in enumerate(row) if v > 0.4 or j == d - 1)
        for i, row in enumerate(X)
    ]
    return ("\n".join(lines) + "\n").encode()


def idx(values: np.ndarray) -> bytes:
    shape = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + shape + values.astype(np.uint8).tobytes()


def pictures(n: int = 40, side: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side), np.uint8)


def mnist() -> bytes:
    files = [("train-images-idx3-ubyte", pictures()), ("train-labels-idx1-ubyte", LABELS)]
    return bundle((name, idx(values)) for name, values in files)


def cifar(n: int = 12, labels: int = 1) -> bytes:
    records = np.random.default_rng(0).integers(0, 256, (n, labels + 3072), np.uint8)
    records[:, :labels] %= 10
    return records.tobytes()


def hdf5(fill=None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        if fill is not None:
            fill(file)
        else:
            file.create_dataset("train/x", data=numbers(40, 6), compression="gzip")
            file["train/label"] = LABELS
    return content.getvalue()


def matlab(arrays=None, **options) -> bytes:
    file = io.BytesIO()
    savemat(file, arrays or {"fea": numbers(40, 6), "gnd": LABELS[:, None] + 1.0}, **options)
    return file.getvalue()


def stata(version: int = 118) -> bytes:
    file = io.BytesIO()
    frame = pd.DataFrame({"a": np.arange(20) / 7, "b": np.arange(20) % 3, "w": list("uv") * 10})
    frame.to_stata(file, write_index=False, version=version)
    return file.getvalue()


def projector(header: bool = True) -> bytes:
    vectors = "\n".join("\t".join(f"{v:.4f}" for v in row) for row in numbers(40, 5)) + "\n"
    names = [f"{w}\t{k}" if header else w for w, k in zip(WORDS, LABELS)]
    metadata = "\n".join((["word\tkind"] if header else []) + names) + "\n"
    return bundle([("vectors.tsv", vectors.encode()), ("metadata.tsv", metadata.encode())])


def refusal(data: bytes, name: str, **options) -> str:
    with pytest.raises(DataError) as found:
        read_dataset(data, name, **options)
    return str(found.value)
