"""A zip of pictures, in a folder per class or flat."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from ... import settings
from ...io.rows import RowWriter
from ...params import param
from ..base import DataError
from ..pictures import LARGEST_SIDE, choose_size, fit_picture, image_dataset, unit_range
from ..upload import Archive, class_folders, folders, name_list, shown
from .base import Reader

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")  # of pictures under other names
PORTABLE = re.compile(rb"P[1-6Ff][ \t\r\n]")  # of PBM, PGM, PPM and PFM
OTHERS = (".txt", ".text", ".md", ".csv", ".tsv", ".json", ".xml", ".npy")  # not looked into
HEIC = (b"heic", b"heix", b"mif1", b"msf1")
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits begin so


@dataclass
class Images(Reader):
    """A zip of pictures of any usual format, size and depth; the folder they lie in is their label.

    Parameters
    ----------
    side : int
        Pictures are resized to this many pixels a side; 0, the default, keeps a common size up to
        64, else chooses 32 or 64.
    colour : {"auto", "grey", "colour"}
        Auto reads in colour when any picture has colour.
    background : {"white", "black"}
        What shows through transparent pixels, and fills borders.
    fit : {"auto", "crop", "pad", "stretch"}
        How pictures of other proportions are fitted: cut the centre out, add borders, or stretch.
        Auto crops where little is lost, and pads long pictures.
    label : {"auto", "none"}
        Auto labels each picture with its folder.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> from PIL import Image
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     for i in range(4):
    ...         with archive.open(f"{'light' if i > 1 else 'dark'}/{i}.png", "w") as entry:
    ...             Image.new("L", (8, 8), 60 * i).save(entry, "PNG")
    >>> data = read_dataset(file.getvalue(), "greys.zip")
    >>> data.X.shape, data.rows["label"].tolist()
    ((4, 64), ['dark', 'dark', 'light', 'light'])
    """

    name: ClassVar[str] = "images"
    title: ClassVar[str] = "Zip of pictures"
    suffixes: ClassVar[tuple[str, ...]] = (".zip",)
    list_order: ClassVar[int] = 30

    side: int = param(
        0,
        low=0,
        high=LARGEST_SIDE,
        help="Pictures are resized to this many pixels a side; 0 keeps a common size up to 64, "
        "else chooses 32 or "
        "64.",
        label="Size, pixels a side",
    )
    colour: str = param(
        "auto",
        choices=("auto", "grey", "colour"),
        help="Auto reads in colour when any picture has colour.",
    )
    background: str = param(
        "white",
        choices=("white", "black"),
        help="What shows through transparent pixels, and fills borders.",
    )
    fit: str = param(
        "auto",
        choices=("auto", "crop", "pad", "stretch"),
        help="How pictures of other proportions are fitted: cut the centre out, add borders, or "
        "stretch. "
        "Auto crops where little is lost, and pads long pictures.",
        label="Pictures of another shape",
    )
    label: str = param(
        "auto",
        choices=("auto", "none"),
        help="Auto labels each picture with its folder.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        if not upload.is_zip:
            return False
        pictures = len(picture_entries(upload.archive))
        return pictures > 0 and pictures >= 0.5 * len(upload.archive.entries)

    def read(self, upload):
        archive = upload.archive
        entries, notes = picture_entries(archive), list(archive.notes)
        others = len(archive.entries) - len(entries)
        if others:
            notes.append(f"Files that are no pictures were passed over: {others:,}.")
        settings.check("rows", len(entries), upload.name)
        loader = PictureLoader()
        good, pictures, size, fit = self._load(archive, entries, loader)
        kept = {id(info) for info, _ in good}
        if not good:
            raise DataError(
                f"None of the {len(entries)} pictures in {upload.name} can be read: "
                f"{loader.reasons()}."
            )
        assert size is not None  # found by the first good one
        X = stack(pictures, self.colour, upload.name, notes)
        notes += loader.notes(len(entries))
        resized = sum(s != size for _, s in good)
        if resized:
            said = (
                f"{resized:,} of {len(good):,} pictures were resized to {size[1]} x {size[0]} "
                "pixels"
            )
            others = sum(s[0] * size[1] != s[1] * size[0] for _, s in good)
            if others:
                how = {
                    "crop": "cropped to their centre",
                    "pad": f"given borders in {self.background}",
                    "stretch": "stretched",
                }[fit]
                said += f"; {others:,} of another shape were {how}"
            notes.append(f"{said}.")
        rows, label = _rows([info for info, _ in good], self.label, notes)
        dataset = image_dataset(X, upload.name, rows, label, notes)
        colour = "colour" if X.shape[3] == 3 else "grey"
        own = [s for _, s in good]
        dataset.source = {
            "options": {"side": size[0] if size[0] == size[1] else 0, "colour": colour, "fit": fit},
            # what the choice of a size and the way to a whole picture need
            "pictures": {
                "largest": max(max(s) for s in own),
                "chosen": list(choose_size(own, 0)),
                "left_out": [i for i, info in enumerate(entries) if id(info) not in kept],
            },
        }
        return dataset

    def _load(self, archive, entries, loader: PictureLoader):
        """(readable entries with their sizes, their pictures, the size all were brought to,
        how).
        """
        # headers first, before any pixel is kept
        good = [(info, size) for info in entries if (size := loader.size(archive, info))]
        pictures, size, fit = [], None, "crop"
        settings.check("zip_pixels", sum(h * w for _, (h, w) in good), archive.name)
        # again, if a broken picture had a say in the size
        while good and size != choose_size([s for _, s in good], self.side):
            size = choose_size([s for _, s in good], self.side)
            settings.check("array_cells", len(good) * size[0] * size[1], archive.name)
            fit = self._fit([s for _, s in good], size)
            loader.counts.clear()
            good, pictures = self._loaded(archive, good, loader, size, fit)
        return good, pictures, size, fit

    def _loaded(self, archive, entries, loader: PictureLoader, size, fit):
        """(readable entries with their sizes, their pictures): those of 8 bits lie together,
        in a mapped file where they are many.
        """
        good, deep, pictures = [], {}, RowWriter(len(entries), (*size, 3), np.uint8)
        for pair in entries:
            picture = loader.load(archive, pair[0], size, fit, self.background)
            if picture is None:
                continue
            if picture.dtype == np.float32:
                deep[len(good)] = picture
                picture = np.zeros((*size, 3), np.uint8)
            pictures.add(picture[None])
            good.append(pair)
        rows = pictures.array()
        return good, [deep.get(i, rows[i]) for i in range(len(good))]

    def _fit(self, sizes: list[tuple[int, int]], size: tuple[int, int]) -> str:
        if self.fit != "auto":
            return self.fit
        stretch = [max(h / w * size[1] / size[0], w / h * size[0] / size[1]) for h, w in sizes]
        return "crop" if np.median(stretch) <= 1.5 else "pad"


@dataclass
class PictureLoader:
    """Opens pictures, and counts what was found and what failed.

    Parameters
    ----------
    failed : dict of str to str
        Why, by the name of the picture; empty at first.
    counts : Counter
        How many pictures have something worth knowing, by what it is; empty at first.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> from PIL import Image
    >>> from lvm_core.datasets.readers.images import PictureLoader
    >>> from lvm_core.datasets.upload import Archive
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as packed:
    ...     packed.writestr("broken.png", "no pixels")
    ...     with packed.open("grey.png", "w") as entry:
    ...         Image.new("L", (8, 6)).save(entry, "PNG")
    >>> archive, loader = Archive("two.zip", file.getvalue()), PictureLoader()
    >>> [loader.size(archive, entry) for entry in archive.entries]
    [None, (6, 8)]
    >>> loader.reasons()
    'not a picture (broken.png)'
    """

    failed: dict[str, str] = field(default_factory=dict)
    counts: Counter = field(default_factory=Counter)

    def size(self, archive, info) -> tuple[int, int] | None:
        """(height, width) after rotation, from the header alone; None when it cannot be read."""
        return self._guarded(info, lambda: _size(open_picture(archive.read(info))))

    def load(self, archive, info, size, fit: str, background: str) -> np.ndarray | None:
        """The picture, brought to a size.

        Parameters
        ----------
        archive : Archive
            The zip.
        info : zipfile.ZipInfo
            One of its entries.
        size : (int, int)
            (height, width).
        fit : {"crop", "pad", "stretch"}
            As for :func:`~lvm_core.datasets.pictures.fit_picture`.
        background : {"white", "black"}
            What shows through transparent pixels, and fills borders.

        Returns
        -------
        array or None
            uint8 (h, w, 3), or float32 (h, w, 1) in its own range where it has more than 8 bits;
            None when it cannot be read.
        """
        return self._guarded(
            info, lambda: self._pixels(open_picture(archive.read(info)), size, fit, background)
        )

    def _guarded(self, info, job):
        try:
            return job()
        except Exception as error:
            # whatever a broken picture makes Pillow raise, the others still count
            self.failed[shown(info.filename)] = _plainly(error)
            return None

    def _pixels(self, picture, size, fit, background):
        from PIL import ImageOps

        if getattr(picture, "n_frames", 1) > 1:
            self.counts["several frames, the first was used"] += 1
        if picture.format == "JPEG":
            picture.draft(None, (size[1] * 2, size[0] * 2))
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        fill = 255 if background == "white" else 0
        if picture.mode.startswith(DEEP):
            self.counts["more than 8 bits a pixel"] += 1
            from PIL import Image

            values = np.asarray(picture, dtype=np.float32)
            plane = Image.fromarray(values)
            fill = float(np.nanmax(values) if background == "white" else np.nanmin(values))
            return np.asarray(fit_picture(plane, size, fit, fill), np.float32)[..., None]
        if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
            picture = self._flat(picture.convert("RGBA"), background)
        if picture.mode == "CMYK":
            self.counts["CMYK colours, converted to RGB"] += 1
        return np.asarray(fit_picture(picture.convert("RGB"), size, fit, (fill,) * 3), np.uint8)

    def _flat(self, picture, background):
        from PIL import Image

        if picture.getextrema()[3][0] < 255:
            self.counts[f"transparency, shown on {background}"] += 1
        return Image.alpha_composite(Image.new("RGBA", picture.size, background), picture)

    def reasons(self) -> str:
        """Why pictures failed, with the first names."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.failed.items():
            by_reason.setdefault(reason, []).append(name)
        return "; ".join(
            f"{reason} ({name_list(names, 10)})" for reason, names in by_reason.items()
        )

    def notes(self, n: int) -> list[str]:
        """One sentence for each thing worth knowing."""
        said = [f"{count:,} of {n:,} pictures have {what}." for what, count in self.counts.items()]
        if self.failed:
            said.append(
                f"{len(self.failed):,} of {n:,} pictures could not be read and were left out: "
                f"{self.reasons()}."
            )
        return said


