"""A run as one zip that goes to another machine: what was learnt, how to reload it without this
app, and the way back in.

    README.txt                      what each file is
    reload.py                       makes the samples again
    run.json                        format, title, model, dataset: name, kind, n, fingerprint
    fit/                            what was learnt, see :mod:`lvm_core.runs.store`
    data/codec.json                 the way from rows back to items; dataset.json: its name
    data/X.npy | X.safetensors, data/rows.parquet      the data, only where asked for
    encoder.onnx, decoder.onnx      where the model can

:func:`read` takes an archive as an attacker would send it. Names are looked up, never followed;
sizes are checked before anything is read, shapes before anything is built; nothing in it is ever
run.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pandas as pd

from .. import __version__, settings
from ..codecs.base import Codec
from ..datasets.base import Dataset
from ..datasets.upload import Archive
from ..fitting import Fitted
from ..io import files
from ..io.onnx import to_onnx
from ..io.rows import RowWriter
from ..io.serialize import LoadError
from ..settings import DataError
from ..text import clean
from . import archive_checks as checks
from .archive_checks import expect
from .states import RunState
from .store import load_dataset, load_fitted, save_dataset, save_fitted
from .workspace import RunInfo, Workspace

FORMAT = 1
MAX_JSON = 16 * 2**20
DATA = ("none", "labels", "all")
LEARNT = (
    "fit/model/recipe.json",
    "fit/model/weights.safetensors",
    "fit/codes.npy",
    "fit/split.npy",
    "fit/scores.json",
    "fit/columns.json",
)
NEEDED = ("run.json", "data/codec.json", "data/dataset.json", *LEARNT)
BESIDE = ("data/X.npy", "data/X.safetensors", "data/rows.parquet")
IMPORTED = (
    "Imported without its data: what stands for each item is what the model decodes from its code."
)

README = """{title}
{line}

A run of Latent Explorer: a latent variable model that was fitted to the dataset "{name}" ({kind}, {n} rows) with the seed {seed}.

    python reload.py            16 samples with seed 0, as on the app's page Generate (needs lvm_core, which comes with the app)
    python reload.py 100 7      100 samples with seed 7
    python reload.py 100 7 1 Mixture    the same at temperature 1, codes drawn from a mixture fitted to the training codes

run.json                        what this is
fit/model/recipe.json           the model, its parameters and what it learnt as JSON
fit/model/weights.safetensors   what it learnt as arrays; any safetensors library reads it
fit/codes.npy                   (n, k) the code of every row of the dataset, float32
fit/split.npy                   row numbers that were held out
fit/scores.json, columns.json   how well it does
data/codec.json                 from rows of numbers back to items: columns, categories, ranges, or terms
data/dataset.json               the dataset's name
{onnx}
{data}

Nothing in here is a pickle. The app imports this zip as it is (Generate, Import a model).
"""  # noqa: E501

RELOAD = '''"""Reload this run and make samples: python reload.py [how many] [seed] [temperature] [Prior or Mixture].

