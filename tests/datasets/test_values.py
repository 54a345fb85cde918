"""Values as people write them: numbers, gaps, dates, identifiers."""

import json

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DataError, read_dataset
from lvm_core.datasets.dates import may_be_dates, numbers_to_dates, to_dates
from lvm_core.datasets.infer import infer_column
from lvm_core.datasets.numbers import parse_number, to_numbers
from lvm_core.datasets.single import rows_like


def column(values, name="v", **options):
    return infer_column(pd.Series(list(values), name=name, dtype="str"), **options)


def read_v(values, **options):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"v": list(values), "o": rng.normal(size=len(values)).round(3)})
    return read_dataset(csv_of(frame), "v.csv", **options)


# -- missing words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    [":", "..", "-", "—", "\\N", "n.d.", "#DIV/0!", "n.a.", "unknown", "N.A.", "k. A.", ": u", "*"],
)
def test_a_word_for_missing_does_not_make_numbers_words(mark):
    found = column([mark if i % 3 == 0 else f"{i}.5" for i in range(60)])
    assert found.type == "numeric" and found.values.isna().sum() == 20
    assert any(f"20 of 60 values are {mark!r} and were read as missing" in n for n in found.notes)
    dates = column([mark if i % 3 == 0 else f"2024-01-{1 + i % 28:02d}" for i in range(60)])
    assert dates.type == "date" and dates.values.isna().sum() == 20


def test_marks_are_missing_among_categories_and_words_stay():
    marked = column(["red", "blue", "n.a.", ".."] * 5)
    assert marked.type == "categorical" and marked.values.isna().sum() == 10
    assert set(column(["garage", "street", "none", "unknown"] * 5).values) == {
        "garage",
        "street",
        "none",
        "unknown",
    }
    for answers in (["+", "-"], ["x", "-"], ["+", "-", "."]):
        assert column(answers * 9).values.notna().all(), answers
    assert column(["true", "false", "-"] * 5).type == "boolean"
    assert column([":"] * 9).reason == "without any value"


def test_what_a_person_says_is_missing_is_and_comes_back_from_the_options():
    values = ["-200" if i % 5 == 0 else "not asked" if i % 5 == 1 else f"{i}.5" for i in range(60)]
    data = read_v(values, missing="-200.0, Not asked")
    assert data.rows["v"].isna().sum() == 24 and data.source["options"]["missing"]
    again = read_v(values, **data.source["options"])
    assert again.fingerprint == data.fingerprint
    parquet = infer_column(pd.Series([-200, 3, 4], name="v"), missing=["-200"])
    assert parquet.values.isna().tolist() == [True, False, False]
    german = infer_column(
        pd.Series(["-99,9", "1,5", "2,5"], dtype="str"), decimal=",", missing=["-99,9"]
    )
    assert german.values.isna().sum() == 1


def test_a_number_far_from_all_others_is_asked_about():
    notes = column(["-999" if i % 9 == 0 else f"{i}.5" for i in range(60)]).notes
    assert notes == [
        "v: 7 of 60 values are -999, far from all others; if that means missing, say so under "
        "Missing values."
    ]
    assert not column(["-999" if i % 9 == 0 else f"{i * 50}.5" for i in range(60)]).notes


def test_json_that_mixes_numbers_and_words():
    lines = "\n".join(json.dumps({"v": "-" if i % 4 == 0 else i, "o": i % 7}) for i in range(60))
    data = read_dataset(lines.encode(), "m.jsonl")
    assert data.source["options"]["types"]["v"] == "integer" and data.rows["v"].isna().sum() == 15


# -- numbers ---------------------------------------------------------------------------------------

WRITTEN = {
    "\u22125.2": -5.2,
    "(12.50)": -12.5,
    "($1,200.50)": -1200.5,
    "-$5": -5,
    "$-5": -5,
    "5.00-": -5,
    "3+": 3,
    "<0.5": 0.5,
    "≥ 5": 5,
    "10+ years": 10,
    "2 or more": 2,
    "1.23*": 1.23,
    "12[a]": 12,
    "12²": 12,
    "14.3 kg": 14.3,
    "USD 10.47": 10.47,
    "12.68 EUR": 12.68,
    "Rs.500": 500,
    "₹90,627": 90627,
    "64.9k": 64900,
    "1.2 Mio €": 1.2e6,
    "3 lakh": 3e5,
    "20,98,577": 2098577,
    "1'234.5": 1234.5,
    "1 234.5": 1234.5,
    "1.5 x 10^3": 1500,
    "1.5D+03": 1500,
    "5 m²": 5,
    "－５": -5,
    "٣٤": 34,
    "5.-": 5,
}


