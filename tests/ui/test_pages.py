"""Every page, alone and in the frame, with nothing loaded and with every kind of data."""

import io

import numpy as np
import pytest
from app_pages import finished, held, open_page, words
from example_files import packed, picture, zipped

from lvm_core import MODELS, read_dataset
from lvm_core.runs.workspace import fresh_id
from lvm_core.schema import Schema
from pages.session import maps
from pages.session.services import services
from pages.session.url import MapState, Place
from pages.ui.components import atlas

PAGES = ("home", "data", "train", "map", "explore", "generate", "compare", "analyse", "models")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_empty_and_leads_on(page):
    app = open_page(page)
    assert not app.exception, app.exception
    assert not app.error
    assert app.title[0].value
    labels = [b.label for b in app.button]
    assert any("digits" in label for label in labels) or page == "data"


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_by_its_address_with_every_kind_of_data(page, kind, runs):
    app = open_page(page, run=runs[kind].id)
    assert not app.exception, app.exception
    assert not app.error, [e.value for e in app.error]
    if page != "home":
        assert runs[kind].dataset.name in words(app).replace("\\", "")


@pytest.mark.parametrize("page", ("train", "map", "explore", "generate", "compare", "analyse"))
def test_a_stranger_s_address_says_that_nothing_is_there(page):
    app = open_page(page, run="no-such-run", data="<script>")
    assert not app.exception
    assert "is not here, or not yours" in words(app)
    assert "Bring your own data" in [b.label for b in app.button]


def test_training_from_the_form_ends_with_scores(runs):
    app = open_page("train", data=runs["table"].data.id)
    app.number_input(key="seed").set_value(7)
    app.pills(key=f"model-{runs['table'].data.id}").set_value("PCA").run()
    app.button(key="train").click().run()
    run = services().runs.get(held(app, "run"))
    assert run.job.wait(60) and run.model.random_state == 7
    app.run()
    assert not app.exception
    assert "seed 7" in words(app)
    assert app.metric


def test_what_a_critic_refuses_is_said(runs):
    settings = dict(width=16, steps=20, critic_units=8)
    for rejection in (0.0, 0.9):
        run = finished(runs["image"].data, MODELS["GAN"](**settings, rejection=rejection))
        app = open_page("generate", run=run.id)
        assert not app.exception
        assert ("of the draws are kept" in words(app)) is (rejection > 0)


def test_generating_is_reproducible_from_what_the_page_shows(runs):
    run = runs["table"]
    app = open_page("generate", run=run.id)
    app.number_input(key="seed-generate").set_value(3)
    app.selectbox(key=f"sampler-{run.id}").set_value("Prior")
    app.number_input(key="n").set_value(9).run()
    shown = app.dataframe[0].value
    codes = run.fitted.model.sample_codes(9, temperature=1.0, random_state=3)
    again = run.dataset.decode(run.fitted.model.sample_decoder(codes, random_state=3))
    assert len(shown) == 9 and list(shown.columns) == [*again.columns, run.dataset.label]
    assert shown[list(again)].astype(str).equals(again.reset_index(drop=True).astype(str))


