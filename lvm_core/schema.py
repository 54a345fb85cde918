"""What the columns of X are, for a model: one natural likelihood per block, and the picture's shape for images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

LIKELIHOODS = ("gaussian", "bernoulli", "categorical", "counts")


@dataclass(frozen=True)
class Block:
    """``size`` neighbouring columns of X that share a likelihood.

    - ``gaussian``: real values, each column on its own (standardised by the codec; pixels lie in [0, 1])
    - ``bernoulli``: each column 0 or 1, on its own
    - ``categorical``: one one-hot group; the columns sum to 1
    - ``counts``: non-negative counts over one vocabulary (multinomial)

    ``marks``: where the block's last column is 1, the so many columns to the left of that column hold no value: an indicator of
    a missing number marks the number, the level "missing" of a category all its other levels. 0: it marks nothing.
    """

    likelihood: str
    size: int
    name: str = ""
    marks: int = field(default=0, compare=False)      # runs saved before there were marks are of the same columns

    def __post_init__(self):
        if self.likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood is {self.likelihood!r}, expected one of {', '.join(LIKELIHOODS)}.")
        if self.size < 1:
            raise ValueError(f"a block has {self.size} columns, expected at least 1.")
        if self.marks < 0:
            raise ValueError(f"a block marks {self.marks} columns, expected at least 0.")


@dataclass(frozen=True)
class Layout:
    """The blocks of X (n, d) from left to right; ``image`` is (height, width, channels) where a row is a picture
    stored in that order (row-major, channels last)."""

    blocks: tuple[Block, ...]
    image: tuple[int, int, int] | None = None

    def __post_init__(self):
        if self.image is not None and self.image[0] * self.image[1] * self.image[2] != self.d:
            raise ValueError(f"image {self.image} has {self.image[0] * self.image[1] * self.image[2]} values, the blocks have {self.d} columns.")

        if any(block.marks > span.stop - 1 for block, span in self.spans()):
            raise ValueError("a block marks more columns than lie to its left.")

    @property
    def d(self) -> int:
        """Number of columns of X."""
        return sum(block.size for block in self.blocks)

    def spans(self) -> list[tuple[Block, slice]]:
        """Each block with the slice of columns it covers."""
        spans, start = [], 0
        for block in self.blocks:
            spans.append((block, slice(start, start + block.size)))
            start += block.size
        return spans

    def values(self) -> list[tuple[Block, slice, int | None]]:
        """The blocks that hold a value a person would name, each with the columns of the value and the column that is 1 where it
        is missing, None without one. Indicators are no values; the level "missing" of a category is none of its levels."""
        spans = self.spans()
        marker = {span.stop - 1 - block.marks: span.stop - 1 for block, span in spans if block.marks}
        own = [(block, span) for block, span in spans if not block.marks or block.marks == block.size - 1 and block.size > 1]
        return [(block, slice(span.start, span.stop - bool(block.marks)), marker.get(span.start)) for block, span in own]

    def holes(self, X: np.ndarray) -> np.ndarray:
        """Which entries of X (n, d) hold no value, as truth values (n, d): NaN, what an indicator marks, and the markers themselves."""
        holes = np.isnan(X)
        for _, span, marker in self.values():
            if marker is not None:
                holes[:, span] |= X[:, marker, None] > 0.5
                holes[:, marker] = True
        return holes

    def has(self, likelihood: str) -> bool:
        """Whether any block has this likelihood."""
        return any(block.likelihood == likelihood for block in self.blocks)

    @classmethod
    def gaussian(cls, d: int) -> "Layout":
        """Plain real columns: what a model assumes when it is told nothing."""
        return cls((Block("gaussian", d),))

    @classmethod
    def counts(cls, d: int) -> "Layout":
        """Term counts over one vocabulary of d terms."""
        return cls((Block("counts", d),))

    @classmethod
    def picture(cls, height: int, width: int, channels: int, likelihood: str = "gaussian") -> "Layout":
        """Images of one size; ``bernoulli`` for pictures that hold only 0 and 1."""
        return cls((Block(likelihood, height * width * channels),), (height, width, channels))

    def to_json(self) -> dict:
        """Plain JSON types; :meth:`from_json` brings it back."""
        return {"blocks": [[b.likelihood, b.size, b.name, *([b.marks] if b.marks else [])] for b in self.blocks], "image": list(self.image) if self.image else None}

    @classmethod
    def from_json(cls, data: dict) -> "Layout":
        """Inverse of :meth:`to_json`."""
        image = tuple(int(v) for v in data["image"]) if data.get("image") else None
        return cls(tuple(Block(str(l), int(s), str(n), *map(int, marks)) for l, s, n, *marks in data["blocks"]), image)
