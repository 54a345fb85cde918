"""Colours that can be told apart, and columns as colours."""

import numpy as np
import pandas as pd
import pytest

from lvm_core.plots import figures, palettes
from lvm_core.plots.colouring import MOST_CLASSES, NONE, OTHER, colouring
from lvm_core.plots.palettes import LEAST, OKABE_ITO, VISIONS, WIDE


# of the 34 pairs of Sharma, Wu & Dalal (2005), the ones with a turn in them
@pytest.mark.parametrize(
    "one, other, expected",
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_difference_is_ciede2000(one, other, expected):
    assert palettes.difference(one, other) == pytest.approx(
        expected, abs=1e-4
    ) and palettes.difference(other, one) == pytest.approx(expected, abs=1e-4)


def test_cielab_and_back():
    colours = palettes.rgb([*OKABE_ITO, *WIDE, "#000000", "#FFFFFF"])
    assert palettes.lab(palettes.linear(palettes.rgb(["#FFFFFF", "#FF0000"]))) == pytest.approx(
        np.array([[100, 0, 0], [53.24, 80.09, 67.20]]), abs=0.05
    )
    assert (
        palettes.from_lab(palettes.lab(palettes.linear(colours))) == colours
    ).all() and palettes.names(colours)[0] == OKABE_ITO[0]


def test_simulated_eyes_keep_greys_and_lose_what_they_should():
    grey, red, olive = palettes.rgb(["#808080", "#C83200", "#6E6400"])
    for vision in VISIONS:
        assert palettes.simulate_vision([grey], vision) == pytest.approx(
            palettes.linear([grey]), abs=1e-3
        )
    far = {
        v: float(
            palettes.difference(
                *(palettes.lab(palettes.simulate_vision([c], v))[0] for c in (red, olive))
            )
        )
        for v in VISIONS
    }
    assert far["protanopia"] < far["usual"] / 3 and far["deuteranopia"] < far["usual"]


def test_every_two_of_the_24_differ_by_what_is_stated_for_every_eye():
    assert (
        len(set(WIDE)) == 24
        and WIDE[:8] == OKABE_ITO
        and palettes.least([*WIDE, palettes.MISSING]) >= LEAST
    )
    # the sixteen do not stand closer than the eight
    assert palettes.least(OKABE_ITO) < LEAST + 0.1
    light = palettes.lab(palettes.linear(palettes.rgb(WIDE)))[:, 0]
    assert light.min() > 30 and light.max() < 90  # shows on black and on white


def test_scales_go_one_way_and_show_on_black_and_white():
    for vision in VISIONS:
        assert (
            np.diff(palettes.lab(palettes.simulate_vision(palettes.sequential(255), vision))[:, 0])
            > -0.5
        ).all()
    scale = palettes.diverging(255)
    light = palettes.lab(palettes.linear(scale))[:, 0]
    assert light[127] == light.max() or light[120:135].max() == pytest.approx(light.max(), abs=0.5)
    for vision in VISIONS:
        ends = palettes.lab(palettes.simulate_vision(scale[[0, 127, 254]], vision))
        assert (
            min(
                palettes.difference(ends[0], ends[2]),
                palettes.difference(ends[0], ends[1]),
                palettes.difference(ends[1], ends[2]),
            )
            > 15
        )


# -- columns ---------------------------------------------------------------------------------------


def counts(found):
    return {group["name"]: group["count"] for group in found.legend["groups"]}


def test_classes_are_counted_ordered_and_missing_ones_grey():
    found = colouring(pd.Series([None, "b", "a", "b"] * 100, name="<b>"), 400)
    assert counts(found) == {"b": 200, "a": 100, "(missing)": 100} and list(counts(found))[0] == "b"
    assert found.index[:4].tolist() == [NONE, 0, 1, 0] and found.colours()[NONE] == palettes.MISSING
    assert [g["color"] for g in found.legend["groups"]] == [
        *OKABE_ITO[:2],
        palettes.MISSING,
    ] and found.legend["note"] == ""
    numbered = colouring(pd.Series(["10", "9", "2", "2"]), 4)
    assert list(counts(numbered)) == ["2", "9", "10"]
    assert list(counts(colouring(pd.Series([True, False, True]), 3))) == ["True", "False"]
    alike = colouring(pd.Series([1, "1", 2], dtype=object), 3)
    assert counts(alike) == {"1": 2, "2": 1} and alike.index.tolist() == [0, 0, 1]


@pytest.mark.parametrize("many", [8, 9, 24, 25, 255, 256, 1000])
def test_no_class_is_lost_without_a_word(many):
    n = 2 * many + 10
    found = colouring(pd.Series([f"c{i % many}" for i in range(n)], name="c"), n)
    groups = found.legend["groups"]
    assert sum(g["count"] for g in groups) == n
    assert {g["index"]: g["count"] for g in groups} == dict(enumerate(np.bincount(found.index)))
    assert len({g["color"] for g in groups}) == min(many, 8 if many <= 8 else 24) + (
        many > MOST_CLASSES
    )
    assert ("repeat after 24" in found.legend["note"]) == (many > 24)
    if many > MOST_CLASSES:
        assert (
            groups[-1]["name"] == f"other ({many - 254:,} categories)"
            and groups[-1]["color"] == OTHER
            and f"{many - 254:,} least frequent" in found.legend["note"]
        )
        assert min(g["count"] for g in groups[:-1]) >= 2
    else:
        assert len(groups) == many


def test_numbers_have_a_scale_that_suits_them():
    rng = np.random.RandomState(0)
    v = rng.uniform(5, 6, 1000)
    v[::10] = np.nan
    v[1] = 1e9
    found = colouring(pd.Series(v, name="v"), 1000)
    scale = found.legend["scale"]
    assert (
        scale["kind"] == "sequential"
        and found.legend["missing"] == 100
        and (found.index[::10] == NONE).all()
    )
    assert (
        scale["high"] < 6.1
        and scale["outside"] > 0
        and f"{scale['outside']} of 900" in found.legend["note"]
        and scale["max"] == "1e+09"
    )
    assert (
        found.index[1] == 254
        and all(0 <= share <= 1 for share, _ in scale["ticks"])
        and 3 <= len(scale["ticks"]) <= 7
    )
    both = colouring(pd.Series(rng.randn(1000) + 0.5), 1000).legend["scale"]
    assert (
        both["kind"] == "diverging" and both["low"] == -both["high"] and (0.5, "0") in both["ticks"]
    )
    assert colouring(pd.Series(rng.randn(1000) + 5), 1000).legend["scale"]["kind"] == "sequential"
    with pytest.raises(ValueError, match="expected one of sequential"):
        colouring(pd.Series(rng.randn(1000) + 5), 1000, "log")


def test_skewed_numbers_are_offered_a_log_scale():
    v = pd.Series(10 ** np.linspace(0, 5, 1001))
    assert colouring(v, 1001).legend["scale"]["scales"] == ["sequential", "log"]
    found = colouring(v, 1001, "log")
    assert found.index[500] == 127 and [t for _, t in found.legend["scale"]["ticks"]] == [
        "10",
        "100",
        "1,000",
        "10,000",
    ]
    assert colouring(v, 1001).index[500] == 1


@pytest.mark.parametrize(
    "first, every, tick",
    [
        ("2001-05-03", "30D", "2010"),
        ("2020-01-01", "1D", "2020-05"),
        ("2020-01-01", "1min", "2020-01-01 04"),
    ],
)
def test_dates_have_ticks_that_are_dates(first, every, tick):
    moments = pd.Series(
        pd.date_range(first, periods=400, freq=every, tz="Europe/Berlin" if every == "1D" else None)
    )
    moments[3] = pd.NaT
    found = colouring(moments, 400)
    assert (
        found.legend["scale"]["date"]
        and tick in [t for _, t in found.legend["scale"]["ticks"]]
        and found.legend["missing"] == 1
    )
    assert (
        (np.diff(found.index[found.index != NONE].astype(int)) >= 0).all()
        and found.legend["scale"]["min"] == first
        or every == "1D"
    )


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([7.5] * 5),
        pd.Series([np.nan] * 5),
        pd.Series([None] * 5, dtype=object),
        pd.Series([np.inf, -np.inf, 0.5, 1, 2]),
        pd.Series(pd.NaT, index=range(5), dtype="datetime64[ns]"),
        pd.Series([1, None, 2, 3, 4], dtype="Int64"),
        pd.Series(list("aabbc"), dtype="category"),
        pd.Series([0.0, 0, 0, 0, 1e-300]),
    ],
    ids=str,
)
def test_odd_columns_have_colours_too(column):
    import json

    found = colouring(column, 5)
    assert found.index.shape == (5,) and json.dumps(found.legend, allow_nan=False)
    assert (found.index[column.isna().to_numpy()] == NONE).all()
    figures.scatter_map(np.zeros((5, 2)), column)


def test_plotly_and_the_live_maps_have_the_same_colours():
    column = pd.Series([f"c{i % 30}" for i in range(90)], name="c")
    found, (legend, values) = colouring(column, 90), figures.colour_codes(column, 90)
    drawn = {}
    for trace in figures.scatter_map(np.zeros((90, 2)), column).data:
        drawn |= dict.fromkeys(trace.customdata.tolist(), (trace.marker.color, trace.marker.symbol))
    assert (
        [drawn[i][0] for i in range(90)]
        == [legend["colors"][int(v)] for v in values]
        == [found.colours()[i] for i in found.index]
    )
    assert len(set(drawn.values())) == 30  # where colours repeat, shapes differ
    numbers = pd.Series([*np.linspace(0, 1, 89), np.nan], name="v")
    scale, gone = figures.scatter_map(np.zeros((90, 2)), numbers).data
    assert gone.marker.color == palettes.MISSING and gone.customdata.tolist() == [89]
    assert (
        scale.marker.color.tolist() == colouring(numbers, 90).index[:89].tolist()
        and len(scale.marker.colorbar.ticktext) >= 3
    )
