"""Analyse: fill gaps, over the kinds of data it is for."""

import json

import pandas as pd
import pytest
from app_pages import finished, open_page, words
from waiting import until

from lvm_core import MODELS, read_dataset
from lvm_core.analysis.imputation import LINEAR, MODEL, fill_table, missing, verdict
from pages.ui import analyses

GAPS = "\n".join(
    ["height,born,city,member"]
    + [
        f"{150 + i * 7 % 40}.5,{1960 + i % 50}-03-{1 + i % 28:02d},{('Ulm', 'Bonn', 'Kiel', '')[i % 4] if i < 120 else 'Ulm'},{('yes', 'no', '')[i % 3] if i < 60 else 'no'}"
        for i in range(140)
    ]
)


@pytest.fixture(scope="module", params=["MIWAE", "PCA"])
def run(request):
    return finished(
        read_dataset(GAPS.encode(), name="gaps.csv"),
        MODELS[request.param](latent_dim=2, **({"epochs": 3} if request.param == "MIWAE" else {})),
    )


def test_the_question_is_answered_with_the_linear_baseline_beside(run):
    app = open_page("analyse", run=run.id, part="imputation")
    until(lambda: any("imputer" in d.value for d in app.run().dataframe))
    assert not app.exception, app.exception
    assert not app.error and "50 cells are missing" in words(app)
    compared = next(d.value for d in app.dataframe if "imputer" in d.value)
    assert {MODEL, LINEAR} <= set(compared["imputer"]) and "linear imputer" in words(app)


def test_the_filled_table_has_no_gaps_and_keeps_what_was_there(run):
    data = run.dataset
    complete, notes, cells = fill_table(run.fitted.model, data.codec, data.X, data.rows)
    assert (
        complete["city"].notna().all()
        and len(notes) == cells.to_numpy().sum() == data.rows.isna().sum().sum() == 50
    )
    assert complete["height"].equals(data.rows["height"].reset_index(drop=True))
    assert missing(data.X, data.schema).set_index("column").loc["city", "missing"] == 30


def test_pictures_are_told_why_not():
    class Pictures:
        class dataset:
            kind = "image"

    assert "tables" in analyses.discover()["imputation"].why_not(Pictures)


@pytest.mark.parametrize(
    "ours, linear, said",
    [
        (0.5, 0.4, "linear imputer fills these cells better"),
        (0.3, 0.4, "model fills these cells better"),
    ],
)
def test_the_verdict_names_who_is_better(ours, linear, said):
    assert said in verdict(
        pd.DataFrame(
            {"imputer": [MODEL, LINEAR], "rmse": [ours, linear], "right": [float("nan")] * 2}
        )
    )


def test_filled_dates_are_dates(run):
    app = open_page("analyse", run=run.id, part="imputation")
    until(lambda: any("born" in d.value for d in app.run().dataframe))
    filled = next(d for d in app.dataframe if "born" in d.value)
    assert json.loads(filled.proto.columns)["born"]["type_config"]["type"] == "date"
    shown = filled.proto.arrow_data.styler.display_values
    assert b"1960-03-01" in shown and b"00:00:00" not in shown
    assert b"157.5" in shown and b"157.500000" not in shown
