"""The delimiter of a table as text, and where a table begins and ends in text and workbooks."""

import io
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DataError, read_dataset
from lvm_core.datasets.readers.dialect import find_delimiter, is_table

ROWS = [["nut", i * 0.5, i % 7] if i % 3 else ["fig", i * 0.5, i % 7] for i in range(30)]
BODY = "\n".join(",".join(map(str, row)) for row in ROWS)
LEFT_OUT = "Read from line"


def comma(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def read(text: str, name: str = "t.csv", **options):
    """What is read, which the options in effect must give again."""
    data = read_dataset(text.encode(), name, **options)
    again = read_dataset(text.encode(), name, reader="csv", **data.source["options"])
    assert again.fingerprint == data.fingerprint
    return data


def said(data) -> str:
    return next((note for note in data.notes if note.startswith(LEFT_OUT)), "")


def workbook(sheets: dict[str, list[list]], merged: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# -- delimiter -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 19, 20, 60, 500])
def test_semicolons_with_decimal_commas(n):
    rng = np.random.default_rng(n)
    values = rng.normal(100, 60, (n, 2)).round(2)
    text = "a;b\n" + "\n".join(";".join(map(comma, row)) for row in values)
    data = read(text)
    assert data.source["options"]["delimiter"] == ";"
    np.testing.assert_allclose(data.rows[["a", "b"]].to_numpy(), values)


def test_one_column_of_decimal_commas_is_one_column():
    with pytest.raises(DataError, match="1 usable column"):
        read_dataset(b"A\n-9999,0\n-1,5\n2,5\n3,25\n", "one.csv")
    names = read("x\n1,0.5\n2,0.7\n3,0.1\n4,0.9\n", kind="table", types={"row name": "integer"})
    assert names.rows.shape == (4, 2)  # its first values count the rows


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a\tb\n1,5\t2,5\n3,5\t4,5\n", "\t"),
        ("place\tname\n1.5,2.5\tx\n3.5,4.5\ty\n", "\t"),
        ("k;x;w\n1;2,5;a, b\n2;3,5;c, d\n", ";"),
        ('k,x,w\n1,2.5,"a; b"\n2,3.5,"c; d"\n', ","),
        ("a|b\n1,5|2\n2,5|3\n", "|"),
        ("a;b\n1.234,5;2\n2.345,6;3\n", ";"),
        ("label\ttext\nx\tone, two; three\ny\tfour, five; six\n", "\t"),
        ("a b\n1 2\n3 4\n", " "),
        (" a  b\n 1  2\n10 20\n", r"\s+"),
        ("a\t\tb\n1\t\t2\n3\t\t4\n", r"\t+"),
        ("a\tb\tc\n1\t\t2\n\t3\t4\n", "\t"),
        ("words alone\nand more of them\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_leaves_values(text, delimiter):
    assert find_delimiter(text) == delimiter


def test_a_word_with_spaces_stays_one_value_between_two_spaces():
    cities = ["Ulm", "New York", "Rio de Janeiro"]
    text = "city            pop   area\n" + "\n".join(
        f"{cities[i % 3]:<15} {i * 7:4d}   {i * 0.5:.1f}" for i in range(30)
    )
    data = read(text, "cities.txt")
    assert set(data.rows["city"]) == set(cities) and data.rows["pop"][4] == 28


@pytest.mark.parametrize("name", ["cars.data", "cars.txt"])
def test_aligned_columns_with_quoted_words(name):
    text = "\n".join(
        f'{18 + i * 0.1:.1f}   {4 + i % 3}   {300 + i:.1f}\t"ford {i % 3} torino"'
        for i in range(30)
    )
    data = read(text, name)
    assert data.rows.shape == (30, 4) and data.rows["column 4"][1] == "ford 1 torino"


@pytest.mark.parametrize(
    "text",
    [
        "| name | x | y |\n|:-----|--:|:-:|\n{}\n",
        "# Sizes\n\nAs measured.\n\n| name | x | y |\n|---|---|---|\n{}\n",
        "+---+---+---+\n| name | x | y |\n+---+---+---+\n{}\n+---+---+---+\n30 rows in set\n",
    ],
)
def test_tables_of_markdown_and_of_databases(text):
    rows = "\n".join(f"| {a} | {b} | {c} |" for a, b, c in ROWS)
    for name in ("table.md", "table.txt"):
        data = read(text.format(rows), name)
        assert list(data.rows.columns) == ["name", "x", "y"] and len(data) == 30


def test_prose_and_numbers_among_words_stay_documents():
    assert not is_table("In 1999 we met.\nIt was warm and 2 of us left.\nNobody said a word.\n")
    assert not is_table("one two three four\nfive six seven eight\nnine ten eleven twelve\n")
    assert read_dataset(b"red 2 apples\ngreen apples\nred cherries\n", "f.txt").kind == "text"


def test_escaped_quotation_marks():
    text = "k,x,w\n" + "\n".join(f'{i % 5},{i * 0.5},"he said \\"a, {i % 3}\\""' for i in range(30))
    assert read(text).rows["w"][1] == 'he said "a, 1"'


# -- where the table begins ------------------------------------------------------------------------

OVER = {
    "a title": ("Title, of 2020\n", 2),
    "many titles": ("Title\n" * 40, 41),
    "blank lines": ("\n\n\n", 4),
    "a padded title": (",,\nSales 2020,,\n", 3),
    "keys and values": ("Station,Ulm\nHeight,478\n", 3),
    "a list longer than the table": ("".join(f"Key{i},{i}\n" for i in range(40)), 41),
    "comments": ("# made by hand, in 2020\n# twice\n", 3),
}


@pytest.mark.parametrize("case", OVER)
def test_lines_over_the_table(case):
    over, line = OVER[case]
    data = read(f"{over}name,x,y\n{BODY}\n")
    assert list(data.rows.columns) == ["name", "x", "y"] and len(data) == 30
    assert data.source["options"]["first_line"] == line
    assert not over.strip("\n") or said(data).startswith(f"Read from line {line}; left out: ")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_the_delimiter(line):
    data = read(f"{line}\nname;x;y\n{BODY.replace(',', ';')}\n")
    assert list(data.rows.columns) == ["name", "x", "y"] and len(data) == 30


@pytest.mark.parametrize("over", ["", "Rainfall of cities\n\n"])
@pytest.mark.parametrize("named", ["", "city "])
def test_row_names_without_a_name_beside_one_column(over, named):
    lines = [f'"{named}{i}",{60 + i % 7}.5' for i in range(1, 31)]
    text = over + "\n".join(['"","rain"', *lines])
    with pytest.raises(DataError, match="1 usable column; .* column 1"):
        read(text)
    data = read(text, types={"column 1": "categorical"})
    assert list(data.rows) == ["column 1", "rain"] and data.rows["rain"].iloc[0] == 61.5


def test_row_names_that_are_numbers_are_no_quantity():
    rows = [f"{61617 + 3 * i},{i % 5},{i % 7}" for i in range(40)]
    dataset = read_dataset(("\n".join([",first,second", *rows])).encode(), "r.csv")
    assert [c.name for c in dataset.codec.columns] == ["first", "second"]
    headless = read_dataset("\n".join(rows).encode(), "r.csv", header="no")
    assert len(headless.codec.columns) == 3


def test_names_behind_a_comment_sign():
    rows = "\n".join(f"{i % 7} {i * 0.5} {i % 3}" for i in range(30))
    assert list(read(f"# made by x\n# t u v\n{rows}\n", "t.dat").rows.columns) == ["t", "u", "v"]
    items = "# of items,price\n" + "\n".join(f"{i % 7},{i * 0.5}" for i in range(30))
    assert list(read(items).rows.columns) == ["# of items", "price"]


def test_comments_among_the_rows_but_not_values_that_begin_so():
    lines = BODY.split("\n")
    data = read("name,x,y\n" + "\n".join([*lines[:9], "# a break, here", *lines[9:]]))
    assert len(data) == 30 and "Comment lines left out: 1." in data.notes
    colours = "colour,x\n" + "\n".join(f"#ff000{i % 3},{i * 0.5}" for i in range(30))
    assert set(read(colours, kind="table").rows["colour"]) == {"#ff0000", "#ff0001", "#ff0002"}
    cells = "k,x,w\n" + "\n".join(f'{i % 5},{i * 0.5},"a\n# b"' for i in range(30))
    assert read(cells, kind="table").rows["w"][0] == "a\n# b"


@pytest.mark.parametrize(
    "below",
    [
        "[s],[V],[A]",
        ",[V],[A]",
        "s,mV,A",
        "sec,counts,deg C",
        "numeric,numeric,numeric",
        "---,---,---",
        "Time in s,Spannung in V,Strom in A",
        '"{""id"": 1}","{""id"": 2}","{""id"": 3}"',
    ],
)
def test_rows_of_units_types_and_descriptions(below):
    rng = np.random.default_rng(0)
    values = "\n".join(",".join(f"{v:.3f}" for v in rng.normal(size=3)) for _ in range(30))
    data = read(f"Time,Voltage,Current\n{below}\n{values}\n")
    assert list(data.rows.columns) == ["Time", "Voltage", "Current"] and len(data) == 30
    assert "1 line of units or types" in said(data)
    assert data.X.shape == (30, 3)


@pytest.mark.parametrize("first", ["ash,,", "ash,NA,-", "ash,oops,3", ",,2"])
def test_a_first_row_with_gaps_is_an_item(first):
    data = read(f"name,x,y\n{first}\n{BODY}\n")
    assert list(data.rows.columns) == ["name", "x", "y"] and len(data) == 31


def test_groups_over_names_that_repeat_are_joined():
    rows = [[f"P{i}", 60 + i, 90 - i, 60 + i % 7, 90 - i % 5] for i in range(30)]
    head = [["", "Before", "", "After", ""], ["id", "sys", "dia", "sys", "dia"]]
    names = ["id", "Before sys", "Before dia", "After sys", "After dia"]
    text = read("\n".join(",".join(map(str, row)) for row in head + rows))
    cells = [[v or None for v in row] for row in head]
    book = read_dataset(workbook({"s": cells + rows}, ("B1:C1", "D1:E1")), "t.xlsx")
    for data in (text, book):
        assert list(data.rows.columns) == names and len(data) == 30
        assert any("Two rows of names were joined" in note for note in data.notes)
        assert data.source["options"]["header"] == "two"


def test_years_are_names_and_are_told():
    rows = "\n".join(f"c{i},{i * 0.5},{i * 0.25},{i % 5}" for i in range(30))
    data = read(f"GDP,,,\n\ncountry,2001,2002,2003\n{rows}\n")
    assert list(data.rows.columns) == ["country", "2001", "2002", "2003"] and len(data) == 30
    assert any("Numbers were read as names" in note for note in data.notes)
    assert len(read(f"country,2001,2002,2003\n{rows}\n", header="no", kind="table")) == 31
    years = [str(y) for y in range(1990, 2015)]
    lines = [",".join([f"c{i}", *(f"{i * k % 7}.5" for k in range(1, 26))]) for i in range(9)]
    wide = read("\n".join([",".join(["country", *years]), *lines]))
    assert wide.kind == "array" and list(wide.rows.columns) == ["country", *years]


def test_a_header_that_is_data():
    rows = "\n".join(f"n{i},{i * 0.5}" for i in range(1, 30))
    data = read(f"ann,2.5\n{rows}\n", kind="table", label="none", types={"column 1": "categorical"})
    assert len(data) == 30 and any("first row was read as data" in n for n in data.notes)


# -- where it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        lambda i: f"1/{i % 28 + 1}/2024 {i % 12 + 1}:30 PM",
        lambda i: f"Ulm {i % 4} Süd",
        lambda i: f'"[0.{i} -{i}.5 2 3 4 5 6 7]"',
    ],
)
def test_spaces_within_values_before_a_comma_delimit_nothing(value):
    data = read("when,v\n" + "\n".join(f"{value(i)},{i / 40:.3f}" for i in range(40)))
    assert data.source["options"]["delimiter"] == "," and list(data.rows)[-1] == "v"
    assert len(data) == 40


def test_decimal_commas_of_scientific_numbers():
    numbers = np.random.default_rng(0).lognormal(0, 9, (40, 2))
    text = "\n".join(["a;b", *(f"{a:.3e};{b:.2E}".replace(".", ",") for a, b in numbers)])
    data = read(text)
    np.testing.assert_allclose(data.rows, numbers, rtol=1e-2)


def test_single_quotation_marks_around_values_are_none_of_them():
    lines = [f"'{i / 7:.2f}','{i % 9}','{'ab'[i % 2]}, or so'" for i in range(40)]
    data = read("\n".join(["'v','n','w'", *lines]))
    assert list(data.rows) == ["v", "n", "w"] and data.rows["v"].dtype == float
    assert data.rows["w"].iloc[1] == "b, or so"
    lines[3] = "'0.43','3','b's, or so'"  # an apostrophe: the marks are kept as they are
    assert read("\n".join(["'v','n','w'", *lines])).rows.iloc[0, 0] == "'0.00'"


def test_numbers_stored_as_text_in_a_workbook_may_have_a_decimal_comma():
    rows = [
        [float(i), f"{i / 8:.2f}".replace(".", ","), f"{i + 1},{i * 7 + 100}"] for i in range(40)
    ]
    data = read_dataset(workbook({"s": [["a", "b"], *rows]}), "t.xlsx")
    assert data.rows["b"].tolist() == [round(i / 8, 2) for i in range(40)]
    assert data.source["options"]["decimal"] == ","
    thousands = [[i * 1.5 % 7, f"{i + 1},{i * 7 + 100}"] for i in range(40)]
    data = read_dataset(workbook({"s": [["a", "b"], *thousands]}), "t.xlsx")
    assert data.rows["b"].iloc[2] == 3114


def test_two_colons_delimit_as_in_movielens():
    rows = [[i % 40, (i * 7) % 50, i % 5 + 1, 978300760 + i] for i in range(300)]
    text = "\n".join("::".join(map(str, row)) for row in rows)
    data = read(text, "ratings.dat")
    assert data.source["options"]["delimiter"] == "::" and data.rows.to_numpy().tolist() == rows
    addresses = read("ip,v,w\n" + "\n".join(f"fe80::{i},{i % 7},{i % 5}" for i in range(40)))
    assert addresses.source["options"]["delimiter"] == "," and len(addresses.rows.columns) == 3


@pytest.mark.parametrize(
    "header, line",
    [
        ("     mpg cyl disp", "Mazda RX{i} {v:.1f} {c} {d}"),
        ("          mpg cyl  disp", "Mazda RX{i:<3d}  {v:4.1f}   {c} {d:5d}"),
        ("car         mpg cyl disp", "Mazda {i:<4d}  {v:4.1f}   {c}    {d:5d}"),
        ("car mpg cyl disp", "Mazda RX Mk{i} {v:.1f} {c} {d}"),
        ("              mpg cyl disp", "{name:<14s}  {v:4.1f}  {c}  {d:5d}"),
    ],
)
def test_row_names_of_several_words_between_spaces(header, line):
    def row(i):
        name = ("Mr John Smith", "Bo", "Ann Lee")[i % 3]
        return line.format(i=i, v=i / 2, c=4 + i % 5, d=100 + i * 3, name=name)

    data = read("\n".join([header, *map(row, range(40))]))
    assert list(data.rows)[1:] == ["mpg", "cyl", "disp"] and len(data) == 40
    assert data.rows["mpg"].tolist() == [i / 2 for i in range(40)]
    assert data.rows["disp"].tolist() == [100 + i * 3 for i in range(40)]
    assert "  " not in data.rows.iloc[1, 0] and data.rows.iloc[1, 0] == row(1).rsplit(None, 3)[0]


@pytest.mark.parametrize("title", ["Sea level data", "Levels of the sea", "  Sea level data"])
@pytest.mark.parametrize("gap", [" ", "   "])
def test_a_title_of_words_over_a_table_between_spaces_names_nothing(title, gap):
    rows = [gap.join(f"{(i * j) % 7 + i / 40:.3f}" for j in range(1, 7)) for i in range(40)]
    data = read("\n".join([title, gap.join("abcdef"), *rows]), "t.dat")
    assert list(data.rows) == list("abcdef") and len(data) == 40
    assert data.rows.iloc[1].tolist() == [float(v) for v in rows[1].split()]
    bare = read("\n".join([title, *rows]), "t.dat")
    assert bare.rows.shape == (40, 6) and bare.rows.iloc[1, 0] == data.rows.iloc[1, 0]


def test_text_beside_few_numbers_is_not_taken_for_ratings():
    words = ["apples", "pears", "plums", "figs", "nuts", "dates"]
    texts = [" ".join(words[(i * k) % 6] for k in range(1, 10)) + f" user{i}" for i in range(200)]
    lines = [f"{text},{i % 5},u{i % 60}" for i, text in enumerate(texts)]
    assert len(read("\n".join(["comment,score,user", *lines]))) == 200


def test_years_under_groups_are_names():
    body = "\n".join(f"{i},{i * 2 % 37},{i % 11},{i * i % 53}" for i in range(40))
    names = ["Sales 2023", "Sales 2024", "Costs 2023", "Costs 2024"]
    assert list(read(f"Sales,,Costs,\n2023,2024,2023,2024\n{body}").rows) == names
    rows = "\n".join(f"R{i % 9},{line}" for i, line in enumerate(body.split("\n")))
    found = read(f"Region,Sales,,Costs,\n,2023,2024,2023,2024\n{rows}")
    assert list(found.rows) == ["Region", *names] and len(found) == 40
    lives = "\n".join(f"{1900 + i},{1960 + i},{1930 + i % 9}" for i in range(40))
    assert len(read(f"born,died,married\n{lives}")) == 40


@pytest.mark.parametrize(
    "end",
    [
        "Total,435.0,90",
        "\nSource: office",
        "\n\nSource: a, b, c, d\nRetrieved: 2020",
        'Grand Total,435.0,90\n"Source: Bureau, 2020"',
        "Source: office,,\n",
        "\nData from database: x\nLast Updated: 03/19/2021",
        "(30 rows)",
        "Summe,435.0,90",
    ],
)
def test_totals_and_sources_are_no_items(end):
    data = read(f"name,x,y\n{BODY}\n{end}\n")
    assert len(data) == 30 and "at the end (" in said(data)
    assert len(read(f"name,x,y\n{BODY}\n{end}\n", footer_lines=0)) > 30


@pytest.mark.parametrize("last", ["fig,,", "fig,5", "Total,yes,5", "a total,1,2", "Source,1,2"])
def test_a_last_row_with_gaps_or_such_a_word_is_an_item(last):
    data = read(f"name,x,y\n{BODY}\n{last}\n")
    assert len(data) == 31 and not said(data)


def test_repeated_headers_are_no_items():
    data = read("\n\n".join([f"name,x,y\n{BODY}"] * 3))
    assert len(data) == 90 and "Repeats of the header left out: 2." in data.notes
    assert data.rows["x"].dtype == float


# -- rows of other widths --------------------------------------------------------------------------


def test_wider_rows_are_kept_over_empty_cells_and_counts_are_true():
    lines = BODY.split("\n")
    some = [line + ",," * (i % 2) for i, line in enumerate(lines)]
    data = read("\n".join(["name,x,y", *some]))
    assert len(data) == 30 and not any("more than" in note for note in data.notes)
    data = read("\n".join(["name,x,y,", *lines]))
    assert len(data) == 30 and not any("more than" in note for note in data.notes)
    data = read("\n".join(["name,x,y", *lines, "fig,1,2,3", "fig,1,2,4"]))
    assert len(data) == 30 and "Rows with more than 3 values: 2; they were left out." in data.notes


def test_a_column_that_few_rows_fill_is_kept():
    lines = [line + (",seen" if i % 3 == 0 else "") for i, line in enumerate(BODY.split("\n"))]
    data = read("\n".join(["name,x,y,note", *lines]))
    assert len(data) == 30 and data.rows["note"].notna().sum() == 10


# -- corrections -----------------------------------------------------------------------------------


def test_what_was_found_can_be_corrected():
    text = f"name,x,y\nfig,1.5,2\n\nname,x,y\n{BODY}\n"
    data = read_dataset(text.encode(), "t.csv", first_line=4)
    assert len(data) == 30 and said(data).startswith("Read from line 4; left out: 3 lines over")
    assert len(read_dataset(text.encode(), "t.csv", first_line=4, unit_lines=2)) == 28
    assert len(read_dataset(text.encode(), "t.csv", first_line=4, footer_lines=3)) == 27
    with pytest.raises(DataError, match="has 34 lines, so no table begins at line 99"):
        read_dataset(text.encode(), "t.csv", first_line=99)


# -- workbooks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        ([["name", "x", "y"], *ROWS], 30),
        ([["Sales"], [], ["name", "x", "y"], *ROWS], 30),
        ([["Station", "Ulm"], ["Height", 478], [], ["name", "x", "y"], *ROWS], 30),
        ([["name", "x", "y"], [None, "[m]", "[s]"], *ROWS], 30),
        ([["name", "x", "y"], *ROWS, ["Total", 217.5, 90], [], ["Source: office"]], 30),
        ([["name", "x", "y"], ["ash", None, None], *ROWS], 31),
        ([["name", "x", "y"], *ROWS, ["name", "x", "y"], *ROWS], 60),
    ],
)
def test_a_workbook_is_read_as_the_same_text_is(rows, n):
    lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
    text = read_dataset("\n".join(lines).encode(), "t.csv")
    book = read_dataset(workbook({"s": rows}), "t.xlsx")
    assert len(book) == len(text) == n
    assert list(book.rows.columns) == list(text.rows.columns) == ["name", "x", "y"]
    np.testing.assert_allclose(book.X, text.X)
    keys = ("header", "first_line", "unit_lines", "footer_lines")
    assert [book.source["options"][k] for k in keys] == [text.source["options"][k] for k in keys]
    again = read_dataset(workbook({"s": rows}), "t.xlsx", **book.source["options"])
    assert again.fingerprint == book.fingerprint
    with pytest.raises(DataError, match="no table begins at row 900"):
        read_dataset(workbook({"s": rows}), "t.xlsx", first_line=900)


