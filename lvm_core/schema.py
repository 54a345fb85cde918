"""What the columns of X are, for a model: a likelihood for each feature group, and the picture's
shape for images.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np

LIKELIHOODS = ("gaussian", "bernoulli", "categorical", "counts")


@dataclass(frozen=True)
class FeatureGroup:
    """Neighbouring columns of X that share a likelihood.

    Parameters
    ----------
    likelihood : {"gaussian", "bernoulli", "categorical", "counts"}
        The distribution of the columns:

        - ``gaussian``: real values, each column on its own (standardised by the codec; pixels lie
          in [0, 1])
        - ``bernoulli``: each column 0 or 1, on its own
        - ``categorical``: one one-hot group; the columns sum to 1
        - ``counts``: non-negative counts over one vocabulary (multinomial)
    size : int
        Number of columns, at least 1.
    name : str
        What the group is called, such as the column of the table it was made from.
    missing_of : int
        Where the group's last column is 1, this many columns to the left of that column hold no
        value: an indicator of a missing number marks the number, the level "missing" of a category
        all its other levels. 0, the default, marks nothing. Two groups that differ in this alone
        are equal.

    Raises
    ------
    ValueError
        For an unknown likelihood, a size below 1 or a negative ``missing_of``.

    See Also
    --------
    Schema : The feature groups of X from left to right.

    Examples
    --------
    >>> from lvm_core.schema import FeatureGroup
    >>> FeatureGroup("categorical", 3, "species")
    FeatureGroup(likelihood='categorical', size=3, name='species', missing_of=0)
    """

    likelihood: str
    size: int
    name: str = ""
    # runs saved before there were marks are of the same columns
    missing_of: int = field(default=0, compare=False)

    def __post_init__(self):
        if self.likelihood not in LIKELIHOODS:
            raise ValueError(
                f"likelihood is {self.likelihood!r}, expected one of {', '.join(LIKELIHOODS)}."
            )
        if self.size < 1:
            raise ValueError(f"a block has {self.size} columns, expected at least 1.")
        if self.missing_of < 0:
            raise ValueError(f"a block marks {self.missing_of} columns, expected at least 0.")


@dataclass(frozen=True)
class Schema:
    """What the columns of X (n, d) are: its feature groups, and the shape of a picture.

    Parameters
    ----------
    groups : tuple of FeatureGroup
        The feature groups from left to right.
    image : tuple of int, optional
        (height, width, channels) where a row is a picture stored in that order (row-major, channels
        last); None for everything else.

    Raises
    ------
    ValueError
        When the image has another number of values than the groups have columns, or a group marks
        more columns than lie to its left.

    Examples
    --------
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> height = FeatureGroup("gaussian", 1, "height")
    >>> kind = FeatureGroup("categorical", 3, "kind")
    >>> schema = Schema((height, kind))
    >>> schema.d
    4
    >>> [(group.name, span.start, span.stop) for group, span in schema.spans()]
    [('height', 0, 1), ('kind', 1, 4)]
    >>> Schema.picture(8, 8, 1).image
    (8, 8, 1)
    """

    groups: tuple[FeatureGroup, ...]
    image: tuple[int, int, int] | None = None

    def __post_init__(self):
        if self.image is not None and self.image[0] * self.image[1] * self.image[2] != self.d:
            raise ValueError(
                f"image {self.image} has {self.image[0] * self.image[1] * self.image[2]} values, "
                f"the blocks have {self.d} columns."
            )

        if any(group.missing_of > span.stop - 1 for group, span in self.spans()):
            raise ValueError("a block marks more columns than lie to its left.")

    @property
    def d(self) -> int:
        """Number of columns of X."""
        return sum(group.size for group in self.groups)

    def spans(self) -> list[tuple[FeatureGroup, slice]]:
        """Where each feature group lies.

        Returns
        -------
        list of (FeatureGroup, slice)
            Each group with the slice of columns it covers, from left to right.
        """
        spans, start = [], 0
        for group in self.groups:
            spans.append((group, slice(start, start + group.size)))
            start += group.size
        return spans

    def values(self) -> list[tuple[FeatureGroup, slice, int | None]]:
        """The feature groups that hold a value a person would name.

        Indicators of missing values are no values; the level "missing" of a category is none of its
        levels.

        Returns
        -------
        list of (FeatureGroup, slice, int or None)
            Each group with the columns of its value, and the column that is 1 where the value is
            missing, None without one.

        Examples
        --------
        A number with an indicator that says where it is missing:

        >>> from lvm_core.schema import FeatureGroup, Schema
        >>> age = FeatureGroup("gaussian", 1, "age")
        >>> gap = FeatureGroup("bernoulli", 1, "age (missing)", missing_of=1)
        >>> [(group.name, span, marker) for group, span, marker in Schema((age, gap)).values()]
        [('age', slice(0, 1, None), 1)]
        """
        spans = self.spans()
        marker = {
            span.stop - 1 - group.missing_of: span.stop - 1
            for group, span in spans
            if group.missing_of
        }
        own = [
            (group, span)
            for group, span in spans
            if not group.missing_of or group.missing_of == group.size - 1 and group.size > 1
        ]
        return [
            (group, slice(span.start, span.stop - bool(group.missing_of)), marker.get(span.start))
            for group, span in own
        ]

    def missing_mask(self, X: np.ndarray) -> np.ndarray:
        """Which entries hold no value: NaN, what an indicator marks, and the markers themselves.

        Parameters
        ----------
        X : array (n, d)
            Rows of this schema.

        Returns
        -------
        array of bool (n, d)
            True where there is no value.

        Examples
        --------
        >>> import numpy as np
        >>> from lvm_core.schema import FeatureGroup, Schema
        >>> schema = Schema((FeatureGroup("gaussian", 1), FeatureGroup("bernoulli", 1, "", 1)))
        >>> schema.missing_mask(np.array([[1.5, 0.0], [0.0, 1.0]])).tolist()
        [[False, True], [True, True]]
        """
        missing = np.isnan(X)
        for _, span, marker in self.values():
            if marker is not None:
                missing[:, span] |= X[:, marker, None] > 0.5
                missing[:, marker] = True
        return missing

    def has(self, likelihood: str) -> bool:
        """Whether any feature group has this likelihood."""
        return any(group.likelihood == likelihood for group in self.groups)

    @classmethod
    def gaussian(cls, d: int) -> Schema:
        """Plain real columns: what a model assumes when it is told nothing."""
        return cls((FeatureGroup("gaussian", d),))

    @classmethod
    def counts(cls, d: int) -> Schema:
        """Term counts over one vocabulary of d terms."""
        return cls((FeatureGroup("counts", d),))

    @classmethod
    def picture(
        cls, height: int, width: int, channels: int, likelihood: str = "gaussian"
    ) -> Schema:
        """Images of one size; ``bernoulli`` for pictures that hold only 0 and 1."""
        return cls(
            (FeatureGroup(likelihood, height * width * channels),), (height, width, channels)
        )

    def to_json(self) -> dict:
        """Plain JSON types; :meth:`from_json` brings it back."""
        return {
            "blocks": [
                [b.likelihood, b.size, b.name, *([b.missing_of] if b.missing_of else [])]
                for b in self.groups
            ],
            "image": list(self.image) if self.image else None,
        }

    @classmethod
    def from_json(cls, data: dict) -> Schema:
        """Inverse of :meth:`to_json`."""
        image = tuple(int(v) for v in data["image"]) if data.get("image") else None
        return cls(
            tuple(
                FeatureGroup(str(l), int(s), str(n), *map(int, missing_of))
                for l, s, n, *missing_of in data["blocks"]
            ),
            cast(tuple[int, int, int] | None, image),
        )
