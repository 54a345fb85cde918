"""A map as files, opened again: as XML, in a browser, as a spreadsheet, by the other tools'
rules.
"""

import base64
import csv as csv_module
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from app_pages import open_page, small
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import CHROMIUM
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.cli import main
from lvm_core.export.formats import EXPORT_FORMATS, ExportRequest
from lvm_core.export.html_page import page
from lvm_core.export.map_colours import SYMBOLS, colours
from lvm_core.export.map_tables import (
    Extract,
    atlas_command,
    csv,
    embedding_atlas,
    parquet,
    tensorboard,
)
from lvm_core.export.poster_layout import SIZES, Poster, fitted, laid_out, picked_pictures, width_of
from lvm_core.export.poster_png import MOST_MARKS, png
from lvm_core.export.poster_svg import MOST_VECTORS, svg
from lvm_core.metrics.base import Score
from lvm_core.plots.colouring import NONE
from lvm_core.runs import fit_worker
from lvm_core.runs.workspace import Workspace

HOSTILE = "</script><script>alert(1)</script>&\"'\t=1+1\nü雪\u202e{{data}}"
SVG = "{http://www.w3.org/2000/svg}"
SCORES = (Score("Trustworthiness", 0.997, "Points close together are alike.", 0.5, 1.0, "share"),)


def extract_of(kind, dims=2, n=None, **columns):
    """An extract of a small dataset of a kind, on a map drawn by chance."""
    dataset, rng = small(kind), np.random.RandomState(0)
    total = len(dataset)
    return Extract(
        dataset,
        rng.normal(size=(total, 4)).astype(np.float32),
        rng.normal(size=(total, dims)).astype(np.float32),
        np.arange(n or total),
        columns,
    )


def hostile_table(names=(HOSTILE, "plain")):
    lines = ["x,y,kind", *(f"{i}.5,{i * i % 7},{'abc'[i % 3]}" for i in range(40))]
    dataset = read_dataset("\n".join(lines).encode(), name="t.csv", label="kind")
    dataset.rows["kind"] = [names[i % len(names)] for i in range(40)]
    rng = np.random.RandomState(1)
    return Extract(
        dataset,
        rng.normal(size=(40, 3)).astype(np.float32),
        rng.normal(size=(40, 2)).astype(np.float32),
        np.arange(40),
    )


def poster_of(n, column=None, title="Map", **more):
    P = np.random.RandomState(0).normal(size=(n, 2)).astype(np.float32)
    return Poster(
        P, colours(column, n), title, ("VAE, 4 dimensions, seed 0", f"{n:,} items"), SCORES, **more
    )


# -- colours ---------------------------------------------------------------------------------------


def test_classes_are_counted_and_numbers_scaled():
    column = pd.Series(["b", "a", None, "b"], name="kind")
    found = colours(column, 4)
    assert [(k.name, k.count) for k in found.entries] == [("b", 2), ("a", 1), ("(missing)", 1)]
    named = {k.index: k.name for k in found.entries}
    assert [named[i] for i in found.index] == ["b", "a", "(missing)", "b"]
    part = found.of(np.array([0, 3]))
    assert [(k.name, k.count, k.colour) for k in part.entries] == [
        ("b", 2, found.entries[0].colour)
    ]
    numbers = colours(pd.Series([0.5, np.nan, 100.5, 50.5], name="v"), 4)
    assert (
        numbers.missing == 1
        and numbers.index[1] == NONE
        and numbers.index[0] < numbers.index[3] < numbers.index[2]
        and not numbers.entries
    )


def test_classes_beyond_those_that_can_be_told_apart_are_said():
    found = colours(pd.Series([f"c{i % 400}" for i in range(1000)], name="kind"), 1000)
    assert sum(k.count for k in found.entries) == 1000 and found.entries[-1].name.startswith(
        "other ("
    )
    assert {k.symbol for k in found.entries} == set(range(SYMBOLS)), (
        "classes of one colour differ by shape"
    )


