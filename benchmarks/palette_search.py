"""Colours for many classes, by search: as far apart as possible (CIEDE2000 in CIELAB) for the eye
that tells them apart least.

    python benchmarks/palette_search.py [--count 24]

Okabe & Ito's eight stay as they are. Of a grid of sRGB colours that show on white and on black (L
from 30 to 88), are no greys (chroma from 20) and do not shout (to 60), the others are chosen so
that the least distance of any two, and of any to the grey of missing values, is the largest: under
usual vision and under protanopia, deuteranopia and tritanopia as simulated by Machado, Oliveira &
Fernandes (2009). The farthest from all so far is added until there are enough, then one of the
closest pair is exchanged for the best other colour while that helps; each is at last named after
those it is farthest from. Prints the palette of lvm_core/plots/palettes.py and, beside it, the
least distance of palettes that others use.
"""

import argparse

import numpy as np

from lvm_core.plots import palettes

CHROMA = 20, 60  # greys are for what is missing
LIGHTNESS = 30, 88
OTHERS = {
    "Okabe-Ito (8)": palettes.OKABE_ITO,
    "Tableau 20": (
        "#1f77b4",
        "#aec7e8",
        "#ff7f0e",
        "#ffbb78",
        "#2ca02c",
        "#98df8a",
        "#d62728",
        "#ff9896",
        "#9467bd",
        "#c5b0d5",
        "#8c564b",
        "#c49c94",
        "#e377c2",
        "#f7b6d2",
        "#7f7f7f",
        "#c7c7c7",
        "#bcbd22",
        "#dbdb8d",
        "#17becf",
        "#9edae5",
    ),
    "Kelly without black and white (20)": (
        "#F3C300",
        "#875692",
        "#F38400",
        "#A1CAF1",
        "#BE0032",
        "#C2B280",
        "#848482",
        "#008856",
        "#E68FAC",
        "#0067A5",
        "#F99379",
        "#604E97",
        "#F6A600",
        "#B3446C",
        "#DCD300",
        "#882D17",
        "#8DB600",
        "#654522",
        "#E25822",
        "#2B3D26",
    ),
    "ours": palettes.WIDE,
}


def candidates(step: int = 15) -> np.ndarray:
    """sRGB colours (m, 3) on a grid that show on white and on black and are no greys."""
    values = np.arange(0, 256, step)
    grid = np.stack(np.meshgrid(values, values, values), -1).reshape(-1, 3)
    light, *hue = palettes.lab(palettes.linear(grid)).T
    chroma = np.hypot(*hue)
    return grid[
        (light >= LIGHTNESS[0])
        & (light <= LIGHTNESS[1])
        & (chroma >= CHROMA[0])
        & (chroma <= CHROMA[1])
    ]


def search(count: int) -> list[str]:
    """``count`` colours, Okabe & Ito's first."""
    fixed = [palettes.MISSING, *palettes.OKABE_ITO]
    grid = np.vstack([palettes.rgb(fixed), candidates()])
    places = [palettes.lab(palettes.simulate_vision(grid, vision)) for vision in palettes.VISIONS]
    far = lambda i: np.min([palettes.difference(x, x[i]) for x in places], 0)
    chosen = list(range(len(fixed)))
    rows = [far(i) for i in chosen]
    while len(chosen) < count + 1:
        chosen.append(int(np.min(rows, 0).argmax()))
        rows.append(far(chosen[-1]))
    rows = np.array(rows)
    while _exchanged(chosen, rows, far, len(fixed)):
        pass
    names = [palettes.names(grid[i])[0] for i in chosen]
    return ordered(names[1 : len(fixed)], names[len(fixed) :])


def _exchanged(chosen, rows, far, kept) -> bool:
    """Exchange one of the closest pair for the best other colour, those ``kept`` excepted;
    whether that helped.
    """
    among = rows[:, chosen] + 1e9 * np.eye(len(chosen))
    among[:kept, :kept] = 1e9
    for place in {int(p) for p in np.unravel_index(among.argmin(), among.shape)} - set(range(kept)):
        others = np.delete(rows, place, 0).min(0)
        new = int(others.argmax())
        if others[new] > among.min() + 1e-6:
            chosen[place], rows[place] = new, far(new)
            return True
    return False


def ordered(first: list[str], rest: list[str]) -> list[str]:
    """Colours in an order in which each is as far as possible from those before."""
    order, rest = list(first), list(rest)
    while rest:
        order.append(
            rest.pop(int(np.argmax([min(palettes.least([o, r]) for o in order) for r in rest])))
        )
    return order


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=24)
    args = parser.parse_args()
    found = search(args.count)
    print(
        f"{args.count} colours: least distance "
        f"{palettes.least([*found, palettes.MISSING]):.2f}\n{found}\n"
    )
    for name, colours in OTHERS.items():
        if colours:
            print(
                f"{name}: {len(colours)} colours, least distance {palettes.least(colours):.2f}; "
                + ", ".join(f"{v} {_least(colours, v):.2f}" for v in palettes.VISIONS)
            )


def _least(colours, vision: str) -> float:
    x = palettes.lab(palettes.simulate_vision(palettes.rgb(colours), vision))
    far = palettes.difference(x[:, None], x)
    return float(far[~np.eye(len(far), dtype=bool)].min())


if __name__ == "__main__":
    main()
