"""Sets of pictures that models are measured on: seeded functions that give (X, schema, labels).

    python benchmarks/picture_sets.py FOLDER [MNIST.npz]

writes a sheet of each set into FOLDER, for looking at. X is float32 (n, height * width * channels)
in [0, 1], channels last, as the app's codec makes it; labels are (n,) strings. The sets differ in
what makes them hard: digits are tiny, shapes are few with colour and transparency, patches are
texture, microscopy is dim and noisy, sprites are sharp edges anywhere. ``SETS`` names those of
``pictures.py``.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lvm_core.datasets.pictures import unit_range
from lvm_core.fitting import split
from lvm_core.schema import Schema

Rows = tuple[np.ndarray, Schema, np.ndarray]


def _rows(pictures: np.ndarray, labels) -> Rows:
    """Pictures (n, h, w, c) in [0, 1] as rows."""
    X = np.ascontiguousarray(pictures, np.float32).reshape(len(pictures), -1)
    height, width, channels = pictures.shape[1:]
    return X, Schema.picture(height, width, channels), np.asarray(labels).astype(str)


def digits() -> Rows:
    """scikit-learn's 1 797 digits of 8 x 8, grey."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return _rows(data.images[..., None] / 16, data.target)


def mnist(path: str, n: int = 2000, seed: int = 0, part: str = "train") -> Rows:
    """Of MNIST n digits of 28 x 28, grey, 0 for all: from an npz with x_train, y_train, x_test and
    y_test, or from a zip of PNGs in a folder a class.
    """
    if zipfile.is_zipfile(path) and not path.endswith(".npz"):
        from PIL import Image

        with zipfile.ZipFile(path) as file:
            names = sorted(name for name in file.namelist() if name.endswith(".png"))
            pictures = np.stack(
                [np.asarray(Image.open(io.BytesIO(file.read(m))).convert("L")) for m in names]
            )
        labels = np.array([Path(name).parent.name for name in names])
    else:
        with np.load(path, allow_pickle=False) as data:
            pictures, labels = data[f"x_{part}"], data[f"y_{part}"]
    order = np.random.RandomState(seed).permutation(len(pictures))[: n or None]
    return _rows(pictures[order][..., None].astype(np.float32) / 255, labels[order])


def sprites(n: int = 3000, side: int = 32, seed: int = 0) -> Rows:
    """The app's sprites: a square, ellipse or heart of some size, turn and place."""
    from lvm_core import DATASETS

    data = DATASETS["sprites"](n=n, side=side, seed=seed).load()
    return _rows(data.X.reshape(n, side, side, 1), data.rows["shape"])


# -- photographs -----------------------------------------------------------------------------------


STRIPES = (0.15, 0.35, 0.55, 0.75)  # shares of the width: they hold some of everything


def patches(n: int = 2000, side: int = 32, seed: int = 0, apart: bool = True) -> Rows:
    """Squares cut at random from scikit-learn's two photographs, in colour.

    So many squares of two photographs overlap, and a model that has seen one has seen most of its
    neighbours. With ``apart`` the rows that ``lvm_core.fitting.split(n, 0)`` holds out are cut from
    upright stripes which no other row touches.
    """
    from sklearn.datasets import load_sample_images

    rng, photographs = np.random.RandomState(seed), load_sample_images().images
    held_out = np.isin(np.arange(n), split(n, 0)[1]) & apart
    width, made, labels = side + side // 4, [], []
    for aside in held_out:
        which = int(rng.randint(2))
        photograph = photographs[which]
        h, w = photograph.shape[:2]
        stripes = [int(share * w) for share in STRIPES]
        while True:
            top, left = int(rng.randint(h - side + 1)), int(rng.randint(w - side + 1))
            inside = any(s <= left and left + side <= s + width for s in stripes)
            touches = any(s - side < left < s + width for s in stripes)
            if not apart or (inside if aside else not touches):
                break
        made.append(photograph[top : top + side, left : left + side])
        labels.append(("building", "flower")[which])
    return _rows(np.stack(made).astype(np.float32) / 255, labels)


# -- drawn pictures with transparency --------------------------------------------------------------

FINE = 4  # points of the drawing to a pixel of the picture, each way


