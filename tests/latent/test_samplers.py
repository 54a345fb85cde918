"""Densities on codes: what they find, what they draw, that they come back, and the page that
draws from them.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from app_pages import ROOT, open_page, words

from lvm_core import MODELS
from lvm_core.export.encode import npz_bytes
from lvm_core.latent.samplers import SAMPLERS, load_sampler, why_not
from lvm_core.runs import archive
from pages.session import code_sources


def blobs(n=600):
    """Three round groups of codes, shares 0.5, 0.3 and 0.2, and their names."""
    rng = np.random.RandomState(0)
    y = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    centres = {"a": (-4.0, 0.0), "b": (4.0, 0.0), "c": (0.0, 30.0)}
    return np.array([centres[v] for v in y]) + rng.standard_normal((n, 2)) * [1.0, 3.0], y.astype(
        object
    )


def test_the_mixture_finds_how_many_groups_there_are():
    Z, _ = blobs()
    found = SAMPLERS["Mixture"]().fit(Z)
    assert (
        min(found.bic_, key=found.bic_.get) in ("2", "4")
        and found.bic_["1"] > min(found.bic_.values()) + 100
    )
    assert len(SAMPLERS["Mixture"](components=3).fit(Z).shares_) == 3
    S = SAMPLERS["Mixture"](components=3).fit(Z).sample(4000, random_state=1)
    np.testing.assert_allclose(S.mean(0), Z.mean(0), atol=0.4)
    np.testing.assert_allclose(np.cov(S.T), np.cov(Z.T), rtol=0.1, atol=1.5)


def test_one_component_is_the_gaussian_of_the_codes():
    Z, _ = blobs()
    one = SAMPLERS["Mixture"](components=1).fit(Z)
    np.testing.assert_allclose(
        one.roots_ @ one.roots_.T, np.cov(Z.T, bias=True), rtol=1e-3, atol=0.05
    )


def test_a_label_has_its_own_gaussian_and_rows_without_one_are_passed_over():
    Z, y = blobs()
    y[:5] = None
    found = SAMPLERS["Classes"]().fit(Z, y)
    assert found.labels_ == ["a", "b", "c"] and found.shares_.sum() == pytest.approx(1)
    S = found.sample(500, label="c", random_state=0)
    np.testing.assert_allclose(S.mean(0), Z[y == "c"].mean(0), atol=0.6)
    assert S[:, 1].min() > 15
    together = found.sample(2000, random_state=0)
    assert 0.15 < np.mean(together[:, 1] > 15) < 0.25


@pytest.mark.parametrize("name", SAMPLERS)
def test_draws_follow_seed_and_temperature_and_come_back_from_disk(name, tmp_path):
    Z, y = blobs(200)
    found = SAMPLERS[name]().fit(Z, y)
    again = load_sampler(found.save(tmp_path / "sampler"))
    assert (
        np.array_equal(found.sample(7, random_state=3), again.sample(7, random_state=3))
        and again.labels_ == found.labels_
    )
    assert np.array_equal(
        SAMPLERS[name]().fit(Z, y).sample(7, random_state=3), found.sample(7, random_state=3)
    )
    assert not np.array_equal(found.sample(7, random_state=3), found.sample(7, random_state=4))
    centres = found.sample(50, temperature=0.0, random_state=0)
    assert np.abs(centres[:, None] - found.means_[None]).sum(2).min(1).max() < 1e-9
    assert all(
        path.suffix in (".json", ".safetensors") for path in (tmp_path / "sampler").iterdir()
    )


@pytest.mark.parametrize(
    "Z",
    [
        np.zeros((30, 3)),
        np.repeat(np.eye(3), 4, 0),
        np.random.RandomState(0).standard_normal((6, 5)),
        1e-9 * np.eye(4)[[0, 1, 2, 3] * 5],
    ],
    ids=["all the same", "three points", "few rows", "tiny"],
)
def test_odd_codes_give_finite_draws(Z):
    for sampler, y in (
        (SAMPLERS["Mixture"](), None),
        (SAMPLERS["Classes"](), np.array(["x", "y"] * 50)[: len(Z)]),
    ):
        S = sampler.fit(Z, y).sample(20, random_state=0)
        assert np.isfinite(S).all() and np.abs(S).max() <= 10 * np.abs(Z).max() + 1e-9


def test_what_cannot_be_is_said():
    Z, y = blobs(50)
    with pytest.raises(ValueError, match="no labels"):
        SAMPLERS["Classes"]().fit(Z)
    with pytest.raises(ValueError, match="none has two rows"):
        SAMPLERS["Classes"]().fit(Z, [str(i) for i in range(50)])
    with pytest.raises(ValueError, match="expected one of a, b, c"):
        SAMPLERS["Classes"]().fit(Z, y).sample(3, label="z")
    with pytest.raises(ValueError, match="knows no labels"):
        SAMPLERS["Mixture"]().fit(Z).sample(3, label="a")
    with pytest.raises(ValueError, match="49 labels, Z has 50"):
        SAMPLERS["Classes"]().fit(Z, y[1:])
    assert (
        "never negative" in why_not("Mixture", np.abs(Z))
        and "too few" in why_not("Mixture", Z[:4])
        and not why_not("Mixture", Z)
    )
    assert "no labels" in why_not("Classes", Z) and not why_not("Classes", Z, y)


def test_fitting_can_be_ended_early():
    Z, _ = blobs()
    assert list(SAMPLERS["Mixture"]().fit(Z, on_step=lambda record: True).bic_) == ["1"]


def test_the_autoencoder_s_own_codes_have_the_spread_of_the_training_codes():
    X = np.random.RandomState(0).standard_normal((300, 2)) @ np.random.RandomState(
        1
    ).standard_normal((2, 6)) + 0.1 * np.random.RandomState(2).standard_normal((300, 6))
    model = MODELS["Autoencoder"](latent_dim=3, epochs=30, width=16, depth=1).fit(X)
    Z, S = model.transform(X), model.sample_codes(5000, random_state=0)
    np.testing.assert_allclose(np.cov(S.T), np.cov(Z.T), rtol=0.1, atol=0.1 * Z.var(0).max())
    assert 1 - np.square(model.inverse_transform(Z) - X).mean() / X.var(0).mean() > 0.9


def test_a_penalised_autoencoder_has_shorter_codes_and_decay_smaller_weights():
    X = np.random.RandomState(0).standard_normal((200, 6))
    options = dict(latent_dim=3, epochs=20, width=16, depth=1)
    plain, penalised, decayed = (
        MODELS["Autoencoder"](**options, **more).fit(X)
        for more in ({}, {"penalty": 3.0}, {"decay": 0.1})
    )
    assert np.square(penalised.transform(X)).sum() < 0.7 * np.square(plain.transform(X)).sum()
    size = [
        sum(p.square().sum().item() for p in m.net_.decoder.parameters()) for m in (plain, decayed)
    ]
    assert size[1] < 0.9 * size[0]


def test_the_page_offers_the_mixture_first_where_the_prior_misses_the_data(runs, monkeypatch):
    run = runs["image"]
    for share, first, words_ in (
        (0.9, "Mixture", "Offered first, because 90 %"),
        (0.1, "Prior", "the distribution of codes that belongs to the model"),
    ):
        monkeypatch.setattr(code_sources, "share_out_of_support", lambda run, share=share: share)
        app = open_page("generate", run=run.id)
        assert app.selectbox(key=f"sampler-{run.id}").value == first and any(
            words_ in c.value for c in app.caption
        )
    monkeypatch.setattr(code_sources, "share_out_of_support", lambda run: 0.9)
    app = open_page("generate", run=run.id)
    app.selectbox(key=f"sampler-{run.id}").set_value("Prior").run()
    assert any(
        "the decoder has seldom been there" in c.value for c in app.caption
    ) and "sampler Prior" in words(app)
    monkeypatch.undo()
    monkeypatch.setattr(type(run.fitted.model), "decoder_trained_on_prior", True)
    assert code_sources.share_out_of_support(run) == 0


def test_the_page_draws_from_a_mixture_as_its_download_says(runs):
    run = runs["image"]
    app = open_page("generate", run=run.id)
    app.number_input(key="seed-generate").set_value(3)
    app.selectbox(key=f"sampler-{run.id}").set_value("Mixture").run()
    for _ in range(40):
        if "sampler Mixture" in words(app):
            break
        app.run()
    assert not app.exception and "sampler Mixture · seed 3" in words(app)
    app.selectbox(key=f"sampler-{run.id}").set_value("Classes").run()
    app.selectbox(key=f"label-{run.id}").set_value("7").run()
    assert not app.exception and not app.error and "sampler Classes · label 7" in words(app)


def test_the_zip_s_script_makes_the_page_s_mixture_samples_again(runs, tmp_path):
    run = runs["array"]
    out = io.BytesIO()
    archive.pack(run.fitted, run.dataset, out)
    with zipfile.ZipFile(out) as packed:
        for name in packed.namelist():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(packed.read(name))
    done = subprocess.run(
        [sys.executable, tmp_path / "reload.py", "5", "7", "0.8", "Mixture"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    codes = (
        SAMPLERS["Mixture"]()
        .fit(run.fitted.codes[run.fitted.train])
        .sample(5, temperature=0.8, random_state=7)
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "samples.npz")["codes"], codes, rtol=1e-5, atol=1e-5
    )
    assert (
        np.load(io.BytesIO(npz_bytes(made=np.array('{"sampler": "Mixture"}'))), allow_pickle=False)[
            "made"
        ]
        == '{"sampler": "Mixture"}'
    )
