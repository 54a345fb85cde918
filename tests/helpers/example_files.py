"""Small files for tests, made in memory."""

import io
import zipfile

import numpy as np
from PIL import Image


def picture(seed: int = 0, size: tuple = (12, 10), mode: str = "RGB") -> Image.Image:
    channels = {"L": (), "RGB": (3,), "RGBA": (4,), "CMYK": (4,)}[mode]
    return Image.fromarray(
        np.random.default_rng(seed).integers(0, 256, (*size, *channels), dtype=np.uint8), mode
    )


def packed(image: Image.Image, fmt: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def zipped(files: dict, compression=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def good_pictures(n: int = 5, **options) -> dict:
    return {f"{'ab'[i % 2]}/{i}.png": packed(picture(i, **options)) for i in range(n)}


def npy(array, **options) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def csv_of(frame, **options) -> bytes:
    return frame.to_csv(index=False, **options).encode("utf-8")
