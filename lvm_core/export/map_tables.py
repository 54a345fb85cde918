"""A map as files for other tools: CSV and Parquet, TensorBoard's projector, Embedding Atlas.
Equal input gives equal bytes.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..datasets.base import Dataset
from ..latent.neighbours import nearest_others
from ..progress import OnStep, Reporter
from . import encode
from .poster_layout import drawn_order

MOST_PROJECTED = 100_000  # rows for TensorBoard, whose projector draws little more
# rows with their neighbours for Embedding Atlas: an exact search of minutes beyond
MOST_LINKED = 100_000
MOST_PICTURED = 20_000  # rows with their picture for Embedding Atlas
NEIGHBOURS = 15
# the projector takes sprites of at most 8192 x 8192 pixels (vz_projector/data-provider.ts)
SPRITE_SIDE, THUMB_SIDE = 8192, 64


@dataclass(frozen=True)
class Extract:
    """What of a map leaves: ``rows`` (m,) of the ``codes`` (n, k) and ``positions`` (n, 2|3) of
    a dataset, and further ``columns`` by name, one value a row of the dataset (clusters, trust,
    whether chosen).
    """

    dataset: Dataset
    codes: np.ndarray
    positions: np.ndarray
    rows: np.ndarray
    columns: dict = field(default_factory=dict)

    def __post_init__(self):
        if not len(self.rows):
            raise ValueError("no rows were chosen for the export, expected at least one.")

    def sample(self, most: int) -> Extract:
        """At most so many of the rows, drawn by chance (seed 0), in their order."""
        if len(self.rows) <= most:
            return self
        rows = np.sort(self.rows[drawn_order(len(self.rows))[:most]])
        return Extract(self.dataset, self.codes, self.positions, rows, self.columns)

    def names(self) -> list[str]:
        """A line that names each row: its label, and its text or number."""
        part = self.dataset.rows.iloc[self.rows]
        tails = (
            [" ".join(str(t)[:400].split())[:200] for t in part["text"]]
            if self.dataset.kind == "text"
            else [f"row {row:,}" for row in self.rows]
        )
        if self.dataset.label not in part.columns:
            return tails
        label = part[self.dataset.label]
        head = (
            f"{self.dataset.label} "
            if pd.api.types.is_numeric_dtype(label) and not pd.api.types.is_bool_dtype(label)
            else ""
        )
        return [f"{head}{value} · {tail}" for value, tail in zip(shown(label, "no label"), tails)]

    def frame(self) -> pd.DataFrame:
        """``row`` (the number in the dataset), ``x``, ``y`` (and ``z``), the further columns,
        then the dataset's own. A name of ours that the dataset has too begins with ``map_``.
        """
        taken = self.dataset.rows.columns
        ours = {
            "row": self.rows,
            **{
                axis: self.positions[self.rows, i]
                for i, axis in enumerate("xyz"[: self.positions.shape[1]])
            },
        }
        ours |= {name: np.asarray(values)[self.rows] for name, values in self.columns.items()}
        front = pd.DataFrame({free(name, taken): values for name, values in ours.items()})
        return pd.concat([front, self.dataset.rows.iloc[self.rows].reset_index(drop=True)], axis=1)


def free(name: str, taken) -> str:
    """The name, or one that begins with ``map_`` and is not taken."""
    while name in taken:
        name = f"map_{name}"
    return name


def shown(column: pd.Series, missing: str = "") -> list[str]:
    """Values as short text."""
    values = (
        column.dt.strftime("%Y-%m-%d %H:%M").str.removesuffix(" 00:00")
        if pd.api.types.is_datetime64_any_dtype(column)
        else column
    )
    if pd.api.types.is_float_dtype(column):
        return [
            missing if v != v else f"{v:.6g}" for v in column.to_numpy(np.float64, na_value=np.nan)
        ]
    return [missing if gone else str(v) for v, gone in zip(values, column.isna())]


# -- tables ----------------------------------------------------------------------------------------


def csv(extract: Extract) -> bytes:
    """:meth:`Extract.frame` as CSV; see :func:`lvm_core.export.encode.csv_bytes` for what is
    done to text a spreadsheet would run.
    """
    return encode.csv_bytes(extract.frame())


def parquet(extract: Extract) -> bytes:
    """:meth:`Extract.frame` as Parquet, text as it is."""
    return _written(_arrow(extract.frame()))


def _arrow(frame: pd.DataFrame):
    import pyarrow

    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (pyarrow.ArrowException, TypeError, ValueError):
        # a column of mixed types leaves as its text
        mixed = [name for name in frame.columns if frame[name].dtype == object]
        return pyarrow.Table.from_pandas(
            frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed}),
            preserve_index=False,
        )


def _written(table) -> bytes:
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


# -- TensorBoard's projector -----------------------------------------------------------------------

_README = """TensorBoard projector: {n} of {total} rows{how}, codes of {k} dimensions (vectors.tsv) and the map (map.tsv).