HOSTILE = {
    "empty.csv": b"",
    "one.csv": b"a,b\n1,2\n",
    "constant.csv": b"a,b\n1,2\n1,2\n1,2\n1,2\n",
    "bad.npy": b"\x93NUMPY\x01\x00nonsense",
    "not.zip": b"PK\x03\x04 and then nothing",
    "page.csv": b"<html><body>no table</body></html>",
    "nan.npy": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_gets_one_sentence_and_loses_nothing(name, runs):
    content = HOSTILE[name]
    if content is None:
        buffer = io.BytesIO()
        np.save(buffer, np.full((20, 4), np.nan))
        content = buffer.getvalue()
    app = open_page("data", data=runs["table"].data.id)
    app.file_uploader(key="file").set_value((name, content, "application/octet-stream")).run()
    assert not app.exception, app.exception
    assert len(app.error) == 1 and len(app.error[0].value) > 20
    assert "Traceback" not in app.error[0].value
    assert runs["table"].dataset.name in words(app).replace("\\", "")


def test_a_corrected_upload_replaces_what_was_understood():
    app = open_page("data")
    app.file_uploader(key="file").set_value(
        ("t.csv", b"a;b;c\n1,5;2;x\n2,5;3;y\n3,5;9;x\n4,5;1;y\n", "text/csv")
    ).run()
    assert not app.exception and not app.error
    before = services().datasets.get(held(app, "data"))
    assert before.dataset.codec.columns[0].type == "numeric"
    open_changes(app)
    app.segmented_control(key=f"correct-{before.id}.decimal").set_value(".")
    next(b for b in app.button if b.label == "Read again").click().run()
    assert not app.exception
    after = services().datasets.get(held(app, "data"))
    assert after.id != before.id and after.dataset.source["options"]["decimal"] == "."


def open_changes(app) -> None:
    app.session_state[f"change-{held(app, 'data')}"] = True
    app.run()
    assert not app.exception


def button(app, label: str):
    return next(b for b in app.button if b.label == label)


def long_table() -> bytes:
    lines = (f"{who},{t},{(who * t * 7) % 11}.5" for who in range(12) for t in range(12))
    return "\n".join(["sensor,time,value", *lines]).encode()


def test_a_doubt_is_said_with_the_other_reading_one_click_away():
    app = open_page("data")
    app.file_uploader(key="file").set_value(("l.csv", long_table(), "text/csv")).run()
    first = services().datasets.get(held(app, "data"))
    assert first.dataset.kind == "array" and "12 series of 12 moments" in words(app)
    button(app, "Read as a table of 144 rows").click().run()
    assert not app.exception and not app.error
    table = services().datasets.get(held(app, "data"))
    assert table.dataset.kind == "table" and table.dataset.source["asked"] == {"series": "none"}
    assert "Is this right?" not in words(app)
    heads = [head["id"] for head in services().workspace.datasets()]
    assert table.id in heads and first.id not in heads  # nothing was made from it


def test_reviews_are_a_table_and_their_text_is_one_click_away():
    ends = ("fits well and is warm", "is too wide for me", "came late in a torn box")
    lines = (
        f"{20 + i % 31},{('tops', 'coats')[i % 2]},{1 + i % 5},dress number {i} of the year {ends[i % 3]}"
        for i in range(60)
    )
    content = "\n".join(["age,department,rating,review", *lines]).encode()
    app = open_page("data")
    app.file_uploader(key="file").set_value(("r.csv", content, "text/csv")).run()
    assert services().datasets.get(held(app, "data")).dataset.kind == "table"
    assert "holds free text and 3 others hold values" in words(app)
    button(app, "Read the text as documents").click().run()
    assert not app.exception and not app.error
    documents = services().datasets.get(held(app, "data")).dataset
    assert documents.kind == "text" and documents.source["asked"] == {"text_column": "review"}
    assert "Is this right?" not in words(app)


def test_a_doubt_that_was_answered_is_not_asked_again():
    app = open_page("data")
    app.file_uploader(key="file").set_value(("l.csv", long_table(), "text/csv")).run()
    id = held(app, "data")
    app.button(key="doubt-keep-0").click().run()
    assert not app.exception and held(app, "data") == id
    assert "Is this right?" not in words(app)
    head = services().workspace.dataset_head(id)
    assert head["source"]["asked"] == {"series": "sensor"}
    assert services().workspace.load_dataset(id).source["asked"] == {"series": "sensor"}
    again = open_page("data")
    again.file_uploader(key="file").set_value(("l.csv", long_table(), "text/csv")).run()
    assert held(again, "data") == id and "Is this right?" not in words(again)


def test_a_file_can_be_read_by_any_reader_that_takes_it():
    app = open_page("data")
    lines = "\n".join(f"sheep {i} 1{i}" for i in range(30)).encode()
    app.file_uploader(key="file").set_value(("t.txt", lines, "text/plain")).run()
    before = services().datasets.get(held(app, "data"))
    open_changes(app)
    chooser = app.selectbox(key=f"reader-{before.id}")
    other = {"txt": "csv", "csv": "txt"}[before.dataset.source["reader"]]
    chooser.set_value(other).run()
    assert not app.exception
    button(app, "Read again").click().run()
    assert not app.exception and not app.error
    after = services().datasets.get(held(app, "data"))
    assert after.dataset.source["reader"] == other
    assert {before.dataset.kind, after.dataset.kind} == {"table", "text"}


def test_the_array_of_a_file_is_chosen_from_those_it_holds():
    h5py = pytest.importorskip("h5py")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, size in (("small", 3), ("large", 9)):
            file[name] = np.random.default_rng(0).random((12, size))
        file["kind"] = np.arange(12) % 2
    app = open_page("data")
    upload = ("a.h5", content.getvalue(), "application/x-hdf5")
    app.file_uploader(key="file").set_value(upload).run()
    before = services().datasets.get(held(app, "data"))
    assert before.dataset.X.shape == (12, 9)
    open_changes(app)
    choice = app.selectbox(key=f"correct-{before.id}-array")
    assert choice.options == ["auto", "large (12 × 9)", "small (12 × 3)"]
    choice.set_value("small")
    app.selectbox(key=f"correct-{before.id}-label").set_value("none")
    button(app, "Read again").click().run()
    assert not app.exception and not app.error
    after = services().datasets.get(held(app, "data")).dataset
    assert after.X.shape == (12, 3) and after.label is None


def pictures(count: int = 12, size: tuple[int, int] = (150, 140)) -> bytes:
    return zipped({f"{i}.png": packed(picture(i, size)) for i in range(count)})


def sizes(app) -> dict:
    """The buttons of the sizes by their side in pixels."""
    found = [b for b in app.button if b.key and b.key.startswith("size-")]
    return {int(b.key.split("-")[1]): b for b in found}


def test_another_size_reads_the_same_upload_and_takes_the_place_of_the_first():
    app = open_page("data")
    app.file_uploader(key="file").set_value(("p.zip", pictures(), "application/zip")).run()
    assert not app.exception and not app.error
    before = services().datasets.get(held(app, "data"))
    shown = sizes(app)
    assert list(shown) == [32, 64, 128, 256]
    assert [b.disabled for b in shown.values()] == [False, False, False, True]
    assert "150 pixels" in shown[256].proto.help and shown[64].proto.type == "primary"
    suggested = MODELS["VAE"].suggest(12, Schema.picture(128, 128, 3))["epochs"]
    assert shown[128].label == f"128 · {suggested:,} epochs"
    shown[128].click().run()
    assert not app.exception and not app.error
    after = services().datasets.get(held(app, "data"))
    assert after.dataset.schema.image == (128, 128, 3) and after.upload == before.upload
    assert sizes(app)[128].proto.type == "primary"
    assert before.id not in {head["id"] for head in services().workspace.datasets()}
    # one that a run was made from stays
    services().workspace.add_run(after.id, MODELS["PCA"](latent_dim=2))
    sizes(app)[32].click().run()
    assert after.id in {head["id"] for head in services().workspace.datasets()}


def test_pictures_of_one_small_size_may_keep_it():
    app = open_page("data")
    app.file_uploader(key="file").set_value(("p.zip", pictures(5, (20, 28)), "a/zip")).run()
    shown = sizes(app)
    assert list(shown) == [0, 32, 64, 128, 256] and shown[0].proto.type == "primary"
    assert [b.disabled for b in shown.values()] == [False, True, True, True, True]


def test_the_uploader_refuses_nothing_itself_and_what_is_not_read_is_named():
    app = open_page("data")
    assert not app.file_uploader(key="file").proto.type
    for name, content, words_ in (
        ("data.pkl", b"\x80\x04\x95" + bytes(30), "Python pickle"),
        ("table.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "save it as .xlsx"),
        ("photo.png", packed(picture()), "single picture"),
        ("x.RData", b"RDX3\nX\n" + bytes(9), "R data file"),
    ):
        app.file_uploader(key="file").set_value((name, content, "application/octet-stream")).run()
        assert not app.exception and words_ in app.error[0].value.replace("\\", "")


def test_files_that_come_at_once_are_read_together_and_later_ones_on_their_own():
    app = open_page("data")
    loose = [(f"{i}.jfif", packed(picture(i, (30, 20)), "JPEG"), "image/jpeg") for i in range(5)]
    app.file_uploader(key="file").set_value(loose).run()
    assert not app.exception and not app.error
    data = services().datasets.get(held(app, "data"))
    assert data.dataset.kind == "image" and len(data.dataset) == 5
    assert data.dataset.name == "0.jfif and 4 more"
    table = ("t.csv", b"a,b\n1.5,2\n2.5,4\n3.5,1\n", "text/csv")
    app.file_uploader(key="file").set_value([*loose[:0], table]).run()
    assert services().datasets.get(held(app, "data")).dataset.name == "t.csv"


@pytest.mark.parametrize("page", PAGES)
def test_user_text_on_a_page_is_inert(page):
    name = "![x](http://example.invalid/t.png)<script>alert(1)</script>"
    rows = [f'"{name}",b,label'] + [f"{i},{i * i % 7},{name if i % 2 else 'ok'}" for i in range(30)]
    dataset = read_dataset("\n".join(rows).encode(), name=f"{name}.csv")
    run = finished(dataset, MODELS["PCA"](latent_dim=2))
    app = open_page(page, run=run.id)
    assert not app.exception
    for element in (*app.markdown, *app.caption, *app.error):
        assert (
            "![x](" not in element.value
            and "<script>" not in element.value
            and "http://" not in element.value
        )


def test_a_direction_is_learnt_kept_and_removed(runs):
    run = runs["table"]
    app = open_page("explore", run=run.id)
    app.button(key=f"direction-learn-{run.id}").click().run()
    assert not app.exception and not app.error
    [kept] = run.annotations["directions"]
    assert kept["name"] in words(app).replace("\\", "")
    app.button(key=f"direction-drop-{run.id}-{kept['name']}").click().run()
    assert not app.exception and not run.annotations["directions"]


def test_a_direction_between_two_kept_groups_has_the_name_it_is_given(runs):
    run = runs["table"]
    n = len(run.dataset)
    low, high = np.array_split(np.argsort(run.fitted.codes[:, 0]), 2)
    run.annotations["groups"] = {"low": low[:20].tolist(), "high": high[-20:].tolist()}
    app = open_page("explore", run=run.id)
    app.segmented_control(key=f"direction-from-{run.id}").set_value("groups").run()
    app.selectbox(key=f"direction-to-{run.id}").set_value("high").run()
    app.selectbox(key=f"direction-away-{run.id}").set_value("low").run()
    app.text_input(key=f"direction-name-{run.id}-low to high").set_value("*upwards*").run()
    app.button(key=f"direction-learn-{run.id}").click().run()
    assert not app.exception and not app.error
    [kept] = run.annotations.pop("directions")
    want = run.fitted.codes[high[-20:]].mean(0) - run.fitted.codes[low[:20]].mean(0)
    assert kept["name"] == "*upwards*" and kept["counts"] == [20, 20] and n > 40
    assert (
        np.dot(kept["vector"], want) / np.linalg.norm(kept["vector"]) / np.linalg.norm(want) > 0.99
    )


def test_a_link_brings_to_the_same_place(runs):
    run = runs["table"]
    k = run.fitted.codes.shape[1]
    code = "z" + "_".join(["0.25"] * k)
    link = {
        "map": "PCA",
        "dims": "3",
        "row": "5",
        "code": code,
        "a": "3",
        "b": code,
        "walk": "arc",
        "t": "0.5",
        "camera": "z1_2_3_0_0_0_0_0_1",
        "colour": "-",
    }
    app = open_page("explore", run=run.id, **link)
    assert not app.exception
    place = app.session_state[f"place-{run.id}"]
    assert place == Place(
        5, [0.25] * k, {"row": 3}, {"code": [0.25] * k}, "arc", 0.5, [1, 2, 3, 0, 0, 0, 0, 0, 1]
    )
    assert app.session_state[f"view-{run.data.id}"] == MapState("PCA", 3)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nan",
        "z1e999_2",
        "-1",
        "99999999",
        "1.5",
        "[1,2]",
        "../..",
        "<b>",
        "z",
        "_",
        "z" + "_".join(["1"] * 600),
        "inf_inf",
    ],
)
def test_a_broken_link_opens_the_explorer_all_the_same(value, runs):
    run = runs["table"]
    app = open_page(
        "explore",
        run=run.id,
        **dict.fromkeys(
            ("map", "dims", "row", "code", "a", "b", "walk", "t", "camera", "colour"), value
        ),
    )
    assert not app.exception
    place = app.session_state[f"place-{run.id}"]
    assert 0 <= place.row < len(run.dataset) and place.a is None and place.b is None


