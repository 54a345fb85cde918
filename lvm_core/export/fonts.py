"""The fonts of a poster: Pillow's own, and the system's for letters that it lacks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

# Pillow brings one font along (Aileron, Latin letters). Text it lacks letters for is drawn with the
# first of these that the system has.
OTHER_FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
    "YuGothM.ttc",
    "msyh.ttc",
)


@lru_cache(256)
def _face(size: float, name: str | None):
    from PIL import ImageFont

    return ImageFont.load_default(size) if name is None else ImageFont.truetype(name, size)


@lru_cache(4096)
def _lacks(letter: str) -> bool:
    face = _face(24, None)
    drawn, unknown = (cast(Any, face.getmask(c)) for c in (letter, "\U0010fffd"))
    return not letter.isspace() and bytes(drawn) == bytes(unknown)


@lru_cache(1)
def _others() -> tuple[str, ...]:
    found = []
    for name in OTHER_FONTS:
        try:
            _face(24, name)
            found.append(name)
        except OSError:
            continue
    return tuple(found)


def font(size: float, text: str = ""):
    """The font for a text: Pillow's own where it has all letters, one of the system's otherwise.

    Parameters
    ----------
    size : float
        Size in pixels.
    text : str, default=""
        What is to be written.

    Returns
    -------
    PIL.ImageFont.FreeTypeFont
        The font.

    Examples
    --------
    >>> from lvm_core.export.fonts import font
    >>> font(24, "wide").getlength("wide") > font(12, "wide").getlength("wide")
    True
    """
    return _face(
        size,
        next(iter(_others()), None) if any(_lacks(c) for c in set(text) if ord(c) > 126) else None,
    )
