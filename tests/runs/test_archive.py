"""A run as one zip: everything comes back, the script reproduces the samples, and no archive,
however made, does harm.
"""

import dataclasses
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core import settings as limits
from lvm_core.datasets.documents import text_dataset
from lvm_core.datasets.frames import table_dataset
from lvm_core.datasets.pictures import image_dataset
from lvm_core.fitting import fit_run
from lvm_core.io.serialize import LoadError
from lvm_core.runs import archive
from lvm_core.runs.archive_checks import inert
from lvm_core.runs.workspace import Workspace
from lvm_core.settings import DataError

ROOT = Path(__file__).parents[2]
rng = np.random.RandomState(0)


def a_table():
    n = 80
    frame = pd.DataFrame(
        {
            "size": rng.normal(170, 5, n).round(1),
            "age": rng.randint(1, 90, n),
            "town": rng.choice(["Ulm", "Köln", None], n),
            "member": rng.rand(n) > 0.5,
            "born": pd.Timestamp("2001-05-06") + pd.to_timedelta(rng.randint(0, 999, n), "D"),
            "label": rng.choice(["a", "b"], n),
        }
    )
    frame.loc[3, "size"] = np.nan
    return table_dataset(frame, "people.csv")


MADE = {
    "image": (
        lambda: image_dataset(rng.rand(60, 12, 12, 3).astype(np.float32), "noise"),
        "VAE",
        {"epochs": 1, "width": 16, "latent_dim": 3},
    ),
    "plain convolutions": (
        lambda: image_dataset(rng.rand(60, 12, 12, 3).astype(np.float32), "noise"),
        "VAE",
        {"epochs": 1, "width": 16, "latent_dim": 3, "network": "conv"},
    ),
    "table": (a_table, "VAE", {"epochs": 1, "width": 16, "latent_dim": 2}),
    "table of a GAN": (a_table, "GAN", {"steps": 4, "width": 16, "latent_dim": 2}),
    "table with labels": (
        a_table,
        "ConditionalVAE",
        {"epochs": 1, "width": 16, "latent_dim": 2},
    ),
    "table of a mixture": (
        lambda: DATASETS["iris"]().load(),
        "GaussianMixture",
        {"latent_dim": 3, "covariance": "full"},
    ),
    "text": (
        lambda: text_dataset(
            [
                " ".join(rng.choice(["sun", "moon", "star", "dust", "ray", "light"], 9))
                for _ in range(60)
            ],
            "sky.txt",
        ),
        "LSA",
        {"latent_dim": 3},
    ),
    "text of a VAE": (
        lambda: text_dataset(
            [
                " ".join(rng.choice(["sun", "moon", "star", "dust", "ray", "light"], 9))
                for _ in range(60)
            ],
            "sky.txt",
        ),
        "VAE",
        {"epochs": 1, "width": 16, "latent_dim": 2},
    ),
    "array": (lambda: DATASETS["spiral"]().load(), "PCA", {"latent_dim": 2}),
}


@pytest.fixture(scope="module")
def fits():
    """(fitted, dataset) by name, each made once."""
    made = {}

    def get(name):
        if name not in made:
            dataset, model, options = MADE[name]
            dataset = dataset()
            made[name] = fit_run(dataset, MODELS[model](**options)), dataset
        return made[name]

    return get


def packed(fitted, dataset, **options) -> bytes:
    out = io.BytesIO()
    archive.pack(fitted, dataset, out, **options)
    return out.getvalue()


def same_model(a, b, codes) -> bool:
    return np.array_equal(
        a.inverse_transform(codes), b.inverse_transform(codes)
    ) and np.array_equal(a.sample(5, random_state=3), b.sample(5, random_state=3))


# -- there and back --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("data", archive.DATA)
def test_everything_comes_back(fits, tmp_path, name, data):
    fitted, dataset = fits(name)
    content = packed(fitted, dataset, title="My run", data=data)
    workspace = Workspace(tmp_path / "elsewhere")
    info = archive.unpack(io.BytesIO(content), workspace)
    again, back = workspace.fitted(info.id), workspace.load_dataset(info.dataset)
    assert same_model(again.model, fitted.model, fitted.codes) and np.array_equal(
        again.codes, fitted.codes
    )
    assert (
        again.scores == fitted.scores
        and again.columns.equals(fitted.columns)
        and np.array_equal(again.held_out, fitted.held_out)
    )
    assert (
        info.state == "done"
        and info.has_result
        and back.codec.to_json() == dataset.codec.to_json()
        and len(back) == len(dataset)
    )
    if data == "all":
        assert (
            back.fingerprint == dataset.fingerprint
            and back.rows.astype(str).equals(dataset.rows.astype(str))
            and back.label == dataset.label
        )
    else:
        assert back.notes == [archive.IMPORTED] and back.label == (
            dataset.label if data == "labels" else None
        )
        assert (
            np.isfinite(back.X.data if hasattr(back.X, "indptr") else back.X).all()
            and len(back.items([0, 1])) == 2
        )


