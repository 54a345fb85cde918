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
    """What of a map leaves.

    Parameters
    ----------
    dataset : Dataset
        The items, n of them.
    codes : ndarray of shape (n, k)
        Codes of all items.
    positions : ndarray of shape (n, 2) or (n, 3)
        Positions of all items.
    rows : ndarray of int, shape (m,)
        The rows that leave.
    columns : dict of str to array-like of shape (n,), optional
        Further columns (clusters, trust, whether chosen).

    Raises
    ------
    ValueError
        Where no rows were chosen.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract
    >>> iris = DATASETS["iris"]().load()
    >>> columns = {"cluster": np.zeros(150, int)}
    >>> extract = Extract(iris, iris.X, iris.X[:, :2], np.arange(3), columns)
    >>> extract.names()[0], list(extract.frame().columns[:4])
    ('setosa · row 0', ['row', 'x', 'y', 'cluster'])
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
    """The name, or one that begins with ``map_`` and is not taken.

    Parameters
    ----------
    name : str
        The name wished for.
    taken : collection of str
        Names that are there.

    Returns
    -------
    str
        A name that is not taken.

    Examples
    --------
    >>> from lvm_core.export.map_tables import free
    >>> free("x", ["y"]), free("x", ["x", "map_x"])
    ('x', 'map_map_x')
    """
    while name in taken:
        name = f"map_{name}"
    return name


def shown(column: pd.Series, missing: str = "") -> list[str]:
    """Values as short text.

    Parameters
    ----------
    column : Series
        Values of any type.
    missing : str, default=""
        What stands for a missing one.

    Returns
    -------
    list of str
        Texts.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.export.map_tables import shown
    >>> shown(pd.Series([1 / 3, None]), "none"), shown(pd.Series([pd.Timestamp("2026-05-01")]))
    (['0.333333', 'none'], ['2026-05-01'])
    """
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
    """The table of an extract as CSV.

    See :func:`lvm_core.export.encode.csv_bytes` for what is done to text a spreadsheet would run.

    Parameters
    ----------
    extract : Extract
        The rows, see :meth:`Extract.frame`.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract, csv
    >>> iris = DATASETS["iris"]().load()
    >>> lines = csv(Extract(iris, iris.X, np.zeros((150, 2)), np.arange(2))).decode("utf-8-sig")
    >>> lines.splitlines()[0]
    'row,x,y,sepal length in cm,sepal width in cm,petal length in cm,petal width in cm,species'
    """
    return encode.csv_bytes(extract.frame())


def parquet(extract: Extract) -> bytes:
    """The table of an extract as Parquet, text as it is.

    Parameters
    ----------
    extract : Extract
        The rows, see :meth:`Extract.frame`.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract, parquet
    >>> iris = DATASETS["iris"]().load()
    >>> extract = Extract(iris, iris.X, np.zeros((150, 2)), np.arange(2))
    >>> pd.read_parquet(io.BytesIO(parquet(extract)))["row"].tolist()
    [0, 1]
    """
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
    """A zip for TensorBoard's projector (``projector_config.pbtxt`` and the files it names).

    The format is that of tensorboard/plugins/projector: tab-separated numbers without a header;
    metadata with a header, as there is more than one column; pictures row by row on one square
    sprite.

    Parameters
    ----------
    extract : Extract
        The rows; of more than ``MOST_PROJECTED`` a sample drawn by chance.
    on_step : callable, optional
        Receives progress.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract, tensorboard
    >>> iris = DATASETS["iris"]().load()
    >>> made = tensorboard(Extract(iris, iris.X, iris.X[:, :2], np.arange(150)))
    >>> zipfile.ZipFile(io.BytesIO(made)).namelist()
    ['vectors.tsv', 'map.tsv', 'metadata.tsv', 'projector_config.pbtxt', 'README.txt']
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
    """Parquet for Embedding Atlas (Apple, apple.github.io/embedding-atlas).

    It holds the frame, with ``image`` ({bytes, path}) for pictures and ``neighbors`` ({ids,
    distances}: the nearest by code in all dimensions, ids being row numbers of the file from 0).
    Neighbours are left out beyond ``MOST_LINKED`` rows, pictures beyond the first
    ``MOST_PICTURED``. :func:`atlas_command` opens it.

    Parameters
    ----------
    extract : Extract
        The rows.
    on_step : callable, optional
        Receives progress.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract, embedding_atlas
    >>> iris = DATASETS["iris"]().load()
    >>> made = embedding_atlas(Extract(iris, iris.X, iris.X[:, :2], np.arange(150)))
    >>> len(pd.read_parquet(io.BytesIO(made))["neighbors"][0]["ids"])
    15
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
    """What to type to see a file of :func:`embedding_atlas`.

    Parameters
    ----------
    extract : Extract
        The rows in it.
    file : str
        Its name.

    Returns
    -------
    str
        The command.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.map_tables import Extract, atlas_command
    >>> iris = DATASETS["iris"]().load()
    >>> atlas_command(Extract(iris, iris.X, iris.X[:, :2], np.arange(150)), "iris.parquet")
    'uvx embedding-atlas iris.parquet --x x --y y --neighbors neighbors'
    """
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