# -- posters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", (False, True))
def test_a_poster_has_its_size_at_300_dots_and_equal_bytes(size, dark):
    poster = poster_of(60, pd.Series(list("abc") * 20, name="kind"))
    data = png(poster, size, dark, dpi=60)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == tuple(round(side * 60 / 72) for side in SIZES[size]) and image.info[
            "dpi"
        ] == pytest.approx((60, 60), abs=0.1)
        assert (np.asarray(image)[0, 0].mean() < 60) == dark
    assert png(poster, size, dark, dpi=60) == data and svg(poster, size, dark) == svg(
        poster, size, dark
    )


def test_every_point_of_the_poster_is_drawn_in_its_colour():
    poster = poster_of(50, pd.Series(["left"] * 25 + ["right"] * 25, name="side"))
    poster.positions[:, 0] += np.repeat([-9, 9], 25)
    with Image.open(io.BytesIO(png(poster, "square", dpi=72))) as image:
        pixels = np.asarray(image).astype(int)
    x, y, width, height = (int(v) for v in laid_out(poster, "square").box)
    left, right = (
        pixels[y : y + height, a : a + width // 2].reshape(-1, 3) for a in (x, x + width // 2)
    )
    for side, other, key in ((left, right, 0), (right, left, 1)):
        colour = poster.colours.palette[key].astype(int)
        assert (
            (np.abs(side - colour).max(1) < 40).sum()
            > 100
            > 1
            > (np.abs(other - colour).max(1) < 40).sum()
        )


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=40), st.text(max_size=200))
def test_a_poster_is_xml_whatever_names_say(name, title):
    column = pd.Series([name, "other", None] * 4, name=name or "kind")
    root = ET.fromstring(svg(poster_of(12, column, title, labels=((0.0, 0.0, name),))))
    assert len(list(root.iter(f"{SVG}circle"))) == 12 and not list(root.iter(f"{SVG}script"))


def test_svg_points_are_vectors_up_to_a_number_and_a_picture_beyond():
    few, many = (ET.fromstring(svg(poster_of(n))) for n in (500, MOST_VECTORS + 1))
    assert len(list(few.iter(f"{SVG}circle"))) == 500 and not list(few.iter(f"{SVG}image"))
    assert not list(many.iter(f"{SVG}circle")) and len(list(many.iter(f"{SVG}image"))) == 1
    for root in (few, many):
        assert {"Map", "99.7 %", "Trustworthiness"} <= {e.text for e in root.iter(f"{SVG}text")}


def test_very_many_points_are_drawn_as_density_and_none_is_lost():
    n = MOST_MARKS + 2
    poster = poster_of(n)
    poster.positions[: n - 1] *= 0.01
    poster.positions[n - 1] = 5, 5
    with Image.open(io.BytesIO(png(poster, "square", dpi=72))) as image:
        pixels = np.asarray(image).astype(int)
    sheet = laid_out(poster, "square")
    x, y = sheet.places(poster.positions[[n - 1]])[0]
    around = pixels[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4]
    assert np.abs(around - pixels[0, 0]).max() > 40, "the lonely point is seen"


def test_a_legend_that_does_not_fit_counts_the_rest():
    column = pd.Series([f"class number {i % 60}" for i in range(600)], name="kind")
    texts = [e.text for e in ET.fromstring(svg(poster_of(600, column), "16:9")).iter(f"{SVG}text")]
    listed = sum(t.startswith("class number") for t in texts)
    [more] = [t for t in texts if re.fullmatch(r"and \d+ more", t)] or ["and 0 more"]
    assert listed + int(more.split()[1]) == 60


@given(st.text(max_size=60), st.floats(10, 200))
@settings(deadline=None, max_examples=40)
def test_a_line_is_cut_to_its_width(text, width):
    assert width_of(fitted(text, 10, width), 10) <= width or fitted(text, 10, width) == "…"


