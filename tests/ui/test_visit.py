"""The second visit: what was made is found again, under the name a person gave it."""

import io

import pytest
from app_pages import PEOPLE, finished, held, open_page, small, words
from waiting import until

from lvm_core import MODELS, read_dataset
from lvm_core.runs import archive
from lvm_core.runs.workspace import Workspace
from pages.session import identity, recent, state
from pages.session.services import Services, use

PCA = MODELS["PCA"]


@pytest.fixture
def here(tmp_path):
    """A workspace of this test's own."""
    made = Services(Workspace(tmp_path))
    with use(made):
        yield made
    made.stop()


def people(rows=60):
    raw = "\n".join(PEOPLE.splitlines()[: rows + 1]).encode()
    return raw, state.Data(
        read_dataset(raw, name="people.csv"), upload=raw, upload_name="people.csv"
    )


def forget(here):
    """As a restarted server begins."""
    for shelf in (here.runs, here.datasets):
        shelf._items.clear()


def delete(here, run):
    until(lambda: not here.workspace.at_work(run.id))
    here.workspace.delete_run(run.id)


def said(app):
    return words(app) + " ".join(e.value for kind in (app.success, app.warning) for e in kind)


# -- open means open -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ("train", "map", "explore", "generate", "analyse"))
def test_a_link_with_a_dataset_and_no_run_opens_its_newest_model(here, page):
    data = people()[1]
    finished(data, PCA(latent_dim=2))
    newest = finished(data, PCA(latent_dim=3))
    finished(state.Data(small("array")), PCA(latent_dim=2))  # of other data, and newer
    forget(here)
    app = open_page(page, data=data.id)
    assert not app.exception and not app.error
    assert held(app, "run") == newest.id
    assert "Nothing trained" not in words(app) and "No model yet" not in words(app)


def test_a_failed_run_does_not_stand_before_one_that_learnt_something(here):
    data = people()[1]
    good = finished(data, PCA(latent_dim=2))
    bad = here.workspace.add_run(data.id, PCA(latent_dim=2), queued=False)
    here.workspace.set_state(bad.id, state="failed", sentence="The disk was full.")
    assert held(open_page("map", data=data.id), "run") == good.id
    going = here.workspace.add_run(data.id, MODELS["VAE"](latent_dim=2), queued=False)
    assert held(open_page("train", data=data.id), "run") == going.id  # it waits for its turn


def test_a_second_upload_of_the_same_file_opens_its_model(here):
    raw, data = people()
    run = finished(data, PCA(latent_dim=2))
    state_before = here.workspace.datasets()
    app = open_page("data")
    app.file_uploader(key="file").set_value(("people.csv", raw, "text/csv")).run()
    assert not app.exception and not app.error
    assert (held(app, "data"), held(app, "run")) == (data.id, run.id)
    assert "already here" in said(app) and "1 model trained on this data" in said(app)
    assert here.workspace.datasets() == state_before
    app.button(key="its-map").click().run()
    assert not app.exception and held(app, "run") == run.id


def test_a_file_that_was_read_otherwise_and_renamed_is_known_again(here):
    raw, _ = people()
    dataset = read_dataset(raw, name="people.csv", label="city")
    data = state.Data(dataset, upload=raw, upload_name="people.csv")
    run = finished(data, PCA(latent_dim=2))
    here.workspace.rename_dataset(data.id, "colleagues")
    forget(here)
    app = open_page("data")
    app.file_uploader(key="file").set_value(("again.csv", raw, "text/csv")).run()
    assert held(app, "run") == run.id and "colleagues" in said(app)


def test_another_file_is_read_and_has_no_model(here):
    raw, data = people()
    run = finished(data, PCA(latent_dim=2))
    app = open_page("data", run=run.id)
    app.file_uploader(key="file").set_value(("few.csv", people(40)[0], "text/csv")).run()
    assert held(app, "data") != data.id and "run" not in app.query_params
    assert "are very few" in " ".join(e.value for e in app.info)
    app.switch_page("train.py").run()
    assert "Nothing trained on this data yet" in words(app)
    assert app.pills(key=f"model-{held(app, 'data')}").value == "PCA"


