"""Codecs: one kind of item each, found by looking in this folder. Items <-> rows of X."""

from ..params import Registry, discover
from .base import Codec

CODECS = Registry({codec.kind: codec for codec in discover(__name__, Codec).values()})


def codec_from_json(data: dict) -> Codec:
    """Bring back any codec from ``codec.to_json()``; its ``kind`` says which. Raises KeyError
    for an unknown kind.
    """
    return CODECS[data["kind"]].from_json(data)
