"""What a person keeps with a run: named groups, bookmarks, directions, names of regions and
topics. Plain JSON on the disk.
"""

from __future__ import annotations

from typing import TypedDict


class Bookmark(TypedDict):
    name: str
    row: int
    code: list[float]


Annotations = TypedDict(
    "Annotations",
    {
        "groups": dict[str, list[int]],
        "bookmarks": list[Bookmark],
        "directions": list[dict],  # see lvm_core.latent.directions.Direction
        "region names": dict[str, dict[str, str]],  # map -> region's key -> name
        "topic names": dict[str, str],  # dimension -> name
        "words left out": list[str],  # of what is shown of topics
    },
    total=False,
)
_TYPES = {
    "groups": dict,
    "bookmarks": list,
    "directions": list,
    "region names": dict,
    "topic names": dict,
    "words left out": list,
}


def of_json(kept: dict) -> Annotations:
    """What was read from a file, without the entries that are of another type than they should be.

    Examples
    --------
    >>> of_json({"groups": {"mine": [1, 2]}, "bookmarks": 3})
    {'groups': {'mine': [1, 2]}}
    """
    return {
        name: value for name, value in kept.items() if isinstance(value, _TYPES.get(name, object))
    }
