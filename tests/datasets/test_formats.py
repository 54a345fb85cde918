"""Files that are no tables as text: read as what they are, or named with the way out."""

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import tarfile
import time
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from example_files import csv_of, good_pictures, packed, picture, zipped
from format_files import (
    LABELS,
    WORDS,
    arff,
    cifar,
    glove,
    hdf5,
    idx,
    libsvm,
    matlab,
    mnist,
    numbers,
    pictures,
    projector,
    refusal,
    stata,
    word2vec,
)
from scipy.sparse import random as sparse_matrix

from lvm_core import DATASETS, DataError, read_dataset
from lvm_core import settings as limits
from lvm_core.datasets import READERS, reader_for
from lvm_core.datasets.originals import has_originals, original
from lvm_core.datasets.unpack import unpack
from lvm_core.datasets.upload import bundle
from lvm_core.export.map_tables import Extract, tensorboard

FRAME = pd.DataFrame({"a": np.arange(30) / 7, "b": np.arange(30) % 3, "w": list("uvw") * 10})


def said(dataset, words: str) -> bool:
    return any(words in note for note in dataset.notes)


# -- packed ----------------------------------------------------------------------------------------


def zstandard(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard}


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_is_what_is_in_it(suffix):
    pack = PACKERS[suffix]
    plain = read_dataset(csv_of(FRAME), "shop.csv")
    found = read_dataset(pack(csv_of(FRAME)), f"shop.csv.{suffix}")
    assert found.fingerprint == plain.fingerprint and found.name == "shop.csv"
    assert said(found, f"shop.csv was unpacked from shop.csv.{suffix}")
    # in a zip beside a README, and two streams one after the other
    inside = zipped({"shop.csv." + suffix: pack(csv_of(FRAME)), "README.md": b"a shop"})
    assert read_dataset(inside, "shop.zip").fingerprint == plain.fingerprint
    half = csv_of(FRAME)[:200], csv_of(FRAME)[200:]
    assert unpack(pack(half[0]) + pack(half[1]), "shop") == csv_of(FRAME)


@pytest.mark.parametrize("suffix", PACKERS)
def test_unpacking_stops_at_the_limits(suffix, monkeypatch):
    bomb = PACKERS[suffix](bytes(60 * 2**20))
    begun = time.monotonic()
    assert "times its packed size" in refusal(bomb, f"bomb.csv.{suffix}")
    assert time.monotonic() - begun < 20
    monkeypatch.setattr(limits, "LIMITS", limits.Limits(zip_bytes=1000))
    data = PACKERS[suffix](os.urandom(1001))
    assert "1,001 bytes when unpacked; the limit is 1,000" in refusal(data, "a.bin." + suffix)