def shapes(n: int = 308, side: int = 64, seed: int = 0, background: str | None = None) -> Rows:
    """Small drawings like icons, in colour and transparent around them: polygons, ellipses, stars,
    faces, flowers, fish, houses, trees, mushrooms, gems, cups and clouds, each with its own
    colours, shading, size, turn, place and, of one in four, opacity.

    Four channels, red, green, blue and opacity; where nothing is drawn all are 0. With a
    ``background`` ("white", "black") they are laid on it as the app's reader does, which leaves
    three.
    """
    from PIL import Image

    rng, kinds = np.random.RandomState(seed), list(KINDS)
    labels, made = [], []
    for i in range(n):
        kind = kinds[i % len(kinds)]
        picture = _drawing(rng, kind, side)
        if background is not None:
            ground = Image.new("RGBA", picture.size, background)
            picture = Image.alpha_composite(ground, picture).convert("RGB")
        made.append(np.asarray(picture, np.float32) / 255)
        labels.append(kind)
    pictures = np.stack(made)
    if background is None:
        pictures[pictures[..., 3] == 0] = 0
    order = rng.permutation(n)
    return _rows(pictures[order], np.array(labels)[order])


def _drawing(rng, kind: str, side: int):
    """One drawing, RGBA (side, side)."""
    from PIL import Image, ImageDraw

    size = side * FINE
    picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    radius = size * rng.uniform(0.26, 0.44)
    KINDS[kind](ImageDraw.Draw(picture), rng, size / 2, radius)
    pixels = np.asarray(picture, np.float32)
    pixels[..., :3] = _shaded(pixels[..., :3], rng)
    if rng.uniform() < 0.25:
        pixels[..., 3] *= rng.uniform(0.45, 0.9)
    picture = Image.fromarray(pixels.astype(np.uint8), "RGBA")
    turn = rng.uniform(-180, 180) if kind in TURNS else rng.normal(0, 12)
    move = rng.uniform(-1, 1, 2) * (size / 2 - radius) * 0.5
    picture = picture.rotate(
        turn, Image.Resampling.BICUBIC, translate=(round(move[0]), round(move[1]))
    )
    return picture.reduce(FINE)


def _shaded(colours: np.ndarray, rng) -> np.ndarray:
    """Colours (h, w, 3) lit from somewhere, and where they are lit most a little white."""
    h, w = colours.shape[:2]
    y, x = np.mgrid[-1 : 1 : 1j * h, -1 : 1 : 1j * w]
    angle, strength = rng.uniform(-2.4, -0.7), rng.uniform(0, 0.45)
    light = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    spot = rng.uniform(0, 90) * np.exp(
        -((x - 0.3 * np.cos(angle)) ** 2 + (y - 0.3 * np.sin(angle)) ** 2) / 0.05
    )
    return np.clip(colours * light[..., None] + spot[..., None], 0, 255)


def _colour(rng, lightness=(0.3, 0.9)) -> tuple[int, int, int]:
    from colorsys import hls_to_rgb

    r, g, b = hls_to_rgb(rng.uniform(), rng.uniform(*lightness), rng.uniform(0.35, 1.0))
    return int(255 * r), int(255 * g), int(255 * b)


def _darker(colour, by: float = 0.6) -> tuple[int, int, int]:
    return int(colour[0] * by), int(colour[1] * by), int(colour[2] * by)


def _ring(middle: float, radii, turn: float = 0.0) -> list[tuple[float, float]]:
    """Corners at these distances from the middle, all the way round."""
    angles = turn + 2 * np.pi * np.arange(len(radii)) / len(radii)
    return [
        (middle + float(r * np.cos(a)), middle + float(r * np.sin(a)))
        for r, a in zip(radii, angles)
    ]


def _disc(draw, x, y, r, colour, stretch: float = 1.0, **more):
    draw.ellipse((x - r * stretch, y - r, x + r * stretch, y + r), colour, **more)


def _polygon(draw, rng, m, r):
    colour, corners = _colour(rng), _ring(m, [r] * rng.randint(3, 9))
    draw.polygon(corners, colour)
    if rng.uniform() < 0.6:
        draw.line([*corners, *corners[:2]], _darker(colour), int(r / 9), joint="curve")
    if rng.uniform() < 0.3:
        draw.polygon(_ring(m, [r / 2] * len(corners)), _colour(rng))