@pytest.mark.parametrize("word, value", WRITTEN.items())
def test_numbers_as_people_write_them(word, value):
    found = parse_number(word)
    assert found is not None and found.value == value


@pytest.mark.parametrize(
    "word",
    ["1-2", "12A", "1st", "5 May", "5 AM", "2020 Q1", "1.2.3", "10/2", "10:30", "C85", "(5", "5)"]
    + ["--5", "1,23", "0,123", "5.2 (3)", "", "-", "()", "No. 5", "0x1F", "12 34", "$5 kg"],
)
def test_words_that_are_no_numbers(word):
    assert parse_number(word) is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.sampled_from(".,"), st.booleans())
def test_any_word_is_a_number_or_not(word, decimal, dotted):
    found = parse_number(word, decimal, dotted)
    assert found is None or isinstance(found.value, float)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-1e12, 1e12).map(lambda v: round(v, 3)),
    st.sampled_from(["{}", "({})", "{}-", "\u2212{}", "${}", "{} kg", "{}%", "{}+", "EUR {}"]),
    st.sampled_from([".", ","]),
)
def test_a_number_comes_back_from_every_form(value, form, decimal):
    written = f"{abs(value):,.3f}"
    if decimal == ",":
        written = written.translate(str.maketrans(",.", ".,"))
    found = parse_number(form.format(written), decimal)
    negative = form in ("({})", "{}-", "\u2212{}")
    assert found is not None and found.value == (-abs(value) if negative else abs(value))


@pytest.mark.parametrize(
    "form", ["\u2212{:.2f}", "({:,.2f})", "{:.2f}-", "(${:,.2f})", "−{:,.2f} €"]
)
@pytest.mark.parametrize("every", [2, 4, 13])
def test_signs_are_read_and_said(form, every):
    values = np.random.default_rng(0).uniform(1, 3000, 80)
    found = column(
        [form.format(v) if i % every == 0 else f"{v:,.2f}" for i, v in enumerate(values)]
    )
    expected = np.where(np.arange(80) % every == 0, -1, 1) * values.round(2)
    np.testing.assert_allclose(found.values, expected, atol=0.006)
    if form[0] == "(":
        assert any("were read as -" in n for n in found.notes)


def test_bounds_are_numbers_with_a_note_or_categories_where_values_are_few():
    few = column(["3+" if i % 12 == 0 else str(i % 3) for i in range(96)])
    assert few.type == "categorical" and "choose the type numeric" in few.notes[0]
    asked = column(["3+" if i % 12 == 0 else str(i % 3) for i in range(96)], wanted="numeric")
    assert asked.values.max() == 3 and "8 of 96 values like '3+' were read as 3, the bound" in str(
        asked.notes
    )
    many = column(["<0.5" if i % 13 == 0 else f"{i / 7:.2f}" for i in range(96)])
    assert many.type == "numeric" and many.values.notna().all()
    assert "v: 8 of 96 values like '<0.5' were read as 0.5, the bound." in many.notes
    assert set(column([">50K", "<=50K"] * 9).values) == {">50K", "<=50K"}


def test_units_are_one_or_the_words_stay():
    one = column([f"{i}.5 kg" if i % 3 else f"{i}.5" for i in range(30)])
    assert one.type == "numeric" and "the unit 'kg' was removed; 10 of 30" in one.notes[0]
    days = column([f"{i} day" + "s" * (i != 1) for i in range(30)])
    assert days.type == "integer"
    for several in (["kg", "lb"], ["mW", "MW"]):
        mixed = column([f"{i}.5 {several[i % 2]}" for i in range(30)])
        assert mixed.type == "ignore" and "several units" in mixed.notes[0]
    assert column([f"${i}" if i % 2 else f"€{i}" for i in range(30)]).type == "ignore"
    south = column([f"{i}.5°{'NS'[i % 2]}" for i in range(30)])
    assert south.values[:2].tolist() == [0.5, -1.5]
    flagged = column([f"{i}.5{['', '', ' e', ' p'][i % 4]}" for i in range(40)])
    assert flagged.values.notna().all() and "flags (e, p)" in flagged.notes[0]


def test_percent_beside_shares_are_shares_and_said():
    shares = column([f"{i}%" if i % 5 == 0 else f"{i / 100}" for i in range(100)])
    np.testing.assert_allclose(shares.values, np.arange(100) / 100)
    assert any("20 of 100 values are percent" in n for n in shares.notes)
    numbers = column([f"{i}%" if i % 5 == 0 else f"{i}" for i in range(100)])
    assert numbers.values[50] == 50 and any("are percent" in n for n in numbers.notes)