def test_pictures_on_a_poster_do_not_cover_each_other():
    P = np.random.RandomState(0).uniform(size=(3000, 2))
    rows = picked_pictures(P)
    gaps = np.abs(P[rows][:, None] - P[rows][None]).max(2) + np.eye(len(rows))
    assert len(rows) > 100 and gaps.min() >= 0.046 * np.ptp(P, 0).max() * 0.999


@pytest.mark.parametrize("P", (np.zeros((0, 2)), np.zeros((3, 3)), np.full((3, 2), np.nan)))
def test_what_is_no_flat_map_is_refused(P):
    with pytest.raises(ValueError, match="expected \\(n, 2\\)"):
        Poster(P, colours(None, len(P)), "t")


def test_one_point_and_equal_points_make_a_poster():
    for n in (1, 5):
        assert png(Poster(np.ones((n, 2), np.float32), colours(None, n), "t"), dpi=30)


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
@pytest.mark.parametrize("dims", (2, 3))
def test_the_table_holds_places_and_columns_of_the_chosen_rows(kind, dims):
    extract = extract_of(kind, dims, n=7, trust=np.linspace(0, 1, len(small(kind))))
    back = pd.read_parquet(io.BytesIO(parquet(extract)))
    assert_array_equal(back["row"], np.arange(7))
    assert_allclose(back[list("xyz"[:dims])].to_numpy(), extract.positions[:7])
    assert list(back.columns[1 + dims :]) == ["trust", *extract.dataset.rows.columns]
    text = csv(extract).decode("utf-8-sig")
    assert len(list(csv_module.reader(io.StringIO(text, newline="")))) == 8


def test_columns_of_the_dataset_keep_their_names():
    extract = hostile_table()
    assert list(extract.frame().columns) == ["row", "map_x", "map_y", "x", "y", "kind"]
    assert_array_equal(extract.frame()["x"], extract.dataset.rows["x"])


def test_text_that_a_spreadsheet_would_run_is_disarmed_in_csv_and_exact_in_parquet():
    extract = hostile_table(("=1+1", "@x"))
    assert set(pd.read_csv(io.BytesIO(csv(extract)))["kind"]) == {"'=1+1", "'@x"}
    assert set(pd.read_parquet(io.BytesIO(parquet(extract)))["kind"]) == {"=1+1", "@x"}


def test_a_column_of_mixed_types_leaves_as_text():
    extract = hostile_table()
    extract.dataset.rows["mixed"] = [1, "a"] * 20
    assert pd.read_parquet(io.BytesIO(parquet(extract)))["mixed"].tolist()[:2] == ["1", "a"]


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        Extract(small("table"), np.zeros((60, 2)), np.zeros((60, 2)), np.arange(0))


# -- TensorBoard -----------------------------------------------------------------------------------