@pytest.mark.parametrize("suffix", PACKERS)
def test_what_is_packed_and_damaged_or_refused_is_said(suffix):
    whole = PACKERS[suffix](csv_of(FRAME))
    assert "damaged" in refusal(whole[: len(whole) // 2], f"a.csv.{suffix}")
    assert "is a PDF" in refusal(PACKERS[suffix](b"%PDF-1.7\n" * 9), f"a.pdf.{suffix}")
    assert "is empty" in refusal(PACKERS[suffix](b"\n\n"), f"a.csv.{suffix}")


def test_many_empty_streams_end_soon():
    begun = time.monotonic()
    assert "packed streams" in refusal(gzip.compress(b"") * 200_000, "a.gz")
    assert time.monotonic() - begun < 10


# -- several files ---------------------------------------------------------------------------------


def test_a_folder_and_a_list_of_paths_are_read_as_one_zip(tmp_path):
    for i in range(6):
        place = tmp_path / "photos" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i}.JFIF").write_bytes(packed(picture(i), "JPEG"))
    (tmp_path / "photos" / ".hidden").write_bytes(b"x")
    os.symlink("/etc/passwd", tmp_path / "photos" / "link.png")
    folder = read_dataset(tmp_path / "photos")
    assert len(folder) == 6 and folder.name == "photos" and set(folder.rows["label"]) == {"a", "b"}
    some = read_dataset(sorted((tmp_path / "photos" / "a").iterdir()))
    assert len(some) == 3 and some.label is None


def test_pictures_are_known_by_content():
    pgm = {f"s{i // 3}/{i}.pgm": packed(picture(i).convert("L"), "PPM") for i in range(6)}
    gif = {f"subject{i:02d}.happy": packed(picture(i), "GIF") for i in range(6)}
    mixed = {f"{i}.{'jpg' if i % 2 else 'jfif'}": packed(picture(i), "JPEG") for i in range(6)}
    for files in (pgm, gif, mixed, {k.removesuffix(".pgm"): v for k, v in pgm.items()}):
        data = read_dataset(zipped(files), "z.zip")
        assert data.kind == "image" and len(data) == 6
        assert has_originals(data.source)
        assert original(zipped(files), data.source, 5)[1].startswith("image/")
    heic = b"\0\0\0\x18ftypheic" + bytes(90)
    data = read_dataset(zipped(mixed | {"a.heic": heic, "b.png": heic}), "z.zip")
    assert len(data) == 6 and said(data, "HEIC, which is not read here; save them as JPEG")


def tar(files: dict, more=()) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in more:
            archive.addfile(member)
    return out.getvalue()


def entry_of_tar(name, type_):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = type_, "/etc/passwd"
    return member


@pytest.mark.parametrize("pack", ["", *PACKERS])
def test_a_tar_is_read_as_a_zip_of_the_same_files(pack):
    packer, suffix = PACKERS.get(pack, bytes), f".{pack}" * bool(pack)
    shown = {f"{'cat' if i % 2 else 'dog'}/{i}.png": packed(picture(i)) for i in range(6)}
    data = read_dataset(packer(tar(shown)), f"pets.tar{suffix}")
    assert data.fingerprint == read_dataset(zipped(shown), "pets.zip").fingerprint
    table = read_dataset(packer(tar({"a/t.csv": csv_of(FRAME)})), f"t.tar{suffix}")
    assert table.fingerprint == read_dataset(csv_of(FRAME), "t.csv").fingerprint
    assert said(table, "t.csv was unpacked from t.tar")
    assert not said(read_dataset(tar(shown), "pets.tar"), "unpacked from")


def test_a_tar_names_what_it_leaves_out_and_its_limits(monkeypatch):
    shown = {f"{i}.png": packed(picture(i)) for i in range(4)} | {"../up.png": b"x"}
    links = [entry_of_tar("soft.png", tarfile.SYMTYPE), entry_of_tar("hard.png", tarfile.LNKTYPE)]
    data = read_dataset(tar(shown, [*links, entry_of_tar("dev", tarfile.CHRTYPE)]), "p.tar")
    assert len(data) == 4 and said(data, "2 of 7 entries are links")
    assert said(data, "1 of 7 entries have a path that leads out")
    whole = tar(shown)
    assert "damaged tar" in refusal(whole[:1200], "p.tar")
    assert "tar without files" in refusal(tar({}, [entry_of_tar("dev", tarfile.CHRTYPE)]), "p.tar")
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, zip_entries=3))
    assert "entries" in refusal(whole, "p.tar")


def test_pictures_of_a_packed_zip_have_no_originals_in_the_upload():
    data = read_dataset(gzip.compress(zipped(good_pictures(5))), "p.zip.gz")
    assert data.kind == "image" and not has_originals(data.source)


# -- word vectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["glove.6B.25d.txt", "vectors.csv", "no suffix", "w.vec"])
@pytest.mark.parametrize("sizes", [False, True])
def test_word_vectors_as_text(name, sizes):
    text = glove(["of the", *WORDS[1:]])
    text = f"{len(WORDS)} 25\n{text}" if sizes else text
    data = read_dataset(text.encode(), name)
    assert data.kind == "array" and data.X.shape == (40, 25) and data.label is None
    assert data.rows["word"].tolist() == ["of the", *WORDS[1:]]
    np.testing.assert_allclose(data.decode(data.X), numbers(40, 25), atol=1e-4)
    broken = text + "king\nqueen 0.5 0.25\n"
    assert said(read_dataset(broken.encode(), name), "2 of 42 lines do not end in 25 numbers")


