"""The map as the browser gets it: drawn order, 16-bit places, colours, picking and choosing,
against the plain definitions.
"""

from functools import partial

import numpy as np
import pytest
from live import ask as ask_live
from live import parse
from node import in_node

from lvm_core.analysis.selection import inside, on_screen
from lvm_core.plots.tiling import UNITS, PointSheet, packed
from pages.api import tiles
from pages.ui.components import atlas

RNG = np.random.RandomState(0)
ask = partial(ask_live, map="PCA2")


@pytest.fixture(scope="module")
def run(digits_run):
    return digits_run


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 200, 1797, 70_000])
def test_drawn_order_is_a_permutation_and_its_inverse(n):
    assert np.array_equal(np.sort(tiles.order(n)), np.arange(n))
    assert np.array_equal(tiles.order(n)[tiles.place(n)], np.arange(n))


@pytest.mark.parametrize("n", [5000, 100_000])
def test_any_prefix_of_the_drawn_order_is_a_fair_sample(n):
    """Rows of a tenth of the data fall into the first tenth drawn as often as chance has it:
    chi-squared on 20 blocks of rows.
    """
    counts = np.histogram(tiles.order(n)[: n // 10], bins=20, range=(0, n))[0]
    # 1 in 1000 of 19 degrees of freedom is 43.8
    assert ((counts - n / 200) ** 2 / (n / 200)).sum() < 45


@pytest.mark.parametrize("n", [1, 2, 3, 200, 70_000])
def test_the_browser_computes_the_same_order(n):
    rows, places = in_node(
        (
            f"const o = new Order({n}), rows = Array.from({{ length: {n} }}, (_, i) => o.row(i)); "
            "console.log(JSON.stringify([rows, rows.map((r) => o.place(r))]))"
        ),
        Order="shared/order.js",
    )
    assert rows == tiles.order(n).tolist() and places == list(range(n))


@pytest.mark.parametrize(
    "rect",
    [
        [-1, -1, 65536, 65536],
        [20_000, 30_000, 40_000, 33_000],
        [-9000, 100, 511, 700],
        [5, 5, 5, 5],
        [60_000, -50, 80_000, 20_000],
    ],
)
def test_the_grid_finds_every_point_of_a_part_and_the_density_counts_each_once(rect):
    x, y = P = RNG.randint(0, 65536, (2, 3000))
    left, bottom, right, top = rect
    inside = set(np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top)).tolist())
    found, least, sums = in_node(
        f"""
        const positions = Uint16Array.from({P.T.ravel().tolist()}), grid = new Grid(positions, 3000), rect = {rect}, runs = grid.runs(rect);
        const look = new Uint8Array(12000).fill(255).map((v, k) => (k % 4 === 0 ? 7 : k % 4 === 1 ? 255 : 0)), colours = new Uint8Array(1024).fill(255), sums = [grid.places, null].map((places) => {{
          const into = {{ sums: new Float32Array(4 * 70 * 70), rect: [rect[0], rect[1], rect[2] + 1, rect[3] + 1], w: 70, per: 1 / 1000, limit: 3000, unit: 1 / 65025 }};
          for (const [from, to] of places ? runs : [[0, 3000]]) Density.prototype.count.call(null, {{ positions, look, colours, selected: 0 }}, places, from, to, into);
          return Math.round(into.sums.filter((_, k) => k % 4 === 3).reduce((a, b) => a + b, 0)); }});
        console.log(JSON.stringify([runs.flatMap(([from, to]) => Array.from(grid.places.subarray(from, to))), grid.least(rect), sums]))""",
        Grid="map/grid.js",
        Density="map/density.js",
    )
    assert inside <= set(found) and len(found) == len(set(found)) and least <= len(inside)
    assert sums == [len(inside)] * 2 and (len(found) < 3000 or left < 0)


def test_places_are_the_map_to_half_a_unit():
    P = (RNG.randn(3000, 2) * [5, 1] + [100, -7]).astype(np.float32)
    sheet = PointSheet(P)
    back = sheet.low + sheet.units / UNITS * sheet.side
    assert np.abs(back - P[tiles.order(3000)]).max() <= sheet.side / UNITS * 0.51
    assert (
        sheet.units.min() == 0
        and sheet.units.max() == UNITS
        and sheet.extent[0] == UNITS > sheet.extent[1]
    )


def test_a_map_of_one_place_is_drawn():
    sheet = PointSheet(np.full((4, 2), 3.0))
    assert np.isfinite(sheet.low).all() and set(sheet.near(3, 3, 1e-6)) == {0, 1, 2, 3}


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_what_is_near_is_what_all_distances_say(scale):
    P = (np.concatenate([RNG.randn(2000, 2), RNG.randn(50, 2) * 9]) * scale).astype(np.float32)
    sheet = PointSheet(P)
    for x, y in np.concatenate([P[:20], RNG.randn(20, 2) * 3 * scale]):
        distance = np.hypot(P[:, 0] - x, P[:, 1] - y)
        for radius in (0.01 * scale, 0.4 * scale, 30 * scale):
            found = sheet.near(x, y, radius)
            assert np.allclose(distance[found], np.sort(distance[distance <= radius])[:8])


def test_a_mask_holds_the_rows_in_drawn_order():
    rows = np.sort(RNG.choice(1000, 137, replace=False))
    bits = np.unpackbits(np.frombuffer(packed(rows, 1000), np.uint8), bitorder="little")[:1000]
    assert np.array_equal(np.sort(tiles.order(1000)[bits == 1]), rows)


