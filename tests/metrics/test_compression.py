"""A model as a codec: bytes, loss, and what needs no model."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from lvm_core import DATASETS, MODELS
from lvm_core.fitting import fit_run
from lvm_core.metrics.compression import (
    BITS,
    BaselineCodec,
    Compression,
    Level,
    Quantiser,
    break_even,
)
from lvm_core.plots import analysis


@pytest.fixture(scope="module")
def digits():
    """The digits, PCA on them, and that as a codec."""
    data = DATASETS["digits"]().load()
    fit = fit_run(data, MODELS["PCA"](latent_dim=8))
    return data, fit, Compression(fit.model, data.X, fit.codes, fit.train, fit.held_out)


def test_more_is_never_worse_and_all_floats_are_the_model_s_own_error(digits):
    data, fit, codec = digits
    levels = {(l.dims, l.bits): l for l in codec.levels()}
    assert codec.dims == [1, 2, 4, 8] and len(levels) == 4 * len(BITS)
    for bits in BITS:
        errors = [levels[dims, bits].error for dims in codec.dims]
        assert errors == sorted(errors, reverse=True)
    assert [levels[8, bits].error for bits in BITS] == sorted(
        levels[8, bits].error for bits in BITS
    )
    x = data.X[fit.held_out]
    back = fit.model.inverse_transform(fit.codes[fit.held_out])
    assert levels[8, 32].error == pytest.approx(
        np.square(x - back).sum(1).mean() / data.X[fit.train].var(0).sum(), rel=1e-4
    )
    assert levels[8, 32].error < levels[8, 8].error < levels[8, 32].error + 0.01
    assert levels[8, 2].bytes == 2.0 and levels[1, 32].bytes == 4.0


def test_without_any_dimension_the_mean_comes_back(digits):
    data, fit, codec = digits
    assert codec.decoded(np.arange(3), 0, 32) == pytest.approx(
        np.tile(fit.model.inverse_transform(fit.codes[fit.train].mean(0, keepdims=True)), (3, 1)),
        abs=1e-5,
    )


def test_quantisers_use_every_number_equally_and_stand_for_means():
    codes = np.random.RandomState(0).randn(4096, 2) ** 3
    q = Quantiser(codes, 4)
    numbers = q.numbers(codes)
    assert numbers.min() == 0 and numbers.max() == 15
    assert np.abs(np.bincount(numbers[:, 0]) - 256).max() <= 1
    back = q.back(codes)
    assert back[:, 1] == pytest.approx([codes[numbers[:, 1] == v, 1].mean() for v in numbers[:, 1]])
    assert len(np.unique(back[:, 0])) == 16
    assert (Quantiser(codes, 32).back(codes) == codes).all()
    # a dead dimension
    assert np.isfinite(Quantiser(np.ones((50, 1)), 8).back(np.array([[0.0], [1.0], [2.0]]))).all()


def test_plain_codecs_are_what_they_say(digits):
    data, fit, codec = digits
    plain = {p.name: p.bytes for p in codec.plain()}
    pixels = np.rint(data.X[codec.rows] * 255).astype(np.uint8)
    assert plain["pixels"] == 64
    assert plain["zlib of all"] == pytest.approx(
        len(zlib.compress(pixels.tobytes(), 9)) / len(pixels)
    )
    out = io.BytesIO()
    Image.fromarray(pixels[0].reshape(8, 8)).save(out, format="PNG", optimize=True)
    assert 0.5 * out.tell() < plain["PNG"] < 2 * out.tell()
    table = DATASETS["iris"]().load()
    fit = fit_run(table, MODELS["VAE"](latent_dim=2, epochs=1))
    found = {
        p.name: p.bytes
        for p in Compression(fit.model, table.X, fit.codes, fit.train, fit.held_out).plain()
    }
    assert found["32-bit numbers"] == 4 * table.X.shape[1]
    weights, what = fit.model.decoder_size()
    assert what == "the decoder's weights" and weights >= 4 * sum(
        p.numel() for p in fit.model.net_.decoder.parameters()
    )


def test_the_decoder_is_counted(digits):
    _, fit, _ = digits
    weights, _ = fit.model.decoder_size()
    assert weights >= 4 * (fit.model.components_.size + fit.model.mean_.size)
    assert break_even(Level(8, 8, 8.0, 0.1, 0.0), BaselineCodec("x", 24.0, ""), 1600) == 100
    assert break_even(Level(8, 32, 32.0, 0.1, 0.0), BaselineCodec("x", 24.0, ""), 1600) == float(
        "inf"
    )


def test_documents_and_stopping():
    data = DATASETS["docstrings"]().load()
    model = MODELS["LSA"](latent_dim=4).fit(data.X)
    codec = Compression(model, data.X, model.transform(data.X), np.arange(len(data)), np.arange(60))
    assert codec.plain()[0].bytes > 0
    assert len(codec.levels(lambda progress: progress.step == 3)) == 3


def test_more_precisions_than_colours_are_drawn():
    figure = analysis.rate_curve({f"{i} bits": [(4.0, 0.2, "")] for i in range(20)}, {})
    assert len(figure.data) == 20 and figure.data[0].line.color == figure.data[8].line.color
    assert "the mean picture loses 100 %" in (
        analysis.rate_curve({}, {}, average="the mean picture").layout.yaxis.title.text
    )
