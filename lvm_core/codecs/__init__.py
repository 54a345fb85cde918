"""Codecs: one kind of item each, found by looking in this folder. Items <-> rows of X."""

from ..params import Registry, discover
from .base import Codec

CODECS = Registry({codec.kind: codec for codec in discover(__name__, Codec).values()})


def codec_from_json(data: dict) -> Codec:
    """Bring back any codec.

    Parameters
    ----------
    data : dict
        What ``codec.to_json()`` returned; its ``kind`` says which codec it is.

    Returns
    -------
    Codec
        The same codec.

    Raises
    ------
    KeyError
        For an unknown kind.

    Examples
    --------
    >>> from lvm_core.codecs import codec_from_json
    >>> from lvm_core.codecs.image import ImageCodec
    >>> codec_from_json(ImageCodec(8, 8, 1).to_json())
    ImageCodec(height=8, width=8, channels=1, likelihood='gaussian')
    """
    return CODECS[data["kind"]].from_json(data)