def picture_entries(archive: Archive) -> list[zipfile.ZipInfo]:
    """The entries of a zip that are pictures: by their suffix, others by how they begin.

    Parameters
    ----------
    archive : Archive
        The zip.

    Returns
    -------
    list of zipfile.ZipInfo
        In the zip's order.

    Examples
    --------
    >>> from lvm_core.datasets.readers.images import picture_entries
    >>> from lvm_core.datasets.zips import Archive, bundle
    >>> files = [("a.png", b""), ("b.happy", b"GIF89a"), ("c.pgm", b"P5 2 2 255 "), ("d", b"text")]
    >>> archive = Archive("four.zip", bundle(files))
    >>> [entry.filename for entry in picture_entries(archive)]
    ['a.png', 'b.happy', 'c.pgm']
    """
    return [
        info
        for info in archive.entries
        if (name := info.filename.lower()).endswith(SUFFIXES)
        or not name.endswith(OTHERS)
        and _is_picture(archive.begin(info))
    ]


def _is_picture(head: bytes) -> bool:
    return (
        head.startswith(STARTS)
        or PORTABLE.match(head) is not None
        or head[:4] == b"RIFF"
        and head[8:12] == b"WEBP"
        or head[4:8] == b"ftyp"
        and head[8:12] in (b"avif", *HEIC)
        or head[:2] == b"BM"
        and head[6:10] == bytes(4)
    )