@pytest.mark.parametrize("name", ["table", "image", "text"])
def test_the_script_makes_the_samples_the_app_makes(fits, tmp_path, name):
    fitted, dataset = fits(name)
    zipfile.ZipFile(io.BytesIO(packed(fitted, dataset))).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, tmp_path / "reload.py", "12", "7", "0.8"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        # all else as here: the same bits come from the same kernels (OPENBLAS_CORETYPE)
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as made:
        # what pages/generate.py does
        codes = fitted.model.sample_codes(12, temperature=0.8, random_state=7)
        assert np.array_equal(made["codes"], codes) and np.array_equal(
            made["X"], fitted.model.sample_decoder(codes, random_state=7)
        )


def test_without_its_data_it_holds_none_of_it(fits):
    fitted, dataset = fits("table")
    names = zipfile.ZipFile(io.BytesIO(packed(fitted, dataset))).namelist()
    assert (
        set(archive.NEEDED) <= set(names)
        and not set(archive.BESIDE) & set(names)
        and {"encoder.onnx", "decoder.onnx", "reload.py", "README.txt"} <= set(names)
    )
    with zipfile.ZipFile(io.BytesIO(packed(fitted, dataset, data="labels"))) as labelled:
        assert list(pd.read_parquet(io.BytesIO(labelled.read("data/rows.parquet"))).columns) == [
            "label"
        ]


@pytest.mark.parametrize(
    "kind, name", [(kind, name) for name, cls in MODELS.items() for kind in cls.supported_kinds]
)
def test_every_model_of_every_kind_of_data_comes_back(kind, name, tmp_path):
    file = io.BytesIO()
    np.save(file, rng.rand(60, 5))
    labels = pd.DataFrame({"label": ["a", "b"] * 30})
    dataset = {
        "image": lambda: image_dataset(
            rng.rand(60, 12, 12, 3).astype(np.float32), "noise", labels, "label"
        ),
        "table": a_table,
        "text": MADE["text"][0],
        "array": lambda: read_dataset(file.getvalue(), "numbers.npy"),
    }[kind]()
    cls = MODELS[name]
    small = {"latent_dim": 2, "epochs": 1, "steps": 4, "width": 16, "batch_size": 16}
    small |= {"pretraining": 2, "critic_units": 8, "restarts": 1, "max_iter": 3, "samples": 3}
    of_floats = {"KernelPCA": {"width"}}  # where a name means something else
    options = {
        key: value
        for key, value in small.items()
        if key in cls.parameters() and key not in of_floats.get(name, ())
    }
    fitted = fit_run(dataset, cls(**options))
    workspace = Workspace(tmp_path)
    info = archive.unpack(io.BytesIO(packed(fitted, dataset, data="all")), workspace)
    again = workspace.fitted(info.id)
    assert same_model(again.model, fitted.model, fitted.codes)
    assert np.array_equal(again.codes, fitted.codes)
    assert again.scores == fitted.scores


def test_it_joins_the_dataset_it_was_fitted_on(fits, tmp_path):
    fitted, dataset = fits("array")
    workspace = Workspace(tmp_path)
    id = workspace.add_dataset(dataset)
    assert archive.unpack(packed(fitted, dataset), workspace).dataset == id
    other = dataclasses.replace(dataset, X=dataset.X * 2)
    assert archive.unpack(packed(fitted, other), workspace).dataset != id


def test_a_model_without_onnx_says_so(fits):
    fitted, dataset = fits("array")

    class Riddle(MODELS["PCA"]):
        def as_torch(self):
            return None

    riddle = Riddle(latent_dim=2)
    vars(riddle).update(vars(fitted.model))
    out = io.BytesIO()
    said = archive.pack(dataclasses.replace(fitted, model=riddle), dataset, out)
    assert (
        said[1].startswith("Riddle cannot be written as ONNX")
        and said[1] in zipfile.ZipFile(out).read("README.txt").decode()
    )


def test_genuine_scores_are_inert_already(fits):
    for name in MADE:
        for score in fits(name)[0].scores:
            assert inert(score.name, 80) == score.name and inert(score.sentence) == score.sentence