def test_the_explorer_opens_where_the_browser_says_nothing_is_chosen(runs):
    run = runs["table"]
    app = open_page("explore", run=run.id)
    for what in (f"explore-projection-{run.id}", "explore-dims"):
        app.session_state[what] = None
    app.run()
    assert not app.exception
    assert app.session_state[f"view-{run.data.id}"].projection == maps.default(run)


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_an_analogy_stands_beside_its_items_and_opens_its_code(runs, kind):
    run = runs[kind]
    app = open_page("explore", run=run.id)
    assert not app.exception and "open in the explorer above" not in words(app)
    app.button(key=f"analogy-{run.id}").click().run()
    assert not app.exception and "open in the explorer above" in words(app)
    place = app.session_state[f"place-{run.id}"]
    assert place.row == 2 and np.allclose(
        place.code, run.fitted.codes[2] + run.fitted.codes[1] - run.fitted.codes[0], atol=1e-5
    )


def test_ids_are_fit_for_addresses_and_component_keys():
    ids = {fresh_id() for _ in range(500)}
    assert len(ids) == 500 and all(i.isalnum() and len(i) == 16 for i in ids)


@pytest.mark.parametrize("name", MODELS)
def test_a_person_who_knows_a_model_by_name_finds_what_it_does(name):
    cls = MODELS[name]
    app = open_page("models", model=name)
    assert not app.exception and not app.error
    said = words(app)
    assert cls.title in said and cls.when in said and cls.reading in said
    assert (
        [e.value.strip("$\n ") for e in app.latex] == [cls.objective]
        and len(cls.when) > 80
        and len(cls.reading) > 80
    )
    assert set(app.dataframe[0].value["setting"]) == {p.label for p in cls.parameters().values()}


@pytest.mark.parametrize("dims", (2, 3))
def test_what_is_switched_on_reaches_the_map(runs, dims, monkeypatch):
    told = []
    monkeypatch.setattr(atlas, "_component", lambda: lambda **more: told.append(more["data"]) or {})
    app = open_page("map", run=runs["table"].id)
    app.session_state["dims"] = dims
    app.run()
    assert not app.exception and told[-1]["generated"] is False
    app.toggle(key="made").set_value(True).run()
    assert not app.exception and told[-1]["generated"] is True
    assert runs["table"].maps[told[-1]["map"]].positions.shape[1] == dims