def test_few_numbers_and_a_word_are_categories():
    found = column(["absent" if i % 11 == 0 else str(1 + i % 6) for i in range(100)])
    assert found.type == "categorical" and "'absent'" in found.notes[0]
    assert column(["oops" if i % 11 == 0 else f"{i}.5" for i in range(100)]).type == "numeric"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*WRITTEN, ":", "x", "", "1.5", "7", "12%", "1,5"]), max_size=30))
def test_every_value_is_read_missing_or_counted(words):
    series = pd.Series(words, dtype="str")
    numbers = to_numbers(series, ".")
    assert (
        len(numbers.values) == len(words) and not (numbers.missing & numbers.values.notna()).any()
    )


# -- identifiers -----------------------------------------------------------------------------------


def test_long_identifiers_come_back_digit_for_digit():
    ids = [1234567890123456700 + (i % 20) * 3 for i in range(80)]
    records = [{"user": v, "x": i * 0.3, "y": i % 5} for i, v in enumerate(ids)]
    files = {
        "a.csv": csv_of(pd.DataFrame(records)),
        "a.jsonl": "\n".join(map(json.dumps, records)).encode(),
        "a.parquet": pd.DataFrame(records).to_parquet(),
    }
    for name, data in files.items():
        dataset = read_dataset(data, name)
        assert dataset.rows["user"].tolist() == [str(v) for v in ids], name
        asked = read_dataset(data, name, types={"user": "numeric"})
        assert asked.rows["user"].dtype == float, name


def test_identifiers_are_no_quantities():
    few = column([str(i % 20) for i in range(100)], name="store_id")
    assert few.type == "categorical"
    many = column([str(i % 80) for i in range(100)], name="userId")
    assert many.reason == "identifiers, which are no quantities"
    assert column([str(i % 80) for i in range(100)], name="covid").type == "integer"
    phones = column([f"+49 170 {1000000 + i % 50}" for i in range(100)])
    assert phones.values[0] == "+49 170 1000000"


def test_words_are_trimmed():
    found = column([" a", "a ", "a\xa0", "b\u200b"] * 5)
    assert set(found.values) == {"a", "b"}
    levels = infer_column(pd.Series([" a", "a", "b"] * 5, dtype="category"))
    assert set(levels.values) == {"a", "b"}


# -- dates -----------------------------------------------------------------------------------------

MOMENTS = pd.date_range("2021-03-01 13:05:07", periods=60, freq="31h")
FORMS = {
    "%m/%d/%Y %I:%M:%S %p": "s",
    "%Y-%m-%d %I:%M:%S %p": "s",
    "%m/%d/%Y, %I:%M:%S %p": "s",
    "%a, %d %b %Y %H:%M:%S GMT": "s",
    "%a %b %d %H:%M:%S +0000 %Y": "s",
    "%a %b %d %H:%M:%S %Y": "s",
    "[%d/%b/%Y:%H:%M:%S +0000]": "s",
    "%Y-%m-%d %H:%M:%S,000": "s",
    "%Y-%m-%d %H:%M:%S UTC": "s",
    "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)": "s",
    "%d-%b-%y %I.%M.%S.000000 %p": "s",
    "%A, %B %d, %Y": "D",
    "%B %dth, %Y": "D",
    "%d de %B de %Y": "D",
    "%G-W%V-%u": "D",
}


@pytest.mark.parametrize("form, precision", FORMS.items())
def test_dates_of_databases_mails_and_logs(form, precision):
    notes: list[str] = []
    dates = to_dates(pd.Series(MOMENTS.strftime(form), dtype="str", name="v"), False, notes)
    assert dates is not None
    pd.testing.assert_index_equal(
        pd.DatetimeIndex(dates).as_unit("ns"), MOMENTS.floor(precision).as_unit("ns"),
        exact=False, check_names=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "word, first", [("2000Q3", "2000-07-01"), ("2000-Q3", "2000-07-01"), ("Q3 2000", "2000-07-01")]
    + [("3Q2000", "2000-07-01"), ("2000M11", "2000-11-01"), ("2000-S2", "2000-07-01")]
    + [("2021-W05", "2021-02-01"), ("2021W05", "2021-02-01"), ("3. März 2021", "2021-03-03")]
    + [("1 août 2021", "2021-08-01"), ("03/2021", "2021-03-01"), ("Mar-2021", "2021-03-01")],
)  # fmt: skip
def test_parts_of_the_year_and_months_in_other_languages(word, first):
    dates = to_dates(pd.Series([word] * 3, dtype="str"), False, [])
    assert dates is not None and dates[0] == pd.Timestamp(first)