Needs lvm_core, which comes with Latent Explorer.
"""

import json
import sys
from pathlib import Path

import numpy as np

from lvm_core import load_model
from lvm_core.codecs import codec_from_json
from lvm_core.export.encode import npz_bytes
from lvm_core.latent.samplers import SAMPLERS

here = Path(__file__).parent
n, seed, temperature, sampler = (kind(text) for kind, text in zip((int, int, float, str), sys.argv[1:] + ["16", "0", "1", "Prior"][len(sys.argv) - 1:]))
model = load_model(here / "fit" / "model")
codec = codec_from_json(json.loads((here / "data" / "codec.json").read_text(encoding="utf-8")))

if sampler == "Prior":
    codes = model.sample_codes(n, temperature=temperature, random_state=seed)   # (n, k)
else:
    Z, held_out = (np.load(here / "fit" / name, allow_pickle=False) for name in ("codes.npy", "split.npy"))
    codes = SAMPLERS[sampler]().fit(np.delete(Z, held_out, 0)).sample(n, temperature=temperature, random_state=seed)
X = model.sample_decoder(codes, random_state=seed)                                    # (n, d), a draw from the decoder's distribution
items = codec.decode(X)                                                     # pictures, a table, words with weights, or arrays
(here / "samples.npz").write_bytes(npz_bytes(codes=codes, X=X))
print(items if codec.kind in ("table", "text") else f"{codec.kind}s {items.shape}", "-> samples.npz", sep="\\n")
'''  # noqa: E501


def pack(
    fitted: Fitted, dataset: Dataset, file: BinaryIO, *, title: str = "", data: str = "none"
) -> list[str]:
    """Write a run as a zip.

    Parameters
    ----------
    fitted : Fitted
        What the run learnt.
    dataset : Dataset
        What it learnt from.
    file : binary file
        Where the zip goes.
    title : str, default=""
        Title of the run; model and dataset where it is empty.
    data : {"none", "labels", "all"}, default="none"
        What of the dataset goes along: nothing, the label column, or all.

    Returns
    -------
    list of str
        What is to be said of the archive, one sentence each.

    Raises
    ------
    ValueError
        For another word in ``data``.
    StoreError
        Where a part cannot be written.

    Examples
    --------
    >>> import io
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.archive import pack
    >>> iris = DATASETS["iris"]().load()
    >>> fitted, file = fit_run(iris, MODELS["PCA"](latent_dim=2)), io.BytesIO()
    >>> pack(fitted, iris, file, data="all")
    ['The archive holds all of the data.']
    """
    if data not in DATA:
        raise ValueError(f"data is {data!r}, expected one of {', '.join(DATA)}.")
    title, model = (
        clean(title or f"{type(fitted.model).__name__} on {dataset.name}", 120),
        fitted.model,
    )
    said = {
        "none": (
            "The archive holds no rows of the data: codes, and the codec's column names, "
            "categories and ranges, or terms."
        ),
        "labels": f"Of the data the archive holds the column {dataset.label!r} only.",
        "all": "The archive holds all of the data.",
    }[data]
    try:
        graphs, onnx = (
            to_onnx(model),
            (
                "encoder.onnx, decoder.onnx      rows -> codes and codes -> rows, float32, for any "
                "ONNX runtime"
            ),
        )
    except ValueError as error:
        graphs, onnx = {}, str(error)
    about = {
        "name": dataset.name,
        "kind": dataset.kind,
        "n": len(dataset),
        "d": dataset.X.shape[1],
        "label": dataset.label,
        "fingerprint": dataset.fingerprint,
    }
    run = {
        "format": FORMAT,
        "made_by": f"Latent Explorer {__version__}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": title,
        "model": model.to_config(),
        "data": data,
        "dataset": about,
    }
    readme = README.format(
        title=title,
        line="=" * len(title),
        name=clean(dataset.name),
        kind=dataset.kind,
        n=f"{len(dataset):,}",
        seed=model.random_state,
        onnx=onnx,
        data=said,
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        (Path(folder) / "fit").mkdir()
        save_fitted(Path(folder) / "fit", fitted)
        if data == "all":
            save_dataset(Path(folder) / "data", dataset)
        else:
            (Path(folder) / "data").mkdir()
            files.write_json(Path(folder) / "data" / "codec.json", dataset.codec.to_json())
            files.write_json(Path(folder) / "data" / "dataset.json", {"format": 1} | about)
            if data == "labels" and dataset.label in dataset.rows.columns:
                dataset.rows[[dataset.label]].to_parquet(
                    Path(folder) / "data" / "rows.parquet", index=False
                )
        for name, text in {
            "README.txt": readme,
            "reload.py": RELOAD,
            "run.json": json.dumps(run, indent=1),
            **graphs,
        }.items():
            archive.writestr(name, text)
        for name in (*NEEDED[1:], *BESIDE):
            if (Path(folder) / name).exists():
                archive.write(Path(folder) / name, name)
    return [said] if graphs else [said, onnx]


@dataclass(frozen=True)
class Imported:
    """A run that came in as an archive.

    Attributes
    ----------
    fitted : Fitted
        What it learnt.
    dataset : Dataset
        The data that travelled along, or a stand-in decoded from the codes.
    title : str
        Title of the run.
    fingerprint : str
        Of the data it was fitted on.
    whole : bool
        Whether the data travelled along.

    See Also
    --------
    read : Reads an archive.

    Examples
    --------
    >>> import io
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.archive import pack, read
    >>> iris, file = DATASETS["iris"]().load(), io.BytesIO()
    >>> said = pack(fit_run(iris, MODELS["PCA"](latent_dim=2)), iris, file)
    >>> found = read(file.getvalue())
    >>> found.title, found.whole, len(found.dataset)
    ('PCA on iris', False, 150)
    """

    fitted: Fitted
    dataset: Dataset
    title: str
    fingerprint: str  # of the data it was fitted on
    whole: bool  # whether the data travelled along


def read(file) -> Imported:
    """Read an archive, whatever is in it.

    Parameters
    ----------
    file : bytes or binary file
        The archive.

    Returns
    -------
    Imported
        What it holds.

    Raises
    ------
    LoadError or DataError
        In one sentence.

    Examples
    --------
    >>> from lvm_core.runs.archive import read
    >>> try:
    ...     read(b"not a zip")
    ... except ValueError as error:
    ...     print(error)
    This is no archive of a run; expected a zip that was downloaded from this app.
    """
    data = file if isinstance(file, bytes) else file.read(settings.LIMITS.archive_bytes + 1)
    settings.check("archive_bytes", len(data), "The archive")
    if not data.startswith(b"PK"):
        raise LoadError(
            "This is no archive of a run; expected a zip that was downloaded from this app."
        )
    try:
        archive = Archive("The archive", data)
        parts = _parts(archive)
        with tempfile.TemporaryDirectory() as folder:
            for name, info in parts.items():
                _take(archive, info, name, Path(folder))
            return _read(Path(folder), set(parts))
    except (LoadError, DataError):
        raise
    except files.StoreError as error:
        raise LoadError(str(error)) from error
    except Exception as error:  # the one boundary: no archive, however made, may end the caller
        raise LoadError(
            f"The archive cannot be read ({type(error).__name__}: {clean(error, 120)})."
        ) from error


def _parts(archive: Archive) -> dict[str, zipfile.ZipInfo]:
    """The entries this app reads, by name; all others are passed over."""
    entries = [info for info in archive.entries if info.filename in NEEDED + BESIDE]
    parts = {info.filename: info for info in entries}
    expect(
        len(parts) == len(entries),
        "The archive holds a file twice; expected a zip that was downloaded from this app.",
    )
    missing = [name for name in NEEDED if name not in parts]
    expect(
        not missing,
        (
            f"The archive lacks {missing[0] if missing else ''}; expected a zip that was "
            "downloaded from this app."
        ),
    )
    for name, info in parts.items():
        expect(
            not name.endswith(".json") or info.file_size <= MAX_JSON,
            f"{name} has {info.file_size:,} bytes; at most {MAX_JSON:,} are read.",
        )
    return parts


def _take(archive: Archive, info: zipfile.ZipInfo, name: str, folder: Path) -> None:
    """Write one known entry under its own, known name, after a look at what can be checked by
    itself.
    """
    content = archive.read(info)
    expect(len(content) == info.file_size, f"{name} is damaged: it has not the size it declares.")
    kinds = {"fit/codes.npy": ("f", 2), "fit/split.npy": ("iu", 1), "data/X.npy": ("f", 2)}
    if name in kinds:
        checks.check_array(content, name, *kinds[name])
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def _read(folder: Path, names: set[str]) -> Imported:
    run = files.check_format(
        files.read_json(folder / "run.json", MAX_JSON), Path("run.json"), FORMAT
    )
    about = run.get("dataset")
    expect(isinstance(about, dict), "run.json says nothing of the dataset.")
    about = cast(dict, about)
    codec = checks.check_codec(files.read_json(folder / "data" / "codec.json", MAX_JSON))
    schema = checks.check_model(folder / "fit" / "model")
    expect(schema == codec.schema, "The model and the codec describe different columns.")
    fitted = load_fitted(folder / "fit")
    checks.check_fitted(fitted, codec)
    columns = fitted.columns.assign(
        name=fitted.columns["name"].map(lambda v: clean(v, 200)),
        measure=fitted.columns["measure"].map(lambda v: checks.inert(v, 80)),
    )
    fitted = replace(fitted, scores=checks.inert_scores(fitted.scores), columns=columns)
    whole = bool(names & {"data/X.npy", "data/X.safetensors"})
    dataset = (
        _with_data(folder / "data", len(fitted.codes))
        if whole
        else _decoded_dataset(fitted, codec, about, folder / "data" / "rows.parquet")
    )
    return Imported(
        fitted,
        dataset,
        clean(run.get("title") or "Imported run", 120),
        str(about.get("fingerprint"))[:64],
        whole,
    )


def _with_data(folder: Path, n: int) -> Dataset:
    """The data that travelled along."""
    if (folder / "X.safetensors").exists():
        checks.tensor_shapes(folder / "X.safetensors")
    expect((folder / "rows.parquet").exists(), "The archive holds X without its rows.")
    _check_rows(folder / "rows.parquet", n)
    dataset = load_dataset(folder)
    expect(len(dataset) == n, f"The archive holds {len(dataset):,} rows and {n:,} codes.")
    names = list(dataset.rows.columns)
    expect(
        all(isinstance(name, str) for name in names) and dataset.label in (None, *names),
        "The archive's rows have no proper columns.",
    )
    texts = dataset.rows.get("text", [None]) if dataset.kind == "text" else []
    expect(all(isinstance(text, str) for text in texts), "The archive's documents are no text.")
    dataset.items([0])
    if dataset.kind == "table":
        dataset.codec.encode(dataset.items([0]))
    dataset.name, dataset.source, X = clean(dataset.name), {"origin": "an imported run"}, dataset.X
    # a mapped file goes away with its folder
    dataset.X = X if hasattr(X, "indptr") else np.array(X)
    return dataset


def _decoded_dataset(fitted: Fitted, codec: Codec, about: dict, rows_at: Path) -> Dataset:
    """A dataset of what the model decodes from the codes, a batch at a time; of texts the
    heaviest terms of each.
    """
    settings.check(
        "array_cells" if codec.kind in ("image", "array") else "cells",
        len(fitted.codes) * (50 if codec.kind == "text" else codec.schema.d),
        "The decoded dataset",
    )
    decoded = (
        fitted.model.inverse_transform(fitted.codes[i : i + 100])
        for i in range(0, len(fitted.codes), 100)
    )
    rows = pd.DataFrame({"row": range(len(fitted.codes))})
    if codec.kind == "text":
        from scipy.sparse import vstack

        X = cast(Any, vstack([_sparse(part) for part in decoded], format="csr"))
        words = (
            words for i in range(0, X.shape[0], 1000) for words in codec.decode(X[i : i + 1000])
        )
        rows["text"] = [" ".join(term for term, _ in heaviest) for heaviest in words]
    else:
        writer = RowWriter(len(fitted.codes), (codec.schema.d,), np.float32)
        for part in decoded:
            writer.add(part)
        X = writer.array()
        rows = codec.decode(X) if codec.kind == "table" else rows
    label = about.get("label") if rows_at.exists() else None
    if label is not None:
        _check_rows(rows_at, len(rows))
        labels = pd.read_parquet(rows_at)
        expect(
            list(labels.columns) == [label] and isinstance(label, str),
            "The archive's rows are not the one column that run.json names.",
        )
        rows[label] = labels[label].to_numpy()
    return Dataset(
        clean(about.get("name") or "imported"),
        X,
        rows,
        codec,
        label,
        [IMPORTED],
        {"origin": "an imported run"},
    )


def _sparse(X: np.ndarray, most: int = 50):
    from scipy.sparse import csr_matrix

    least = np.partition(X, max(X.shape[1] - most, 0), axis=1)[:, max(X.shape[1] - most, 0)]
    return csr_matrix(np.where((X >= least[:, None]) & (X > 0), X, 0).astype(np.float32))


def _check_rows(path: Path, n: int) -> None:
    """A Parquet file of n rows whose text, unpacked, stays within the limits: a small file can
    stand for terabytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ..datasets.readers.parquet import batches, nested_or_binary

    try:
        file = pq.ParquetFile(path)
        settings.check("columns", len(file.schema_arrow.names), "The archive")
        expect(
            file.metadata.num_rows == n,
            f"The archive holds {file.metadata.num_rows:,} rows and {n:,} codes.",
        )
        words = [
            f.name
            for f in file.schema_arrow
            if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
        ]
        odd = [
            f.name
            for f in file.schema_arrow
            if nested_or_binary(f.type) and not pa.types.is_null(f.type)
        ]
        expect(
            not odd,
            (
                "The archive's rows hold a nested or binary column, "
                f"{clean(odd[0] if odd else '', 40)}."
            ),
        )
        batches(pq.ParquetFile(path, read_dictionary=words), file.schema_arrow.names, "The archive")
    except (pa.ArrowException, OSError) as error:
        raise LoadError(f"rows.parquet is damaged ({clean(error, 100)}).") from error


