"""Nothing long starts by being opened: a button says how long it takes, and starts it."""

import pytest
from app_pages import finished, open_page, small, words

from lvm_core import DATASETS, MODELS
from lvm_core.progress import Progress
from pages.api import trust as truth
from pages.session import pace
from pages.session.data import Data
from pages.session.jobs import rounded
from pages.session.services import services
from pages.session.work import begin

pytestmark = pytest.mark.usefixtures("start_buttons")


@pytest.fixture(autouse=True)
def unlearnt(monkeypatch):
    """What other tests took says nothing here."""
    monkeypatch.setattr(services(), "pace", {})


@pytest.fixture(scope="module")
def vaes():
    """A VAE of pictures, and one of a table."""
    model = MODELS["VAE"](latent_dim=4, epochs=1, network="mlp")
    return {
        "image": finished(Data(DATASETS["digits"]().load()), model),
        "table": finished(small("table"), MODELS["VAE"](latent_dim=3, epochs=2)),
    }


@pytest.fixture
def slow(monkeypatch):
    """A machine on which decoding takes a tenth of a second."""
    monkeypatch.setattr(pace, "decoding", lambda run: 0.1)


def starts(app):
    return [b for b in app.button if b.key and b.key.startswith("start-")]


@pytest.mark.parametrize(
    "part, label",
    [
        ("likelihood", "Start (about "),
        ("inversion", "Search (about "),
        ("generation", "Compare (about |Measure sample quality (about "),
        ("anomalies", "Start (about "),
        ("compression", "Start (about "),
        ("clusters", "Start (about "),
    ],
)
def test_a_long_question_waits_for_its_button(part, label, vaes, slow, monkeypatch):
    monkeypatch.setattr(services(), "pace", {"Clusters by k-means": 100})
    run = vaes["image"]
    run.jobs.work.clear()
    app = open_page("analyse", run=run.id, part=part)
    assert not app.exception and not app.error
    assert not run.jobs.work, "nothing starts by being opened"
    assert starts(app) and any(starts(app)[0].label.startswith(one) for one in label.split("|"))


def test_the_button_starts_it_and_the_answer_is_kept(vaes):
    run = vaes["table"]
    run.jobs.work.clear()
    services().pace["Measuring the likelihood"] = 1e3
    app = open_page("analyse", run=run.id, part="likelihood")
    (button,) = starts(app)
    button.click().run()
    (job,) = run.jobs.work.values()
    assert job.wait(60) and not job.error
    app.run()
    assert not app.exception and app.metric and not starts(app)
    assert services().pace["Measuring the likelihood"] < 1e3, "it has learnt what it took"
    assert open_page("analyse", run=run.id, part="likelihood").metric  # and is not asked again


def test_what_is_short_begins_by_itself(vaes):
    run = vaes["table"]
    run.jobs.work.clear()
    app = open_page("analyse", run=run.id, part="anomalies")
    assert not app.exception and not starts(app) and run.jobs.work


def test_generate_compares_and_measures_nothing_by_itself(vaes, slow):
    run = vaes["image"]
    run.jobs.work.clear()
    app = open_page("generate", run=run.id)
    assert not app.exception and not run.jobs.work
    assert "Until then, codes of the model's prior" in words(app)
    assert [b.label.partition(" (")[0] for b in starts(app)] == ["Compare", "Measure"]


def test_what_it_took_is_learnt_unless_it_was_stopped(vaes):
    run, title = vaes["table"], "Counting"

    def count(on_step):
        return on_step(Progress(1, 2))

    begin(run, title, {"n": 1}, count, wait=10, seconds=60.0)
    assert pace.estimate(title, 60.0) < 10, "it took a moment"
    assert pace.estimate("Never done", 2.0) == 2.0
    services().pace.clear()

    def stopped(on_step):
        job = next(j for j in run.jobs.work.values() if j.title == "Stopped")
        job.stop()
        return on_step(Progress(1, 2))

    begin(run, "Stopped", {}, stopped, wait=10, seconds=1.0)
    assert "Stopped" not in services().pace


def test_a_failure_is_tried_again_without_asking_twice(vaes, monkeypatch):
    from lvm_core.metrics import marginal
    from pages.ui.analyses import likelihood

    run = vaes["table"]
    run.jobs.work.clear()
    services().pace["Measuring the likelihood"] = 1e3

    def fails(*args, **more):
        raise ValueError("The decoder is tired.")

    monkeypatch.setattr(likelihood, "marginal", fails)
    app = open_page("analyse", run=run.id, part="likelihood")
    starts(app)[0].click().run()
    next(iter(run.jobs.work.values())).wait(10)
    app.run()
    assert "tired" in app.error[0].value
    monkeypatch.setattr(likelihood, "marginal", marginal)
    next(b for b in app.button if b.label == "Try again").click().run()
    (job,) = run.jobs.work.values()
    assert job.wait(60) and not job.error
    assert app.run().metric


def test_estimates_are_told_roughly(vaes):
    assert [rounded(s) for s in (1.2, 7.4, 12, 59, 140, 3700)] == [
        "2 s",
        "7 s",
        "10 s",
        "60 s",
        "2 min",
        "1 h 1 min",
    ]
    assert 0 < pace.decoding(vaes["image"]) < 1


@pytest.fixture(scope="module")
def documents():
    """Topics of the small corpus."""
    return finished(small("text"), MODELS["NMF"](latent_dim=2))


@pytest.mark.parametrize(
    "title, part, label",
    [("Topics", "topics", "Start (about "), ("Map of words", "words", "Map the words (about ")],
)
def test_topics_and_the_map_of_words_wait_where_they_are_long(documents, title, part, label):
    services().pace[title] = 1e6
    documents.jobs.work.clear()
    app = open_page("analyse", run=documents.id, part=part)
    assert not app.exception and not app.error and not documents.jobs.work
    (button,) = starts(app)
    assert button.label.startswith(label)
    button.click().run()
    assert documents.jobs.work
    services().pace.clear()
    documents.jobs.work.clear()
    assert not starts(open_page("analyse", run=documents.id, part=part))  # a moment here


def test_the_trust_of_a_map_waits_for_its_button(vaes):
    run = vaes["table"]
    services().pace[truth.TITLE] = 1e3
    run.jobs.trust.clear()
    app = open_page("map", run=run.id, projection="PCA")
    app.session_state[f"panel-{run.id}"] = "trust"
    app.run()
    assert not app.exception and not app.error and not run.jobs.trust
    assert "Measured when the map was made" in words(app) and app.metric, (
        "what the map came with is shown meanwhile"
    )
    (button,) = starts(app)
    assert button.label.startswith("Measure every point (about ")
    button.click().run()
    (job,) = run.jobs.trust.values()
    assert job.wait(60) and not job.error
    app.run()
    assert not starts(app) and services().pace[truth.TITLE] < 1e3


def test_the_preview_and_the_files_of_a_map_wait_for_theirs(vaes):
    run = vaes["table"]
    services().pace |= {"Preview of the poster": 1e4, "Poster": 1e4}
    run.jobs.work.clear()
    app = open_page("map", run=run.id, projection="PCA")
    app.session_state[f"panel-{run.id}"] = "export"
    app.run()
    assert not app.exception and not app.error and not run.jobs.work
    assert [b.label.partition(" (")[0] for b in starts(app)] == ["Preview", "Make the files"]
    services().pace.clear()
    app.run()
    assert not starts(app) and len(run.jobs.work) == 2
