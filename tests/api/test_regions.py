"""Named regions, small pictures and people's names, as the browser asks for them."""

import json
import threading
from functools import partial

import numpy as np
import pytest
from app_pages import finished
from live import ask as ask_live
from live import parse
from node import in_node

from lvm_core import DATASETS, MODELS, PROJECTIONS
from lvm_core.mapping import map_codes
from pages.api import regions as naming
from pages.api import tiles

ask = partial(ask_live, map="PCA2")


def fitted(dataset, number):
    made = finished(
        dataset, MODELS["LSA" if dataset.kind == "text" else "PCA"](latent_dim=3), number
    )
    for dims in (2, 3):
        made.maps[f"PCA{dims}"] = map_codes(
            made.fitted.codes, PROJECTIONS["PCA"](n_components=dims)
        )
    return made


@pytest.fixture(scope="module")
def run():
    return fitted(DATASETS["digits"]().load(), 1)


def regions(client, run):
    for _ in range(100):
        head, _ = parse(ask(client, run, "names"))
        if head["state"] == "done":
            return head
    raise AssertionError(head)


def test_regions_are_named_once_found(client, run):
    head = regions(client, run)
    assert head["n"] == 1797 and len(head["none"]) >= 1 and head["regions"]
    for region in head["regions"]:
        assert (
            run.maps["PCA2"].positions[region["row"]] == pytest.approx(region["at"])
            and not region["own"]
        )
        assert region["parent"] < len(head["regions"]) and region["count"] > 0
    assert regions(client, run)["regions"] == head["regions"]
    assert ask(client, run, "names", map="gone").status_code == 404


@pytest.mark.parametrize("c", (2, 3))
def test_the_outermost_points_of_a_region_are_told(client, run, c):
    P = run.maps[f"PCA{c}"].positions
    for _ in range(100):
        head, _ = parse(ask(client, run, "names", map=f"PCA{c}"))
        if head["state"] == "done":
            break
    assert head["regions"]
    for region in head["regions"]:
        _, body = parse(
            ask(
                client,
                run,
                "choose",
                [],
                map=f"PCA{c}",
                by="cluster",
                key=region["key"],
                answer="mask",
            )
        )
        mask = np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")[: len(P)]
        rows, edge = tiles.order(len(P))[mask == 1], np.array(region["edge"])
        assert edge.shape[1] == c and np.allclose(edge.max(0), P[rows].max(0), rtol=1e-4, atol=1e-4)
        assert np.allclose(edge.min(0), P[rows].min(0), rtol=1e-4, atol=1e-4)


def test_a_region_is_chosen_and_called_otherwise(client, run):
    found = regions(client, run)["regions"][-1]
    head, body = parse(
        ask(client, run, "choose", [], by="cluster", key=found["key"], how="replace", answer="mask")
    )
    mask = np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")
    assert (
        head["chosen"] == found["count"] == mask.sum() == len(run.selection)
        and found["row"] in run.selection
    )
    assert ask(client, run, "choose", [], by="cluster", key="nothing").status_code == 404
    head, _ = parse(ask(client, run, "call", [], key=found["key"], name="  my <b>corner</b>  "))
    assert head["own"] and run.annotations["region names"]["PCA2"][found["key"]] == head["name"]
    assert regions(client, run)["regions"][-1]["name"] == head["name"]
    head, _ = parse(ask(client, run, "call", [], key=found["key"], name=" "))
    assert (
        not head["own"]
        and head["name"] == found["name"]
        and regions(client, run)["regions"][-1] == found
    )
    assert ask(client, run, "call", [], key="nothing", name="x").status_code == 404


def test_who_asks_before_the_search_has_ended_hears_so_and_waits_for_nothing(
    client, run, monkeypatch
):
    may, search = threading.Event(), naming.named_regions
    monkeypatch.setattr(
        naming, "named_regions", lambda *args, **more: (may.wait(60), search(*args, **more))[1]
    )
    run.maps["Slow"] = map_codes(run.fitted.codes, PROJECTIONS["PCA"](n_components=2))
    assert parse(ask(client, run, "names", map="Slow"))[0]["state"] == "running"
    for route, query in (("choose", {"by": "cluster"}), ("call", {"name": "x"})):
        for _ in range(9):  # more than are computed at once
            answer = ask(client, run, route, [], map="Slow", key="0", **query)
            assert answer.status_code == 409 and "in a moment" in answer.text
    may.set()
    assert run.derived.of_map("Slow").regions.wait(60)
    assert parse(ask(client, run, "names", map="Slow"))[0]["state"] == "done"
    assert (
        ask(client, run, "choose", [], map="Slow", by="cluster", key="nothing").status_code == 404
    )