def test_kept_data_opens_with_its_model_and_says_what_it_is(here):
    run = finished(state.Data(small("image")), PCA(latent_dim=2))
    other = state.Data(small("array"))
    other.store(here.workspace)
    app = open_page("data", data=other.id)
    listed = app.radio(key="kept-data")
    looks = dict(zip(listed.options, listed.proto.captions))
    by_name = {
        name.split(": ")[-1]: about for name, about in zip(listed.options, listed.proto.captions)
    }
    assert any("1,797 pictures · 8 × 8 pixels · 1 model · just now" in a for a in looks.values())
    assert any("60 arrays · no model yet" in about for about in by_name.values())
    app.radio(key="kept-data").set_value(run.data.id).run()
    app.button(key="open-kept").click().run()
    assert not app.exception and held(app, "run") == run.id


# -- what is not here ------------------------------------------------------------------------------


def test_a_link_to_a_run_that_is_gone_says_so_and_offers_the_newest(here):
    data = people()[1]
    kept, gone = finished(data, PCA(latent_dim=2)), finished(data, PCA(latent_dim=3))
    delete(here, gone)
    forget(here)
    app = open_page("map", run=gone.id, data=data.id)
    assert not app.exception and "This run is not here" in words(app)
    assert "run" not in app.query_params
    app.run()  # nothing else takes its place by itself
    assert "This run is not here" in words(app)
    app.button(key="open-instead").click().run()
    assert not app.exception and held(app, "run") == kept.id


def test_a_link_to_data_that_is_gone_says_so(here):
    app = open_page("train", data="0" * 16)
    assert not app.exception and "This dataset is not here" in words(app)
    app = open_page("data", data="0" * 16)
    assert "is not here" in said(app)
    app = open_page("home", run="0" * 16)
    app.button(key="go-iris").click().run()
    app.switch_page("train.py").run()
    assert "not here" not in said(app)


# -- home ------------------------------------------------------------------------------------------


def test_home_continues_where_one_was(here):
    assert "Continue" not in words(open_page("home"))
    table = finished(people()[1], PCA(latent_dim=2))
    pictures = finished(state.Data(small("image")), PCA(latent_dim=2))
    app = open_page("home")
    keys = [b.key for b in app.button if b.key and b.key.startswith("continue-")]
    assert keys == [f"continue-{pictures.data.id}", f"continue-{table.data.id}"]
    assert "PCA · trained" in words(app) and "60 rows · 1 model · just now" in words(app)
    assert recent.thumbnail(pictures.data.id)[1] == (8, 8, 1)
    assert recent.thumbnail(table.data.id) is None
    open_page("map", run=table.id)  # what was opened last comes first
    app = open_page("home")
    keys = [b.key for b in app.button if b.key and b.key.startswith("continue-")]
    assert keys[0] == f"continue-{table.data.id}"
    app.button(key=keys[1]).click().run()
    assert not app.exception and app.title[0].value == "Map" and held(app, "run") == pictures.id


def test_home_goes_to_data_without_a_model_and_to_a_training_under_way(here):
    data = people()[1]
    data.store(here.workspace)
    app = open_page("home")
    app.button(key=f"continue-{data.id}").click().run()
    assert app.title[0].value == "Data" and held(app, "data") == data.id
    going = here.workspace.add_run(data.id, MODELS["VAE"](latent_dim=2), queued=False)
    app = open_page("home")
    assert "VAE · waiting for its turn" in words(app)
    app.button(key=f"continue-{data.id}").click().run()
    assert app.title[0].value == "Train" and held(app, "run") == going.id


def test_times_are_told_in_words():
    assert recent.ago(0, 59) == "just now" and recent.ago(5, 0) == "just now"
    assert recent.ago(0, 60) == "1 minute ago" and recent.ago(0, 7200) == "2 hours ago"
    assert recent.ago(0, 86400 * 3.5) == "3 days ago"


# -- names -----------------------------------------------------------------------------------------


def rename(app, id, wanted):
    field = next(t for t in app.text_input if t.key.startswith(f"name-{id}"))
    field.set_value(wanted)
    next(b for b in app.button if b.proto.form_id == f"name-form-{id}").click().run()