def test_a_sheet_about_the_others_is_passed_over():
    about = [["Field", "Meaning"], ["x", "length in m"], ["y", "width in m"], ["z", "depth"]]
    sheets = {"README": about, "data": [["name", "x", "y"], *ROWS]}
    data = read_dataset(workbook(sheets), "t.xlsx")
    assert data.source["options"]["sheet"] == "data" and len(data) == 30
    assert any("there is also: README" in note for note in data.notes)


def test_formulas_without_values_are_told():
    rows = [["a", "b", "sum"], *([i * 1.5, i % 7, f"=A{i + 2}+B{i + 2}"] for i in range(30))]
    data = read_dataset(workbook({"s": rows}), "t.xlsx")
    assert any("Formulas without stored values: sum" in note for note in data.notes)
    rows = [[f"={i}", f"={i}"] for i in range(9)]
    with pytest.raises(DataError, match="formulas have no stored values"):
        read_dataset(workbook({"s": rows}), "t.xlsx")


# -- groups of digits ------------------------------------------------------------------------------


def grouped(i: int, form: str) -> str:
    a, b, c, d = 1000 + 37 * i % 900, 10 + i % 89, 10 + 7 * i % 89, 1000 + 53 * i
    return form.format(a=a, b=b, c=c, d=d, e=a - 900)


