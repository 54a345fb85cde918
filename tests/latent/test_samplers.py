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
from lvm_core.latent.held_out import HeldOutScore, compare_sources, simplest_of_the_best
from lvm_core.latent.samplers import SAMPLERS, load_sampler, why_not
from lvm_core.runs import archive
from pages.session import code_sources, work


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


def rings(n=2000, seed=0):
    """Codes on two rings, one in the other, and their names."""
    rng = np.random.RandomState(seed)
    y, angle = rng.choice(["inner", "outer"], n), rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == "inner", 1.0, 4.0) + 0.1 * rng.standard_normal(n)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), y.astype(object)


@pytest.fixture(scope="module")
def flow():
    """A flow fitted to the rings and their labels."""
    return SAMPLERS["Flow"](components=3).fit(*rings())


@pytest.mark.parametrize("name", SAMPLERS)
def test_temperature_is_the_noise_around_the_centres(name):
    Z, y = blobs(600)
    found = SAMPLERS[name]().fit(Z, y)
    nats = [
        -found.log_prob(found.sample(2000, temperature=t, random_state=0)).mean()
        for t in (0.0, 0.4, 0.7, 1.0, 1.5, 2.0)
    ]
    assert (np.diff(nats) > 0).all(), nats
    cold = found.sample(3000, temperature=0, random_state=0)
    centres, counts = np.unique(cold.round(6), axis=0, return_counts=True)
    assert len(centres) == len(found.shares_)
    np.testing.assert_allclose(np.sort(counts / 3000), np.sort(found.shares_), atol=0.03)
    # 1 is the density itself: draws are as probable as the codes it was fitted to
    assert nats[3] == pytest.approx(-found.log_prob(Z).mean(), abs=0.15)


def test_a_model_s_own_codes_shrink_to_their_mean():
    X = np.random.RandomState(0).standard_normal((200, 6)) @ np.diag([3, 2, 1, 1, 1, 1])
    model = MODELS["PCA"](latent_dim=2).fit(X)
    cold, half, one = (model.sample_codes(500, temperature=t, random_state=0) for t in (0, 0.5, 1))
    np.testing.assert_allclose(cold, np.zeros((500, 2)), atol=1e-9)
    np.testing.assert_allclose(half, one / 2)


def test_a_gaussian_mixture_at_temperature_0_is_its_largest_component():
    X = np.vstack([np.full((30, 2), -9.0), np.full((10, 2), 9.0)])
    X = X + np.random.RandomState(0).standard_normal(X.shape)
    model = MODELS["GaussianMixture"](latent_dim=2).fit(X)
    shares = [
        model.sample_codes(4000, temperature=t, random_state=0)[:, 0].mean()
        for t in (0, 1e-200, 0.5, 1.0, 2.0)
    ]
    odds = np.array([1, 1, 3**4 / (3**4 + 1), 3 / 4, 3**0.25 / (3**0.25 + 1)])
    np.testing.assert_allclose(shares, odds, atol=0.03)


def test_a_density_integrates_to_one_and_is_that_of_the_draws(flow):
    for found in (flow, SAMPLERS["Mixture"](components=4).fit(rings()[0])):
        axis = np.linspace(-7, 7, 281)
        grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
        density = np.exp(found.log_prob(grid)) * (axis[1] - axis[0]) ** 2
        assert density.sum() == pytest.approx(1, abs=0.01)
        drawn = found.sample(20_000, random_state=0)
        outer = np.hypot(*grid.T) > 2.5
        assert density[outer].sum() == pytest.approx((np.hypot(*drawn.T) > 2.5).mean(), abs=0.015)


def test_a_flow_follows_what_no_mixture_of_as_many_parts_can(flow):
    Z, _ = rings(seed=1)
    mixture = SAMPLERS["Mixture"](components=6).fit(rings()[0])
    assert flow.log_prob(Z).mean() > mixture.log_prob(Z).mean() + 0.3
    assert flow.history_[-1]["held_out"] < flow.history_[0]["held_out"]


def test_a_flow_draws_by_label(flow):
    assert sorted(set(flow.labels_)) == ["inner", "outer"]
    for label, radius in (("inner", 1.0), ("outer", 4.0)):
        drawn = np.hypot(*flow.sample(300, label=label, random_state=0).T)
        assert np.median(drawn) == pytest.approx(radius, abs=0.2)
        assert (np.abs(drawn - radius) < 1.2).mean() > 0.95
    Z, y = rings(400)
    y[:100], y[100] = None, "once"
    mixed = SAMPLERS["Flow"](components=1, epochs=1).fit(Z, y)
    assert mixed.labels_ == ["inner", "outer", None]
    assert mixed.shares_[2] == pytest.approx(101 / 400)
    with pytest.raises(ValueError, match="expected one of inner, outer"):
        mixed.sample(3, label="once")