def already_here(found: Imported, workspace: Workspace, runs: list[RunInfo]) -> RunInfo | None:
    """The run that an archive holds, where the workspace has it: the same model with the same
    parameters, which gives every row the same code.

    Parameters
    ----------
    found : Imported
        What the archive holds.
    workspace : Workspace
        Where it may be.
    runs : list of RunInfo
        Those to look through.

    Returns
    -------
    RunInfo or None
        The first of them that it is.

    Examples
    --------
    >>> import io
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.archive import already_here, pack, read, unpack
    >>> from lvm_core.runs.workspace import Workspace
    >>> iris, file = DATASETS["iris"]().load(), io.BytesIO()
    >>> said = pack(fit_run(iris, MODELS["PCA"](latent_dim=2)), iris, file)
    >>> found = read(file.getvalue())
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     print(already_here(found, workspace, workspace.runs()))
    ...     info = unpack(found, workspace)
    ...     print(already_here(found, workspace, workspace.runs()).title)
    None
    #1 PCA on iris
    """
    config, codes = found.fitted.model.to_config(), found.fitted.codes
    for info in runs:
        if not info.has_result or info.config != config:
            continue
        try:
            if np.array_equal(files.read_array(workspace.run_folder(info.id) / "codes.npy"), codes):
                return info
        except files.StoreError:
            continue
    return None