def _ellipse(draw, rng, m, r):
    colour = _colour(rng)
    width = int(r * rng.choice([0, 0.12, 0.3]))
    _disc(
        draw, m, m, r * rng.uniform(0.4, 1), colour, rng.uniform(0.7, 1), outline=_darker(colour),
        width=width,
    )  # fmt: skip


def _star(draw, rng, m, r):
    colour, points, inner = _colour(rng), rng.randint(4, 10), rng.uniform(0.35, 0.7)
    corners = _ring(m, [r, inner * r] * points)
    draw.polygon(corners, colour)
    if rng.uniform() < 0.5:
        draw.line([*corners, *corners[:2]], _darker(colour), int(r / 12), joint="curve")


def _face(draw, rng, m, r):
    skin = _colour(rng, (0.6, 0.85))
    if rng.uniform() < 0.5:  # ears
        for sign in (-1, 1):
            _disc(draw, m + sign * 0.75 * r, m - 0.65 * r, 0.35 * r, _darker(skin, 0.8))
    _disc(draw, m, m, r, skin, outline=_darker(skin), width=int(r / 14))
    apart, high, eye = rng.uniform(0.28, 0.45) * r, 0.2 * r, rng.uniform(0.1, 0.2) * r
    for sign in (-1, 1):
        _disc(draw, m + sign * apart, m - high, eye, (250, 250, 250))
        _disc(draw, m + sign * apart, m - high, 0.55 * eye, (25, 25, 35))
    mood, broad = rng.uniform(-1, 1), rng.uniform(0.3, 0.55) * r
    tall = abs(mood) * 0.35 * r + 2
    middle = m + 0.4 * r
    box = (m - broad, middle - tall, m + broad, middle + tall)
    draw.arc(
        box, *((0, 180) if mood > 0 else (180, 360)), fill=_darker(skin, 0.3), width=int(r / 9)
    )


def _flower(draw, rng, m, r):
    colour, petals = _colour(rng), rng.randint(4, 9)
    for x, y in _ring(m, [0.6 * r] * petals):
        _disc(draw, x, y, 0.38 * r, colour, outline=_darker(colour, 0.75), width=3)
    _disc(draw, m, m, rng.uniform(0.25, 0.4) * r, _colour(rng))


def _fish(draw, rng, m, r):
    colour, high = _colour(rng), rng.uniform(0.35, 0.65)
    tail = [(m + 0.5 * r, m), (m + r, m - high * r), (m + r, m + high * r)]
    draw.polygon(tail, _darker(colour, 0.75))
    draw.ellipse((m - r, m - high * r, m + 0.65 * r, m + high * r), colour)
    for k in range(rng.randint(0, 4)):
        x = m - 0.3 * r + 0.28 * k * r
        draw.line((x, m - 0.6 * high * r, x, m + 0.6 * high * r), _darker(colour), int(r / 10))
    _disc(draw, m - 0.6 * r, m - 0.15 * r, 0.13 * r, (255, 255, 255))
    _disc(draw, m - 0.63 * r, m - 0.15 * r, 0.07 * r, (10, 10, 10))


def _house(draw, rng, m, r):
    wall, roof, wide = _colour(rng, (0.6, 0.9)), _colour(rng, (0.25, 0.5)), rng.uniform(0.6, 0.85)
    draw.rectangle((m - wide * r, m - 0.1 * r, m + wide * r, m + 0.8 * r), wall)
    top = m - rng.uniform(0.7, 1) * r
    draw.polygon([(m - r, m - 0.1 * r), (m, top), (m + r, m - 0.1 * r)], roof)
    draw.rectangle((m - 0.15 * r, m + 0.3 * r, m + 0.15 * r, m + 0.8 * r), _darker(roof, 0.8))
    for sign in (-1, 1):
        x = m + sign * 0.45 * r
        draw.rectangle((x - 0.12 * r, m + 0.1 * r, x + 0.12 * r, m + 0.35 * r), _colour(rng))