@pytest.mark.parametrize(
    "form", ["+41 44 {e} {b} {c}", "044 {e} {b} {c}", "+1 (555) {e} {d}", "CH93 {a} {d} {a} {b}"]
)
@pytest.mark.parametrize("suffix", [".csv", ".txt", ".jsonl"])
def test_telephone_numbers_alone_are_neither_quantities_nor_documents(form, suffix):
    values = [grouped(i, form) for i in range(60)]
    content = "\n".join(["phone", *values])
    if suffix == ".jsonl":
        content = "\n".join(json.dumps({"phone": value}) for value in values)
    with pytest.raises(DataError, match="0 usable columns.*like a name or identifier: phone"):
        read_dataset(content.encode(), "p" + suffix)


def test_telephone_numbers_beside_others_stay_whole():
    lines = [f"{grouped(i, '+41 44 {e} {b} {c}')},{20 + i % 40},{i % 7}.5" for i in range(60)]
    data = read("\n".join(["phone,age,size", *lines]))
    assert data.kind == "table" and data.X.shape == (60, 2)
    assert data.rows["phone"][3] == grouped(3, "+41 44 {e} {b} {c}")
    assert data.rows["age"][3] == 23 and data.rows["size"][3] == 3.5


def test_signed_numbers_between_spaces_are_a_table():
    lines = [
        f"{'+' if i % 3 else '-'}{i % 9} {10 + i % 7} {20 + i % 11} {i % 5}" for i in range(60)
    ]
    assert read("\n".join(lines), label="none").X.shape == (60, 4)
    lines = [f"0{i % 9} {100 + i % 7} {20 + i % 11}" for i in range(60)]
    assert read("\n".join(lines), label="none").rows.shape == (60, 3)