def test_zones_are_brought_to_utc_and_said():
    for words in (
        ["2021-03-01 10:00:00 CET", "2021-07-01 10:00:00 CEST"],
        ["2021-03-01T10:00:00+01:00", "2021-07-01T10:00:00+02:00"],
        ["01/Mar/2021:10:00:00 +0100", "01/Jul/2021:10:00:00 +0200"],
    ):
        notes: list[str] = []
        dates = to_dates(pd.Series(words, dtype="str", name="v"), False, notes)
        assert dates is not None and dates.dt.hour.tolist() == [9, 8], words
        assert notes == ["v: times were brought to UTC."]


def test_the_whole_column_says_which_of_day_and_month_is_first():
    words = ["03/04/2021"] * 2000 + ["25/04/2021"]
    notes: list[str] = []
    dates = to_dates(pd.Series(words, dtype="str"), False, notes)
    assert dates is not None and dates.notna().all() and dates[0].month == 4 and not notes


def test_numbers_are_dates_on_request():
    for values, first in (
        ([20230623, 20231130], "2023-06-23"),
        ([1600000000, 1600086400], "2020-09-13 12:26:40"),
        ([1600000000000, 1600086400000], "2020-09-13 12:26:40"),
        ([1600000000000000000, 1600086400000000000], "2020-09-13 12:26:40"),
        ([45000, 45001], "2023-03-15"),
        ([202306, 202307], "2023-06-01"),
        ([1999, 2001], "1999-01-01"),
    ):
        words = column(map(str, values * 9), wanted="date")
        typed = infer_column(pd.Series(values * 9, name="v"), wanted="date")
        for found in (words, typed):
            assert found.values[0] == pd.Timestamp(first), values
            assert "v: numbers such as" in found.notes[0]
    assert "20230623 may be 2023-06-23; choose the type date" in str(column(["20230623"] * 9).notes)
    assert not may_be_dates(pd.Series([20239999, 20230101]))
    assert numbers_to_dates(pd.Series([np.nan, 1.6e9]), []).isna().tolist() == [True, False]


def test_dates_asked_for_round_trip():
    values = [str(1600000000 + 86400 * i) for i in range(60)]
    data = read_v(values, types={"v": "date"})
    assert read_v(values, **data.source["options"]).fingerprint == data.fingerprint
    with pytest.raises(DataError, match="none of its values is one"):
        read_v(["red", "blue", "red"] * 9, types={"v": "date"})


def test_a_file_of_one_item_is_read_as_its_table_was():
    values = [f"{i}.5 kg,{1 + i % 28}/{1 + i % 12}/2021,{'ab'[i % 2]}" for i in range(60)]
    data = read_dataset(("w,d,k\n" + "\n".join(values)).encode(), "a.csv", label="none")
    back = data.decode(rows_like(data, b"w,d,k\n3.5 kg,27/2/2021,a\n4.5 kg,,b\n", "b.csv"))
    assert back["w"].round(1).tolist() == [3.5, 4.5]
    assert back["d"][0] == pd.Timestamp("2021-02-27")


@pytest.mark.parametrize(
    "form, first", [("{h}:{m:02d}", 8.5), ("{h:02d}:{m:02d}:36", 8.51), ("{h}:{m:02d} PM", 20.5)]
)
def test_times_of_day_are_hours_since_midnight_and_gaps_stay(form, first):
    words = [form.format(h=8 + i % 4, m=(30 + 7 * i) % 60) for i in range(40)]
    words[5] = None
    found = infer_column(pd.Series(words, name="start"))
    assert found.type == "numeric" and found.values[0] == pytest.approx(first)
    assert np.isnan(found.values[5]) and found.values.notna().sum() == 39
    assert found.notes == ["start: times of day were read as hours since midnight."]


@pytest.mark.parametrize("words", [["3:2", "1:0", "2:2"], ["35:12", "41:03", "38:55"], ["1:2:3"]])
def test_what_only_has_colons_is_no_time_of_day(words):
    found = infer_column(pd.Series(words * 9, name="result"))
    assert not any("times of day" in note for note in found.notes)


def test_text_that_is_another_in_every_row_is_no_colour():
    n = 20
    rows = [f"{i}.5,name {i},{'ab'[i % 2]},{f'n{i}' if i % 5 else ''}" for i in range(n)]
    table = read_dataset(("size,file,kind,nick\n" + "\n".join(rows)).encode(), name="t.csv")
    assert set(table.rows.columns) >= {"file", "nick"}
    assert set(table.colours()) == {"size", "kind"}