def test_another_map_under_the_same_key_is_searched_again(client, run):
    before = regions(client, run)["regions"]
    run.maps["PCA2"] = map_codes(
        run.fitted.codes[:, ::-1].copy(), PROJECTIONS["PCA"](n_components=2)
    )
    try:
        assert ask(client, run, "names").status_code == 200
        after = regions(client, run)["regions"]
        assert [r["at"] for r in after] != [r["at"] for r in before]
    finally:
        run.maps["PCA2"] = map_codes(run.fitted.codes, PROJECTIONS["PCA"](n_components=2))


def test_small_pictures_are_the_pictures(client, run):
    head, body = parse(ask(client, run, "small", [5, 0, 1796]))
    assert head["shape"] == [3, 8, 8, 1]
    assert (
        np.abs(
            np.frombuffer(body, np.uint8).reshape(3, 8, 8, 1) / 255
            - run.dataset.items([5, 0, 1796])
        ).max()
        <= 0.5 / 255 + 1e-6
    )
    for wrong in ([1797], [-1], [0] * 401, [np.nan]):
        assert ask(client, run, "small", wrong).status_code in (400, 413)


def test_larger_pictures_are_means_and_curves_keep_their_shape():
    pictures = np.random.RandomState(0).rand(2, 64, 50, 3).astype(np.float32)
    small = naming._pixels(pictures)
    assert small.shape == (2, 32, 25, 3) and small[1, 3, 4, 2] == pytest.approx(
        255 * pictures[1, 6:8, 8:10, 2].mean(), abs=1
    )
    assert naming._pixels(np.zeros((1, 101, 40, 1), np.float32)).shape == (1, 34, 14, 1)
    curve = naming._curves(np.linspace(-3, 5, 1000)[None])
    assert (
        curve.shape == (1, naming.STOPS)
        and curve[0, 0] == 0
        and curve[0, -1] == 255
        and (np.diff(curve[0].astype(int)) > 0).all()
    )
    assert naming._curves(np.ones((1, 5))).tolist() == [[0] * 5]


def test_tables_have_names_and_no_small_form(client):
    run = fitted(DATASETS["iris"]().load(), 2)
    assert any(region["name"] for region in regions(client, run)["regions"])
    assert ask(client, run, "small", [1]).status_code == 400


def test_a_scale_is_changed_on_request(client):
    run = fitted(DATASETS["spectra"]().load(), 3)
    column = "temperature"
    linear, body = parse(ask(client, run, "colours", colour=column))
    assert (
        linear["scale"]["kind"] == "sequential"
        and linear["missing"] == 0
        and len(body) == 1024 + len(run.dataset)
    )
    other, coloured = parse(ask(client, run, "colours", colour=column, scale="diverging"))
    assert other["scale"]["kind"] == "diverging" and coloured != body
    assert ask(client, run, "colours", colour=column, scale="rainbow").status_code == 400


# -- what the browser works out by itself ----------------------------------------------------------


def test_names_never_overlap_nor_go_while_one_comes_closer():
    rng = np.random.RandomState(0)
    labels = [
        {
            "x": float(x),
            "y": float(y),
            "w": float(w),
            "h": 17.0,
            "aside": float(a),
            "above": float(b),
            "from": float(f),
        }
        for x, y, w, a, b, f in zip(
            *rng.uniform(0, 65535, (2, 120)),
            rng.uniform(20, 200, 120),
            *rng.uniform(-60, 60, (2, 120)),
            rng.choice([0, 2, 5], 120),
        )
    ]
    k = 600 / 65535
    placed = in_node(
        f"console.log(JSON.stringify(closeness({json.dumps(labels)}, {k})))",
        closeness="map/layers/regions.js",
    )
    assert (
        all(new["from"] >= old["from"] for new, old in zip(placed, labels))
        and placed[0]["from"] == labels[0]["from"]
    )
    counts = []
    for scale in np.geomspace(0.5, 400, 40):
        shown = [label for label in placed if label["from"] <= scale]
        counts.append(len(shown))
        for i, a in enumerate(shown):
            for b in shown[:i]:
                apart_x = (
                    abs((a["x"] - b["x"]) * k * scale + a["aside"] - b["aside"])
                    >= (a["w"] + b["w"]) / 2
                )
                apart_y = (
                    abs((b["y"] - a["y"]) * k * scale + a["above"] - b["above"])
                    >= (a["h"] + b["h"]) / 2
                )
                assert apart_x or apart_y
    assert counts == sorted(counts) and 0 < counts[0] < counts[10] <= counts[-1] == 120


