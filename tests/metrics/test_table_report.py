"""The report on a generated table: SDMetrics' own values, the definitions written out naively, and
tables whose faults are known.
"""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from lvm_core.export.table_report_page import page
from lvm_core.metrics import TableReport, table_report
from lvm_core.metrics.samples.detection import detection
from lvm_core.metrics.samples.fidelity import alpha_precision_beta_recall
from lvm_core.metrics.samples.mixed import mixed_rows, nearest_mixed
from lvm_core.metrics.samples.privacy import (
    attribute_attack,
    closest_record_share,
    exact_copies,
    membership_attack,
    personal_columns,
)
from lvm_core.metrics.samples.rules import rules
from lvm_core.metrics.samples.tables import column_pair_trends, column_shapes, trends_mean
from lvm_core.metrics.samples.usefulness import train_on_generated


def people(n, seed=0, linked=True):
    rng = np.random.RandomState(seed)
    age = rng.uniform(20, 60, n).round(1)
    other, third = (age, age) if linked else (rng.permutation(age), rng.permutation(age))
    return pd.DataFrame(
        {
            "age": age,
            "income": 100 * other + rng.normal(0, 200, n),
            "born": pd.Timestamp("2000-01-01") - pd.to_timedelta(age.astype(int), "D"),
            "city": np.where(third > 45, "Ulm", np.where(third > 30, "Bonn", "Kiel")),
            "member": rng.uniform(size=n) < 0.3,
        }
    )


# -- SDMetrics -------------------------------------------------------------------------------------


