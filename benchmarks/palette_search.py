"""Colours for many classes, by search: as far apart as possible (CIEDE2000 in CIELAB) for the eye that tells them apart least.

    python benchmarks/palette_search.py [--count 24] [--starts 20]

Of a grid of sRGB colours that show on white and on black (L from 34 to 86) and are no greys (chroma from 25), ``count`` are chosen so that the least distance of any two, and
of any to the grey of missing values, is the largest: under usual vision and under protanopia, deuteranopia and tritanopia as simulated by
Machado, Oliveira & Fernandes (2009). From random starts, one of the closest pair is exchanged for the best other colour while that helps;
at the end they are ordered so that each is as far as possible from those before it. Prints the palette of lvm_core/palettes.py and, beside
it, the least distance of palettes of the same size that others use.
"""

import argparse

import numpy as np

from lvm_core import palettes

CHROMA = 25     # greys are for what is missing
OTHERS = {
    "Okabe-Ito (8)": palettes.OKABE_ITO,
    "Tableau 20": ("#1f77b4", "#aec7e8", "#ff7f0e", "#ffbb78", "#2ca02c", "#98df8a", "#d62728", "#ff9896", "#9467bd", "#c5b0d5", "#8c564b", "#c49c94",
                   "#e377c2", "#f7b6d2", "#7f7f7f", "#c7c7c7", "#bcbd22", "#dbdb8d", "#17becf", "#9edae5"),
    "Kelly without black and white (20)": ("#F3C300", "#875692", "#F38400", "#A1CAF1", "#BE0032", "#C2B280", "#848482", "#008856", "#E68FAC", "#0067A5", "#F99379",
                                           "#604E97", "#F6A600", "#B3446C", "#DCD300", "#882D17", "#8DB600", "#654522", "#E25822", "#2B3D26"),
    "ours": palettes.WIDE,
}


def candidates(step: int = 15) -> np.ndarray:
    """sRGB colours (m, 3) on a grid that show on white and on black and are no greys."""
    values = np.arange(0, 256, step)
    grid = np.stack(np.meshgrid(values, values, values), -1).reshape(-1, 3)
    light, *hue = palettes.lab(palettes.linear(grid)).T
    return grid[(light >= 34) & (light <= 86) & (np.hypot(*hue) >= CHROMA)]


def search(count: int, starts: int, seed: int = 0) -> np.ndarray:
    """The best ``count`` colours (count, 3) of all starts, ordered."""
    grid = np.vstack([palettes.rgb([palettes.MISSING]), candidates()])
    places = [palettes.lab(palettes.seen(grid, vision)) for vision in palettes.VISIONS]
    far = lambda i: np.min([palettes.difference(x, x[i]) for x in places], 0)     # noqa: E731
    rng, best, best_value = np.random.RandomState(seed), None, -1.0
    for _ in range(starts):
        chosen = [0, *rng.choice(np.arange(1, len(grid)), count, replace=False)]      # 0: the grey, which stays
        rows = np.array([far(i) for i in chosen])
        while True:
            among = rows[:, chosen] + 1e9 * np.eye(len(chosen))
            value, changed = among.min(), False
            for place in {int(p) for p in np.unravel_index(among.argmin(), among.shape)} - {0}:
                others = np.delete(rows, place, 0).min(0)
                new = int(others.argmax())
                if others[new] > value + 1e-6:
                    chosen[place], rows[place], changed = new, far(new), True
                    break
            if not changed:
                break
        if value > best_value:
            best, best_value = chosen[1:], value
    return ordered(grid[best])


def ordered(values: np.ndarray) -> np.ndarray:
    """Colours in an order in which each is as far as possible from those before; the first has the most chroma."""
    far = palettes.apart(values)
    order = [int(np.hypot(*palettes.lab(palettes.linear(values)).T[1:]).argmax())]
    while len(order) < len(values):
        left = far[:, order].min(1)
        left[order] = -1
        order.append(int(left.argmax()))
    return values[order]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--starts", type=int, default=20)
    args = parser.parse_args()
    found = palettes.names(search(args.count, args.starts))
    print(f"{args.count} colours, {args.starts} starts, seed 0: least distance {palettes.least([*found, palettes.MISSING]):.2f}\n{found}\n")
    for name, colours in OTHERS.items():
        if colours:
            print(f"{name}: {len(colours)} colours, least distance {palettes.least(colours):.2f}; " + ", ".join(
                f"{v} {_least(colours, v):.2f}" for v in palettes.VISIONS))


def _least(colours, vision: str) -> float:
    x = palettes.lab(palettes.seen(palettes.rgb(colours), vision))
    far = palettes.difference(x[:, None], x)
    return float(far[~np.eye(len(far), dtype=bool)].min())


if __name__ == "__main__":
    main()
