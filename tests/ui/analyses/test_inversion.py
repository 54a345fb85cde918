"""Inversion: a code the model made is found again, a strange item is called so, and the page
shows it all.
"""

import io

import numpy as np
import pytest
from app_pages import finished, open_page, small, words
from PIL import Image

from lvm_core import DATASETS, MODELS
from lvm_core.datasets.base import DataError
from lvm_core.datasets.single import rows_like
from lvm_core.nn import inversion
from lvm_core.plots import figures
from lvm_core.schema import FeatureGroup, Schema


@pytest.fixture(scope="module")
def line():
    """A VAE of points on a line in 6 dimensions."""
    rng = np.random.RandomState(0)
    X = (
        rng.standard_normal((300, 1)) @ rng.standard_normal((1, 6))
        + 0.05 * rng.standard_normal((300, 6))
    ).astype(np.float32)
    return X, MODELS["VAE"](latent_dim=2, epochs=40, width=32).fit(X)


def test_what_the_model_made_is_found_again_and_what_it_cannot_make_is_not(line):
    X, model = line
    made = model.inverse_transform(np.array([[0.8, -0.5]], np.float32))[0]
    across = np.linalg.svd(X, full_matrices=False)[2][-1] * 3
    known, strange = (
        inversion.invert_row(model, row, X[:40], steps=150)
        for row in (made, across.astype(np.float32))
    )
    assert known.residual < 0.02 < known.of_mean and known.farther > 0.9
    assert strange.residual > 0.5 and strange.farther == 0
    for found in (known, strange):
        assert found.residual <= found.at_first + 1e-5 and found.reference.shape == (40,)
        assert np.sqrt(np.mean(found.differences**2)) == pytest.approx(found.residual, abs=1e-3)


def test_the_network_is_left_as_it_was(line):
    X, model = line
    flags, before = [p.requires_grad for p in model.net_.parameters()], model.transform(X[:5])
    inversion.invert(model, X[:5], steps=3, on_step=lambda record: True)
    assert flags == [p.requires_grad for p in model.net_.parameters()] and np.array_equal(
        before, model.transform(X[:5])
    )


def test_only_networks_of_comparable_rows_are_searched(line):
    X, model = line
    assert model.can_invert() and not MODELS["PCA"](2).fit(X).can_invert()
    counts = np.random.RandomState(0).poisson(1.0, (30, 8)).astype(np.float32)
    assert (
        not MODELS["VAE"](latent_dim=2, epochs=1, width=8)
        .fit(counts, schema=Schema.counts(8))
        .can_invert()
    )


def test_differences_are_named_by_column():
    schema = Schema(
        (
            FeatureGroup("gaussian", 1, "height"),
            FeatureGroup("categorical", 2, "city"),
            FeatureGroup("gaussian", 2),
        )
    )
    assert inversion.by_group(np.array([-1.0, 3.0, 4.0, 0.5, 2.0]), schema) == [
        ("height", -1.0),
        ("city", pytest.approx(12.5**0.5)),
        ("column 4", 0.5),
        ("column 5", 2.0),
    ]


def test_a_difference_is_white_where_equal_and_has_two_colours():
    real, made = np.array([[[0.5], [1.0], [0.0]]]), np.array([[[0.5], [0.0], [1.0]]])
    picture = figures.difference(real, made)[0]
    assert (
        np.allclose(picture[0], 1)
        and picture[1][0] > picture[1][2]
        and picture[2][2] > picture[2][0]
    )


def test_an_item_from_a_file_becomes_a_row_of_the_dataset():
    digits, table, spectra = (
        DATASETS["digits"]().load(),
        small("table"),
        DATASETS["spectra"](n=20).load(),
    )
    for side, off in ((8, 0.01), (64, 0.25)):
        data, pixels = io.BytesIO(), (digits.items([3])[0, :, :, 0] * 255).astype(np.uint8)
        Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST).save(data, "PNG")
        assert np.abs(rows_like(digits, data.getvalue(), "three.png") - digits.X[3]).max() < off
    np.testing.assert_allclose(
        rows_like(table, table.rows.iloc[:2].to_csv(index=False).encode(), "new.csv"),
        table.X[:2],
        atol=1e-5,
    )
    file = io.BytesIO()
    np.save(file, spectra.items([0, 1]))
    np.testing.assert_allclose(
        rows_like(spectra, file.getvalue(), "two.npy"), spectra.X[:2], atol=1e-3
    )


@pytest.mark.parametrize(
    "kind, data, name, said",
    [
        ("image", b"no picture", "p.png", "cannot be read as a picture"),
        ("table", b"x,y\n1,2\n", "t.csv", "no column"),
        ("table", b"", "t.csv", "could not be read"),
        ("array", b"x,y\n1,2\n", "t.csv", "expected"),
        ("array", b"\x93NUMPY", "t.npy", "damaged"),
        ("text", b"words", "t.txt", "kind text"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(kind, data, name, said):
    with pytest.raises(DataError, match=said):
        rows_like(small(kind), data, name)


@pytest.mark.parametrize("kind, model", [("image", "GAN"), ("table", "VAE"), ("array", "VAE")])
def test_the_page_shows_real_made_and_what_is_left(kind, model):
    options = {"steps": 20} if model == "GAN" else {"epochs": 3}
    run = finished(small(kind), MODELS[model](latent_dim=3, width=16, **options))
    app = open_page("analyse", run=run.id, part="inversion")
    for job in run.jobs.work.values():
        job.wait(60)
    app.run()
    assert not app.exception and not app.error, app.exception
    assert [m.label for m in app.metric] == ["What is left", "Training rows left farther"]
    assert "standard deviations" in words(app)
    app.button(key=f"inversion-open-{run.id}").click().run()
    assert "placed by search" in words(app)


def test_a_run_without_a_network_says_why_not(runs):
    app = open_page("analyse", run=runs["image"].id, part="inversion")
    assert not app.exception and "no network to search through" in words(app)