def test_notes_and_names_of_the_data_do_not_travel_beyond_what_is_said(fits):
    fitted, dataset = fits("table")
    secret = dataclasses.replace(
        dataset, notes=["the first is 'SECRET'"], source={"name": "SECRET.csv"}
    )
    assert all(b"SECRET" not in part for part in opened(packed(fitted, secret)).values())


# -- as an attacker would send it ------------------------------------------------------------------


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as z:
        return {name: z.read(name) for name in z.namelist()}


def closed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in parts.items():
            z.writestr(name, content)
    return out.getvalue()


@pytest.fixture(scope="module")
def good(fits):
    return {name: opened(packed(*fits(name), data="all")) for name in MADE}


def edited(parts: dict, name: str, change) -> bytes:
    """The archive with one JSON file changed."""
    data = json.loads(parts[name])
    change(data)
    return closed(parts | {name: json.dumps(data).encode()})


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def tensors(**shapes) -> bytes:
    """A safetensors header that promises these F32 shapes, and no data."""
    head, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * int(np.prod([int(s) for s in shape], dtype=object))
        head[name.replace("__", "/")] = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [at, at + size],
        }
        at += size
    raw = json.dumps(head).encode()
    return struct.pack("<Q", len(raw)) + raw


def at(data, path, value):
    *way, last = path
    for step in way:
        data = data[step]
    data[last] = value


RECIPE, CODEC = "fit/model/recipe.json", "data/codec.json"
BAD = {
    # what: (archive of, change, words)
    "no zip": lambda g: b"hello",
    "an empty zip": lambda g: closed({}),
    "cut short": lambda g: closed(g["table"])[:-300],
    "without weights": lambda g: closed(
        {k: v for k, v in g["table"].items() if "weights" not in k}
    ),
    "weights of another run": lambda g: closed(
        g["table"] | {"fit/model/weights.safetensors": g["image"]["fit/model/weights.safetensors"]}
    ),
    "recipe of another run": lambda g: closed(g["table"] | {RECIPE: g["image"][RECIPE]}),
    "codec of another run": lambda g: closed(g["table"] | {CODEC: g["array"][CODEC]}),
    "an unknown model": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["name"], "os.system")
    ),
    "a code of a million": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["params", "latent_dim"], 10**6)
    ),
    "a code of 512 where weights have 2": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["params", "latent_dim"], 512)
    ),
    "the widest network": lambda g: edited(
        g["table"],
        RECIPE,
        lambda d: (at(d, ["params", "width"], 2048), at(d, ["params", "depth"], 6)),
    ),
    "a layout of 10**15 columns": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["state", "schema_", "$schema", "blocks", 0, 1], 10**15)
    ),
    "a layout of 49000 more columns": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["state", "schema_", "$schema", "blocks", 0, 1], 49_000)
    ),
    "a layout of text": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["state", "schema_", "$schema", "blocks", 0, 1], "many")
    ),
    "a picture of 10**9 a side": lambda g: edited(
        g["image"],
        RECIPE,
        lambda d: at(d, ["state", "schema_", "$schema", "image"], [10**9, 10**9, 3]),
    ),
    "a method instead of a number": lambda g: edited(
        g["array"], RECIPE, lambda d: at(d, ["state", "_decode"], 1)
    ),
    "state of another type": lambda g: edited(
        g["array"], RECIPE, lambda d: at(d, ["state", "n_features_in_"], {"a": 1})
    ),
    "modules that are not there": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["modules"], ["__class__"])
    ),
    "history of text": lambda g: edited(
        g["table"], RECIPE, lambda d: at(d, ["state", "history_"], [{"<script>": "x"}])
    ),
    "deep JSON": lambda g: closed(g["table"] | {RECIPE: b"[" * 10**6}),
    "JSON of 17 MiB": lambda g: closed(
        g["table"] | {CODEC: b" " * (17 * 2**20) + g["table"][CODEC]}
    ),
    "a header of terabytes": lambda g: closed(
        g["table"] | {"fit/model/weights.safetensors": struct.pack("<Q", 2**44) + b"{}"}
    ),
    "tensors of terabytes": lambda g: closed(
        g["table"] | {"fit/model/weights.safetensors": tensors(net___x=(10**6, 10**6))}
    ),
    "tensors of negative size": lambda g: closed(
        g["table"] | {"fit/model/weights.safetensors": tensors(net___x=(-1, -1))}
    ),
    "300000 tensors": lambda g: closed(
        g["table"]
        | {"fit/model/weights.safetensors": tensors(**{f"x{i}": (0,) for i in range(300_000)})}
    ),
    "weights that are a pickle": lambda g: closed(
        g["table"]
        | {"fit/model/weights.safetensors": b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix\x94."}
    ),
    "codes that are a pickle": lambda g: closed(
        g["table"] | {"fit/codes.npy": npy(np.array([{}], dtype=object))}
    ),
    "codes of terabytes": lambda g: closed(
        g["table"]
        | {
            "fit/codes.npy": npy(np.zeros((2, 2), np.float32)).replace(
                b"(2, 2)", b"(9**9, 9**9)"[:6]
            )
        }
    ),
    "codes of another length": lambda g: closed(
        g["table"] | {"fit/codes.npy": npy(np.zeros((80, 5), np.float32))}
    ),
    "codes that are infinite": lambda g: closed(
        g["table"] | {"fit/codes.npy": npy(np.full((80, 2), np.inf, np.float32))}
    ),
    "held-out rows that are none": lambda g: closed(
        g["table"] | {"fit/split.npy": npy(np.array([10**9]))}
    ),
    "a column of a billion decimals": lambda g: edited(
        g["table"], CODEC, lambda d: at(d, ["columns", 0, "decimals"], 10**9)
    ),
    "a column of an odd type": lambda g: edited(
        g["table"], CODEC, lambda d: at(d, ["columns", 0, "dtype"], "interval[int64]")
    ),
    "a clock read from a file": lambda g: edited(
        g["table"],
        CODEC,
        lambda d: at(d, ["columns", 0, "dtype"], "datetime64[ns, dateutil//etc/passwd]"),
    ),
    "a column without a name": lambda g: edited(
        g["table"], CODEC, lambda d: at(d, ["columns", 0, "name"], ["x"])
    ),
    "pictures of 7 channels": lambda g: edited(
        g["image"], CODEC, lambda d: (at(d, ["channels"], 9), at(d, ["height"], 4))
    ),
    "terms that are there twice": lambda g: edited(
        g["text"], CODEC, lambda d: at(d, ["terms"], ["sun"] * len(d["terms"]))
    ),
    "a scale of text": lambda g: edited(
        g["array"], CODEC, lambda d: at(d, ["scale"], ["x", "y", "z"])
    ),
    "no dataset in run.json": lambda g: edited(g["array"], "run.json", lambda d: d.pop("dataset")),
    "a later format": lambda g: edited(g["array"], "run.json", lambda d: at(d, ["format"], 99)),
    "rows of another dataset": lambda g: closed(
        g["table"] | {"data/rows.parquet": g["text"]["data/rows.parquet"]}
    ),
    "X of another dataset": lambda g: closed(g["table"] | {"data/X.npy": g["array"]["data/X.npy"]}),
    "rows that are no Parquet": lambda g: closed(
        g["table"] | {"data/rows.parquet": b"PAR1" + b"\xff" * 60 + b"PAR1"}
    ),
    "rows of terabytes": lambda g: closed(
        g["array"]
        | {"data/rows.parquet": bomb(len(np.load(io.BytesIO(g["array"]["fit/codes.npy"]))))}
    ),
    "bytes of terabytes": lambda g: closed(
        g["array"]
        | {"data/rows.parquet": bomb(len(np.load(io.BytesIO(g["array"]["fit/codes.npy"]))), True)}
    ),
}


