"""Dense regions of a map and their names."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from lvm_core import DATASETS, read_dataset
from lvm_core.analysis import regions as module
from lvm_core.analysis.regions import named_regions


@pytest.fixture(scope="module")
def nested():
    """Three far groups of 200 places, the first of them two near ones of 100, and 40 scattered
    places.
    """
    rng = np.random.RandomState(0)
    middles = np.repeat([[0, 0], [1.6, 0], [20, 0], [0, 20]], [100, 100, 200, 200], axis=0)
    return np.vstack(
        [middles + 0.25 * rng.randn(600, 2), rng.uniform(-30, 50, (40, 2))]
    ), np.repeat([0, 1, 2, 3, -1], [100, 100, 200, 200, 40])


@pytest.fixture
def two_levels(monkeypatch):
    monkeypatch.setattr(module, "LEVELS", (0.17, 0.1))


def test_regions_are_found_coarse_to_fine(nested, two_levels):
    P, y = nested
    found = named_regions(P)
    coarse, fine = ([r for r in found.regions if r.level == level] for level in (0, 1))
    assert [len(r.rows) > 150 for r in coarse] == [True] * 3 and len(fine) == 2
    labels = np.full(len(P), -1)
    for c, region in enumerate(coarse):
        labels[region.rows] = c
    assert (
        adjusted_rand_score(np.where(y == 1, 0, y), labels) > 0.95
        and found.none[0] == (labels < 0).sum() >= 25
    )
    around = found.regions[fine[0].parent]
    assert fine[0].parent == fine[1].parent and set(fine[0].rows) | set(fine[1].rows) <= set(
        around.rows
    )
    assert {int(np.median(y[r.rows])) for r in fine} == {0, 1}
    for region in found.regions:  # labelled where it is dense
        assert (
            region.medoid in region.rows
            and region.at == tuple(P[region.medoid])
            and region.radius < 2
            and region.name == ""
        )
    assert [r.key for r in named_regions(P).regions] == [r.key for r in found.regions] and len(
        {r.key for r in found.regions}
    ) == len(found.regions)


def test_of_many_points_a_sample_is_looked_at(nested, two_levels, monkeypatch):
    monkeypatch.setattr(module, "MOST_FITTED", 300)
    found = named_regions(*nested[:1])
    coarse = [r for r in found.regions if r.level == 0]
    assert (
        found.fitted == 300 and found.n == 640 and [len(r.rows) > 150 for r in coarse] == [True] * 3
    )


@pytest.mark.parametrize(
    "P",
    [
        np.zeros((50, 2)),
        np.zeros((0, 2)),
        np.random.RandomState(0).rand(5, 2),
        np.c_[np.arange(30.0), np.zeros(30)],
    ],
    ids=["one place", "none", "few", "line"],
)
def test_where_nothing_is_dense_there_is_no_region(P):
    found = named_regions(P)
    assert all(len(r.rows) for r in found.regions) and all(
        0 <= none <= len(P) for none in found.none
    )


def test_other_shapes_are_refused():
    for P in (np.zeros((5, 4)), np.zeros(5), np.full((5, 2), np.nan)):
        with pytest.raises(ValueError, match="expected finite numbers"):
            named_regions(P)


def test_stopping_keeps_the_coarse_level(nested, two_levels):
    assert {r.level for r in named_regions(nested[0], on_step=lambda p: True).regions} == {0}


def places(y):
    return np.c_[20.0 * y, np.zeros(len(y))] + 0.2 * np.random.RandomState(0).randn(len(y), 2)


def test_tables_are_named_by_classes_and_columns():
    y = np.repeat([0, 1, 2], 60)
    mass = np.array([10, 20, 30])[y] + np.random.RandomState(1).rand(180)
    rows = pd.DataFrame(
        {
            "mass": mass,
            "island": np.array(["Dream", "Torgersen", "Dream"])[y],
            "species": np.array(["Adelie", "Gentoo", "Chinstrap"])[y],
        }
    )
    data = read_dataset(rows.to_csv(index=False).encode(), name="birds.csv")
    names = {r.name for r in named_regions(places(y), data).regions if r.level == 0}
    assert (
        len(names) == 3
        and any("Gentoo" in n or "Torgersen" in n for n in names)
        and any("mass high" in n for n in names)
        and any("mass low" in n for n in names)
    )


def test_texts_are_named_by_the_words_the_others_lack():
    y = np.repeat([0, 1], 60)
    words = (["cat", "purr", "whisker"], ["stock", "market", "bond"])
    rng = np.random.RandomState(0)
    texts = [" ".join(["common", "thing", *rng.choice(words[c], 6)]) for c in y]
    data = read_dataset(
        pd.DataFrame({"text": texts}).to_csv(index=False).encode(), name="texts.csv"
    )
    assert data.kind == "text"
    found = [r for r in named_regions(places(y), data).regions if r.level == 0]
    for region in found:
        assert set(region.words) <= set(words[int(np.median(y[region.rows]))]) and region.words


def test_pictures_are_named_by_a_pure_label_and_never_say_it_twice():
    data = DATASETS["digits"]().load()
    y = data.rows["digit"].to_numpy().astype(int)
    P = places(y)
    found = named_regions(P, data)
    coarse = [r for r in found.regions if r.level == 0]
    assert sorted(r.name for r in coarse) == [str(d) for d in range(10)]
    assert all(r.name == "" for r in found.regions if r.level)
    # a fifth of every region is of the class before
    mixed = np.where(np.random.RandomState(0).rand(len(y)) < 0.2, (y + 1) % 10, y)
    assert all(
        r.name.startswith("mostly ")
        for r in named_regions(places(mixed), data).regions
        if r.level == 0
    )
    shuffled = places(np.random.RandomState(0).permutation(y))
    assert all(r.name == "" for r in named_regions(shuffled, data).regions if r.level == 0)


def test_arrays_are_named_by_what_is_known_of_them():
    data = DATASETS["spectra"]().load()
    hot = data.rows["temperature"].rank(pct=True).to_numpy() > 0.5
    assert {
        r.name for r in named_regions(places(hot.astype(int)), data).regions if r.level == 0
    } == {"temperature high", "temperature low"}


def table(frame):
    return read_dataset(frame.to_csv(index=False).encode(), name="t.csv")


@pytest.mark.parametrize("c", (2, 3))
def test_no_two_regions_have_one_name(c):
    """Six groups in a row; "height" alone would call three of them low."""
    rng, group = np.random.RandomState(0), np.repeat(np.arange(6), 60)
    frame = pd.DataFrame(
        {"height": 10.0 * group + rng.normal(0, 0.5, 360), "noise": rng.normal(0, 1, 360)}
    )
    P = rng.normal(0, 0.2, (360, c))
    P[:, 0] += 10 * group
    for frame_ in (frame, frame.assign(hue=np.array(["red", "blue"])[group % 2])):
        found = named_regions(P, table(frame_)).regions
        names = [region.name for region in found if region.name]
        assert len(names) == len(set(names)) >= 4
    words = {r.name for r in named_regions(P, table(frame)).regions if not r.level}
    assert any(re.fullmatch(r"height 49\.\d to 50\.\d", word) for word in words), words


def test_regions_that_nothing_tells_apart_leave_their_name_to_the_largest():
    rng, group = np.random.RandomState(0), np.repeat([0, 1, 2, 2], [80, 60, 100, 100])
    P = rng.normal(0, 0.2, (340, 2)) + 10 * np.c_[group, group % 2]
    frame = pd.DataFrame({"kind": np.where(group < 2, "a", "b"), "w": rng.normal(0, 1, 340)})
    found = named_regions(P, table(frame)).regions
    named = {len(r.rows): r.name for r in found if not r.level}
    assert named == {80: "kind a", 60: "", 200: "kind b"}