def test_word_vectors_that_are_binary():
    data = read_dataset(word2vec(), "GoogleNews.bin")
    assert data.rows["word"].tolist() == WORDS
    np.testing.assert_allclose(data.decode(data.X), numbers(40, 25), atol=1e-5)
    assert read_dataset(gzip.compress(word2vec()), "w.bin.gz").fingerprint == data.fingerprint
    assert said(read_dataset(word2vec()[:2000], "w.bin"), "says it holds 40 words")


def test_what_only_looks_like_word_vectors_is_not():
    table = "name a b\n" + "\n".join(f"n{i} {i}.5 {i % 7}" for i in range(30))
    prose = "\n".join(f"chapter {i} of the book was read on day {i}" for i in range(30))
    rows = "\n".join(" ".join(f"{v:.3f}" for v in row) for row in numbers(30, 24))
    for text in (table, prose, rows):
        assert reader_for(text.encode(), "a.txt").name != "word_vectors"


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["trees.arff", "trees.txt", "trees"])
def test_arff(name):
    data = read_dataset(arff(), name)
    assert data.kind == "table" and data.source["reader"] == "arff"
    assert data.rows.columns.tolist() == ["stem height", "rings", "kind"]
    assert data.rows["kind"].tolist()[:4] == ["elm", "red oak", "it's ash", None] or (
        data.rows["kind"].isna()[3] and data.rows["kind"][2] == "it's ash"
    )
    assert data.rows["stem height"][1] == 0.75


def test_arff_that_is_sparse_and_classes_that_are_numbers():
    header = (
        b"@relation s\n@attribute a numeric\n@attribute b real\n@attribute class {0,1}\n@data\n"
    )
    rows = b"".join(b"{0 %d.5, 2 1}\n{1 %d}\n" % (i, i + 1) for i in range(9)) + b"1,2\n"
    data = read_dataset(header + rows, "s.arff")
    assert data.rows["a"].tolist()[:4] == [0.5, 0, 1.5, 0] and data.label == "class"
    assert data.rows["class"].astype(str).tolist()[:4] == ["1", "0", "1", "0"]
    assert said(data, "1 of 19 rows do not hold 3 values")
    assert "cut short" in refusal(header[:40], "s.arff")


@pytest.mark.parametrize("name", ["a1a.txt", "heart_scale", "a.libsvm", "a.csv", "a.dat"])
def test_libsvm(name):
    data = read_dataset(libsvm(), name)
    assert data.kind == "table" and data.label == "label" and data.X.shape == (40, 8)
    assert data.rows.columns.tolist()[:3] == ["label", "feature 1", "feature 2"]
    assert set(data.rows["label"]) == {"0", "1"}
    wide = read_dataset(libsvm(30, 300), name)
    assert wide.kind == "array" and wide.X.shape == (30, 300)


def test_libsvm_of_too_many_features_is_said_before_memory_is_taken():
    assert "values per row" in refusal(b"1 1:2 900000:3\n0 5:1 6:2\n" * 5, "wide.libsvm")


def test_times_of_day_are_no_features():
    assert reader_for(b"1 10:30\n2 11:40\n3 12:50\n", "times.txt").name != "svmlight"


@pytest.mark.parametrize("orient", ["records", "split", "index", "columns", "values", "table"])
@pytest.mark.parametrize("named", [False, True])
def test_json_as_pandas_writes_it(orient, named):
    frame = FRAME.set_axis([f"p{i}" for i in range(len(FRAME))]) if named else FRAME
    data = read_dataset(frame.to_json(orient=orient).encode(), "a.json")
    names = ["column 1", "column 2", "column 3"] if orient == "values" else list(FRAME)
    assert data.kind == "table" and data.rows.columns.tolist()[-3:] == names
    np.testing.assert_allclose(data.rows[names[0]].to_numpy(float), FRAME["a"], atol=1e-9)
    assert data.rows[names[2]].tolist() == FRAME["w"].tolist()
    lists = read_dataset(json.dumps(FRAME.to_dict("list")).encode(), "a.json")
    assert lists.rows.columns.tolist() == list(FRAME)