def bomb(n: int, binary: bool = False) -> bytes:
    """Rows of a million letters each, in a few kilobytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out, word = io.BytesIO(), "x" * 1_100_000
    words = pa.DictionaryArray.from_arrays(
        np.zeros(n, np.int32), pa.array([word.encode() if binary else word])
    )
    pq.write_table(pa.table({"w": words}), out, store_schema=False, compression="zstd")
    return out.getvalue()


@pytest.mark.parametrize("case", BAD)
def test_a_hostile_archive_is_one_sentence(good, case, tmp_path):
    content = BAD[case](good)
    with pytest.raises((LoadError, DataError)) as refusal:
        archive.unpack(content, Workspace(tmp_path / "w").prepare())
    sentence = str(refusal.value)
    assert (
        len(sentence) < 400
        and "Traceback" not in sentence
        and sentence.isprintable()
        and str(tmp_path) not in sentence
    )
    # foreseen, not caught at the last boundary
    assert "cannot be read (" not in sentence or "run.json" in sentence or ".json" in sentence, (
        sentence
    )
    workspace = Workspace(tmp_path / "w")
    assert (
        not workspace.runs()
        and not workspace.datasets()
        and sorted(p.name for p in tmp_path.iterdir()) == ["w"]
    )


def test_names_in_the_zip_are_never_paths(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = closed(
        {
            "../evil.txt": b"x",
            "/evil.txt": b"x",
            "C:\\evil.txt": b"x",
            "fit/../../evil.txt": b"x",
            "reload.py": b"raise SystemExit",
            "encoder.onnx": b"\0" * 99,
        }
        | {k: v for k, v in good["array"].items() if k not in ("reload.py", "encoder.onnx")}
    )
    before = set(tmp_path.rglob("*"))
    archive.read(content)
    assert set(tmp_path.rglob("*")) == before


def test_limits_hold_before_anything_is_read(good, monkeypatch):
    content = closed(good["array"])
    for name, at_most in {
        "archive_bytes": len(content) - 1,
        "zip_bytes": 1000,
        "zip_entries": 3,
        "rows": 10,
        "features": 2,
    }.items():
        with monkeypatch.context() as patch, pytest.raises((DataError, LoadError)):
            patch.setattr(limits, "LIMITS", dataclasses.replace(limits.LIMITS, **{name: at_most}))
            archive.read(content)


def test_words_of_a_stranger_are_inert(good):
    evil = (
        "<img src=x onerror=alert(1)> [click](http://evil.example) **b** $x$ :material/bomb: "
        "www.evil.example"
    )
    parts = dict(good["table"])
    for name, change in {
        "fit/scores.json": lambda d: [
            at(d, ["scores", 0, key], evil) for key in ("name", "sentence", "unit")
        ],
        "run.json": lambda d: (at(d, ["title"], evil), at(d, ["dataset", "name"], evil)),
        "data/dataset.json": lambda d: (at(d, ["name"], evil), at(d, ["notes"], [evil])),
        "fit/columns.json": lambda d: at(d, ["columns", 0, "name"], evil),
    }.items():
        data = json.loads(parts[name])
        change(data)
        parts[name] = json.dumps(data).encode()
    found = archive.read(closed(parts))
    score = found.fitted.scores[0]
    for text in (score.name, score.sentence, score.unit):
        assert not set(text) & set("<>[]*$`_{}#|\\!") and "://" not in text and "www." not in text
    # escaped again where they are shown
    assert "http://" not in found.title + found.dataset.name + found.fitted.columns["name"][0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_mutated_archive_ends_the_caller(good, data):
    parts = dict(good[data.draw(st.sampled_from(list(MADE)))])
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(set(parts) & {*archive.NEEDED, *archive.BESIDE})))
        raw = bytearray(parts[name])
        way = data.draw(st.sampled_from(["byte", "cut", "json", "empty"]))
        if way == "byte" and raw:
            for _ in range(data.draw(st.integers(1, 8))):
                raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        elif way == "cut":
            del raw[data.draw(st.integers(0, len(raw))) :]
        elif way == "json" and name.endswith(".json"):
            raw = bytearray(json.dumps(mutated(json.loads(good_json(raw)), data)).encode())
        elif way == "empty":
            raw = bytearray()
        parts[name] = bytes(raw)
    try:
        archive.read(closed(parts))
    except (LoadError, DataError) as error:
        assert len(str(error)) < 600


def good_json(raw: bytes) -> bytes:
    try:
        json.loads(raw)
        return bytes(raw)
    except ValueError:
        return b"{}"


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def mutated(value, data):
    """The JSON value with one entry, somewhere in it, made something else."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: mutated(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutated(value[place], data), *value[place + 1 :]]
    return data.draw(ODD)


# -- on the page -----------------------------------------------------------------------------------


def test_a_run_is_imported_on_the_page_and_refused_with_a_sentence(fits):
    from app_pages import held, open_page

    fitted, dataset = fits("table")
    app = open_page("generate")
    app.file_uploader(key="import-run").set_value(
        ("bad.zip", b"PK\3\4" + b"\xff" * 99, "application/zip")
    ).run()
    assert not app.exception and len(app.error) == 1 and "damaged zip" in app.error[0].value
    app.file_uploader(key="import-run").set_value(
        ("run.zip", packed(fitted, dataset), "application/zip")
    ).run()
    assert not app.exception and not app.error, app.error
    id = held(app, "run")
    for page in ("generate", "train", "map", "explore", "data"):
        app = open_page(page, run=id)
        assert not app.exception and not app.error, (page, app.exception, app.error)


def test_an_archive_from_before_decoded_pictures_went_on_at_their_edges(good):
    from safetensors.numpy import load, save

    parts = dict(good["plain convolutions"])
    weights = load(parts["fit/model/weights.safetensors"])
    del weights["net_/decoder.extends"]
    assert archive.read(
        io.BytesIO(closed(parts | {"fit/model/weights.safetensors": save(weights)}))
    ).fitted.model.title
