"""Pictures in, a moving picture out, as bytes: GIF and WebP. Equal input gives equal bytes.

Frames are (n, h, w, c) or (n, h, w) with values in [0, 1], c of 1, 3 or 4. ``upscale`` repeats
every pixel that many times; ``bounce`` goes back the way it came, so that a loop does not jump.
Raises ValueError for frames that are no pictures, and before encoding more than ``MOST_PIXELS``.
"""

from __future__ import annotations

import io

import numpy as np

MOST_PIXELS = 50_000_000  # in all frames together: smooth pictures of that size take 1 to 2 s
MOST_SIDE = 4096


def gif(
    frames,
    seconds_per_frame: float = 0.1,
    upscale: int = 1,
    bounce: bool = True,
    background: float = 1.0,
) -> bytes:
    """A looping GIF of pictures.

    At most 256 colours a frame (grey is exact), times in whole hundredths of a second, and no
    transparency. Equal input gives equal bytes.

    Parameters
    ----------
    frames : array-like of shape (n, h, w, c) or (n, h, w)
        Pictures with values in [0, 1], c of 1, 3 or 4.
    seconds_per_frame : float, default=0.1
        From 0.02 to 60.
    upscale : int, default=1
        How many times every pixel is repeated.
    bounce : bool, default=True
        Whether it goes back the way it came, so that a loop does not jump.
    background : float, default=1.0
        What pictures with alpha are laid on, 0 black, 1 white.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For frames that are no pictures, and before encoding more than ``MOST_PIXELS``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.animation import gif
    >>> gif(np.linspace(0, 1, 5)[:, None, None] * np.ones((8, 8)))[:6]
    b'GIF89a'
    """
    pixels = _opaque(_checked(frames, seconds_per_frame, upscale, bounce), background)
    return _saved(
        pixels,
        upscale,
        bounce,
        lambda image: image if image.mode == "L" else image.quantize(256),
        format="GIF",
        duration=10 * max(2, round(100 * seconds_per_frame)),
        loop=0,
        disposal=2,
        optimize=False,
    )


def webp(frames, seconds_per_frame: float = 0.1, upscale: int = 1, bounce: bool = True) -> bytes:
    """A looping WebP of pictures: lossless, with transparency, times in milliseconds.

    Equal input gives equal bytes.

    Parameters
    ----------
    frames : array-like of shape (n, h, w, c) or (n, h, w)
        Pictures with values in [0, 1], c of 1, 3 or 4.
    seconds_per_frame : float, default=0.1
        From 0.02 to 60.
    upscale : int, default=1
        How many times every pixel is repeated.
    bounce : bool, default=True
        Whether it goes back the way it came, so that a loop does not jump.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For frames that are no pictures, and before encoding more than ``MOST_PIXELS``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.animation import webp
    >>> webp(np.linspace(0, 1, 5)[:, None, None] * np.ones((8, 8)))[8:12]
    b'WEBP'
    """
    pixels = _checked(frames, seconds_per_frame, upscale, bounce)
    return _saved(
        pixels,
        upscale,
        bounce,
        lambda image: image.convert("RGB") if image.mode == "L" else image,
        format="WEBP",
        duration=round(1000 * seconds_per_frame),
        loop=0,
        lossless=True,
        quality=0,
        method=0,
    )


FORMATS = {"gif": gif, "webp": webp}


def _checked(frames, seconds, upscale, bounce) -> np.ndarray:
    """The frames as (n, h, w, c) uint8."""
    frames = np.asarray(frames, np.float32)
    frames = frames[..., None] if frames.ndim == 3 else frames
    if frames.ndim != 4 or frames.shape[3] not in (1, 3, 4) or not frames.size:
        raise ValueError(
            f"the frames have shape {frames.shape}, expected (n, height, width, 1, 3 or 4) with at "
            "least one frame."
        )
    if not 0.02 <= seconds <= 60:
        raise ValueError(
            f"seconds_per_frame is {seconds}, expected 0.02 to 60; browsers slow down what is "
            "faster."
        )
    if upscale != int(upscale) or upscale < 1:
        raise ValueError(f"upscale is {upscale}, expected a whole number of at least 1.")
    n, height, width = (
        len(_order(len(frames), bounce)),
        *(side * upscale for side in frames.shape[1:3]),
    )
    if max(height, width) > MOST_SIDE or n * height * width > MOST_PIXELS:
        raise ValueError(
            f"the animation would have {n} frames of {height} x {width} pixels, expected sides of "
            f"at most {MOST_SIDE} and "
            f"{MOST_PIXELS:,} pixels in all; choose fewer frames or a smaller scale."
        )
    return np.rint(np.clip(np.nan_to_num(frames), 0, 1) * 255).astype(np.uint8)


def _order(n, bounce) -> list[int]:
    return [*range(n), *(range(n - 2, 0, -1) if bounce else ())]


def _opaque(pixels, background) -> np.ndarray:
    if pixels.shape[3] != 4:
        return pixels
    alpha = pixels[..., 3:] / np.float32(255)
    return np.rint(pixels[..., :3] * alpha + 255 * background * (1 - alpha)).astype(np.uint8)


def _saved(pixels, upscale, bounce, convert, **how) -> bytes:
    from PIL import Image

    def image(i):
        shown = convert(Image.fromarray(pixels[i, ..., 0] if pixels.shape[3] == 1 else pixels[i]))
        return shown.resize(
            (shown.width * upscale, shown.height * upscale), Image.Resampling.NEAREST
        )

    first, *rest = _order(len(pixels), bounce)
    out = io.BytesIO()
    image(first).save(out, save_all=True, append_images=map(image, rest), **how)
    return out.getvalue()