def test_a_run_is_renamed_on_its_page_and_called_so_everywhere(here):
    data = people()[1]
    run, _ = finished(data, PCA(latent_dim=2)), finished(data, PCA(latent_dim=3))
    app = open_page("train", run=run.id)
    rename(app, run.id, "*base* <script>")
    assert not app.exception
    assert here.workspace.run(run.id).name == "*base* <script>"
    title = f"#{run.number} *base* <script> (PCA on people.csv)"
    app = open_page("map", run=run.id)
    assert title in app.selectbox(key=f"run-map-{run.id}").options
    table = open_page("train", run=run.id).dataframe[-1].value
    assert "*base* <script> (PCA)" in list(table["model"])
    assert r"\*base\* \<script\>" in words(open_page("home"))
    assert here.runs.get(run.id).stem == f"{run.number}-base-script-people-csv"


def test_a_dataset_is_renamed_on_its_page(here):
    run = finished(people()[1], PCA(latent_dim=2))
    app = open_page("data", run=run.id)
    rename(app, run.data.id, "colleagues")
    assert not app.exception and "colleagues" in words(app)
    forget(here)
    app = open_page("map", run=run.id)
    assert "colleagues" in words(app)
    assert here.runs.get(run.id).title == f"#{run.number} PCA on colleagues"
    assert "colleagues" in words(open_page("home"))


def test_a_guest_renames_nothing(here, monkeypatch):
    monkeypatch.setattr(identity, "single_user", lambda: False)
    monkeypatch.setattr(identity, "uses_login", lambda: False)
    who = {"code": "a" * 32}
    monkeypatch.setattr(identity, "recovery_code", lambda: who["code"])
    run = finished(people()[1], PCA(latent_dim=2))
    identity.share(run.id, True)
    state.rename_run(run.id, "mine")
    who["code"] = "b" * 32
    for change in (
        lambda: state.rename_run(run.id, "x"),
        lambda: state.rename_data(run.data.id, "x"),
    ):
        with pytest.raises(ValueError, match="Only whose it is"):
            change()
    app = open_page("train", run=run.id)
    assert not app.exception and "mine" in words(app)
    assert not [t for t in app.text_input if t.key and t.key.startswith("name-")]
    assert "continue-" not in " ".join(b.key or "" for b in open_page("home").button)


# -- import ----------------------------------------------------------------------------------------


def test_an_import_says_that_it_came_and_the_second_that_it_is_here(here):
    run = finished(people()[1], PCA(latent_dim=2))
    file = io.BytesIO()
    archive.pack(run.fitted, run.dataset, file, title=run.title)
    before = len(here.workspace.runs())

    def bring():
        app = open_page("data")
        app.file_uploader(key="import-run").set_value(
            ("run.zip", file.getvalue(), "application/zip")
        ).run()
        assert not app.exception and not app.error and app.title[0].value == "Train"
        return app

    app = bring()
    assert f"already here as **\\#{run.number} PCA on people\\.csv**" in said(app)
    assert held(app, "run") == run.id and len(here.workspace.runs()) == before
    delete(here, run)
    forget(here)
    app = bring()
    assert "Imported as" in said(app)
    assert here.workspace.run(held(app, "run")).number == run.number + 1
    assert "imported" in str(app.dataframe[-1].value["state"].tolist())
    assert "already here" in said(bring())


# -- the chooser -----------------------------------------------------------------------------------


def test_the_chooser_lists_this_data_s_runs_first_and_those_under_way(here):
    mine, other = people()[1], state.Data(small("array"))
    first = finished(mine, PCA(latent_dim=2))
    foreign = finished(other, PCA(latent_dim=2))
    last = finished(mine, PCA(latent_dim=3))
    going = here.workspace.add_run(mine.id, MODELS["VAE"](latent_dim=2), queued=False)
    app = open_page("map", run=first.id)
    chooser = app.selectbox(key=f"run-map-{first.id}")
    assert chooser.value == first.id
    assert [o.split()[0] for o in chooser.options] == [
        f"#{n}" for n in (going.number, last.number, first.number, foreign.number)
    ]
    assert chooser.options[0].endswith("waiting for its turn")
    chooser.set_value(going.id).run()
    assert "still training" in words(app) and held(app, "run") == going.id
    app.selectbox(key=f"run-wait-{going.id}").set_value(last.id).run()
    assert not app.exception and held(app, "run") == last.id