def projector(data):
    """The files of the zip, read by the projector's rules: lines stripped, empty ones skipped,
    cells between tabs.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    vectors = np.array(
        [
            [float(v) for v in line.split("\t")]
            for line in files["vectors.tsv"].decode().split("\n")
            if line.strip()
        ]
    )
    lines = [
        line.split("\t") for line in files["metadata.tsv"].decode().split("\n") if line.strip()
    ]
    return files, vectors, lines[0], lines[1:]


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_the_projector_reads_every_row(kind):
    extract = extract_of(kind, n=30 if kind != "text" else None)
    files, vectors, head, cells = projector(tensorboard(extract))
    m = len(extract.rows)
    assert_array_equal(vectors.astype(np.float32), extract.codes[:m])
    assert (
        len(cells) == m
        and all(len(line) == len(head) for line in cells)
        and len(set(head)) == len(head) > 1
    )
    assert [line[head.index("row")] for line in cells] == [str(i) for i in range(m)]
    config = files["projector_config.pbtxt"].decode()
    assert all(name in files for name in re.findall(r'_path: "([^"]+)"', config)) and (
        "sprite" in config
    ) == (kind == "image")
    assert tensorboard(extract) == tensorboard(extract)


def test_the_sprite_holds_the_pictures_row_by_row():
    extract = extract_of("image", n=10)
    files, *_ = projector(tensorboard(extract))
    width, height = (
        int(v)
        for v in re.findall(r"single_image_dim: (\d+)", files["projector_config.pbtxt"].decode())[
            :2
        ]
    )
    with Image.open(io.BytesIO(files["sprite.png"])) as sprite:
        assert sprite.size == (4 * width, 4 * height)
        pixels = np.asarray(sprite)
    for i, item in enumerate(extract.dataset.items(extract.rows)):
        cell = pixels[i // 4 * height :][:height, i % 4 * width :][:, :width, 0] / 255
        assert_allclose(
            cell[height // 16 :: height // 8, width // 16 :: width // 8], item[..., 0], atol=0.01
        )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=12), min_size=4, max_size=4), st.text(max_size=6))
def test_no_name_breaks_the_metadata(names, column):
    extract = hostile_table()
    extract.dataset.rows.insert(
        2, column or "empty", names * 10, allow_duplicates=True
    ) if column not in extract.dataset.rows else None
    _, vectors, head, cells = projector(tensorboard(extract))
    assert len(vectors) == len(cells) == 40 and all(len(line) == len(head) for line in cells)


def test_codes_of_one_dimension_get_a_second():
    extract = extract_of("table")
    _, vectors, *_ = projector(
        tensorboard(Extract(extract.dataset, extract.codes[:, :1], extract.positions, extract.rows))
    )
    assert vectors.shape == (60, 2) and not vectors[:, 1].any()


def test_too_many_rows_for_the_projector_are_drawn_by_chance_and_said(monkeypatch):
    monkeypatch.setattr("lvm_core.export.map_tables.MOST_PROJECTED", 20)
    files, vectors, head, cells = projector(tensorboard(extract_of("table")))
    rows = [int(line[head.index("row")]) for line in cells]
    assert (
        len(vectors) == len(set(rows)) == 20
        and rows == sorted(rows) != list(range(20))
        and b"20 of 60 rows drawn by chance" in files["README.txt"]
    )


# -- Embedding Atlas -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, option",
    [("image", "--image image"), ("table", ""), ("text", "--text text"), ("array", "")],
)
def test_embedding_atlas_finds_the_columns_its_command_names(kind, option):
    extract = extract_of(kind)
    extract = Extract(extract.dataset, extract.codes, extract.positions, extract.rows[2:])
    table, command = (
        pq.read_table(io.BytesIO(embedding_atlas(extract))),
        atlas_command(extract, "m.parquet"),
    )
    assert option in command and command.startswith("uvx embedding-atlas m.parquet --x x --y y")
    assert set(re.findall(r"--\w+ (\w+)", command)) <= set(table.column_names)
    first = table["neighbors"][0].as_py()
    far = np.linalg.norm(extract.codes[2:] - extract.codes[2], axis=1)
    assert set(first) == {"ids", "distances"} and first["ids"][0] == np.argsort(far)[1]
    assert_allclose(first["distances"], far[first["ids"]], rtol=1e-5)
    if kind == "image":
        with Image.open(io.BytesIO(table["image"][0].as_py()["bytes"])) as picture:
            assert_allclose(
                np.asarray(picture) / 255, extract.dataset.items([2])[0][..., 0], atol=0.003
            )


# -- the web page ----------------------------------------------------------------------------------


def inside(data):
    """What the page's script is given."""
    return json.loads(
        re.search(rb'<script type="application/json" id="data">(.*?)</script>', data, re.S).group(1)
    )


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=30), st.text(max_size=30))
def test_no_name_leaves_the_page_s_data(name, title):
    extract = hostile_table((name or "empty", HOSTILE))
    data = page(extract, colours(extract.dataset.rows["kind"], 40), title + HOSTILE)
    assert data.count(b"<script") == 2 and data.count(b"</script>") == 2
    assert len(inside(data)["names"]) == 40


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_the_page_holds_every_point_in_an_order_by_chance(kind):
    extract = extract_of(kind)
    data = inside(page(extract, colours(None, len(extract.rows)), "t", scores=SCORES))
    rows = np.frombuffer(base64.b64decode(data["rows"]), "<u4")
    places = np.frombuffer(base64.b64decode(data["places"]), "<u2").reshape(-1, 2)
    assert_array_equal(np.sort(rows), extract.rows)
    side = np.ptp(extract.positions, 0).max()
    assert_allclose(
        np.diff(places.astype(float), axis=0) / 65535,
        np.diff(extract.positions[rows], axis=0) / side,
        atol=2e-5,
    )
    assert ("pictures" in data) == (kind == "image") and ("curves" in data) == (kind == "array")