def test_a_flow_needs_two_numbers():
    Z = blobs(300)[0][:, :1]
    assert "single numbers" in why_not("Flow", Z) and not why_not("Mixture", Z)
    with pytest.raises(ValueError, match="two numbers or more"):
        SAMPLERS["Flow"]().fit(Z)
    assert compare_sources(Z[:200], Z[200:]).best == "Mixture"


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
    np.testing.assert_array_equal(found.log_prob(Z), again.log_prob(Z))
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
        (SAMPLERS["ShrinkageGaussian"](), None),
        (SAMPLERS["Flow"](epochs=2), None),
        (SAMPLERS["Classes"](), np.array(["x", "y"] * 50)[: len(Z)]),
    ):
        S = sampler.fit(Z, y).sample(20, random_state=0)
        assert np.isfinite(S).all() and np.abs(S).max() <= 10 * np.abs(Z).max() + 1e-9
        assert np.isfinite(sampler.log_prob(Z)).all()


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
    steps = []
    stopped = SAMPLERS["Flow"](components=1).fit(Z, on_step=lambda r: steps.append(r) or True)
    assert stopped.stopped_ and len(steps) == 1 and np.isfinite(stopped.log_prob(Z)).all()
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


def test_held_out_codes_choose_the_simplest_of_the_best():
    rng = np.random.RandomState(0)
    normal = lambda n: rng.standard_normal((n, 3))
    as_prior = compare_sources(normal(500), normal(300), prior=normal(3000))
    assert as_prior.best == "Prior" and set(as_prior.scores) == {
        "Prior",
        "ShrinkageGaussian",
        "Mixture",
        "Flow",
    }
    narrow = compare_sources(0.3 * normal(500), 0.3 * normal(300), prior=normal(3000))
    assert narrow.best == "ShrinkageGaussian"
    entropy = 3 * (np.log(0.3) + 0.5 * np.log(2 * np.pi * np.e))
    score = narrow.scores["ShrinkageGaussian"]
    assert score.nats == pytest.approx(-entropy, abs=4 * score.error)
    assert narrow.scores["Prior"].nats < score.nats - 1
    log = normal(400)[:, 0]
    ahead = {"a": log - 0.2, "b": log, "c": log + 0.01 * normal(400)[:, 0] + 0.1}
    assert simplest_of_the_best(ahead) == "c"
    # a gain of .02 that holds for half of the rows is no gain
    gain = np.where(np.arange(400) % 2, 1.02, -0.98)
    assert simplest_of_the_best({"a": log, "b": log + gain}) == "a"
    assert simplest_of_the_best({"a": log, "b": log}) == "a"


def test_without_held_out_codes_a_tenth_is_set_aside_and_dead_columns_do_not_count():
    Z = np.column_stack([blobs(300)[0], np.full(300, 7.0)])
    found = compare_sources(Z, Z[:0], blobs(300)[1], prior=np.random.RandomState(0).randn(500, 3))
    assert found.best != "Prior" and found.samplers["Mixture"].means_.shape[1] == 3
    assert found.scores["Prior"].nats < found.scores["Mixture"].nats < 0
    np.testing.assert_allclose(found.samplers["Flow"].sample(9, random_state=0)[:, 2], 7, atol=0.1)
    with pytest.raises(ValueError, match="expected more"):
        compare_sources(np.ones((40, 2)), np.ones((30, 2)))


def test_the_comparison_says_what_it_is_at_and_can_be_stopped():
    Z, y = blobs()
    phases = []
    whole = compare_sources(
        Z, Z[:100], y, on_step=lambda r: phases.append(r.phase) or r.phase == "Mixture of Gaussians"
    )
    assert phases[-1] == "Mixture of Gaussians" and "Flow" not in whole.samplers
    assert HeldOutScore(-1234.56, 2.4).words() == "-1,235 nats ± 2"
    assert HeldOutScore(-12.34, 0.04).words() == "-12.34 nats ± 0.04"


def _compared(run):
    """The comparison of a run, waited for."""
    return work.begin(run, *code_sources.comparison(run), wait=120)[1].result


def test_the_page_takes_the_best_on_held_out_codes_and_says_how_good_each_is(runs, monkeypatch):
    run = runs["image"]
    found = _compared(run)
    app = open_page("generate", run=run.id)
    box = app.selectbox(key=f"sampler-{run.id}")
    assert box.value == "Best" and f"sampler {found.best}" in words(app)
    said = next(c.value for c in app.caption if c.value.startswith("Held-out codes, a row"))
    assert found.scores[found.best].words() in said.split(" · ")[0]  # the best comes first
    for name, score in found.scores.items():
        assert score.words() in said, name
    monkeypatch.setattr(code_sources, "share_out_of_support", lambda run: 0.9)
    app.selectbox(key=f"sampler-{run.id}").set_value("Prior").run()
    assert any(
        "the decoder has seldom been there" in c.value for c in app.caption
    ) and "sampler Prior" in words(app)
    assert any(found.scores["Prior"].words() in c.value for c in app.caption)
    monkeypatch.undo()
    monkeypatch.setattr(type(run.fitted.model), "decoder_trained_on_prior", True)
    assert code_sources.share_out_of_support(run) == 0
    assert not code_sources.chosen_by_score(run)
    assert open_page("generate", run=run.id).selectbox(key=f"sampler-{run.id}").value == "Prior"


def test_the_page_draws_from_a_mixture_as_its_download_says(runs):
    run = runs["image"]
    _compared(run)
    app = open_page("generate", run=run.id)
    app.number_input(key="seed-generate").set_value(3)
    app.selectbox(key=f"sampler-{run.id}").set_value("Mixture").run()
    assert not app.exception and "sampler Mixture · seed 3" in words(app)
    for name in ("Classes", "Flow"):
        app.selectbox(key=f"sampler-{run.id}").set_value(name).run()
        app.selectbox(key=f"label-{run.id}").set_value("7").run()
        assert not app.exception and not app.error and f"sampler {name} · label 7" in words(app)


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