# -- anything at all -------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(6, 40),
    delimiter=st.sampled_from([(",", "."), (";", ","), (";", "."), ("\t", ","), ("|", ".")]),
    over=st.lists(st.sampled_from(["", "Report of 2020", "Made by hand"]), max_size=4),
    units=st.sampled_from([None, ["", "[m]", "[s]"], ["-", "mm", "kg"]]),
    end=st.sampled_from(["", "\nSource: the office", "(all rows)"]),
    seed=st.integers(0, 99),
)
def test_a_table_is_found_whatever_stands_around_it(n, delimiter, over, units, end, seed):
    sign, decimal = delimiter
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "kind": rng.choice(["oak", "elm", "ash"], n),
            "length": rng.normal(20, 9, n).round(2),
            "weight": rng.normal(0, 3, n).round(3),
        }
    )
    head = [*over, sign.join(frame.columns)] + ([sign.join(units)] if units else [])
    body = frame.to_csv(sep=sign, decimal=decimal, index=False, header=False)
    data = read("\n".join(head) + "\n" + body + end, kind="table", label="none")
    assert data.rows["kind"].tolist() == frame["kind"].tolist()
    np.testing.assert_allclose(data.rows[["length", "weight"]], frame[["length", "weight"]])
    told = any(over) + bool(units) + bool(end.strip())
    assert bool(said(data)) == bool(told)