def test_what_is_left_out_of_the_page_is_said(monkeypatch):
    monkeypatch.setattr("lvm_core.export.html_page.MOST_NAMED", 50)
    monkeypatch.setattr("lvm_core.export.html_page.MOST_PICTURED", 20)
    extract = extract_of("image", 3, n=200)
    data = inside(page(extract, colours(None, 200), "t"))
    assert len(data["names"]) == 50 and data["pictures"]["count"] == 20
    said = " ".join(data["notes"])
    assert "50 of 200 items" in said and "Pictures of 20" in said and "first two" in said


@pytest.mark.browser
def test_the_page_works_in_a_browser_without_a_network(tmp_path):
    from playwright.sync_api import sync_playwright

    extract = hostile_table((HOSTILE, "beta", "gamma"))
    (tmp_path / "map.html").write_bytes(
        page(extract, colours(extract.dataset.rows["kind"], 40), HOSTILE, ("facts",), SCORES)
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        tab, trouble = browser.new_page(viewport={"width": 1000, "height": 700}), []
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on(
            "console",
            lambda message: trouble.append(message.text) if message.type == "error" else None,
        )
        tab.on("dialog", lambda dialog: trouble.append(dialog.message))
        tab.on(
            "request",
            lambda request: (
                trouble.append(request.url)
                if not request.url.startswith(("file:", "data:"))
                else None
            ),
        )
        tab.goto(f"file://{tmp_path / 'map.html'}")
        tab.wait_for_function("window.page")
        assert "</script>" in tab.inner_text("h1")
        tab.mouse.move(*tab.evaluate("page.camera.toScreen(page.positions[0], page.positions[1])"))
        tab.wait_for_selector("#card:not([hidden])")
        assert f"row {tab.evaluate('page.rows[0]')}" in tab.inner_text("#card")
        tab.fill("#search", "beta")
        assert tab.inner_text("#chosen").startswith("13 of 40 chosen")
        tab.click("#lasso")
        tab.mouse.move(2, 2)
        tab.mouse.down()
        for x, y in ((690, 2), (690, 695), (2, 695)):
            tab.mouse.move(x, y, steps=3)
        tab.mouse.up()
        assert tab.inner_text("#chosen").startswith("40 of 40 chosen")
        tab.click("#legend .key >> nth=0")
        assert tab.evaluate("page.chosen") == 40 - tab.evaluate("page.data.legend.keys[0].count")
        browser.close()
    assert not trouble


# -- all forms, the panel and the command line -----------------------------------------------------


@pytest.mark.parametrize("form", EXPORT_FORMATS)
@pytest.mark.parametrize("dims", (2, 3))
def test_every_form_is_made_of_a_selection_and_again_the_same(form, dims):
    extract = extract_of("table", dims)
    wanted = ExportRequest(
        Extract(extract.dataset, extract.codes, extract.positions, np.array([3, 5, 8])),
        "group",
        scores=SCORES,
    )
    assert EXPORT_FORMATS[form].make(wanted, None) == EXPORT_FORMATS[form].make(wanted, None)


def test_a_poster_names_the_regions_that_hold_chosen_rows():
    extract = extract_of("table")
    positions = (
        extract.positions * 0.05
        + np.where(extract.dataset.rows["group"] == "a", -5, 5).astype(np.float32)[:, None]
    )
    group = np.flatnonzero(extract.dataset.rows["group"] == "a")
    for rows, sides in ((np.arange(60), {True, False}), (group, {True})):
        wanted = ExportRequest(
            Extract(extract.dataset, extract.codes, positions, rows), "group", names="regions"
        )
        assert {x < 0 for x, _, name in wanted.poster().labels if name} == sides
    assert (
        not ExportRequest(extract, "group", names="none").poster().labels
        and len(ExportRequest(extract, "group").poster().labels) == 2
    )


def test_the_table_says_the_colours_of_the_map():
    wanted = ExportRequest(extract_of("table"), "group")
    frame = pd.read_parquet(io.BytesIO(EXPORT_FORMATS["parquet"].make(wanted, None)))
    assert frame.groupby("group")["colour"].unique().map(list).to_dict() == {
        k.name: [k.colour] for k in wanted.colours.entries
    }
    with pytest.raises(ValueError, match="no column to colour by"):
        ExportRequest(extract_of("table"), "nothing").colours


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_the_panel_makes_every_file_for_every_kind_of_data(kind, runs):
    run = runs[kind]
    app = open_page("map", run=run.id)
    app.session_state[f"projection-{run.id}"] = "PCA"
    app.session_state[f"panel-{run.id}"] = "export"
    app.run()
    for what in ("Poster", "Web page", "Table", "TensorBoard", "Embedding Atlas"):
        app.segmented_control(key=f"export-kind-{run.id}").set_value(what).run()
        # preview and files are two pieces of work; either may end between drawing and asking
        for _ in range(20):
            under_way = [job for job in list(run.jobs.work.values()) if job.running]
            start = [b for b in app.button if b.label.startswith("Make the file")]
            if under_way:
                under_way[0].wait(10)
            elif start:  # the machine is slow, so the page asks first
                start[0].click()
            elif app.get("download_button"):
                break
            app.run()
        assert not app.exception and not app.error, what
        assert app.get("download_button"), what


def test_the_command_line_writes_a_map(tmp_path, capsys):
    workspace = Workspace(tmp_path / "w").prepare()
    dataset = DATASETS["iris"]().load()
    run = workspace.add_run(
        workspace.add_dataset(dataset), MODELS["PCA"](latent_dim=3), queued=False
    )
    fit_worker.execute(workspace.run_folder(run.id))

    def call(*arguments):
        code = main(["--workspace", str(tmp_path / "w"), "map-export", "last", *arguments])
        return code, capsys.readouterr().err

    assert call("--to", str(tmp_path / "m.parquet"), "--dimensions", "3")[0] == 0
    back = pd.read_parquet(tmp_path / "m.parquet")
    assert (
        len(back) == 150
        and list(back.columns[:5]) == ["row", "x", "y", "z", "colour"]
        and back["colour"].nunique() == 3
    )
    assert (
        call("--to", str(tmp_path / "m.svg"), "--title", "A <b>", "--size", "16:9", "--dark")[0]
        == 0
    )
    assert "A <b>" in {e.text for e in ET.parse(tmp_path / "m.svg").getroot().iter(f"{SVG}text")}
    assert call("--to", str(tmp_path / "m.zip"))[0] == 0 and zipfile.is_zipfile(tmp_path / "m.zip")
    for arguments, words in (
        (("--to", "m.doc"), "no form 'doc'"),
        (("--to", "m.csv", "--map", "Oracle"), "no map 'Oracle'"),
        (("--to", "m.csv", "--colour", "taste"), "no column to colour by"),
        (("--to", "m.png", "--size", "B5"), "the size is 'B5'"),
    ):
        code, said = call(*arguments)
        assert code == 1 and words in said, said
