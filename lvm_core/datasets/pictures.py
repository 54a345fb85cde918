"""Pictures -> Dataset: one size, grey or colour, values in [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import settings
from ..codecs.image import ImageCodec
from .base import Dataset, require_rows, require_variety

KEEP_SIDE = 64  # pictures of one size up to this side are not resized
SIDES = (32, 64, 128, 256)  # sizes to choose from, in pixels
LARGEST_SIDE = SIDES[-1]


def image_dataset(
    pictures: np.ndarray,
    name: str,
    rows: pd.DataFrame | None = None,
    label: str | None = None,
    notes: list[str] | None = None,
) -> Dataset:
    """The Dataset of pictures.

    Parameters
    ----------
    pictures : array of float32 (n, h, w, c)
        Values in [0, 1]; 1 channel for grey, 3 for colour.
    name : str
        Name of the dataset.
    rows : DataFrame (n, ...), optional
        What is known of each picture; the row's number by default.
    label : str, optional
        The column of ``rows`` to colour by first.
    notes : list of str, optional
        Added to, with what is understood.

    Returns
    -------
    Dataset
        Of kind ``image``.

    Raises
    ------
    DataError
        Below 3 pictures, when all are the same, or over the limit.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.pictures import image_dataset
    >>> data = image_dataset(np.random.default_rng(0).random((5, 8, 8, 1)), "noise")
    >>> data.X.shape, data.notes
    ((5, 64), ['5 grey pictures of 8 x 8 pixels.'])
    """
    notes = [] if notes is None else notes
    require_rows(len(pictures), name)
    settings.check("array_cells", pictures.size, name)
    codec = ImageCodec.of(pictures)
    X = np.ascontiguousarray(pictures, np.float32).reshape(len(pictures), -1)
    require_variety(X, name)
    colour = (
        "colour"
        if codec.channels == 3
        else "black and white"
        if codec.likelihood == "bernoulli"
        else "grey"
    )
    notes.insert(0, f"{len(X):,} {colour} pictures of {codec.width} x {codec.height} pixels.")
    rows = (
        pd.DataFrame({"row": range(len(X))})
        if rows is None or not rows.shape[1]
        else rows.reset_index(drop=True)
    )
    return Dataset(name, X, rows, codec, label, notes)


def choose_size(sizes: list[tuple[int, int]], side: int) -> tuple[int, int]:
    """The size that pictures of some sizes are brought to.

    Parameters
    ----------
    sizes : list of (int, int)
        (height, width) of each picture.
    side : int
        The side asked for; 0 to find it.

    Returns
    -------
    (int, int)
        (height, width): ``side`` squared if given; their own when all are equal and at most 64;
        else 64 squared, or 32 when they are smaller or so many that 64 would not fit.

    Examples
    --------
    >>> from lvm_core.datasets.pictures import choose_size
    >>> choose_size([(28, 28), (28, 28)], 0), choose_size([(300, 200), (480, 640)], 0)
    ((28, 28), (64, 64))
    """
    if side:
        return side, side
    if len(set(sizes)) == 1 and max(sizes[0]) <= KEEP_SIDE and min(sizes[0]) >= 4:
        return sizes[0]
    small = (
        np.median([min(size) for size in sizes]) < 48
        or len(sizes) * 64 * 64 * 3 > settings.LIMITS.cells
    )
    return (32, 32) if small else (64, 64)


def fit_picture(picture, size: tuple[int, int], fit: str, fill):
    """A picture brought to a size.

    Bilinear with area averaging: it never overshoots the range.

    Parameters
    ----------
    picture : PIL.Image.Image
        The picture.
    size : (int, int)
        (height, width) in pixels.
    fit : {"crop", "pad", "stretch"}
        How other proportions are fitted: ``crop`` cuts the centre out, ``pad`` adds borders,
        ``stretch`` changes them.
    fill : colour
        Of the borders, as Pillow takes it.

    Returns
    -------
    PIL.Image.Image
        The picture at this size; itself where it has it already.

    Examples
    --------
    >>> from PIL import Image
    >>> from lvm_core.datasets.pictures import fit_picture
    >>> fit_picture(Image.new("L", (40, 20)), (8, 8), "pad", 255).size
    (8, 8)
    """
    from PIL import Image, ImageOps

    turned = size[1], size[0]
    if picture.size == turned:
        return picture
    ways = {
        "crop": lambda: ImageOps.fit(picture, turned, Image.Resampling.BILINEAR),
        "pad": lambda: ImageOps.pad(picture, turned, Image.Resampling.BILINEAR, color=fill),
        "stretch": lambda: picture.resize(turned, Image.Resampling.BILINEAR),
    }
    return ways[fit]()


@dataclass(frozen=True)
class SizeChoice:
    """A size that pictures can be brought to, with what it costs.

    Parameters
    ----------
    side : int
        Pixels a side.
    values : int
        Values of all pictures at this size.
    reason : str
        Why it cannot be chosen; empty where it can.

    See Also
    --------
    size_choices : Makes them.

    Examples
    --------
    >>> from lvm_core.datasets.pictures import SizeChoice
    >>> SizeChoice(64, 12_288).nbytes
    49152
    """

    side: int
    values: int
    reason: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes of X on the disk."""
        return 4 * self.values


