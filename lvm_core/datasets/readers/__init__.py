"""Readers of uploaded files: one file a format, found by looking in this folder."""

from ...params import Registry, discover
from .base import Reader

READERS = Registry(
    {
        r.name: r
        for r in sorted(discover(__name__, Reader).values(), key=lambda r: (r.list_order, r.name))
        if r.name
    }
)
SUFFIXES = sorted({suffix for reader in READERS.values() for suffix in reader.suffixes})
