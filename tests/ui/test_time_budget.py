"""The time a training on pictures may take, chosen on Train."""

import pytest
from app_pages import open_page
from example_files import good_pictures, zipped

from lvm_core import MODELS, read_dataset
from pages.session.data import Data
from pages.session.services import services


@pytest.fixture(scope="module")
def pictures():
    files = good_pictures(240, size=(24, 24))  # more than any machine is done with in a minute
    data = Data(read_dataset(zipped(files), name="pictures.zip"))
    services().datasets.put(data)
    return data


def choose(data, model):
    app = open_page("train", data=data.id)
    picker = next(b for b in app.button_group if "PCA" in b.options)
    picker.set_value(model).run()
    assert not app.exception
    return app


def test_a_longer_time_suggests_what_can_be_learnt_in_it(pictures):
    app = choose(pictures, "VAE")
    key = f"minutes-{pictures.id}-VAE"
    epochs = {}
    for minutes in (1.0, 15.0):
        app.button_group(key=key).set_value(minutes).run()
        assert not app.exception
        found = next(n for n in app.number_input if n.label == "Epochs").value
        schema, n = pictures.dataset.schema, len(pictures.dataset)
        assert found == MODELS["VAE"].suggest(n, schema, minutes)["epochs"]
        epochs[minutes] = found
    assert epochs[15.0] > epochs[1.0]


def test_what_takes_no_time_has_no_choice_of_it(pictures):
    app = choose(pictures, "PCA")
    assert not any("minutes" in (b.key or "") for b in app.button_group)