def mixed(n, shift):
    """A table of numbers, dates, categories and truth values with gaps, constant columns and an
    empty one, the same in every version of NumPy and pandas.
    """
    i = np.arange(n)
    draw = lambda a, m: (i * a + shift * 13) % m
    some = lambda values, every, dtype: pd.Series(values, dtype=dtype).where(
        (i + shift) % every > 0
    )
    size = draw(7919, 101) + draw(31, 7) / 8 + shift
    when = pd.Timestamp("2020-02-28") + pd.to_timedelta(size.round() * 5, "D")
    return pd.DataFrame(
        {
            "size": some(size, 9, float),
            "double": 2 * size + draw(523, 41) * (1 + shift),
            "count": draw(104729, 6),
            "same": 4.0,
            "still": np.where((i % 50 == 3) & (shift > 0), 1.0, 0.0),
            "when": some(when, 11, "datetime64[ns]"),
            "zero": np.where(draw(17, 5) > 2, 0.0, size),
            "kind": some(np.array(list("abcabd"))[draw(7919, 6 - shift)], 7, object),
            "place": np.array(["Ulm", "Bonn", "Kiel", "Hof"])[
                (size // 27).astype(int) % (4 - shift)
            ],
            "member": draw(29, 10 + shift) < 4,
            "new": np.where((i % 40 == 1) & (shift > 0), "seldom", "often"),
            "gone": np.nan,
        }
    )


# from the package itself: sdmetrics 0.32.0 with pandas 2 (it takes no pandas 3, so it cannot be
# asked here), ColumnShapes and ColumnPairTrends of sdmetrics.reports.single_table._properties on
# mixed(300, 0) and mixed(240, 1); kind, place, member and new as categorical or boolean
SHAPES = {
    "size": 0.9782517040264211,
    "double": 0.875,
    "count": 1.0,
    "same": 1.0,
    "still": 0.9791666666666666,
    "when": 0.9780419016921837,
    "zero": 0.9541666666666667,
    "kind": 0.8326848249027238,
    "place": 0.7925,
    "member": 0.9666666666666667,
    "new": 0.9750000033333333,
    "gone": np.nan,
}
# in the order of itertools.combinations(columns, 2)
# fmt: off
PAIRS = [
    0.9736609653547648, 0.9928923912468991, np.nan, np.nan,
    0.9999998418090883, 0.9620361177808322, 0.7383333333333333, 0.7683333333333333,
    0.9275, 0.9533333333333334, np.nan, 0.9999695471176643,
    np.nan, np.nan, 0.973679768921341, 0.9779105813168779,
    0.7491666666666668, 0.6841666666666666, 0.9083333333333333, 0.9133333333333333,
    np.nan, np.nan, np.nan, 0.9947543388561452,
    0.9999724273842756, 0.39083333333333337, 0.775, 0.9666666666666667,
    0.975, np.nan, np.nan, np.nan,
    np.nan, 0.855, 0.7925, 0.9666666666666667,
    0.975, np.nan, np.nan, np.nan,
    0.0, 0.0, 0.0, 1.1102230246251565e-16,
    np.nan, 0.9616067148319891, 0.7783333333333333, 0.7566666666666666,
    0.905, 0.9566666666666667, np.nan, 0.5325,
    0.7358333333333333, 0.8666666666666667, 0.9258333333333333, np.nan,
    0.6683333333333332, 0.8508333333333333, 0.8508333333333333, 0.855,
    0.7783333333333333, 0.7833333333333333, 0.7925, 0.9541666666666666,
    0.9666666666666667, 0.975,
]
# fmt: on
# means of ColumnShapes and of ColumnPairTrends; the second and the overall score of QualityReport
SHAPES_MEAN, PAIRS_MEAN = 0.9392253121776967, 0.7939197783601363
STRONG_MEAN, QUALITY = 0.8349752112134752, 0.8871002616955859


@pytest.fixture(scope="module")
def both():
    return mixed(300, 0), mixed(240, 1)


def test_column_shapes_are_those_of_sdmetrics(both):
    found = column_shapes(*both)
    assert_allclose(found["value"], list(SHAPES.values()), atol=1e-9, rtol=0)
    assert found["name"].tolist() == list(SHAPES)
    assert set(found.loc[found["measure"] == "TVComplement", "name"]) == {
        "kind",
        "place",
        "member",
        "new",
    }
    assert_allclose(found["value"].mean(), SHAPES_MEAN, atol=1e-9, rtol=0)


def test_column_pair_trends_are_those_of_sdmetrics(both):
    found = column_pair_trends(*both)
    assert_allclose(found["value"], PAIRS, atol=1e-9, rtol=0)
    assert_allclose(trends_mean(found), PAIRS_MEAN, atol=1e-9, rtol=0)
    assert_allclose(trends_mean(found, strong=True), STRONG_MEAN, atol=1e-9, rtol=0)


def test_the_report_says_the_numbers_of_sdmetrics(both):
    numbers = table_report(both[0], both[0][:0], both[1]).sdmetrics
    wanted = [SHAPES_MEAN, PAIRS_MEAN, STRONG_MEAN, QUALITY]
    assert_allclose(list(numbers.values()), wanted, atol=1e-9, rtol=0)


def test_columns_of_every_type_can_be_compared_with_gaps_and_without():
    rng, n = np.random.RandomState(0), 120
    whole = pd.DataFrame(
        {
            "when": pd.to_datetime(rng.randint(0, 10**9, n), unit="s"),
            "zoned": pd.to_datetime(rng.randint(0, 10**9, n), unit="s").tz_localize("UTC"),
            "count": pd.array(rng.randint(0, 50, n), dtype="Int64"),
            "flag": pd.array(rng.uniform(size=n) > 0.5, dtype="boolean"),
            "kind": pd.Categorical(rng.choice(list("abc"), n)),
            "mixed": rng.choice([1, 2, None], n),
            "same": 1.0,
            "number": rng.normal(size=n),
            "empty": np.nan,
        }
    )
    gaps = whole.copy()
    gaps.loc[::7, ["when", "zoned", "count", "flag", "kind", "number"]] = None
    for real, generated in ((whole, gaps), (gaps, whole)):
        report = table_report(real[:80], real[80:], generated)
        assert len(report.columns) == 9 and len(report.pairs) == 36 and len(report.checks) == 13
        assert all(np.isfinite(check.score.value) for check in report.checks)
        assert all(check.score.sentence.endswith(".") for check in report.checks)
        back = TableReport.from_json(report.to_json())
        pd.testing.assert_frame_equal(back.pairs, report.pairs, check_dtype=False)
    same = column_shapes(gaps, gaps)["value"].dropna(), column_pair_trends(gaps, gaps)["value"]
    assert_allclose([same[0].min(), same[1].min()], 1)


# -- two-sample test, precision, learning ----------------------------------------------------------


@pytest.mark.parametrize("classifier", ("logistic", "boosting"))
def test_a_classifier_tells_shuffled_columns_from_real_ones_only_where_it_sees_pairs(classifier):
    real, other = people(800), people(800, 1)
    apart, far = people(800, 2, False), people(800, 3)
    far["age"] += 100
    A, B, C, D = mixed_rows(real, other, apart, far)
    told = [detection(A, side, classifier).score for side in (B, C, D)]
    assert told[0] > 0.85 and told[2] < 0.01
    # logistic regression sees each column by itself
    assert told[1] < 0.05 if classifier == "boosting" else told[1] > 0.85


def test_the_score_of_detection_is_that_of_the_mean_auc_of_its_folds():
    A, B = mixed_rows(people(300), people(300, 1).assign(age=lambda t: t["age"] + 4))
    found = detection(A, B)
    assert 0.5 < found.auc < 1
    assert found.score == pytest.approx(1 - (2 * found.auc - 1))


def test_alpha_precision_and_beta_recall_are_their_definition():
    rng = np.random.RandomState(0)
    A, B = rng.normal(size=(60, 3)), 0.5 * rng.normal(size=(60, 3))
    levels, centre = np.linspace(0, 1, 30), A.mean(0)
    far = lambda X, Y: np.sqrt(np.square(X[:, None] - Y).sum(2))
    radii = np.quantile(np.linalg.norm(A - centre, axis=1), levels)
    alpha = [np.mean(np.linalg.norm(B - centre, axis=1) <= r) for r in radii]
    own = np.sort(far(A, A), axis=1)[:, 1]
    near, made = far(A, B).min(1), B[far(A, B).argmin(1)]
    out = np.linalg.norm(made - B.mean(0), axis=1)
    beta = [np.mean((near <= own) & (out <= r)) for r in np.quantile(out, levels)]
    wanted = [1 - np.abs(levels - np.array(c)).sum() / levels.sum() for c in (alpha, beta)]
    assert_allclose(alpha_precision_beta_recall(A, B), wanted)


def test_alpha_precision_and_beta_recall_are_those_of_synthcity():
    """What its AlphaPrecision.metrics, of version 0.2.12, gives for the same rows."""
    rng = np.random.RandomState(0)
    theirs = [
        (0.9490068965517241, 0.5016),
        (0.28346666666666664, 0.3656),
        (0.6102666666666667, 0.4090666666666666),
    ]
    for spread, wanted in zip((1, 0.5, 1.3), theirs):
        A, B = rng.normal(size=(500, 4)), spread * rng.normal(size=(500, 4)) + 0.2
        assert_allclose(alpha_precision_beta_recall(A, B), wanted, rtol=1e-12)


def test_generated_rows_that_keep_the_relations_teach_as_much_as_real_ones():
    train, test = people(400), people(200, 1)
    useful, useless = (
        train_on_generated(train, people(400, 2, linked), test, ["income", "city"]).set_index(
            "name"
        )
        for linked in (True, False)
    )
    assert useful["measure"].tolist() == ["R²", "ROC AUC"]
    assert (useful["real"] > 0.8).all() and (abs(useful["made"] - useful["real"]) < 0.1).all()
    assert (useless["made"] < [0.1, 0.65]).all() and (useless["made"] >= -1).all()
    every = train_on_generated(train, train, test, label="city")
    assert every["name"][0] == "city" and set(every["name"]) == set(train.columns)
    assert (every["real"] == every["made"]).all()


# -- privacy ---------------------------------------------------------------------------------------


def test_nearest_records_are_those_of_one_hot_rows_by_absolute_differences():
    real, asked = people(150), people(40, 1)
    real.loc[::9, "age"], asked.loc[::7, "city"] = None, None
    X, Q = mixed_rows(real, asked)
    flat = [
        np.hstack([side.scaled(), np.eye(9)[side.codes].reshape(len(side), -1)]) for side in (Q, X)
    ]
    far = np.abs(flat[0][:, None] - flat[1]).sum(2)
    D, I = nearest_mixed(Q, X, 3)
    assert_allclose(D, np.sort(far, axis=1)[:, :3])
    assert_allclose(np.take_along_axis(far, I, 1), D)


def test_planted_copies_are_found():
    every = people(1000)
    train, held_out, fresh = every[:600], every[600:800], people(300, 9)
    fresh.iloc[[5, 50, 299]] = train.iloc[[1, 10, 100]]
    report = table_report(train, held_out, fresh)
    copies = report.check("Exact copies")
    assert copies.score.value == pytest.approx(0.01) and copies.verdict == "poor"
    assert sorted(report.copies.to_numpy().tolist()) == [[5, 1], [50, 10], [299, 100]]
    assert "3 of 300" in copies.score.sentence
    clean = table_report(train, held_out, people(300, 9)).check("Exact copies")
    assert clean.score.value == 0 and clean.verdict == "good"


def test_a_table_of_copies_is_caught_by_every_attack():
    train, held_out, fresh = mixed_rows(people(300), people(300, 1), people(300, 2))
    for rows, least, most in ((train, 0.99, 1.0), (fresh, 0.4, 0.6)):
        share, error = closest_record_share(rows, train, held_out)
        assert least <= share <= most and 0 < error < 0.1
        auc, error = membership_attack(train, held_out, rows)
        assert least <= auc <= most and 0 < error < 0.05
    rng = np.random.RandomState(0)
    secret = people(300).assign(ill=rng.uniform(size=300) < 0.5)
    train, held_out = mixed_rows(secret, people(300, 1).assign(ill=rng.uniform(size=300) < 0.5))
    found = attribute_attack(train, train, held_out, ["ill", "income"])
    assert (found["made"] > found["real"] + 3 * found["error"]).all()
    none = attribute_attack(train, held_out, held_out, ["ill", "income"])
    assert (none["made"] == none["real"]).all()
    assert found["guess"][0] == max(secret["ill"].mean(), 1 - secret["ill"].mean())


def test_equal_distances_take_no_side_and_rows_are_compared_in_all_columns():
    rows = pd.DataFrame({"a": [1.0, 2.0, np.nan, -0.0], "b": list("xyxy")})
    train, held_out = mixed_rows(rows, rows)
    assert closest_record_share(train, train, held_out)[0] == 0.5
    other = rows.assign(a=[1.0, 2.5, np.nan, 0.0], b=list("yyxy"))
    assert exact_copies(*mixed_rows(rows, other)[::-1]).tolist() == [-1, -1, 2, 3]


def test_personal_data_is_pointed_out_and_verbatim_text_counted():
    n = 60
    words = [f"this is comment number {i} of all" for i in range(n)]
    real = pd.DataFrame(
        {
            "mail": [f"u{i}@x.org" for i in range(n)],
            "customer": [f"C{7 * i:05d}" for i in range(n)],
            "comment": words,
            "city": ["Ulm", "Bonn"] * (n // 2),
        }
    )
    made = real.assign(mail="new@x.org", customer="C99999", comment=words[:30] + ["none"] * 30)
    found = personal_columns(real, made).set_index("name")
    assert found["what"].to_dict() == {
        "mail": "e-mail addresses",
        "customer": "identifiers",
        "comment": "free text",
    }
    assert found["verbatim"].to_dict() == {"mail": 0.0, "customer": 0.0, "comment": 0.5}
    report = table_report(real[:40], real[40:], made)
    assert report.check("Personal data").verdict == "poor"
    drawn = {shape["name"] for shape in report.shapes}
    assert drawn == {"city"} and "u3@x.org" not in report.to_json()


def test_rules_that_hold_in_the_data_are_found_and_counted():
    start = np.arange(100) % 37
    real = pd.DataFrame(
        {"start": start, "end": start + 1 + np.arange(100) % 5, "kind": ["a", "b"] * 50}
    )
    made = real.assign(kind=["a", "c"] * 50, end=real["end"].astype(float))
    made.loc[:9, "end"] = made.loc[:9, "start"] - 1.5
    found = rules(real, made, real[:20])
    table = found.table.set_index("rule")["made"]
    assert table["start is at most end"] == 0.1 and table["end is whole"] == 0.1
    assert table["kind is one of the 2 values it has"] == 0.5
    assert found.made == pytest.approx(0.55) and found.real == 0
    assert found.table["rule"][0].startswith("kind")


# -- the whole -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports():
    train, held_out = people(600), people(300, 1)
    return {
        linked: table_report(train, held_out, people(600, 2, linked), label="city")
        for linked in (True, False)
    }


def test_a_second_real_table_gets_what_real_rows_get(reports):
    report = reports[True]
    for check in report.checks:
        assert check.verdict == "good", check
        if check.real is not None:
            assert check.score.value == pytest.approx(check.real, abs=0.15)
    assert report.summary.startswith(f"{len(report.checks)} good of")


def test_independent_columns_are_poor_where_pairs_count(reports):
    report = reports[False]
    assert report.check("Column shapes").verdict == "good"
    for name in (
        "Column pair trends",
        "Two-sample test (gradient boosting)",
        "Learnt: the label",
        "Learnt from generated rows",
    ):
        assert report.check(name).verdict == "poor", report.check(name)
        assert name in report.summary
    assert report.check("Two-sample test (gradient boosting)").score.value < 0.1
    worst = report.pairs.iloc[0]
    assert (
        "member" not in {worst["a"], worst["b"]} and report.pairs["value"].is_monotonic_increasing
    )


def test_it_is_repeatable_and_survives_json(reports):
    report = reports[True]
    text = report.to_json()
    again = table_report(people(600), people(300, 1), people(600, 2), label="city").to_json()
    assert text == again
    back = TableReport.from_json(text)
    assert back.to_json() == text and back.checks == report.checks
    assert json.loads(text)["checks"][0]["verdict"] == "good"


@pytest.mark.parametrize(
    "text, words",
    [
        ("[]", "no report"),
        ('{"format": 99}', "reads up to 1"),
        ('{"format": 1, "rows": {}}', "not whole"),
    ],
)
def test_other_json_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        TableReport.from_json(text)


def test_columns_that_are_not_generated_are_named():
    real = people(200).assign(remark=[f"word for word {i}" for i in range(200)])
    report = table_report(real[:120], real[120:], people(120, 1), label="city")
    assert "Not generated, so nothing is said of them: remark." in report.notes
    assert "remark" not in set(report.columns["name"])
    report = table_report(people(120), people(60, 1), people(120, 2), label="city")
    assert not report.notes


def test_html_shows_hostile_names_and_values_as_text():
    bad = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    real = people(120).rename(columns={"age": bad}).assign(city=[bad, "<b>Ulm</b>"] * 60)
    report = table_report(real[:80], real[80:], people(100, 1, False).rename(columns={"age": bad}))
    text = page(report, bad, (bad,)).decode()
    assert "<img" not in text and "<script" not in text and "<b>Ulm" not in text
    assert "&lt;b&gt;Ulm" in text and "&lt;img" in text
    assert "default-src 'none'" in text and "http:" not in text and "https:" not in text


def test_it_can_be_stopped_and_refuses_what_is_too_small():
    real = people(60)
    phases = []
    stopped = table_report(
        real, real, real, on_step=lambda p: phases.append(p.phase) or p.step >= 1
    )
    assert [check.score.name for check in stopped.checks] == ["Column shapes", "Column pair trends"]
    assert phases[:2] == ["columns and pairs", "two-sample tests"]
    with pytest.raises(ValueError, match="at least 20 each"):
        table_report(real, real, real[:5])
    few = table_report(real, real[:5], real)
    assert "held-out" in few.notes[0]
    assert "Membership inference" not in {check.score.name for check in few.checks}


def test_kolmogorovs_distance_is_scipys():
    real, generated = people(400), people(300, 1)
    generated["age"] += 5
    shapes = column_shapes(real, generated).set_index("name")["value"]
    assert_allclose(shapes["age"], 1 - stats.ks_2samp(real["age"], generated["age"]).statistic)