@pytest.mark.parametrize("version", [114, 117, 118])
def test_stata(version):
    data = read_dataset(stata(version), "a.dta")
    assert data.rows.columns.tolist() == ["a", "b", "w"] and len(data) == 20
    assert {c.name: c.type for c in data.codec.columns}["b"] == "integer"


def test_spss_with_the_labels_of_values(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"age": np.arange(20.0, 60), "sex": 1.0 + np.arange(40) % 2})
    frame.loc[3, "age"] = np.nan
    for suffix, options in ((".sav", {}), (".zsav", {"compress": True})):
        path = tmp_path / f"survey{suffix}"
        labels = {"sex": {1: "male", 2: "female"}}
        pyreadstat.write_sav(
            frame, path, variable_value_labels=labels, column_labels=["Age", "Sex"], **options
        )
        data = read_dataset(path)
        assert set(data.rows["sex"]) == {"male", "female"} and data.rows["age"].isna().sum() == 1
        assert said(data, "age: Age")


# -- arrays ----------------------------------------------------------------------------------------


def test_hdf5_reads_one_array_and_names_the_others():
    def fill(file):
        file.create_dataset("train/x", data=numbers(40, 6), compression="gzip", shuffle=True)
        file["train/label"], file["train/name"] = LABELS, [f"n{i}" for i in range(40)]
        file["small"] = numbers(7, 3)
        file["far"] = h5py.ExternalLink("/etc/other.h5", "x")
        file["soft"], file["train/loop"] = h5py.SoftLink("/train/x"), file["/"]
        file.create_dataset("outside", (40, 9), "f8", external=[("/etc/passwd", 0, 2880)])
        file.create_dataset("refs", (40,), dtype=h5py.ref_dtype)

    data = read_dataset(hdf5(fill), "a.h5")
    assert data.X.shape == (40, 6) and data.label == "train/label"
    assert data.rows["train/name"][3] == "n3" and said(data, "small (7, 3)")
    assert said(data, "outside lies in another file") and said(data, "far is a link")
    assert read_dataset(hdf5(fill), "a.h5", array="small").X.shape == (7, 3)
    assert "there are: small" in refusal(hdf5(fill), "a.h5", array="outside")


def test_anndata_with_sparse_counts_and_categories():
    counts = sparse_matrix(40, 30, 0.2, "csr", random_state=0)

    def fill(file):
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", (40, 30)
        group["data"], group["indices"], group["indptr"] = (
            counts.data,
            counts.indices,
            counts.indptr,
        )
        kind = file.create_group("obs/cell_type")
        kind["codes"], kind["categories"] = (LABELS - (LABELS == 2) * 3).astype("i1"), ["B", "T"]
        file["layers/raw"] = numbers(40, 60)

    data = read_dataset(hdf5(fill), "cells.h5ad")
    assert data.source["options"]["array"] == "X" and data.label == "obs/cell_type"
    np.testing.assert_allclose(data.decode(data.X), counts.toarray(), atol=1e-6)
    assert set(data.rows["obs/cell_type"]) == {"B", "T", ""}


def test_hdf5_that_claims_more_than_it_holds_is_stopped():
    def fill(file):
        file.create_dataset("x", (10**7, 10**6), "f4", chunks=(100, 100))

    assert "the limit is" in refusal(hdf5(fill), "a.h5")
    assert "Keras" in refusal(hdf5(lambda f: f.create_group("model_weights")), "model.h5")
    assert "no array" in refusal(hdf5(lambda f: f.create_group("a")), "a.h5")


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
def test_matlab(options):
    data = read_dataset(matlab(**options), "faces.mat")
    assert data.X.shape == (40, 6) and data.label == "gnd"
    assert data.rows["gnd"].tolist()[:3] == ["1", "2", "3"]
    # items in columns, as a second array says
    turned = {"fea": numbers(40, 6).T, "gnd": LABELS[None] + 1.0}
    assert read_dataset(matlab(turned, **options), "a.mat").fingerprint == data.fingerprint


