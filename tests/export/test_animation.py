"""Moving pictures, opened again."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageSequence

from lvm_core.export.animation import FORMATS, MOST_PIXELS, gif, webp

every = pytest.mark.parametrize("make", [gif, webp])


def waves(n=5, h=12, w=16, c=3):
    """Smooth frames, no two alike, without equal rows or channels."""
    t, y, x, j = np.meshgrid(
        np.arange(n) / n, np.linspace(0, 1, h), np.linspace(0, 2, w), np.arange(c), indexing="ij"
    )
    return (0.5 + 0.5 * np.sin(2 * np.pi * t + (j + 1) * x + 2 * y)).astype(np.float32)


def opened(data: bytes) -> tuple[np.ndarray, list[int], dict]:
    """Frames (n, h, w, 4) in [0, 1], milliseconds of each, and what the file says of itself."""
    with Image.open(io.BytesIO(data)) as image:
        frames, times = zip(
            *(
                (np.asarray(f.convert("RGBA")) / 255, f.info["duration"])
                for f in ImageSequence.Iterator(image)
            )
        )
        return (
            np.array(frames),
            list(times),
            {"format": image.format, "loop": image.info.get("loop")},
        )


def coloured(frames):
    return np.repeat(frames, 3, -1) if frames.shape[-1] == 1 else frames


@every
@pytest.mark.parametrize("c", (1, 3))
def test_frames_come_back_there_and_back_again(make, c):
    frames = waves(c=c)
    shown, times, about = opened(make(frames, 0.2))
    assert about == {"format": make.__name__.upper(), "loop": 0}
    assert shown.shape == (8, 12, 16, 4) and times == [200] * 8 and (shown[..., 3] == 1).all()
    exact = make is webp or c == 1
    assert_allclose(
        shown[..., :3],
        coloured(frames)[[0, 1, 2, 3, 4, 3, 2, 1]],
        atol=0.5 / 255 + 1e-6 if exact else 0.06,
    )


@every
def test_one_way_and_larger(make):
    frames = waves()
    shown, times, _ = opened(make(frames, 0.05, upscale=3, bounce=False))
    assert shown.shape == (5, 36, 48, 4) and times == [50] * 5
    small = opened(make(frames, 0.05, bounce=False))[0]
    assert_array_equal(shown, small.repeat(3, 1).repeat(3, 2))


@every
@pytest.mark.parametrize("n, count", [(1, 1), (2, 2), (3, 4)])
def test_short_ones_do_not_repeat_their_ends(make, n, count):
    assert len(opened(make(waves(n), 0.1))[0]) == count


def test_webp_keeps_transparency_and_gif_lays_it_on_the_background():
    frames = waves(c=4)
    # what is invisible has no colour
    shown, seen = opened(webp(frames, bounce=False))[0], frames[..., 3] > 0.01
    assert_allclose(shown[..., 3], frames[..., 3], atol=0.5 / 255 + 1e-6)
    assert_allclose(shown[seen], frames[seen], atol=0.5 / 255 + 1e-6)
    for background in (0.0, 1.0):
        laid = frames[..., :3] * frames[..., 3:] + background * (1 - frames[..., 3:])
        assert_allclose(
            opened(gif(frames, bounce=False, background=background))[0][..., :3], laid, atol=0.06
        )


def test_a_frame_shown_twice_takes_twice_the_time():
    for make in (gif, webp):
        frames = waves(3)[[0, 1, 1, 2]]
        assert sum(opened(make(frames, 0.1, bounce=False))[1]) == 400


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS.keys())
def test_equal_frames_give_equal_bytes(make):
    assert len({make(waves(c=3), 0.1, 2) for _ in range(5)}) == 1


def test_values_out_of_range_are_cut_and_nan_is_black():
    frames = np.array([-1.0, 2.0, np.nan, 0.5]).reshape(1, 2, 2)
    assert_allclose(opened(webp(frames))[0][0, ..., 0], [[0, 1], [0, 0.5]], atol=0.003)


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(frames=np.zeros((2, 4, 4, 2))), r"\(2, 4, 4, 2\)"),
        (dict(frames=np.zeros((0, 4, 4, 3))), "at least one"),
        (dict(frames=np.zeros(4)), r"\(4,\)"),
        (dict(seconds_per_frame=0.001), "0.02 to 60"),
        (dict(seconds_per_frame=np.nan), "0.02 to 60"),
        (dict(upscale=0), "at least 1"),
        (dict(upscale=1.5), "whole"),
        (dict(upscale=5000), "sides of at most 4096"),
        (dict(upscale=900), f"{MOST_PIXELS:,} pixels in all"),
    ],
)
@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS.keys())
def test_what_cannot_be_made_is_refused(make, change, words):
    with pytest.raises(ValueError, match=words):
        make(**{"frames": np.zeros((30, 4, 4, 3)), **change})