def size_choices(n: int, channels: int, largest: int | None = None) -> list[SizeChoice]:
    """The sizes that n pictures can be brought to, smallest first.

    Parameters
    ----------
    n : int
        Number of pictures.
    channels : int
        1 for grey, 3 for colour.
    largest : int, optional
        The longest side of any of them as they came. A larger size would add blur, not detail.

    Returns
    -------
    list of SizeChoice
        One for each of :data:`SIDES`.

    Examples
    --------
    >>> from lvm_core.datasets.pictures import size_choices
    >>> [(c.side, c.reason) for c in size_choices(2000, 3, 200)][2:]
    [(128, ''), (256, 'No picture has more than 200 pixels a side.')]
    >>> size_choices(4000, 3)[-1].reason
    'It would take 786,432,000 values; the limit is 600,000,000.'
    """
    most, found = settings.LIMITS.array_cells, []
    for side in SIDES:
        values = n * side * side * channels
        if values > most:
            reason = f"It would take {values:,} values; the limit is {most:,}."
        elif largest is not None and side > largest:
            reason = f"No picture has more than {largest:,} pixels a side."
        else:
            reason = ""
        found.append(SizeChoice(side, values, reason))
    return found


def unit_range(
    pictures: np.ndarray,
    notes: list[str],
    what: str = "The pictures",
    *,
    whole: bool | None = None,
    copy: bool = True,
) -> np.ndarray:
    """Values of any range -> [0, 1].

    One scale for all pictures, so that their tones stay comparable.

    Parameters
    ----------
    pictures : array (n, ...)
        Numbers or truth values; whole numbers that look like bytes are divided by 255.
    notes : list of str
        Added to, where the scale is not one that goes without saying.
    what : str
        What they are, for the sentences.
    whole : bool, optional
        Whether they are whole numbers; by their type where it is not given.
    copy : bool, default=True
        False changes an array of float32 in place.

    Returns
    -------
    array of float32 (n, ...)
        The same pictures; NaN and infinity are the darkest value.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.pictures import unit_range
    >>> unit_range(np.array([0, 51, 255], np.uint8), []).round(2).tolist()[0::2]
    [0.0, 1.0]
    >>> notes = []
    >>> unit_range(np.array([-1.0, 0.0, 1.0]), notes).tolist()
    [0.0, 0.5, 1.0]
    >>> notes
    ['The pictures held values from -1 to 1 and were brought to 0 to 1.']
    """
    pictures = np.asarray(pictures)
    whole = pictures.dtype.kind in "iub" if whole is None else whole
    values = pictures.astype(np.float32, copy=copy)
    # a part at a time: no second array of the same size
    step = max(1, 2**22 // max(1, math.prod(values.shape[1:])))
    parts = [values[i : i + step] for i in range(0, len(values), step)]
    if bad := sum(int((~np.isfinite(part)).sum()) for part in parts):
        notes.append(f"{what}: {bad:,} NaN or infinite pixels were set to the darkest value.")
        darkest = min(
            (float(part[np.isfinite(part)].min()) for part in parts if np.isfinite(part).any()),
            default=0.0,
        )
        for part in parts:
            part[~np.isfinite(part)] = darkest
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        return values
    if pictures.dtype == np.uint8 or (
        low >= 0
        and high <= 255
        and 16 < high
        and (whole or all((part == np.rint(part)).all() for part in parts))
    ):
        values /= 255
        return values
    if low >= -1 and high <= 1:
        notes.append(f"{what} held values from -1 to 1 and were brought to 0 to 1.")
        values += 1
        values /= 2
        return values
    if low >= 0 and whole:
        low = 0.0
        high = next(
            (top for top in (255.0, 1023.0, 4095.0, 16383.0, 65535.0) if top / 2 < high <= top),
            high,
        )
    notes.append(
        f"{what} held values from {values.min():g} to {values.max():g}; {low:g} to {high:g} was "
        "brought to 0 to 1, the "
        "same for all, so their tones are kept."
    )
    values -= low
    values /= (high - low) or 1.0
    return np.clip(values, 0, 1, out=values)
