"""Score cards as pages draw them: beside PCA, what two curves say, and how good samples are."""

import re

import numpy as np
import pytest
from app_pages import KINDS, finished, open_page, small, words

from lvm_core import DATASETS, MODELS
from pages.session.data import Data
from pages.ui import scores


@pytest.fixture(scope="module")
def digits():
    """A PCA and a VAE that hardly trained, of the same data."""
    data = Data(DATASETS["digits"]().load())
    vae = MODELS["VAE"](latent_dim=6, epochs=1, network="mlp")
    return finished(data, MODELS["PCA"](latent_dim=6), 1), finished(data, vae, 2)


def measured(app, run):
    """The page once its work has ended."""
    for job in list(run.jobs.work.values()):
        assert job.wait(60) and not job.error, job.error
    app.run()
    assert not app.exception and not app.error, app.error
    return app


def test_a_card_says_what_pca_gets_but_not_of_pca_itself(digits):
    pca, vae = digits
    app = open_page("train", run=vae.id)
    assert not app.exception
    said = words(app)
    beside = {s.name: s for s in vae.fitted.scores}["Reconstruction R²"]
    assert beside.reference.verdict == "worse"
    assert ":orange-badge[worse than PCA]" in said and "train longer, or take PCA" in said
    assert beside.reference_text in said.replace("\\", "")
    card = next(m for m in app.metric if m.label == "Reconstruction R²")
    assert card.value == beside.text and "±" in card.value and card.help == scores.HELP
    said = words(open_page("train", run=pca.id))
    assert "than PCA" not in said and "with PCA" not in said


def test_compare_names_those_that_pca_beats(digits):
    app = open_page("compare", run=digits[1].id)
    assert not app.exception
    said = words(app).replace("\\", "")  # runs are numbered as this session found them
    assert re.search(r"Worse than PCA of the same length: #\d+ VAE", said)
    table = next(d.value for d in app.dataframe if "rank" in d.value)
    assert table.set_index("model")["verdict"].to_dict() == {"PCA": "", "VAE": "worse"}


def test_a_model_that_memorises_is_called_so_with_the_epoch():
    data = DATASETS["digits"]().load()
    few = type(data)("few", data.X[:130], data.rows[:130], data.codec, data.label)
    model = MODELS["VAE"](latent_dim=16, network="mlp", width=256, epochs=120, patience=100)
    run = finished(few, model)
    app = open_page("train", run=run.id)
    said = words(app)
    assert "it memorises" in said and "From epoch" in said and "best state was kept" in said
    epoch = int(said.split("From epoch ")[1].split()[0])
    assert 1 < epoch < run.fitted.model.n_iter_


@pytest.mark.parametrize("kind", KINDS)
def test_samples_get_their_distance_with_a_floor(kind, runs):
    run = runs[kind]
    app = measured(open_page("generate", run=run.id), run)
    found = {m.label: m.value for m in app.metric}
    assert "Copies of the data" in found and "Values out of range" in found
    if kind == "text":  # eight documents
        assert "too few to measure a distance to" in words(app)
    else:
        assert "±" in found["Fréchet distance"]
        assert "real rows, the floor" in words(app).replace("\\", "")
    first = run.data.own_features() if kind != "text" else None
    assert kind == "text" or run.data.own_features() is first, "learnt once"


def test_samples_of_a_label_are_compared_with_rows_of_it():
    run = finished(small("image"), MODELS["PCA"](latent_dim=6))
    app = open_page("generate", run=run.id)
    app.selectbox(key=f"sampler-{run.id}").set_value("Classes").run()
    app = measured(app, run)  # its labels are known once it was fitted
    app.selectbox(key=f"label-{run.id}").set_value("3").run()
    app = measured(app, run)
    size = len(
        np.intersect1d(run.data.own_features().free, np.flatnonzero(run.dataset.targets() == "3"))
    )
    assert f"{size // 2} samples against as many real rows" in words(app)