def _tree(draw, rng, m, r):
    green, trunk = _colour(rng, (0.25, 0.5)), (int(rng.uniform(80, 140)), 70, 35)
    draw.rectangle((m - 0.12 * r, m, m + 0.12 * r, m + r), trunk)
    if rng.uniform() < 0.5:
        for k in range(3):
            y, wide = m + (0.5 - 0.5 * k) * r, (0.75 - 0.17 * k) * r
            draw.polygon([(m - wide, y), (m + wide, y), (m, y - 0.75 * r)], green)
    else:
        for x, y in _ring(m, [0.35 * r] * 5, rng.uniform(0, 6)):
            _disc(draw, x, y - 0.3 * r, 0.4 * r, green)


def _mushroom(draw, rng, m, r):
    cap, stem = _colour(rng), _colour(rng, (0.8, 0.95))
    draw.rounded_rectangle((m - 0.28 * r, m - 0.1 * r, m + 0.28 * r, m + 0.9 * r), 0.2 * r, stem)
    draw.pieslice((m - r, m - 0.9 * r, m + r, m + 0.9 * r), 180, 360, cap)
    for _ in range(rng.randint(0, 6)):
        x, y = m + rng.uniform(-0.6, 0.6) * r, m - rng.uniform(0.15, 0.6) * r
        _disc(draw, x, y, rng.uniform(0.06, 0.14) * r, (250, 250, 240))


def _gem(draw, rng, m, r):
    colour, wide = _colour(rng), rng.uniform(0.5, 0.9)
    left, right, high = m - wide * r, m + wide * r, m - 0.3 * r
    inner = 0.5 * wide * r
    draw.polygon(
        [
            (left, high),
            (m - inner, m - 0.8 * r),
            (m + inner, m - 0.8 * r),
            (right, high),
            (m, m + r),
        ],
        colour,
    )
    draw.polygon([(m - inner, high), (m + inner, high), (m, m + r)], _darker(colour, 0.8))
    draw.polygon([(m + inner, high), (right, high), (m, m + r)], _darker(colour, 0.6))


def _cup(draw, rng, m, r):
    colour, wide = _colour(rng), rng.uniform(0.45, 0.7)
    box = (m + 0.3 * wide * r, m - 0.4 * r, m + (wide + 0.4) * r, m + 0.35 * r)
    draw.ellipse(box, None, outline=_darker(colour, 0.8), width=int(r / 6))
    draw.rounded_rectangle((m - wide * r, m - 0.7 * r, m + wide * r, m + 0.8 * r), 0.2 * r, colour)
    draw.ellipse((m - wide * r, m - 0.85 * r, m + wide * r, m - 0.55 * r), _darker(colour, 0.5))
    if rng.uniform() < 0.5:
        y = m + rng.uniform(-0.2, 0.4) * r
        draw.rectangle((m - wide * r, y, m + wide * r, y + 0.2 * r), _colour(rng))


def _cloud(draw, rng, m, r):
    grey = int(rng.uniform(150, 250))
    colour = (grey, grey, min(255, grey + 15))
    for _ in range(6):
        x, y = m + rng.uniform(-0.6, 0.6) * r, m + rng.uniform(-0.25, 0.15) * r
        _disc(draw, x, y, rng.uniform(0.25, 0.4) * r, colour)
    draw.rounded_rectangle((m - 0.85 * r, m, m + 0.85 * r, m + 0.35 * r), 0.17 * r, colour)
    for k in range(rng.choice([0, 3])):
        x = m + (k - 1) * 0.4 * r
        draw.line((x, m + 0.5 * r, x - 0.1 * r, m + 0.85 * r), (60, 120, 230), int(r / 9))


KINDS = {
    "polygon": _polygon,
    "ellipse": _ellipse,
    "star": _star,
    "face": _face,
    "flower": _flower,
    "fish": _fish,
    "house": _house,
    "tree": _tree,
    "mushroom": _mushroom,
    "gem": _gem,
    "cup": _cup,
    "cloud": _cloud,
}
TURNS = ("polygon", "ellipse", "star", "flower", "fish", "gem")  # of which no side is the top


# -- microscopy ------------------------------------------------------------------------------------


