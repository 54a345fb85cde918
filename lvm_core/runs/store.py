"""What a dataset, a fit and a map are on disk: one folder each of JSON, ``.npy``, Parquet and
safetensors, readable without the app.

    DATASET/  dataset.json   format, name, label, notes, source, added columns, kind, n, d,
              fingerprint
              codec.json     the way from rows of X back to items
              X.npy          (n, d) float32, or X.safetensors: data, indices, indptr and shape of a
                             CSR matrix
              rows.parquet   everything known of each row
    FIT/      model/         recipe.json and weights.safetensors, see :mod:`lvm_core.io.serialize`
              codes.npy      (n, k) float32, the codes of all rows
              split.npy      row numbers the model did not see
              scores.json    seconds the fit took, and the scores; columns.json: reconstruction of
                             each column
    MAP/      projection/    as model/
              positions.npy  (n, c); scores.json: the scores and a note

A save goes to a temporary name and is renamed; a load checks what it finds. Both raise
:class:`StoreError` in one sentence.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from ..codecs import codec_from_json
from ..datasets.base import Dataset
from ..fitting import Fitted
from ..io import files
from ..io.files import StoreError as StoreError
from ..io.files import named
from ..mapping import Mapped
from ..metrics import Reference, Score
from ..metrics.base import VERDICTS
from ..models import load_model
from ..projections import load_projection

FORMAT = 1
MAPPED_BYTES = 64 * 2**20  # from here on X stays on disk until it is used


# -- datasets --------------------------------------------------------------------------------------


def save_dataset(folder: Path, dataset: Dataset, **more) -> None:
    """Write a dataset to a new folder. Nothing is left behind when it fails.

    Parameters
    ----------
    folder : Path
        The folder, which is made.
    dataset : Dataset
        What is kept.
    **more
        Goes into dataset.json.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.runs.store import save_dataset
    >>> with TemporaryDirectory() as folder:
    ...     save_dataset(Path(folder) / "iris", DATASETS["iris"]().load())
    ...     print(sorted(path.name for path in (Path(folder) / "iris").iterdir()))
    ['X.npy', 'codec.json', 'dataset.json', 'rows.parquet']
    """
    with (
        files.plainly(f"Keeping the dataset {dataset.name[:60]!r}"),
        files.new_folder(Path(folder)) as temporary,
    ):
        if hasattr(dataset.X, "indptr"):
            X = dataset.X
            files.write_tensors(
                temporary / "X.safetensors",
                {
                    "data": X.data,
                    "indices": X.indices,
                    "indptr": X.indptr,
                    "shape": np.array(X.shape, np.int64),
                },
            )
        else:
            files.write_array(temporary / "X.npy", dataset.X)
        files.write(temporary / "rows.parquet", _to_parquet(dataset.rows))
        files.write_json(temporary / "codec.json", dataset.codec.to_json(), durable=True)
        head = {
            "format": FORMAT,
            "name": dataset.name,
            "label": dataset.label,
            "notes": dataset.notes,
            "source": dataset.source,
            "added": dataset.added,
            "kind": dataset.kind,
            "n": len(dataset),
            "d": dataset.X.shape[1],
            "fingerprint": dataset.fingerprint,
        }
        files.write_json(temporary / "dataset.json", head | more, durable=True)


def save_rows(folder: Path, rows: pd.DataFrame, added: list[str]) -> None:
    """Put other columns beside the rows of a dataset that is kept; their number stays.

    Parameters
    ----------
    folder : Path
        Folder of the dataset.
    rows : DataFrame of n rows
        All columns.
    added : list of str
        Those that did not come with it.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.runs.store import load_dataset, save_dataset, save_rows
    >>> iris = DATASETS["iris"]().load()
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name) / "iris"
    ...     save_dataset(folder, iris)
    ...     save_rows(folder, iris.rows.assign(chosen=True), ["chosen"])
    ...     print(load_dataset(folder).added)
    ['chosen']
    """
    folder = Path(folder)
    with files.plainly("Keeping the columns"):
        files.write(folder / "rows.parquet", _to_parquet(rows))
        files.write_json(
            folder / "dataset.json", files.read_json(folder / "dataset.json") | {"added": added}
        )


def load_dataset(folder: Path) -> Dataset:
    """Read a dataset back, equal to the one saved. A large dense X stays on disk until it is used.

    Parameters
    ----------
    folder : Path
        Folder of the dataset.

    Returns
    -------
    Dataset
        The dataset.

    Raises
    ------
    StoreError
        Where it cannot be read, or its parts do not fit together.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.runs.store import load_dataset, save_dataset
    >>> iris = DATASETS["iris"]().load()
    >>> with TemporaryDirectory() as folder:
    ...     save_dataset(Path(folder) / "iris", iris)
    ...     print(load_dataset(Path(folder) / "iris").fingerprint == iris.fingerprint)
    True
    """
    folder = Path(folder)
    head = files.check_format(
        files.read_json(folder / "dataset.json"), folder / "dataset.json", FORMAT
    )
    try:
        codec = codec_from_json(files.read_json(folder / "codec.json"))
        X = _read_X(folder)
        rows = _from_parquet(folder / "rows.parquet")
        # saves from before columns could be taken away have none
        added = [name for name in head.get("added", []) if name in rows]
        return Dataset(
            str(head["name"]),
            X,
            rows,
            codec,
            head["label"],
            [str(note) for note in head["notes"]],
            dict(head["source"]),
            added,
        )
    except StoreError:
        raise
    except Exception as error:
        # whatever a damaged or hand-made folder makes the codecs and Dataset stumble over
        raise StoreError(
            f"{named(folder)}: the parts of this dataset do not fit together "
            f"({files.first_line(error)})."
        ) from error


def load_pictures(folder: Path, n: int = 8) -> np.ndarray:
    """A few of the pictures of a dataset, without loading the rest.

    Parameters
    ----------
    folder : Path
        Folder of a dataset of pictures.
    n : int, default=8
        How many, spread over its rows.

    Returns
    -------
    array (m, height, width, channels)
        The pictures, in [0, 1]; fewer where it has no more.

    Raises
    ------
    StoreError
        Where they cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.runs.store import load_pictures, save_dataset
    >>> with TemporaryDirectory() as folder:
    ...     save_dataset(Path(folder) / "digits", DATASETS["digits"]().load())
    ...     print(load_pictures(Path(folder) / "digits", 3).shape)
    (3, 8, 8, 1)
    """
    folder = Path(folder)
    try:
        codec = codec_from_json(files.read_json(folder / "codec.json"))
        X = files.read_array(folder / "X.npy", mapped=True)
        rows = np.linspace(0, len(X) - 1, min(n, len(X))).round().astype(int)  # (m,)
        return np.asarray(codec.decode(np.asarray(X[rows])))
    except StoreError:
        raise
    except Exception as error:
        # as load_dataset: whatever a damaged folder makes the codec stumble over
        raise StoreError(
            f"{named(folder)}: its pictures cannot be read ({files.first_line(error)})."
        ) from error


def _read_X(folder: Path):
    if (folder / "X.npy").exists():
        X = files.read_array(
            folder / "X.npy", mapped=(folder / "X.npy").stat().st_size > MAPPED_BYTES
        )
    else:
        from scipy.sparse import csr_matrix

        parts = files.read_tensors(folder / "X.safetensors")
        X = csr_matrix(
            (parts["data"], parts["indices"], parts["indptr"]),
            shape=tuple(int(v) for v in parts["shape"]),
        )
        X.check_format(full_check=True)
    X = cast(Any, X)  # an array or CSR
    values = X.data if hasattr(X, "indptr") else X
    step = 10**6 // (X.shape[1] if values.ndim == 2 else 1) + 1
    if (
        X.ndim != 2
        or X.dtype != np.float32
        or not all(np.isfinite(values[i : i + step]).all() for i in range(0, len(values), step))
    ):
        raise StoreError(
            f"{named(folder)}: X has type {X.dtype} and shape {X.shape}, expected finite "
            "float32 (n, d)."
        )
    return X


def _to_parquet(rows: pd.DataFrame) -> bytes:
    import pyarrow
    import pyarrow.parquet

    def table(frame: pd.DataFrame):
        return pyarrow.Table.from_pandas(frame, preserve_index=None)

    try:
        made = table(rows)
    except (pyarrow.ArrowException, TypeError, ValueError):
        # a column of mixed types is kept as its text
        rows = rows.copy()
        for name in rows.select_dtypes(object).columns:
            rows[name] = rows[name].map(str, na_action="ignore")
        made = table(rows)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(made, sink)
    return sink.getvalue().to_pybytes()


def _from_parquet(path: Path) -> pd.DataFrame:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_table(path).to_pandas()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise StoreError(f"{named(path)} cannot be read ({files.first_line(error)}).") from error


# -- fits ------------------------------------------------------------------------------------------


def save_fitted(folder: Path, fitted: Fitted) -> None:
    """Write what a fit learnt into a folder, each file whole.

    Parameters
    ----------
    folder : Path
        A folder that exists; files of an earlier fit are replaced.
    fitted : Fitted
        What is kept.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.store import save_fitted
    >>> fitted = fit_run(DATASETS["iris"]().load(), MODELS["PCA"](latent_dim=2))
    >>> with TemporaryDirectory() as folder:
    ...     save_fitted(Path(folder), fitted)
    ...     print(sorted(path.name for path in Path(folder).iterdir()))
    ['codes.npy', 'columns.json', 'model', 'scores.json', 'split.npy']
    """
    folder = Path(folder)
    with files.plainly("Keeping the model"):
        fitted.model.save(folder / "model")
        files.write_array(folder / "codes.npy", fitted.codes)
        files.write_array(folder / "split.npy", np.asarray(fitted.held_out, np.int64))
        columns = [
            {k: _json_value(v) for k, v in row.items()} for row in fitted.columns.to_dict("records")
        ]
        files.write_json(
            folder / "columns.json", {"format": FORMAT, "columns": columns}, durable=True
        )
        files.write_json(
            folder / "scores.json",
            {"format": FORMAT, "seconds": fitted.seconds, "scores": _from_scores(fitted.scores)},
            durable=True,
        )


def load_scores(folder: Path) -> list[Score]:
    """The scores of a fit, without its model.

    Parameters
    ----------
    folder : Path
        Folder of the fit.

    Returns
    -------
    list of Score
        The scores.

    Raises
    ------
    StoreError
        Where they cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.store import load_scores, save_fitted
    >>> fitted = fit_run(DATASETS["iris"]().load(), MODELS["PCA"](latent_dim=2))
    >>> with TemporaryDirectory() as folder:
    ...     save_fitted(Path(folder), fitted)
    ...     print(load_scores(Path(folder)) == fitted.scores)
    True
    """
    path = Path(folder) / "scores.json"
    try:
        return _to_scores(files.check_format(files.read_json(path), path, FORMAT)["scores"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{named(path)} cannot be read ({files.first_line(error)}).") from error


def load_fitted(folder: Path) -> Fitted:
    """Read back what a fit learnt.

    Parameters
    ----------
    folder : Path
        Folder of the fit.

    Returns
    -------
    Fitted
        Model, codes and scores.

    Raises
    ------
    StoreError
        Where it cannot be read, also where its parts do not belong together.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.store import load_fitted, save_fitted
    >>> fitted = fit_run(DATASETS["iris"]().load(), MODELS["PCA"](latent_dim=2))
    >>> with TemporaryDirectory() as folder:
    ...     save_fitted(Path(folder), fitted)
    ...     print((load_fitted(Path(folder)).codes == fitted.codes).all())
    True
    """
    folder = Path(folder)
    head, columns = (
        files.check_format(files.read_json(folder / name), folder / name, FORMAT)
        for name in ("scores.json", "columns.json")
    )
    model, codes, held_out = (
        load_model(folder / "model"),
        files.read_array(folder / "codes.npy"),
        files.read_array(folder / "split.npy"),
    )
    if (
        codes.ndim != 2
        or codes.dtype != np.float32
        or codes.shape[1] != len(model.code_mean_)
        or not np.isfinite(codes).all()
    ):
        raise StoreError(
            f"{named(folder)}: codes.npy has type {codes.dtype} and shape {codes.shape}, expected "
            f"finite float32 (n, {len(model.code_mean_)})."
        )
    if (
        held_out.ndim != 1
        or held_out.dtype.kind not in "iu"
        or (len(held_out) and not 0 <= held_out.min() <= held_out.max() < len(codes))
    ):
        raise StoreError(
            f"{named(folder)}: split.npy holds other things than row numbers below {len(codes)}."
        )
    try:
        frame = pd.DataFrame(
            columns["columns"], columns=["name", "measure", "value", "baseline"]
        ).astype({"value": float, "baseline": float})
        train = np.ones(len(codes), bool)
        train[held_out] = False
        return Fitted(
            model,
            codes,
            np.flatnonzero(train),
            np.sort(held_out),
            float(head["seconds"]),
            _to_scores(head["scores"]),
            frame,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{named(folder)}: the scores cannot be read ({files.first_line(error)})."
        ) from error


# -- maps ------------------------------------------------------------------------------------------


def save_map(folder: Path, mapped: Mapped) -> None:
    """Write a map to a new folder.

    Parameters
    ----------
    folder : Path
        The folder, which is made.
    mapped : Mapped
        What is kept.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> from lvm_core.runs.store import save_map
    >>> mapped = map_codes(np.eye(5, dtype=np.float32), PROJECTIONS["PCA"](), scored=False)
    >>> with TemporaryDirectory() as folder:
    ...     save_map(Path(folder) / "map", mapped)
    ...     print(sorted(path.name for path in (Path(folder) / "map").iterdir()))
    ['positions.npy', 'projection', 'scores.json']
    """
    with files.plainly("Keeping the map"), files.new_folder(Path(folder)) as temporary:
        mapped.projection.save(temporary / "projection")
        files.write_array(temporary / "positions.npy", mapped.positions)
        save_map_scores(temporary, mapped)


def save_map_scores(folder: Path, mapped: Mapped) -> None:
    """Write the scores of a map, which may be measured after it was kept, and its note.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    mapped : Mapped
        The map with its scores.

    Raises
    ------
    OSError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> from lvm_core.runs.store import load_map_scores, save_map_scores
    >>> mapped = map_codes(np.eye(5, dtype=np.float32), PROJECTIONS["PCA"](), scored=False)
    >>> with TemporaryDirectory() as folder:
    ...     save_map_scores(Path(folder), mapped)
    ...     print(load_map_scores(Path(folder)))
    ([], '')
    """
    files.write_json(
        Path(folder) / "scores.json",
        {"format": FORMAT, "note": mapped.note, "scores": _from_scores(mapped.scores)},
        durable=True,
    )


def load_map_scores(folder: Path) -> tuple[list[Score], str]:
    """The scores of a map and its note, without its positions.

    Parameters
    ----------
    folder : Path
        Folder of the map.

    Returns
    -------
    scores : list of Score
        Empty where they were not measured.
    note : str
        The map's note.

    Raises
    ------
    StoreError
        Where they cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> from lvm_core.runs.store import load_map_scores, save_map
    >>> mapped = map_codes(np.eye(5, dtype=np.float32), PROJECTIONS["PCA"](), scored=False)
    >>> with TemporaryDirectory() as folder:
    ...     save_map(Path(folder) / "map", mapped)
    ...     print(load_map_scores(Path(folder) / "map"))
    ([], '')
    """
    path = Path(folder) / "scores.json"
    head = files.check_format(files.read_json(path), path, FORMAT)
    try:
        return _to_scores(head["scores"]), str(head["note"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{named(folder)}: the scores cannot be read ({files.first_line(error)})."
        ) from error


def load_map(folder: Path, n: int) -> Mapped:
    """Read back a map.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    n : int
        How many points it must have.

    Returns
    -------
    Mapped
        The map.

    Raises
    ------
    StoreError
        Where it cannot be read, or has another number of points.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> from lvm_core.runs.store import load_map, save_map
    >>> mapped = map_codes(np.eye(5, dtype=np.float32), PROJECTIONS["PCA"](), scored=False)
    >>> with TemporaryDirectory() as folder:
    ...     save_map(Path(folder) / "map", mapped)
    ...     print(load_map(Path(folder) / "map", 5).positions.shape)
    (5, 2)
    """
    folder = Path(folder)
    scores, note = load_map_scores(folder)
    projection, positions = (
        load_projection(folder / "projection"),
        files.read_array(folder / "positions.npy"),
    )
    if (
        positions.ndim != 2
        or positions.shape != (n, projection.n_components)
        or positions.dtype.kind != "f"
        or not np.isfinite(positions).all()
    ):
        raise StoreError(
            f"{named(folder)}: positions.npy has shape {positions.shape}, expected finite numbers "
            f"({n}, {projection.n_components})."
        )
    return Mapped(projection, positions, scores, note)


# -- scores as JSON --------------------------------------------------------------------------------


def _from_scores(scores: list[Score]) -> list[dict]:
    plain = lambda record: {k: _json_value(v) for k, v in record.items()}
    records = [asdict(replace(score, by_row=None)) for score in scores]
    for record in records:
        del record["by_row"]
        record["reference"] = record["reference"] and plain(record["reference"])
    return [plain(record) for record in records]


# what scores were called by earlier versions
_RENAMED = {
    "Variance explained": "Reconstruction R²",
    "Explained variance": "R² on training rows",
    "Bits in the code": "Information in a code",
    "Categories right": "Category cells recovered",
    "Word profile kept": "Word use recovered",
}


def _to_scores(records: list[dict]) -> list[Score]:
    scores = [Score(**record) for record in records]  # older ones have no reference or detail
    return [
        Score(
            _RENAMED.get(s.name, s.name),
            math.nan if s.value is None else float(s.value),
            str(s.sentence),
            s.baseline,
            s.ceiling,
            str(s.unit),
            s.error,
            _to_reference(cast(Any, s.reference)),
            detail=str(s.detail),
        )
        for s in scores
    ]


def _to_reference(record: dict | None) -> Reference | None:
    if record is None:
        return None
    found = Reference(**record)
    if found.verdict not in VERDICTS:
        raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}")
    return replace(found, name=str(found.name), value=float(found.value), advice=str(found.advice))


def _json_value(value):
    """NumPy's numbers as Python's, and None for what JSON has no number for."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
