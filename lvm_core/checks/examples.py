"""Small data of every kind and likelihood, on which checks are made."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..schema import FeatureGroup, Schema


class Example(NamedTuple):
    """Rows X (n, d) of one kind and what its columns are."""

    name: str
    kind: str
    X: Any
    schema: Schema


def picture(height: int, width: int, channels: int, likelihood: str = "gaussian") -> tuple:
    """40 pictures of waves, as X (40, d) and its schema."""
    rng = np.random.RandomState(0)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    phase = rng.uniform(0, 6, (40, 1, 1, channels))
    X = 0.5 + 0.5 * np.sin(phase + 5 * (x + y)[None, :, :, None])
    X = X.reshape(40, -1).astype(np.float32)
    if likelihood == "bernoulli":
        X = (X > 0.5).astype(np.float32)
    return X, Schema.picture(height, width, channels, likelihood)


def table() -> tuple:
    """60 rows of numbers, categories and truth values that follow one latent number."""
    rng = np.random.RandomState(0)
    t = rng.standard_normal((60, 1))
    colour = np.eye(3)[(t[:, 0] > 0).astype(int) + (t[:, 0] > 1)]
    side = np.eye(2)[(t[:, 0] > 0).astype(int)]
    columns = [t + 0.1 * rng.standard_normal(t.shape), colour, -t, t < 0.3, side]
    sizes = [
        ("gaussian", 1),
        ("categorical", 3),
        ("gaussian", 1),
        ("bernoulli", 1),
        ("categorical", 2),
    ]
    schema = Schema(tuple(FeatureGroup(likelihood, size) for likelihood, size in sizes))
    return np.hstack(columns).astype(np.float32), schema


def counts() -> tuple:
    """Counts of 30 terms in 40 documents of three topics."""
    rng = np.random.RandomState(0)
    topics = rng.dirichlet(np.full(30, 0.2), 3)
    X = np.vstack([rng.multinomial(20, topics[i % 3]) for i in range(40)]).astype(np.float32)
    return X, Schema.counts(30)


def vectors() -> tuple:
    """40 rows of five real numbers."""
    X = np.random.RandomState(0).standard_normal((40, 5)).astype(np.float32) * 3 + 7
    return X, Schema.gaussian(5)


@cache
def examples() -> dict[str, Example]:
    """The examples by name, the same objects every time: copy before writing into X."""
    from scipy.sparse import csr_matrix

    X, schema = counts()
    made = (
        Example("grey picture", "image", *picture(13, 9, 1)),
        Example("colour picture", "image", *picture(16, 12, 3)),
        Example("black and white picture", "image", *picture(8, 8, 1, "bernoulli")),
        Example("mixed table", "table", *table()),
        Example("array", "array", *vectors()),
        Example("counts", "text", X, schema),
        Example("sparse counts", "text", csr_matrix(X), schema),
    )
    return {example.name: example for example in made}
