"""Built-in sources: every one loads, tells the truth about itself, and is the same each time."""

import time

import numpy as np
import pandas as pd
import pytest

from lvm_core import DATASETS
from lvm_core.codecs import codec_from_json
from lvm_core.datasets.builtin.sprites import draw

SMALL = {
    "spectra": {"n": 60, "wavelengths": 500},
    "sprites": {"n": 90},
    "spiral": {"n": 200},
    "docstrings": {"n": 90},
}


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request):
    return DATASETS[request.param](**SMALL.get(request.param, {})).load()


def test_all_are_here():
    assert {
        "digits",
        "iris",
        "wine",
        "breast_cancer",
        "spiral",
        "spectra",
        "sprites",
        "docstrings",
    } <= set(DATASETS)


@pytest.mark.parametrize("source", DATASETS.values(), ids=DATASETS)
def test_sources_describe_themselves(source):
    assert (
        source.title
        and source.summary
        and source.origin
        and source.kind in ("image", "table", "text", "array")
    )
    source().validate()
    assert source.name in DATASETS and all(p.help for p in source.parameters().values())


def test_the_parts_fit(dataset):
    assert dataset.kind == DATASETS[dataset.name].kind
    values = dataset.X.data if dataset.kind == "text" else dataset.X
    assert dataset.X.dtype == np.float32 and np.isfinite(values).all()
    assert dataset.label in dataset.rows and dataset.colours()[0] == dataset.label
    assert dataset.schema.d == dataset.X.shape[1] and dataset.notes
    assert codec_from_json(dataset.codec.to_json()).schema == dataset.schema


def test_rows_come_back(dataset):
    back = dataset.decode(dataset.X[:5])
    if dataset.kind == "table":
        pd.testing.assert_frame_equal(back, dataset.rows[list(back)].head(), rtol=1e-5)
        assert dataset.label not in back
    elif dataset.kind == "text":
        assert all(
            term in document.lower()
            for row, document in zip(back, dataset.items(range(5)))
            for term, _ in row
        )
    else:
        np.testing.assert_allclose(dataset.codec.encode(back), dataset.X[:5], atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_seed_decides(name):
    source = DATASETS[name]
    one, same, other = (source(**SMALL[name], seed=seed).load() for seed in (1, 1, 2))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    pd.testing.assert_frame_equal(one.rows, same.rows)


def test_spiral_is_the_textbook_one():
    spiral = DATASETS["spiral"](n=100).load()
    phi = spiral.rows["phi"].to_numpy()
    x, y, z = spiral.decode(spiral.X).T
    assert ((phi > 0) & (phi <= 1)).all()
    np.testing.assert_allclose(x, phi * np.sin(25 * phi), atol=1e-5)
    np.testing.assert_allclose(y, np.exp(phi) * np.cos(25 * phi), atol=1e-5)
    np.testing.assert_allclose(z, np.sqrt(phi), atol=1e-5)
    np.testing.assert_allclose(spiral.rows["colour"], x + y, atol=1e-5)
    noisy = DATASETS["spiral"](n=100, noise=0.1).load()
    assert 0.05 < np.std(noisy.decode(noisy.X) - np.column_stack([x, y, z])) < 0.2


def test_spectra_hold_what_made_them():
    stars = DATASETS["spectra"](n=200, noise=0.0).load()
    flux, axis, rows = stars.decode(stars.X), stars.codec.axis, stars.rows
    assert flux.shape == (200, 3000) and stars.codec.axis_label
    np.testing.assert_allclose(flux.mean(1), 1, atol=1e-4)
    blueness = flux[:, axis < 4500].mean(1) / flux[:, axis > 8000].mean(1)
    assert np.corrcoef(blueness, rows["temperature"])[0, 1] > 0.9
    hot = int((rows["temperature"] - 9500).abs().idxmin())
    near = abs(axis - 6562.8) < 60
    shifted = 6562.8 * (1 + rows["velocity"][hot] / 299_792.458)
    assert abs(axis[near][flux[hot, near].argmin()] - shifted) < 5


def test_sprites_are_drawn_to_their_factors():
    picture = draw(64, "square", 1.0, 0.0, 0.5, 0.5)
    assert picture.sum() == pytest.approx((2 * 0.8 * 0.22 * 64) ** 2, rel=0.02)
    columns = (picture.sum(0) * (np.arange(64) + 0.5)).sum() / picture.sum()
    assert columns == pytest.approx(32, abs=0.1) and ((picture > 0) & (picture < 1)).any()
    moved = draw(64, "square", 1.0, 0.0, 0.75, 0.25)
    np.testing.assert_array_equal(np.roll(picture, (-16, 16), (0, 1)), moved)
    assert (
        abs(draw(32, "ellipse", 1, 0, 0.5, 0.5) - draw(32, "ellipse", 1, 180, 0.5, 0.5)).max() < 0.1
    )
    assert set(DATASETS["sprites"](n=30, side=64).load().schema.image) == {64, 1}


def test_docstrings_are_real_prose_from_three_packages():
    corpus = DATASETS["docstrings"](n=90).load()
    assert corpus.rows["package"].value_counts().to_dict() == {
        "numpy": 30,
        "scipy": 30,
        "sklearn": 30,
    }
    assert corpus.rows["text"].is_unique and corpus.rows["text"].str.split().str.len().min() >= 30


def test_loading_is_quick():
    start = time.perf_counter()
    for source in DATASETS.values():
        source(**SMALL.get(source.name, {})).load()
    # about 2 s alone; a guard against a download or an import of everything
    assert time.perf_counter() - start < 20
