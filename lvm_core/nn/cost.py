"""How long a network of convolutions takes, said before it is trained."""

from __future__ import annotations

# seconds of forward and backward pass a pixel of a picture, two busy cores: VAE of 64 x 64 colour
SECONDS_A_PIXEL = 6e-7


def seconds_to_train(n: int, pixels: int, seconds_a_pixel: float = SECONDS_A_PIXEL) -> float:
    """A rough time to train an autoencoder of convolutions on pictures.

    It is linear in the pixels that pass through the network: of 100,000 pictures in all epochs,
    half as many where there are below 1,000 of them and twice as many from 10,000 on.

    Parameters
    ----------
    n : int
        Number of pictures.
    pixels : int
        Height times width of one.
    seconds_a_pixel : float, optional
        What this machine takes for one.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> from lvm_core.nn.cost import seconds_to_train
    >>> [round(seconds_to_train(2000, side * side) / 60) for side in (32, 64, 128, 256)]
    [1, 4, 16, 66]
    """
    seen = 50_000 if n < 1000 else 100_000 if n < 10_000 else 200_000
    return max(seen, 2 * n) * pixels * seconds_a_pixel