def test_names_stand_beside_what_they_name_and_cover_none_of_it_however_close_one_comes():
    rng, k = np.random.RandomState(1), 600 / 65535
    groups = [
        np.clip(rng.normal(middle, spread, (60, 2)), 0, 65535)
        for middle, spread in zip(
            rng.uniform(8000, 57000, (12, 2)), rng.uniform(100, 4000, (12, 1))
        )
    ]
    labels = [
        {
            "edge": [P[P[:, j].argmax()].tolist() for j in (0, 1)]
            + [P[P[:, j].argmin()].tolist() for j in (0, 1)],
            "middle": np.median(P, 0).tolist(),
            "w": 90.0,
            "h": 17.0,
            "gap": 7.0,
            "from": 0.0,
        }
        for P in groups
    ]
    room = {"left": 0, "top": 40, "width": 700, "height": 640, "cx": 350, "cy": 340}
    points = np.concatenate(groups).tolist()
    put = in_node(
        f"console.log(JSON.stringify(beside({json.dumps(labels)}, {json.dumps(points)}, "
        f"{json.dumps(room)}, {k})))",
        beside="map/layers/regions.js",
    )
    for label, P in zip(put, groups):
        for scale in (1, 1.7, 6, 100):
            dx = (P[:, 0] - label["x"]) * k * scale - label["aside"]
            dy = (label["y"] - P[:, 1]) * k * scale - label["above"]
            assert not ((abs(dx) < label["w"] / 2) & (abs(dy) < label["h"] / 2)).any()
        x = 350 + (label["x"] - 32767.5) * k + label["aside"]
        assert label["w"] / 2 <= x <= 700 - label["w"] / 2


def test_in_space_a_picture_stands_for_each_cell_with_points():
    P = np.random.RandomState(0).randint(0, 65536, (3000, 3))
    look = np.zeros((3000, 4), int)
    look[:500, 2] = 2  # hidden
    atlas = (
        f"{{ positions: Uint16Array.from({P.ravel().tolist()}), loaded: 3000, "
        f"look: Uint8Array.from({look.ravel().tolist()}) }}"
    )
    found = in_node(
        f"console.log(JSON.stringify(standingIn3({atlas}, 8192)))",
        standingIn3="map/layers/thumbnails.js",
    )
    cells = {tuple(cell) for cell in (P[500:] // 8192).tolist()}
    assert {tuple(cell) for cell in (P[found] // 8192).tolist()} == cells
    assert len(found) == len(cells) and min(found) >= 500


def test_a_picture_stands_for_each_cell_and_stays_when_one_comes_closer():
    P = np.random.RandomState(0).randint(0, 65536, (400, 2))
    atlas = (
        f"{{positions: {P.ravel().tolist()}, look: {[0, 255, 0, 0] * 399 + [0, 255, 2, 0]}, "
        f"loaded: 400}}"
    )
    coarse, fine, part = in_node(
        (
            f"const a = {atlas}; console.log(JSON.stringify([standing(a, 8192, [0, 0, 7, 7]), "
            "standing(a, 4096, [0, 0, 15, 15]), standing(a, 4096, [2, 3, 9, 9])]))"
        ),
        standing="map/layers/thumbnails.js",
    )
    assert (
        {i for i, *_ in coarse} <= {i for i, *_ in fine}
        and 399 not in {i for i, *_ in fine}
        and len(coarse) > 50
    )
    assert {i for i, *_ in part} == {
        i for i, x, y in fine if 2 <= x // 4096 <= 9 and 3 <= y // 4096 <= 9
    }
    for i, x, y in fine:
        cell = (P // 4096 == P[i] // 4096).all(1)
        assert i == np.flatnonzero(cell)[0] and abs(P[i] - [x, y]).max() <= 2048