On this machine:   unzip this archive into a folder, then   tensorboard --logdir FOLDER   and open the tab Projector.
In the browser:    https://projector.tensorflow.org, button Load: vectors.tsv, then metadata.tsv (pictures are not shown that way).
"""  # noqa: E501
_CONFIG = """embeddings {{
  tensor_name: "{name}"
  tensor_path: "{file}"
  metadata_path: "metadata.tsv"
{sprite}}}
"""


def tensorboard(extract: Extract, on_step: OnStep | None = None) -> bytes:
    """A zip for the projector (``projector_config.pbtxt`` and the files it names): at most
    ``MOST_PROJECTED`` rows, drawn by chance.

    The format is that of tensorboard/plugins/projector: tab-separated numbers without a header;
    metadata with a header, as there is more than one column; pictures row by row on one square
    sprite.
    """
    extract, total, report = (
        extract.sample(MOST_PROJECTED),
        len(extract.rows),
        Reporter(on_step, 4, "files for TensorBoard"),
    )
    codes, files = extract.codes[extract.rows], {}
    files["vectors.tsv"] = _numbers(codes)
    report(1)
    files["map.tsv"] = _numbers(extract.positions[extract.rows])
    files["metadata.tsv"] = _metadata(extract)
    report(2)
    sprite = ""
    if extract.dataset.kind == "image":
        files["sprite.png"], width, height = _sprite(extract)
        sprite = (
            f'  sprite {{\n    image_path: "sprite.png"\n    single_image_dim: {width}\n    '
            f"single_image_dim: {height}\n  }}\n"
        )
    report(3)
    files["projector_config.pbtxt"] = "".join(
        _CONFIG.format(name=name, file=file, sprite=sprite)
        for name, file in (("codes", "vectors.tsv"), ("map", "map.tsv"))
    ).encode()
    how = " drawn by chance (seed 0)" if len(extract.rows) < total else ""
    files["README.txt"] = _README.format(
        n=f"{len(extract.rows):,}", total=f"{total:,}", how=how, k=codes.shape[1]
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(
                zipfile.ZipInfo(name),
                data,
                zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED,
            )
    report(4)
    return out.getvalue()


def _numbers(values: np.ndarray) -> bytes:
    values = np.asarray(values, np.float32)
    if values.shape[1] == 1:  # the projector refuses vectors of one number
        values = np.pad(values, ((0, 0), (0, 1)))
    line = "\t".join(["%.9g"] * values.shape[1])
    return "".join(line % tuple(row) + "\n" for row in values.tolist()).encode()


def _metadata(extract: Extract) -> bytes:
    frame = extract.frame()
    columns = {"name": extract.names()} | {
        str(name): shown(frame.iloc[:, i])
        for i, name in enumerate(frame.columns)
        if not (extract.dataset.kind == "text" and name == "text")
    }
    heads = []
    for name in columns:
        heads.append(free(_cell(name) or "column", heads))
    cells = [[_cell(v) for v in values] for values in columns.values()]
    return "".join("\t".join(line) + "\n" for line in [heads, *zip(*cells)]).encode(
        "utf-8", errors="replace"
    )


def _cell(value: str) -> str:
    """One cell of a TSV, which knows no quotes: no tab, no line break of any kind."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", str(value)[:500]).strip()