def test_matlab_of_pictures_sparse_arrays_and_nothing():
    shot = np.random.default_rng(0).integers(0, 256, (12, 10, 3, 20), np.uint8)
    data = read_dataset(matlab({"X": shot, "y": np.arange(20)[:, None] % 10}), "train.mat")
    assert data.schema.image == (12, 10, 3) and len(data) == 20 and data.label == "y"
    matrix = sparse_matrix(30, 8, 0.4, "csc", random_state=0)
    assert read_dataset(matlab({"S": matrix, "t": "words"}), "s.mat").X.shape == (30, 8)
    assert "no array of numbers" in refusal(matlab({"s": {"a": 1}, "t": "words"}), "s.mat")
    assert "complex" in refusal(matlab({"x": numbers(9, 3) * 1j}), "c.mat")
    zeros = matlab({"x": np.zeros((20_000, 1000))}, do_compression=True)
    assert "when unpacked" in refusal(zeros, "bomb.mat")


def test_mnist_with_its_labels():
    data = read_dataset(mnist(), "mnist.zip")
    assert data.schema.image == (6, 6, 1) and data.rows["label"].tolist()[:3] == ["0", "1", "2"]
    files = {
        f"{part}-{what}-ubyte.gz": gzip.compress(idx(values[: 10 if part == "t10k" else None]))
        for part in ("train", "t10k")
        for what, values in (("images-idx3", pictures()), ("labels-idx1", LABELS))
    }
    both = read_dataset(zipped(files), "mnist.zip")
    assert len(both) == 50 and both.rows["set"].value_counts().to_dict() == {
        "train": 40,
        "t10k": 10,
    }
    alone = read_dataset(gzip.compress(idx(pictures())), "train-images-idx3-ubyte.gz")
    assert len(alone) == 40 and said(alone, "There are no labels")
    assert "labels without pictures" in refusal(idx(LABELS), "train-labels-idx1-ubyte")
    assert "cut short" in refusal(idx(pictures())[:99], "train-images-idx3-ubyte")
    huge = struct.pack(">IIII", 0x803, 2**31, 2**31, 2**31) + bytes(50)
    assert "cut short" in refusal(huge, "a-idx3-ubyte")


def test_cifar():
    one = read_dataset(cifar(), "data_batch_1.bin")
    assert one.schema.image == (32, 32, 3) and len(one) == 12
    pixels = np.frombuffer(cifar(), np.uint8).reshape(12, 3073)[:, 1:].reshape(12, 3, 32, 32)
    np.testing.assert_allclose(one.items(np.arange(12)) * 255, pixels.transpose(0, 2, 3, 1), atol=1)
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    files = {f"c/{n}.bin": cifar() for n in ("data_batch_1", "test_batch")}
    data = read_dataset(zipped(files | {"c/batches.meta.txt": "\n".join(names).encode()}), "c.zip")
    assert len(data) == 24 and set(data.rows["label"]) <= set(names) and "file" in data.rows
    assert set(read_dataset(cifar(12, 2), "train.bin").rows) >= {"label", "coarse"}


@pytest.mark.parametrize("header", [True, False])
def test_tensorboards_vectors_and_metadata(header):
    data = read_dataset(projector(header), "vectors.tsv and 1 more")
    assert data.kind == "array" and data.X.shape == (40, 5)
    assert data.rows["word" if header else "label"].tolist() == WORDS


def test_our_own_export_for_tensorboard_comes_back():
    iris = DATASETS["iris"]().load()
    made = tensorboard(Extract(iris, iris.X, iris.X[:, :2], np.arange(len(iris))))
    data = read_dataset(made, "export.zip")
    assert (
        data.label == "species" and data.rows["species"].tolist() == iris.rows["species"].tolist()
    )
    np.testing.assert_allclose(data.decode(data.X), iris.X, atol=1e-5)
    assert read_dataset(made, "export.zip", array="map").X.shape == (len(iris), 2)


def test_several_files_are_one_zip_within_the_limits(monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", limits.Limits(upload_bytes=100, zip_entries=3))
    with pytest.raises(DataError, match="the limit is 100"):
        bundle([("a", bytes(60)), ("b", bytes(60))])
    with pytest.raises(DataError, match="the limit is 3"):
        bundle((str(i), b"") for i in range(5))


def test_every_reader_of_arrays_offers_which_one():
    for name in ("numpy", "hdf5", "matlab", "tensorboard", "idx", "cifar"):
        assert "array" in READERS[name].parameters()