def test_tiles_together_are_the_whole_map(client, run):
    head, palette = parse(ask(client, run, "scene", colour="digit"))
    assert head["n"] == 1797 and len(palette) == 1024 and len(head["groups"]) == 10
    places, colours, start = [], [], 0
    while start < head["n"]:
        at, body = parse(ask(client, run, "tile", colour="digit", start=start, count=700))
        m = at["end"] - start
        places.append(np.frombuffer(body, "<u2", 2 * m).reshape(m, 2))
        colours.append(np.frombuffer(body, np.uint8, m, 4 * m))
        start = at["end"]
    P = np.array(head["low"]) + np.concatenate(places) / UNITS * head["side"]
    order = tiles.order(1797)
    assert np.abs(P - run.maps["PCA2"].positions[order]).max() < head["side"] / UNITS
    names = np.array([group["name"] for group in head["groups"]])[np.concatenate(colours)]
    assert np.array_equal(names, run.dataset.rows["digit"].astype(str).to_numpy()[order])
    again, body = parse(ask(client, run, "colours", colour="digit"))
    assert again["groups"] == head["groups"] and body == palette + np.concatenate(colours).tobytes()


def test_the_point_under_the_pointer_is_named(client, run):
    P = run.maps["PCA2"].positions
    row = 42
    head, _ = parse(ask(client, run, "pick", x=float(P[row, 0]), y=float(P[row, 1]), radius=0.5))
    assert head["rows"][0] == row and tiles.order(1797)[head["places"][0]] == row
    head, _ = parse(ask(client, run, "pick", x=1e9, y=0, radius=1))
    assert head["rows"] == []
    head, pixels = parse(ask(client, run, "card", row=row))
    assert head["shape"] == [1, 8, 8, 1] and len(pixels) == 64 and f"row {row}" in head["name"]


def test_a_region_is_answered_as_a_mask_and_kept(client, run):
    P, corners = run.maps["PCA2"].positions, [[-10, -10], [20, -12], [5, 25]]
    head, body = parse(
        ask(client, run, "choose", corners, by="region", how="replace", answer="mask")
    )
    want = np.flatnonzero(inside(P, np.asarray(corners, np.float32)))
    assert head["chosen"] == len(want) > 50 and body == packed(want, 1797)
    assert np.array_equal(np.asarray(run.selection), want) and parse(
        ask(client, run, "chosen")
    ) == (head, body)
    before = atlas.stamp(run)
    head, body = parse(ask(client, run, "choose", np.empty((0, 2)), by="none", answer="mask"))
    assert head["chosen"] == 0 and not any(body) and atlas.stamp(run) != before


def test_a_map_in_space_comes_the_same_way(client, run):
    head, _ = parse(ask(client, run, "scene", map="PCA3"))
    tile, body = parse(ask(client, run, "tile", map="PCA3", count=500))
    assert (tile["start"], tile["end"], len(body)) == (0, 500, 7 * 500)
    units = np.frombuffer(body, "<u2", 1500).reshape(500, 3)
    P = np.array(head["low"]) + units / UNITS * head["side"]
    true = run.maps["PCA3"].positions[tiles.order(1797)]
    assert np.abs(P - true[:500]).max() < head["side"] / UNITS
    middle = np.array(head["low"]) + head["side"] / 2
    assert head["reach"] == pytest.approx(
        np.linalg.norm(true - middle, axis=1).max() / head["side"] * UNITS, rel=1e-3
    )
    assert len(head["extent"]) == 3


def test_what_a_lasso_holds_on_the_screen_is_chosen_in_space(client, run):
    """Against OpenGL's own way: turned, moved away from the eye, divided by the depth."""
    P = run.maps["PCA3"].positions.astype(float)
    axes = np.linalg.qr(RNG.randn(3, 3))[0]
    seen = (P - P.mean(0)) @ axes.T
    seen = 300 * seen[:, :2] / (100 - seen[:, 2:]) + [400, 250]
    rows = np.vstack([np.c_[axes, -axes @ P.mean(0)], [0, 0, 0, 1]])
    lens = np.array([[300, 0, -400, 40_000], [0, 300, -250, 25_000], [0, 0, -1, 100]])
    assert np.allclose(on_screen(P, lens @ rows), seen)
    corners = [[350, 200], [430, 210], [440, 300], [360, 280]]
    view = "_".join(map(repr, (lens @ rows).ravel().tolist()))
    query = {"map": "PCA3", "by": "region", "answer": "mask"}
    head, body = parse(ask(client, run, "choose", corners, view=view, **query))
    want = np.flatnonzero(inside(seen, np.asarray(corners, np.float32)))
    assert head["chosen"] == len(want) > 50 and body == packed(want, 1797)
    for odd in ("", "1_2", "x" * 12, "_".join(["nan"] * 12), "_".join(["1"] * 13)):
        assert ask(client, run, "choose", corners, view=odd, **query).status_code == 400
    ask(client, run, "choose", np.empty((0, 2)), by="none")


@pytest.mark.parametrize(
    "route, query",
    [
        ("scene", {"map": "nope"}),
        ("pick", {"map": "PCA3"}),
        ("scene", {"colour": "no such"}),
        ("tile", {"start": -1}),
        ("tile", {"count": 10**9}),
        ("pick", {"x": "nan"}),
        ("pick", {"radius": -1}),
        ("card", {"row": 1797}),
        ("card", {"row": "x"}),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(client, run, route, query):
    response = ask(client, run, route, **query)
    assert 400 <= response.status_code < 500 and len(response.text) > 15