def _sprite(extract: Extract) -> tuple[bytes, int, int]:
    """(PNG, width, height of a picture): all pictures row by row on a square."""
    from PIL import Image

    from .poster_png import thumbnail

    across = math.ceil(math.sqrt(len(extract.rows)))
    image = extract.dataset.schema.image
    assert image is not None  # asked of pictures only
    height, width, _ = image
    side = max(1, min(THUMB_SIDE, SPRITE_SIDE // across, max(4 * max(height, width), 32)))
    sheet = None
    for start in range(0, len(extract.rows), 2000):
        for i, item in enumerate(extract.dataset.items(extract.rows[start : start + 2000]), start):
            thumb = thumbnail(item, side)
            sheet = sheet or Image.new("RGB", (across * thumb.width, across * thumb.height))
            sheet.paste(thumb, (i % across * thumb.width, i // across * thumb.height))
    out = io.BytesIO()
    assert sheet is not None  # there is a row
    sheet.save(out, format="PNG", compress_level=3)
    return out.getvalue(), thumb.width, thumb.height


# -- Embedding Atlas -------------------------------------------------------------------------------


def embedding_atlas(extract: Extract, on_step: OnStep | None = None) -> bytes:
    """Parquet for Embedding Atlas (Apple, apple.github.io/embedding-atlas): the frame, with
    ``image`` ({bytes, path}) for pictures and ``neighbors`` ({ids, distances}: the nearest by code
    in all dimensions, ids being row numbers of the file from 0).

    Neighbours are left out beyond ``MOST_LINKED`` rows, pictures beyond the first
    ``MOST_PICTURED``. :func:`atlas_command` opens it.
    """
    import pyarrow

    frame, report = extract.frame(), Reporter(on_step, 3, "file for Embedding Atlas")
    table, names = _arrow(frame), _atlas_columns(extract)
    report(1)
    if "image" in names:
        pictures = [
            {"bytes": encode.png(item), "path": f"{row}.png"}
            for row, item in zip(extract.rows, extract.dataset.items(extract.rows[:MOST_PICTURED]))
        ]
        pictures += [None] * (len(extract.rows) - len(pictures))
        table = table.append_column(
            names["image"],
            pyarrow.array(
                pictures, pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
            ),
        )
    report(2)
    if "neighbors" in names:
        distances, ids = nearest_others(
            extract.codes[extract.rows], min(NEIGHBOURS, len(extract.rows) - 1)
        )
        starts = pyarrow.array(np.arange(0, ids.size + 1, ids.shape[1]), pyarrow.int32())
        parts = [
            pyarrow.ListArray.from_arrays(starts, pyarrow.array(values.ravel()))
            for values in (ids.astype(np.int64), distances.astype(np.float64))
        ]
        table = table.append_column(
            names["neighbors"], pyarrow.StructArray.from_arrays(parts, ["ids", "distances"])
        )
    report(3)
    return _written(table)


def atlas_command(extract: Extract, file: str) -> str:
    """What to type to see such a file."""
    return f"uvx embedding-atlas {file} " + " ".join(
        f"--{option} {column}" for option, column in _atlas_columns(extract).items()
    )


def _atlas_columns(extract: Extract) -> dict[str, str]:
    """Option of the command -> the column it names."""
    dataset, taken = extract.dataset, extract.dataset.rows.columns
    options = {axis: free(axis, taken) for axis in "xyz"[: extract.positions.shape[1]]}
    if dataset.kind == "text":
        options["text"] = "text"
    if dataset.kind == "image":
        options["image"] = free("image", [*taken, *extract.columns])
    if 2 <= len(extract.rows) <= MOST_LINKED:
        options["neighbors"] = free("neighbors", [*taken, *extract.columns])
    return options