def microscopy(n: int = 1500, side: int = 64, seed: int = 0) -> Rows:
    """Fluorescent cells as a camera of 16 bit sees them: a few to a picture, blurred by the lens,
    under uneven light, with the noise of few photons (4 % of the variance); grey, in [0, 1] by the
    app's own rule.

    Of four kinds: round with a nucleus, elongated, dividing (two close together) and spots (small,
    many).
    """
    from scipy.ndimage import gaussian_filter
    from scipy.special import expit

    rng = np.random.RandomState(seed)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    kinds, labels, counts = ("round", "elongated", "dividing", "spots"), [], []
    for _ in range(n):
        kind = kinds[rng.randint(4)]
        scene = np.zeros((side, side), np.float32)
        for _ in range(rng.randint(8, 25) if kind == "spots" else rng.randint(1, 5)):
            centre, turn = rng.uniform(0.05, 0.95, 2), rng.uniform(0, np.pi)
            radius = {"round": 0.11, "elongated": 0.16, "dividing": 0.08, "spots": 0.025}[kind]
            radius, bright = radius * rng.lognormal(0, 0.2), rng.lognormal(0, 0.35)
            narrow = rng.uniform(0.25, 0.4) if kind == "elongated" else rng.uniform(0.75, 1)
            along = radius * np.array([np.cos(turn), np.sin(turn)])
            for sign in (-1, 1) if kind == "dividing" else (0,):
                a, b = x - centre[0] - sign * along[0], y - centre[1] - sign * along[1]
                u = (a * np.cos(turn) + b * np.sin(turn)) / radius
                v = (b * np.cos(turn) - a * np.sin(turn)) / (radius * narrow)
                reach = u * u + v * v
                scene += 0.5 * bright * expit(12 * (1 - np.sqrt(reach)))
                scene += bright * np.exp(-reach / 0.2) * (kind != "elongated")
        scene = gaussian_filter(scene, rng.uniform(0.8, 1.6))
        lit = 1 - 0.5 * ((x - rng.uniform(0.3, 0.7)) ** 2 + (y - rng.uniform(0.3, 0.7)) ** 2)
        photons = rng.poisson(rng.lognormal(4.6, 0.25) * lit * (scene + 0.08))
        level = 100 + 18.0 * photons + rng.normal(0, 12, photons.shape)  # the camera's offset, gain
        counts.append(np.clip(np.rint(level), 0, 65535).astype(np.uint16))
        labels.append(kind)
    return _rows(unit_range(np.stack(counts)[..., None], []), labels)


SETS = {  # those that need no file
    "digits": digits,
    "sprites": sprites,
    "shapes": shapes,
    "shapes on white": lambda: shapes(background="white"),
    "patches": patches,
    "patches that overlap": lambda: patches(apart=False),
    "microscopy": microscopy,
}


# -- looking ---------------------------------------------------------------------------------------


def sheet(rows: np.ndarray, schema: Schema, columns: int = 16, scale: int = 0):
    """Pictures X (n, d) side by side, as a Pillow image; transparency on a grey chequer.

    ``scale``: points a pixel; 0 makes a picture about 64 wide.
    """
    from PIL import Image

    assert schema.image is not None
    h, w, c = schema.image
    scale, columns = scale or max(1, 64 // w), min(columns, len(rows))
    lines = -(-len(rows) // columns)
    pictures = np.clip(np.asarray(rows, np.float32), 0, 1).reshape(-1, h, w, c)
    if c == 4:
        y, x = np.mgrid[:h, :w] // 8
        ground = np.where((x + y) % 2, 0.8, 0.95)[..., None]
        pictures = pictures[..., :3] * pictures[..., 3:] + ground * (1 - pictures[..., 3:])
    whole = np.ones((lines * (h + 2), columns * (w + 2), 3), np.float32)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (h + 2) + 1, i % columns * (w + 2) + 1
        whole[top : top + h, left : left + w] = picture
    image = Image.fromarray(np.rint(255 * whole).astype(np.uint8))
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    made = dict(SETS) | ({"mnist": lambda: mnist(sys.argv[2])} if len(sys.argv) > 2 else {})
    for name, make in made.items():
        X, schema, labels = make()
        file = folder / f"{name.replace(' ', '-')}.png"
        sheet(X[:96], schema).save(file)
        print(f"{name}: {X.shape}, {schema.image}, {len(np.unique(labels))} labels: {file}")


if __name__ == "__main__":
    main()
