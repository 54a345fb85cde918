"""Pictures moved, mirrored and recoloured while a network learns: more rows from few.

Every function takes pictures (n, c, h, w) and a generator, draws anew for each picture, and is
differentiable in the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from ..schema import Schema

SHIFT = 1 / 32  # of height and width: how far a picture moves at most
COLOUR = 0.1  # how far brightness and contrast go, as a share
# a transformation keeps the meaning while transformed rows lie at most so much farther, in mean
# squared error, from what PCA of the others says of them
FARTHER = 1.1
MOST_ROWS, COMPONENTS = 1000, 32  # of that PCA


def shift(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Move half the pictures by up to a thirty-second of their size, at least one pixel.

    Beyond its edge a picture goes on as it is there.

    Parameters
    ----------
    x : tensor (n, c, h, w)
        Pictures.
    generator : torch.Generator
        Of the distances.

    Returns
    -------
    tensor (n, c, h, w)

    Examples
    --------
    >>> import torch
    >>> shift(torch.ones(2, 1, 8, 8), torch.Generator().manual_seed(0)).mean().item()
    1.0
    """
    n, _, h, w = x.shape
    moved = torch.rand((n, 1), generator=generator, device=generator.device) < 0.5
    places = []
    for size in (h, w):
        most = max(1, round(size * SHIFT))
        by = torch.randint(-most, most + 1, (n, 1), generator=generator, device=generator.device)
        by = by.where(moved, 0).to(x.device)
        places.append((torch.arange(size, device=x.device) + by).clamp(0, size - 1))
    rows = torch.arange(n, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[rows, places[0][:, :, None], places[1][:, None, :]].permute(
        0, 3, 1, 2
    )


def mirror(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Swap left and right of half the pictures.

    Parameters
    ----------
    x : tensor (n, c, h, w)
        Pictures.
    generator : torch.Generator
        Chooses them.

    Returns
    -------
    tensor (n, c, h, w)

    Examples
    --------
    >>> import torch
    >>> x = torch.arange(4.0).view(1, 1, 2, 2).repeat(64, 1, 1, 1)
    >>> sorted(set(mirror(x, torch.Generator().manual_seed(0))[:, 0, 0, 0].tolist()))
    [0.0, 1.0]
    """
    chosen = torch.rand((len(x), 1, 1, 1), generator=generator, device=generator.device) < 0.5
    return torch.where(chosen.to(x.device), x.flip(3), x)


def recolour(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Change brightness and contrast of each picture by up to a tenth, within its own range.

    An alpha channel, the second of two or the fourth of four, stays.

    Parameters
    ----------
    x : tensor (n, c, h, w)
        Pictures.
    generator : torch.Generator
        Of the changes.

    Returns
    -------
    tensor (n, c, h, w)

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(3, 4, 8, 8)
    >>> y = recolour(x, torch.Generator().manual_seed(0))
    >>> bool((y[:, 3] == x[:, 3]).all()), bool((y[:, :3] == x[:, :3]).all())
    (True, False)
    """
    opaque = x.shape[1] - (x.shape[1] in (2, 4))
    seen, alpha = x[:, :opaque], x[:, opaque:]
    u = torch.rand((2, len(x), 1, 1, 1), generator=generator, device=generator.device).to(x.device)
    contrast, lift = 1 + COLOUR * (2 * u[0] - 1), COLOUR * (2 * u[1] - 1)
    low, high = seen.detach().amin(), seen.detach().amax()
    middle = seen.mean((1, 2, 3), keepdim=True)
    changed = middle + contrast * (seen - middle) + lift * (high - low)
    return torch.cat([torch.clamp(changed, low, high), alpha], 1)


AUGMENTATIONS: dict[str, Callable[[torch.Tensor, torch.Generator], torch.Tensor]] = {
    "shift": shift,
    "mirror": mirror,
    "colour": recolour,
}


def augment(
    rows: torch.Tensor,
    image: tuple[int, int, int],
    names: Sequence[str],
    generator: torch.Generator,
) -> torch.Tensor:
    """Rows of pictures (n, h*w*c), each transformed anew.

    Parameters
    ----------
    rows : tensor (n, d)
        Rows.
    image : (int, int, int)
        Height, width and channels.
    names : sequence of {"shift", "mirror", "colour"}
        What is done, in this order.
    generator : torch.Generator
        Of the draws.

    Returns
    -------
    tensor (n, d)

    Examples
    --------
    >>> import torch
    >>> generator = torch.Generator().manual_seed(0)
    >>> augment(torch.zeros(5, 64), (8, 8, 1), ["shift", "mirror"], generator).shape
    torch.Size([5, 64])
    """
    if not names:
        return rows
    x = rows.view(-1, *image).permute(0, 3, 1, 2)
    for name in names:
        x = AUGMENTATIONS[name](x, generator)
    return x.permute(0, 2, 3, 1).flatten(1)


def farther(X, schema: Schema, names: Sequence[str] = tuple(AUGMENTATIONS)) -> dict[str, float]:
    """How much farther from the rows transformed ones lie than rows themselves do.

    PCA of half the rows says what rows look like; the others come back from it with an error, and
    with another one once they are transformed. Mirrored digits are no digits, mirrored stones are
    stones.

    Parameters
    ----------
    X : array (n, d)
        Rows of pictures, at least 20.
    schema : Schema
        Their columns.
    names : sequence of str
        Of :data:`AUGMENTATIONS`.

    Returns
    -------
    dict of str to float
        The second error over the first; 1 where the transformation changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.schema import Schema
    >>> ramp = np.linspace(0, 1, 8) * np.random.RandomState(0).uniform(size=(200, 8, 1))
    >>> X = ramp.reshape(200, 64).astype(np.float32)
    >>> farther(X, Schema.picture(8, 8, 1), ["mirror"])["mirror"] > 10
    True
    """
    from sklearn.decomposition import PCA

    assert schema.image is not None
    rng = np.random.RandomState(0)
    rows = rng.permutation(X.shape[0])[:MOST_ROWS]
    learn, rest = np.array_split(np.asarray(X[rows], np.float32), 2)
    pca = PCA(min(COMPONENTS, len(learn) // 4), svd_solver="randomized", random_state=0).fit(learn)
    generator = torch.Generator().manual_seed(0)

    def error(of: np.ndarray) -> float:
        back = pca.inverse_transform(pca.transform(of))
        return float(np.square(of - back).mean()) + 1e-12

    usual = error(rest)
    return {
        name: error(augment(torch.from_numpy(rest), schema.image, [name], generator).numpy())
        / usual
        for name in names
    }
