"""What the columns of X are, for a model: one natural likelihood per block, and the picture's shape for images."""

from __future__ import annotations

from dataclasses import dataclass

LIKELIHOODS = ("gaussian", "bernoulli", "categorical", "counts")


@dataclass(frozen=True)
class Block:
    """``size`` neighbouring columns of X that share a likelihood.

    - ``gaussian``: real values, each column on its own (standardised by the codec; pixels lie in [0, 1])
    - ``bernoulli``: each column 0 or 1, on its own
    - ``categorical``: one one-hot group; the columns sum to 1
    - ``counts``: non-negative counts over one vocabulary (multinomial)
    """

    likelihood: str
    size: int
    name: str = ""

    def __post_init__(self):
        if self.likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood is {self.likelihood!r}, expected one of {', '.join(LIKELIHOODS)}.")
        if self.size < 1:
            raise ValueError(f"a block has {self.size} columns, expected at least 1.")


@dataclass(frozen=True)
class Layout:
    """The blocks of X (n, d) from left to right; ``image`` is (height, width, channels) where a row is a picture
    stored in that order (row-major, channels last)."""

    blocks: tuple[Block, ...]
    image: tuple[int, int, int] | None = None

    def __post_init__(self):
        if self.image is not None and self.image[0] * self.image[1] * self.image[2] != self.d:
            raise ValueError(f"image {self.image} has {self.image[0] * self.image[1] * self.image[2]} values, the blocks have {self.d} columns.")

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
        return {"blocks": [[b.likelihood, b.size, b.name] for b in self.blocks], "image": list(self.image) if self.image else None}

    @classmethod
    def from_json(cls, data: dict) -> "Layout":
        """Inverse of :meth:`to_json`."""
        image = tuple(int(v) for v in data["image"]) if data.get("image") else None
        return cls(tuple(Block(str(l), int(s), str(n)) for l, s, n in data["blocks"]), image)