def open_picture(data: bytes):
    """A picture whose pixels are not read yet, of a known format and within the limit.

    Parameters
    ----------
    data : bytes
        The content of a file.

    Returns
    -------
    PIL.Image.Image
        The picture.

    Raises
    ------
    DataError
        Over the limit of pixels.
    PIL.UnidentifiedImageError
        For what is no picture.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from lvm_core.datasets.readers.images import open_picture
    >>> file = io.BytesIO()
    >>> Image.new("L", (8, 6)).save(file, "PNG")
    >>> open_picture(file.getvalue()).size
    (8, 6)
    """
    from PIL import Image

    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        raise DataError("it is HEIC, which is not read here; save it as JPEG or PNG.")
    picture = Image.open(io.BytesIO(data), formats=FORMATS)
    settings.check("picture_pixels", picture.width * picture.height, "it")
    return picture


def _size(picture) -> tuple[int, int]:
    # Pillow reads a whole PNG to find its EXIF; there the size before rotation has to do
    turned = picture.format != "PNG" and picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (picture.width, picture.height) if turned else (picture.height, picture.width)


def _plainly(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not a picture"
    if isinstance(error, DataError) and "HEIC" in str(error):
        return "HEIC, which is not read here; save them as JPEG or PNG"
    if isinstance(error, (DataError, Image.DecompressionBombError)):
        return (
            f"over the limit of {settings.LIMITS.picture_pixels:,} pixels"
            if "pixels" in str(error)
            else "damaged or cut short"
        )
    return "damaged or cut short"


def stack(pictures: list[np.ndarray], colour: str, name: str, notes: list[str]) -> np.ndarray:
    """Pictures of one size -> one array in [0, 1].

    Parameters
    ----------
    pictures : list of array
        As :meth:`PictureLoader.load` returns them; those of more than 8 bits share one scale, to
        which they are brought in the list.
    colour : {"auto", "grey", "colour"}
        Auto is colour when any picture has colour.
    name : str
        What they are, for the sentence when they are too many.
    notes : list of str
        Added to, with the scale of pictures of more than 8 bits.

    Returns
    -------
    array of float32 (n, h, w, 1 or 3)
        The pictures; a mapped file where they are many.

    Raises
    ------
    DataError
        Over the limit of values.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.readers.images import stack
    >>> stack([np.full((2, 2, 3), 51, np.uint8)], "auto", "one.zip", []).shape
    (1, 2, 2, 1)
    """
    deep = [i for i, p in enumerate(pictures) if p.dtype == np.float32]
    if deep:
        values = np.stack([pictures[i] for i in deep])
        for i, picture in zip(deep, values):
            pictures[i] = picture  # now a view: the same memory
        whole = all(bool((picture == np.rint(picture)).all()) for picture in values)
        unit_range(values, notes, "Pictures of more than 8 bits", whole=whole, copy=False)
    if colour == "auto":
        colour = "colour" if any(_coloured(p) for p in pictures) else "grey"
    channels = 3 if colour == "colour" else 1
    h, w = pictures[0].shape[:2]
    settings.check("array_cells", len(pictures) * h * w * channels, name)
    X = RowWriter(len(pictures), (h, w, channels), np.float32)
    for picture in pictures:
        values = picture if picture.dtype == np.float32 else picture.astype(np.float32) / 255
        values = values if channels == 3 or values.shape[2] == 1 else _grey(values)
        X.add(np.broadcast_to(values, X.shape)[None])
    return X.array()


def _grey(picture: np.ndarray) -> np.ndarray:
    """Luma of ITU-R BT.601, exact for pictures that are grey already."""
    if (picture[..., 0] == picture[..., 1]).all() and (picture[..., 1] == picture[..., 2]).all():
        return picture[..., :1]
    return (picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]


def _coloured(picture: np.ndarray) -> bool:
    return picture.shape[2] == 3 and bool(np.ptp(picture.astype(np.int16), axis=2).max() > 8)


def _rows(kept, label: str, notes: list[str]) -> tuple[pd.DataFrame, str | None]:
    """What is known of each picture, and the label column: the folder, where there are several."""
    rows = pd.DataFrame({"file": [shown(info.filename) for info in kept]})
    names = class_folders([info.filename for info in kept]) if label == "auto" else None
    if names is None:
        return rows, None
    rows.insert(0, "label", names)
    whole = ["/".join(folders(info.filename)) for info in kept]
    if len(set(whole)) > len(set(names)):  # such as train/cat and test/cat
        rows["folder"] = whole
    notes.append(f"Label: the folder each picture lies in ({len(set(names))} of them).")
    return rows, "label"
