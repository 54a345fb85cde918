"""The question Likelihood, over every kind of data."""

from __future__ import annotations

import numpy as np
import pytest
from app_pages import finished, open_page, small, words

from lvm_core import MODELS
from lvm_core.metrics import marginal
from lvm_core.metrics.base import shown
from pages.ui import analyses


def asked(run):
    """The page once the answer is there."""
    app = open_page("analyse", run=run.id, part="likelihood")
    for _ in range(60):
        if app.metric or app.exception or app.error:
            return app
        app.run()
    return app


@pytest.mark.parametrize("kind", ["image", "table", "array"])
def test_the_likelihood_is_measured_on_held_out_rows_and_its_noise_is_named(kind, runs):
    run = runs[kind]
    app = asked(run)
    assert not app.exception and not app.error
    labels, text = [m.label.replace("\\", "") for m in app.metric], words(app)
    assert "nats" in app.metric[0].value and "has not seen" in text
    assert any("Gaussian noise" in caption.help for caption in app.caption)
    if kind == "table":
        assert (
            labels == ["Log-likelihood, estimated", "ELBO", "Effective draws", "Active dimensions"]
            and "What each dimension carries" in text
        )
    else:
        assert labels == ["Log-likelihood, exact"]
        held = run.fitted.held_out
        chosen = (
            np.sort(np.random.RandomState(0).permutation(held)[:500]) if len(held) > 500 else held
        )
        if len(held) <= 100:
            found = marginal(run.fitted.model, run.dataset.X[chosen])
            assert app.metric[0].value == shown(found.estimate, found.error, "nats")


def test_text_of_a_vae_is_measured_from_sparse_rows():
    run = finished(small("text"), MODELS["VAE"](latent_dim=2, epochs=2, width=8))
    app = asked(run)
    assert (
        not app.exception
        and not app.error
        and any("multinomial over words" in caption.help for caption in app.caption)
        and "learnt from" in words(app)
    )


def test_what_has_no_likelihood_is_told_why(runs):
    why = analyses.discover()["likelihood"].why_not(runs["text"])
    assert "gives no likelihood" in why
    app = open_page("analyse", run=runs["text"].id)
    assert why in words(app)
