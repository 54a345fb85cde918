"""Comparing models: the set that is trained, the ranking, the score of labels, and the page."""

import numpy as np
import pytest
from app_pages import open_page, small, words
from waiting import until

from lvm_core import DATASETS, MODELS
from lvm_core.analysis import comparison
from lvm_core.analysis.comparison import Entry, lead, ranking
from lvm_core.metrics import Score, labels
from pages.session import state
from pages.session.services import services


def entry(number, model, **values):
    scores = [
        Score(
            name.replace("_", " "),
            *(value if isinstance(value, tuple) else (value,))[:1],
            "",
            unit="share",
            error=value[1] if isinstance(value, tuple) else None,
        )
        for name, value in values.items()
    ]
    return Entry(str(number), number, model, 4, 0, 1.0, scores)


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_the_sensible_set_is_fair_and_can_be_fitted(kind):
    dataset = small(kind)
    models = comparison.sensible(MODELS, dataset, 3, seed=7)
    assert set(models) == {name for name, cls in MODELS.items() if kind in cls.supported_kinds}
    for model in models.values():
        model.validate()
        assert model.random_state == 7 and model.latent_dim == 3
    assert all(
        m.latent_dim < dataset.X.shape[1]
        for m in comparison.sensible(MODELS, dataset, 512).values()
    )


def test_the_best_is_first_equals_share_a_rank_and_noise_is_called_level():
    entries = [
        entry(1, "A", Share_kept=(0.80, 0.02)),
        entry(2, "B", Share_kept=(0.81, 0.02)),
        entry(3, "C", Share_kept=(0.5, 0.02)),
        entry(4, "D", Other=1.0),
        entry(5, "E", Share_kept=(0.5, 0.02), Other=2.0),
    ]
    table = comparison.ranking(entries, "Share kept")
    assert table["model"].tolist() == ["B", "A", "C", "E", "D"]
    assert table["rank"].tolist()[:4] == [1, 2, 3, 3] and table["rank"].isna().tolist() == [
        False
    ] * 4 + [True]
    assert table["level"].tolist() == [True, True, False, False, False]
    assert comparison.measures(entries) == ["Share kept", "Other"]


def test_fewer_bits_are_better():
    table = comparison.ranking(
        [entry(1, "A", Bits_per_word=9.0), entry(2, "B", Bits_per_word=7.5)], "Bits per word"
    )
    assert table["model"].tolist() == ["B", "A"] and table["rank"].tolist() == [1, 2]


def test_a_code_that_holds_the_label_gives_it_back_and_noise_does_not():
    rng = np.random.RandomState(0)
    y = np.array([["red", "blue", None][i % 3] for i in range(600)], object)
    codes = np.where(y == "red", 1.0, -1.0)[:, None] + 0.01 * rng.standard_normal((600, 2))
    train, held_out = np.arange(400), np.arange(400, 600)
    (score,) = labels(codes, y, train, held_out, X=codes)
    assert (
        score.value == 1.0
        and score.baseline == pytest.approx(0.5, abs=0.02)
        and "rows themselves" in score.sentence
    )
    (noise,) = labels(rng.standard_normal((600, 2)), y, train, held_out)
    assert abs(noise.value - 0.5) < 4 * noise.error
    assert (
        labels(codes, y, train, held_out[:9]) == []
        and labels(codes, np.full(600, "red", object), train, held_out) == []
    )


def test_targets_are_classes_as_text():
    assert set(DATASETS["iris"]().load().targets()) == {"setosa", "versicolor", "virginica"}
    assert set(DATASETS["digits"]().load().targets()) == set("0123456789")
    numbers = DATASETS["spiral"]().load()
    assert numbers.rows[numbers.label].nunique() > 50 and numbers.targets() is None


def test_a_set_is_trained_and_ranked_on_the_page():
    item = state.Data(small("table"))
    services().datasets.put(item)
    app = open_page("compare", data=item.id)
    assert not app.exception and "Nothing to compare yet" in " ".join(i.value for i in app.info)
    pills = next(g for g in app.get("button_group") if g.key == f"compare-{item.id}")
    pills.set_value(["PCA", "VAE"])
    next(b for b in app.button if b.key == "compare-train").click().run()
    assert not app.exception and not app.error
    data = app.query_params["data"]
    until(
        lambda: (
            not any(
                r.state in ("waiting", "running")
                for r in state.runs()
                if r.dataset == (data if isinstance(data, str) else data[0])
            )
        )
    )
    app.run()
    assert not app.exception and not app.error, app.error
    assert "leads on" in words(app) and "The same items through every model" in words(app)
    table = next(d.value for d in app.dataframe if "rank" in d.value)
    assert set(table["model"]) == {"PCA", "VAE"} and sorted(table["rank"]) == [1, 2]


def test_the_lead_is_said_with_who_is_level():
    def entries(*values):
        return [
            Entry(str(i), i, "PCA", 2, 0, 1.0, [Score("R²", v, "", unit="share", error=0.01)])
            for i, v in enumerate(values)
        ]

    say = lambda *values: lead(ranking(entries(*values), "R²"), "R²", "share")
    assert say(0.5, 0.9) == "#1 PCA leads on R², by 40 % before #0 PCA."
    assert say(0.9, 0.9) == "2 models are level on R²: #0 PCA, #1 PCA."


def test_a_score_that_nobody_has_cannot_rank():
    for known in ([], [Entry("0", 0, "PCA", 2, 0, 1.0, [Score("AUC", 0.9, "")])]):
        with pytest.raises(ValueError, match="'AUC' is no score of two models or more"):
            ranking(known, "AUC")
