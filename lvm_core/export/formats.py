"""Every file a map can leave as, by name: what it is, what it holds, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..analysis.regions import named_regions
from ..metrics.base import Score
from ..progress import OnStep
from . import html_page, map_tables, poster_layout, poster_png, poster_svg
from .map_colours import Colours, colours
from .map_tables import Extract


@dataclass(frozen=True)
class ExportRequest:
    """What is asked for of an export.

    Parameters
    ----------
    extract : Extract
        The rows.
    column : str, optional
        The column to colour by; one colour by default.
    title : str, default=""
        Title of the sheet; the dataset's name where it is empty.
    facts : tuple of str, default=()
        Short phrases under the title.
    scores : tuple of Score, default=()
        The map's numbers of trust.
    size : str, default="A4"
        One of :data:`lvm_core.export.poster_layout.SIZES`.
    dark : bool, default=False
        Whether the sheet is dark.
    names : {"classes", "regions", "none"}, default="classes"
        What is written on the map: names of classes, of dense regions, or none.
    pictures : bool, default=True
        Whether pictures of some items are on the map.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.formats import ExportRequest
    >>> from lvm_core.export.map_tables import Extract
    >>> iris = DATASETS["iris"]().load()
    >>> extract = Extract(iris, iris.X, iris.X[:, :2], np.arange(100))
    >>> wanted = ExportRequest(extract, column=iris.label, title="Iris")
    >>> wanted.title, wanted.size
    ('Iris', 'A4')
    """

    extract: Extract
    column: str | None = None
    title: str = ""
    facts: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    size: str = "A4"
    dark: bool = False
    names: str = "classes"  # written on the map: of classes, of dense regions, or none
    pictures: bool = True  # of some items, on the map

    @cached_property
    def colours(self) -> Colours:
        """Colours of the chosen rows; all rows decide which class has which."""
        dataset = self.extract.dataset
        if self.column is not None and self.column not in dataset.colours():
            raise ValueError(
                f"{self.column!r} is no column to colour by; there are: "
                f"{', '.join(map(str, dataset.colours())) or 'none'}."
            )
        return colours(None if self.column is None else dataset.rows[self.column], len(dataset)).of(
            self.extract.rows
        )

    def poster(self) -> poster_layout.Poster:
        """The sheet; of a 3-D map its first two axes."""
        extract, P = self.extract, self.extract.positions[self.extract.rows, :2]
        facts, shown = (
            self.facts
            + (("the first two of three axes",) if extract.positions.shape[1] == 3 else ()),
            None,
        )
        if self.pictures and extract.dataset.kind == "image":
            picked = poster_layout.picked_pictures(P)
            shown = picked, extract.dataset.items(extract.rows[picked])
        return poster_layout.Poster(
            P,
            self.colours,
            self.title or extract.dataset.name,
            facts,
            self.scores,
            self._names(P),
            shown,
        )

    def _names(self, P) -> tuple[tuple[float, float, str], ...]:
        if self.names == "regions":
            extract, among = self.extract, set(self.extract.rows.tolist())
            found = named_regions(extract.positions[:, :2], extract.dataset).regions
            return tuple(
                (float(region.at[0]), float(region.at[1]), region.name)
                for region in found
                if region.level < 2 and region.words and region.medoid in among
            )
        return poster_layout.class_names(P, self.colours) if self.names == "classes" else ()

    def with_colour(self) -> Extract:
        """The extract with the colour each row has on the map as a column."""
        palette = np.array(
            ["#{:02X}{:02X}{:02X}".format(*tuple(colour)) for colour in self.colours.palette],
            dtype=object,
        )
        column = np.empty(len(self.extract.dataset), dtype=object)
        column[self.extract.rows] = palette[self.colours.index]
        return replace(self.extract, columns=self.extract.columns | {"colour": column})


@dataclass(frozen=True)
class ExportFormat:
    """One kind of file that a map can leave as.

    Attributes
    ----------
    title : str
        Name of the format.
    suffix : str
        How its file's name ends.
    mime : str
        Its media type.
    holds : str
        One line about what is in it.
    make : callable
        ``make(wanted, on_step)`` gives the bytes for an :class:`ExportRequest`.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.formats import EXPORT_FORMATS, ExportRequest
    >>> from lvm_core.export.map_tables import Extract
    >>> iris = DATASETS["iris"]().load()
    >>> wanted = ExportRequest(Extract(iris, iris.X, iris.X[:, :2], np.arange(100)))
    >>> EXPORT_FORMATS["tensorboard"].make(wanted, None)[:2]
    b'PK'
    """

    title: str
    suffix: str
    mime: str
    holds: str
    make: Callable[[ExportRequest, OnStep | None], bytes]


EXPORT_FORMATS = {
    "png": ExportFormat(
        "Poster, PNG",
        ".png",
        "image/png",
        "The map with title, legend and trust, at 300 dots an inch.",
        lambda wanted, on_step: poster_png.png(wanted.poster(), wanted.size, wanted.dark),
    ),
    "svg": ExportFormat(
        "Poster, SVG",
        ".svg",
        "image/svg+xml",
        (
            f"The same as vectors; more than {poster_svg.MOST_VECTORS:,} points are a picture "
            "inside, text stays text."
        ),
        lambda wanted, on_step: poster_svg.svg(wanted.poster(), wanted.size, wanted.dark),
    ),
    "html": ExportFormat(
        "Web page",
        ".html",
        "text/html",
        "One file that opens in any browser without a network: pan, zoom, hover, search, legend, "
        "lasso. "
        f"It names up to {html_page.MOST_NAMED:,} items and shows the pictures or curves of up to "
        f"{html_page.MOST_PICTURED:,}, drawn by chance where there are more.",
        lambda wanted, on_step: html_page.page(
            wanted.extract,
            wanted.colours,
            wanted.title or wanted.extract.dataset.name,
            wanted.facts,
            wanted.scores,
            on_step,
        ),
    ),
    "csv": ExportFormat(
        "CSV",
        ".csv",
        "text/csv",
        (
            "A line a row: its number, place and colour, clusters and trust where asked for, and "
            "the dataset's columns; text that a spreadsheet would run gets an apostrophe."
        ),
        lambda wanted, on_step: map_tables.csv(wanted.with_colour()),
    ),
    "parquet": ExportFormat(
        "Parquet",
        ".parquet",
        "application/vnd.apache.parquet",
        "The same table with types, text exactly as it is.",
        lambda wanted, on_step: map_tables.parquet(wanted.with_colour()),
    ),
    "tensorboard": ExportFormat(
        "TensorBoard",
        ".zip",
        "application/zip",
        (
            "Codes, map, metadata and pictures for its Projector, of at most "
            f"{map_tables.MOST_PROJECTED:,} rows, drawn by chance."
        ),
        lambda wanted, on_step: map_tables.tensorboard(wanted.extract, on_step),
    ),
    "atlas": ExportFormat(
        "Embedding Atlas",
        ".parquet",
        "application/vnd.apache.parquet",
        (
            f"The table with texts or pictures (of at most {map_tables.MOST_PICTURED:,} rows) and "
            f"the {map_tables.NEIGHBOURS} nearest by code (up to {map_tables.MOST_LINKED:,} rows)."
        ),
        lambda wanted, on_step: map_tables.embedding_atlas(wanted.extract, on_step),
    ),
}


def facts(model, title: str, projection, n: int, date: str) -> tuple[str, ...]:
    """What a sheet says under its own title.

    Model and map with their seeds, how many items, the date.

    Parameters
    ----------
    model : LatentModel
        The model of the codes.
    title : str
        Name of the map.
    projection : Projection
        What made the map.
    n : int
        Number of items.
    date : str
        As it is to be read.

    Returns
    -------
    tuple of str
        Short phrases.

    Examples
    --------
    >>> from lvm_core import MODELS, PROJECTIONS
    >>> from lvm_core.export.formats import facts
    >>> facts(MODELS["PCA"](), "PCA", PROJECTIONS["PCA"](), 1500, "1 May 2026")
    ('PCA, 8 dimensions, seed 0', 'PCA, seed 0', '1,500 items', '1 May 2026')
    """

    def seeded(text, seed):
        return text if seed is None else f"{text}, seed {seed}"

    config = getattr(projection, "made_by_", None) or projection.to_config()
    return (
        seeded(f"{type(model).__name__}, {model.latent_dim} dimensions", model.random_state),
        seeded(title, config["params"].get("random_state")),
        f"{n:,} items",
        date,
    )