def unpack(file, workspace: Workspace, mine=lambda heads: heads) -> RunInfo:
    """Keep an archive's run in a workspace.

    It joins the dataset it was fitted on where the workspace has that, else its own.

    Parameters
    ----------
    file : bytes, binary file or Imported
        The archive, or what :func:`read` found in it.
    workspace : Workspace
        Where it is kept.
    mine : callable, optional
        Picks the datasets it may join from the workspace's; all by default.

    Returns
    -------
    RunInfo
        The run.

    Raises
    ------
    LoadError or DataError
        Where the archive cannot be read.
    StoreError
        When it cannot be written.

    Examples
    --------
    >>> import io
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.archive import pack, unpack
    >>> from lvm_core.runs.workspace import Workspace
    >>> iris, file = DATASETS["iris"]().load(), io.BytesIO()
    >>> said = pack(fit_run(iris, MODELS["PCA"](latent_dim=2)), iris, file)
    >>> with TemporaryDirectory() as folder:
    ...     info = unpack(file.getvalue(), Workspace(folder))
    >>> info.title, info.state.value
    ('#1 PCA on iris', 'done')
    """
    found = file if isinstance(file, Imported) else read(file)
    wanted = found.fingerprint, len(found.fitted.codes)
    same = [
        head["id"]
        for head in mine(workspace.datasets())
        if (head.get("fingerprint"), head.get("n")) == wanted
    ]
    if same and workspace.load_dataset(same[0]).codec.to_json() != found.dataset.codec.to_json():
        same = []  # it only says that it is the same
    dataset = same[0] if same else workspace.add_dataset(found.dataset)
    info = workspace.add_run(dataset, found.fitted.model, queued=False)
    save_fitted(workspace.run_folder(info.id), found.fitted)
    first = found.fitted.scores[0] if found.fitted.scores else None
    score = first and {"name": first.name, "value": first.value, "unit": first.unit}
    workspace.set_state(
        info.id,
        state=RunState.DONE,
        result=True,
        seconds=found.fitted.seconds,
        score=score,
        imported=found.title,
    )
    return workspace.run(info.id)
