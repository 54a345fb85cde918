"""Uploads as an attacker would send them: every reader on made-up files, memory under a stated
bound, nothing run, nothing written.
"""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from app_pages import open_page
from example_files import good_pictures, npy, packed, picture, zipped
from hostile_files import REFUSED, npy_saying, xlsx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from journeys import AT_REST, bring, corpus, generate, onward, see_map, train

from lvm_core import DataError, read_dataset
from lvm_core.export.encode import csv_bytes
from lvm_core.settings import LIMITS, Limits, check_environment, setting
from lvm_core.text import markdown, plotly

ROOT = Path(__file__).parents[1]
# what is promised: reading takes at most 32 times a file's size, or 640 MB where that is more
TIMES, LEAST = 32, 640 * 10**6


# -- every reader on files that nobody would write -------------------------------------------------


def survives(data: bytes, name: str, **options) -> None:
    """A sentence that was foreseen, or a dataset every part of which can be used."""
    try:
        dataset = read_dataset(data, name, **options)
    except DataError as error:
        assert "could not be read (" not in str(error) and len(str(error)) < 900
        return
    values = dataset.X.data if hasattr(dataset.X, "indptr") else dataset.X
    assert (
        len(dataset) >= 3
        and np.isfinite(values).all()
        and all(isinstance(note, str) for note in dataset.notes)
    )
    assert len(dataset.items([0, 2])) == len(dataset.decode(dataset.X[:2])) == 2
    assert (
        len(csv_bytes(dataset.rows))
        and len(dataset.fingerprint) == 64
        and isinstance(dataset.colours(), list)
    )
    assert json.dumps(dataset.codec.to_json(), allow_nan=True)


fuzz = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "NA",
            "1",
            "2.5",
            "-3e7",
            "1e400",
            "=1+1",
            "2024-02-30",
            "2024-02-28",
            "true",
            "no",
            "1,5",
            '"',
            "\0",
            "\ufeff",
            "\u202e",
            "🙂",
            "<b>",
        ]
    ),
    st.floats().map(str),
    st.integers().map(str),
)
TABLE = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(CELL, min_size=width, max_size=width + 1), min_size=3, max_size=12
    )
)
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.dates().map(str),
)
RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from("abcd") | st.text(max_size=6),
        VALUE
        | st.lists(VALUE, max_size=2)
        | st.dictionaries(st.text(max_size=3), VALUE, max_size=2),
        max_size=5,
    ),
    min_size=3,
    max_size=12,
)


@fuzz
@given(
    table=TABLE,
    delimiter=st.sampled_from(",;\t| "),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "shift_jis"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
    kind=st.sampled_from(["auto", "table", "array", "text"]),
)
def test_tables_as_text(table, delimiter, encoding, end, quoted, kind):
    lines = [
        delimiter.join('"' + c.replace('"', '""') + '"' if quoted else c for c in row)
        for row in table
    ]
    survives(end.join(lines).encode(encoding, errors="ignore"), "a.csv", kind=kind)


@fuzz
@given(
    records=RECORDS, lines=st.booleans(), kind=st.sampled_from(["auto", "table", "array", "text"])
)
def test_json(records, lines, kind):
    survives(
        "\n".join(map(json.dumps, records)).encode() if lines else json.dumps(records).encode(),
        "a.jsonl",
        kind=kind,
    )


@fuzz
@given(
    text=st.text(max_size=400) | st.lists(st.text(max_size=30), max_size=30).map("\n".join),
    encoding=st.sampled_from(["utf-8", "utf-16", "gb18030"]),
    name=st.sampled_from(["a.txt", "a", "a.md"]),
)
def test_text(text, encoding, name):
    survives(text.encode(encoding, errors="ignore"), name)


@fuzz
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                VALUE,
                st.sampled_from(["=1+1", '=HYPERLINK("http://a.example")', "#N/A", "#DIV/0!"]),
            )
            .map(
                lambda v: v if not isinstance(v, str) else "".join(c for c in v if c.isprintable())
            )
            .map(lambda v: v if not isinstance(v, int) or abs(v) < 2**53 else 7)
            .map(lambda v: None if isinstance(v, float) and not np.isfinite(v) else v),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=10,
    )
)
def test_workbooks(rows):
    survives(xlsx(rows), "a.xlsx")


@fuzz
@given(
    columns=st.dictionaries(
        st.text(max_size=8),
        st.sampled_from(
            ["ints", "floats", "words", "dates", "bools", "lists", "bytes", "levels", "gaps"]
        ),
        min_size=1,
        max_size=6,
    ),
    n=st.integers(1, 12),
    seed=st.integers(0, 99),
)
@example({"": "lists"}, 3, 0)  # nothing is left of it
def test_parquet(columns, n, seed):
    rng = np.random.default_rng(seed)
    make = {
        "ints": lambda: rng.integers(-9, 9, n),
        "floats": lambda: rng.choice([0.5, np.nan, np.inf, 1e300], n),
        "words": lambda: rng.choice(["=x", "<b>", "\u202ea", ""], n),
        "dates": lambda: pd.to_datetime(rng.integers(-(10**17), 10**18, n)),
        "bools": lambda: rng.random(n) > 0.5,
        "lists": lambda: [[1]] * n,
        "bytes": lambda: [b"\xff"] * n,
        "levels": lambda: pd.Categorical(rng.choice(["p", "q"], n)),
        "gaps": lambda: pd.array([None] * n, dtype="Int64"),
    }
    out = io.BytesIO()
    pd.DataFrame({name: make[kind]() for name, kind in columns.items()}).to_parquet(out)
    survives(out.getvalue(), "a.parquet")


@fuzz
@given(
    shape=st.lists(st.integers(-2, 10) | st.sampled_from([10**6, 2**62, 10**30]), max_size=5),
    dtype=st.sampled_from(
        [
            "<f4",
            ">f8",
            "<f2",
            "|u1",
            "<i8",
            "|b1",
            "<c16",
            "|O",
            "<U3",
            "|S2",
            "<M8[D]",
            "|V8",
            "nonsense",
            ("x", "f4"),
        ]
    ),
    data=st.binary(max_size=300),
    version=st.sampled_from([1, 2, 3, 9]),
)
def test_arrays(shape, dtype, data, version):
    survives(
        npy_saying(tuple(shape), dtype, data).replace(b"NUMPY\1", b"NUMPY" + bytes([version])),
        "a.npy",
    )


@fuzz
@given(
    n=st.integers(2, 6),
    dims=st.integers(1, 4),
    dtype=st.sampled_from(["f2", "f4", "f8", "u1", "i4", "?"]),
    seed=st.integers(0, 99),
    holes=st.booleans(),
)
def test_arrays_that_are_whole(n, dims, dtype, seed, holes):
    rng = np.random.default_rng(seed)
    array = (
        rng.normal(size=(n, *rng.integers(1, 7, dims - 1))) * 10.0 ** rng.integers(-3, 4)
    ).astype(dtype)
    if holes and array.dtype.kind == "f":
        array.flat[rng.integers(array.size, size=3)] = [np.nan, np.inf, -np.inf]
    survives(npy(array), "a.npy")


@fuzz
@given(
    names=st.lists(
        st.text(max_size=30).filter(bool)
        | st.sampled_from(
            [
                "../x.png",
                "/etc/x.png",
                "C:\\x.png",
                "a/../../x.png",
                "\u202egnp.exe",
                "🙂/é.png",
                "a\0b.png",
                "con.png",
                ".png",
                "x" * 300 + ".png",
                "__MACOSX/a.png",
            ]
        ),
        min_size=1,
        max_size=8,
    ),
    seed=st.integers(0, 20),
    what=st.sampled_from(["png", "txt", "csv", "mixed"]),
)
def test_zips_of_any_names(names, seed, what):
    content = {
        "png": packed(picture(seed)),
        "txt": b"one two three four\n",
        "csv": b"a,b\n1,2\n2,5\n7,1\n",
    }
    files = {}
    for i, name in enumerate(names):
        kind = what if what != "mixed" else list(content)[(seed + i) % 3]
        files[name if "." in name else f"{name}.{kind}"] = (
            content[kind] if kind != "png" else packed(picture(seed + i))
        )
    try:
        data = zipped(files)
    except (ValueError, IndexError, UnicodeEncodeError, struct_error()):
        # what zipfile itself cannot write, such as a name that is one NUL
        return
    survives(data, "a.zip")


def test_zips_with_a_name_that_is_one_nul():
    data = zipped(
        {"q": packed(picture(0)), **{f"{i}.png": packed(picture(i)) for i in range(1, 5)}}
    )
    data = data.replace(b"q\x89PNG", b"\0\x89PNG").replace(b"\0\0q", b"\0\0\0")
    assert b"q" not in zipfile.ZipFile(io.BytesIO(data)).namelist()[0].encode()
    survives(data, "a.zip")


def struct_error():
    import struct

    return struct.error


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(
        [
            b"",
            b"PK\3\4",
            b"PAR1",
            b"\x93NUMPY\1\0",
            b"\x89PNG\r\n",
            b"{",
            b"[",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"GIF89a",
            b"a,b\n1,2\n",
        ]
    ),
    data=st.binary(max_size=400),
    name=st.sampled_from(
        [
            "a.csv",
            "a.tsv",
            "a.parquet",
            "a.xlsx",
            "a.json",
            "a.jsonl",
            "a.npy",
            "a.npz",
            "a.zip",
            "a.txt",
            "a",
            "a.png",
        ]
    ),
)
def test_noise(start, data, name):
    survives(start + data, name)


# -- nothing is run --------------------------------------------------------------------------------


def test_pickles_in_parquet_metadata_are_never_loaded(tmp_path):
    import pickle

    import pyarrow as pa
    import pyarrow.parquet as pq

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    bad = pickle.dumps(Evil())
    field = pa.field(
        "a",
        pa.float64(),
        metadata={
            "ARROW:extension:name": "arrow.py_extension_type",
            "ARROW:extension:metadata": bad,
        },
    )
    schema = pa.schema(
        [field, ("b", pa.float64())],
        metadata={"pandas": b'{"index_columns": [{"kind": "range"}], "columns": "x"}', "evil": bad},
    )
    out = io.BytesIO()
    pq.write_table(pa.table([pa.array([1.0, 2, 4]), pa.array([3.0, 1, 7])], schema=schema), out)
    survives(out.getvalue(), "a.parquet")
    assert not (tmp_path / "evil").exists()


def test_a_workbook_that_grows_when_it_is_parsed():
    laughs = (
        "<!DOCTYPE x [<!ENTITY a0 'ha'>"
        + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 12))
        + "]>"
    )
    with zipfile.ZipFile(io.BytesIO(xlsx([["a", "b"], [1, 2], [2, 5], [4, 1]]))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    bad = laughs + sheet.replace("<v>1</v>", "<v>&a11;</v>")
    with pytest.raises(DataError):
        read_dataset(zipped(parts | {"xl/worksheets/sheet1.xml": bad.encode()}), "a.xlsx")


# -- memory ----------------------------------------------------------------------------------------


def cells(n: int) -> bytes:
    """A workbook of n rows with one cell each, and a row of 2000."""
    row = b"<row>%s</row>"
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + row % (b"<c><v>1</v></c>" * 2000)
        + row % b"<c><v>1</v></c>" * n
        + b"</sheetData></worksheet>"
    )
    with zipfile.ZipFile(io.BytesIO(xlsx([["a"]]))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    return zipped(parts | {"xl/worksheets/sheet1.xml": sheet})


MB = 10**6
SIZE = 8 * MB
BOMBS = {
    "100000 columns": lambda: (
        "a.csv",
        b"\n".join(b",".join(b"%d" % (i * j) for i in range(100_000)) for j in range(3)),
    ),
    "a cell of 50 MB": lambda: ("a.csv", b'a,b\n1,"' + b"x" * 50 * MB + b'"\n2,3\n4,5\n6,7\n'),
    "a document of 50 MB": lambda: ("a.txt", b"ab cd\n" * 3 + b"ab " * (50 * MB // 3)),
    "one JSON string of 50 MB": lambda: ("a.json", b'["' + b"x" * 50 * MB + b'"]'),
    "only commas": lambda: ("a.csv", b"," * SIZE),
    "lines of commas": lambda: ("a.csv", (b"," * (SIZE // 4) + b"\n") * 4),
    "rows without end": lambda: ("a.csv", b"1\n" * (SIZE // 2)),
    "empty lines": lambda: ("a.csv", b"a,b\n1,2\n" + b"\n" * SIZE + b"3,4\n"),
    "many small cells": lambda: ("a.csv", (b"1," * 999 + b"7\n") * (SIZE // 2000)),
    "lines of two letters": lambda: ("a.txt", b"ab\n" * (SIZE // 3)),
    "words that are all different": lambda: (
        "a.txt",
        b"".join(b"w%d w%d\n" % (i, i * 7 % 1_000_003) for i in range(SIZE // 14)),
    ),
    "many of them a line": lambda: (
        "a.txt",
        b"".join(b"\n" * (i % 8 == 0) + b"w%d " % i for i in range(3 * SIZE // 9)),
    ),
    "empty records": lambda: ("a.json", b"[" + b"{}," * (SIZE // 3) + b"{}]"),
    "empty lists": lambda: ("a.json", b"[" + b"[]," * (SIZE // 3) + b"{}]"),
    "strings of two letters": lambda: ("a.json", b"[" + b'"ab",' * (3 * SIZE // 5) + b'"ab"]'),
    "records of one number": lambda: ("a.jsonl", b'{"a":1}\n' * (SIZE // 8)),
    "a key for each record": lambda: (
        "a.jsonl",
        b"".join(b'{"k%d":1}\n' % i for i in range(SIZE // 13)),
    ),
    "brackets": lambda: ("a.json", b"[" * SIZE),
    "a row of 2000 in a narrow sheet": lambda: ("a.xlsx", cells(SIZE // 27)),
    "an array": lambda: (
        "a.npy",
        npy(np.random.default_rng(0).random((SIZE // 400, 100), np.float32)),
    ),
    "an array of bytes": lambda: (
        "a.npy",
        npy(np.random.default_rng(0).integers(0, 255, (SIZE // 10_000, 10_000), np.uint8)),
    ),
    "pictures": lambda: ("a.zip", zipped(good_pictures(2000, size=(32, 32)))),
}
MEASURE = """
import json, os, resource, sys
sys.path[:0] = ["tests", "tests/helpers", "."]
import pandas, pyarrow.parquet, openpyxl, PIL.Image, sklearn.feature_extraction.text, charset_normalizer
import test_uploads
from lvm_core import read_dataset, DataError
for name in test_uploads.BOMBS:
    file, data = test_uploads.BOMBS[name]()
    reading, writing = os.pipe()
    if os.fork() == 0:
        before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
        try:
            said = str(read_dataset(data, file).X.shape)
        except DataError as error:
            said = str(error)
        peak = 1024 * int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
        os.write(writing, json.dumps([name, len(data), max(0, peak - before), said[:200]]).encode() + b"\\n")
        os._exit(0)
    os.close(writing)
    print(os.read(reading, 2000).decode(), end="")
    os.wait()
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(),
    reason="memory is measured through /proc, which this system lacks",
)
def test_memory_stays_under_the_stated_bound():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=600,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row[0] for row in found] == list(BOMBS), done.stderr[-2000:]
    over = [
        (name, f"{size / MB:.1f} MB", f"{taken / MB:.0f} MB", said)
        for name, size, taken, said in found
        if taken > max(TIMES * size, LEAST)
    ]
    assert not over, over
    assert all("could not be read (" not in said for *_, said in found)


def test_an_array_on_disk_is_not_read_into_memory(tmp_path):
    """.npy by its path takes what its X takes and little more: the file itself is mapped."""
    array = np.random.default_rng(0).random((160_000, 100), np.float32)  # 64 MB
    np.save(tmp_path / "a.npy", array)
    program = (
        "import sys; from lvm_core import read_dataset; import pandas, sklearn.base\n"
        "anon = lambda: int(next(l for l in open('/proc/self/status') if "
        "l.startswith('RssAnon')).split()[1])\n"
        "before = anon(); d = read_dataset(sys.argv[1]); print(anon() - before, d.X.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.npy")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    taken, shape = done.stdout.split(" ", 1)
    assert shape.strip() == "(160000, 100)", done.stderr
    assert int(taken) * 1024 < 1.5 * array.nbytes


# -- limits as settings ----------------------------------------------------------------------------


def test_limits_are_settings():
    chosen = Limits.of_environment(
        {
            "LATENT_EXPLORER_ROWS": "5",
            "LATENT_EXPLORER_UPLOAD_BYTES": "2 GB",
            "LATENT_EXPLORER_CELLS": "1.5M",
            "LATENT_EXPLORER_COLUMNS": "",
        }
    )
    assert (chosen.rows, chosen.upload_bytes, chosen.cells, chosen.columns) == (
        5,
        2 * 2**30,
        3 * 2**19,
        Limits().columns,
    )
    for text in ("many", "-5", "0", "5 apples", "1e9"):
        with pytest.raises(ValueError, match="LATENT_EXPLORER_ROWS is .*expected a number above 0"):
            Limits.of_environment({"LATENT_EXPLORER_ROWS": text})
    assert LIMITS == Limits.of_environment()


@pytest.mark.parametrize(
    "variable, text, sentence",
    [
        ("PEOPLE", "several", "expected one or many"),
        ("SLOTS", "many", "how many fits"),
        ("SLOTS", "-1", "how many fits"),
        ("MEMORY", "lots", "GiB"),
        ("MEMORY", "-2", "GiB"),
        ("MEMORY", "inf", "GiB"),
        ("CHECKPOINT", "0", "seconds between"),
        ("CHECKPOINT", "nan", "seconds between"),
        ("ROWS", "1e9", "expected a number above 0"),
        ("ROW", "5", "did you mean LATENT_EXPLORER_ROWS?"),
        ("FAVOURITE_COLOUR", "blue", "is no setting"),
    ],
)
def test_a_setting_that_cannot_be_read_is_one_sentence_at_the_start(variable, text, sentence):
    name = f"LATENT_EXPLORER_{variable}"
    with pytest.raises(ValueError, match=sentence) as refused:
        check_environment(
            {name: text, "LATENT_EXPLORER_SLOTS": text if variable == "SLOTS" else "2", "HOME": "/"}
        )
    assert str(refused.value).startswith(name) and "\n" not in str(refused.value)
    for start in (
        "import lvm_core.cli; raise SystemExit(lvm_core.cli.main(['list']))",
        "import app",
    ):
        done = subprocess.run(
            [sys.executable, "-c", start],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {name: text},
        )
        assert done.returncode == 1 and done.stderr.strip() == str(refused.value)


def test_settings_are_read_as_people_write_them():
    check_environment(
        {
            "LATENT_EXPLORER_PEOPLE": "Many",
            "LATENT_EXPLORER_MEMORY": "1.5",
            "LATENT_EXPLORER_SLOTS": "",
            "LATENT_EXPLORER_ROWS": " 2,000 ",
        }
    )
    assert setting("people", {"LATENT_EXPLORER_PEOPLE": "Many"}) == "many"
    assert (
        setting("memory", {"LATENT_EXPLORER_MEMORY": "1.5"}) == 1.5 and setting("home", {}) is None
    )
    assert setting("home", {"LATENT_EXPLORER_HOME": "~/x"}).is_absolute()


# -- what people are shown -------------------------------------------------------------------------

EVIL = [
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "[click](javascript:alert(1))",
    "![t](http://127.0.0.2:9/t.png)",
    '=HYPERLINK("http://a.example")',
    "<a href='http://127.0.0.2:9'>x</a>",
    "\u202egnp.exe\u202c",
    "🙂‍🔥 שלום",
    ":material/bomb: $x^2$ `code`",
]


@given(st.text(max_size=60) | st.sampled_from(EVIL))
def test_escaped_text_says_nothing_to_whoever_interprets_it(text):
    shown = plotly(text)
    assert "<" not in shown and ">" not in shown and "://" not in shown
    inert = markdown(text)
    assert "://" not in inert and not any(
        c in "<[*`$_" and inert[i - 1 : i] != "\\" for i, c in enumerate(inert)
    )


@given(
    st.lists(st.text(max_size=20) | st.sampled_from(EVIL), min_size=1, max_size=5),
    st.text(min_size=1, max_size=10),
)
def test_no_cell_of_a_csv_begins_like_a_formula(words, name):
    import csv

    rows = list(
        csv.reader(
            io.StringIO(
                csv_bytes(pd.DataFrame({name: words, f"={name}": words})).decode("utf-8-sig"),
                newline="",
            )
        )
    )
    assert not [
        cell
        for row in rows
        for cell in row
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    ]


def test_no_upload_makes_a_traceback_on_the_page():
    app = open_page("data")
    for case in list(REFUSED)[::4]:
        name, content, _ = REFUSED[case]
        app.file_uploader(key="file").set_value((name, content, "application/octet-stream")).run()
        assert not app.exception, (case, app.exception)
        assert len(app.error) == 1 and "Traceback" not in app.error[0].value, case


def evil_table() -> bytes:
    """Names, labels and levels that would be markup anywhere they are not escaped."""
    import csv

    out, rng = io.StringIO(), np.random.RandomState(0)
    writer = csv.writer(out)
    writer.writerow([EVIL[0], EVIL[1], EVIL[3], "label"])
    for i in range(60):
        writer.writerow([rng.normal(), rng.normal(), EVIL[i % 6], EVIL[i % 4]])
    return out.getvalue().encode()


def evil_pictures() -> bytes:
    return zipped(
        {
            f"{'<img src=x onerror=window.hacked=1>' if i % 2 else '![t](http:||127.0.0.2)'}/<script>{i}.png": packed(
                picture(i, (16, 16))
            )
            for i in range(40)
        }
    )


def evil_texts() -> bytes:
    return b"\n".join(
        json.dumps(
            {
                "text": (
                    f"{EVIL[i % 6]} word{i % 5} other{i % 3} more words to be read here "
                    f"{line['headline']}"
                ),
                "topic": EVIL[i % 4],
            }
        ).encode()
        for i, line in enumerate(map(json.loads, corpus().splitlines()))
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    "name, content, model",
    [
        ("<img src=x onerror=window.hacked=1>.csv", evil_table(), "PCA"),
        ("<script>window.hacked=1<|script>.zip", evil_pictures(), "PCA"),
        ("![t](http:||127.0.0.2).jsonl", evil_texts(), "LSA"),
    ],
    ids=["table", "pictures", "texts"],
)
def test_markup_in_every_name_runs_nowhere(page, server, name, content, model):
    """Through every page; the page's own fixture fails for any console error (a broken policy
    is one) and any request to elsewhere.
    """
    bring(page, server, name, content)
    train(page, model)
    see_map(page)
    page.locator(".at-stage").hover()
    onward(page, "Explore")
    page.locator(".lx[data-code]").wait_for()
    page.evaluate(AT_REST)
    for part in page.locator(".lx canvas, .lx img").all()[:4]:
        part.hover(force=True)
    generate(page)
    assert page.evaluate("() => window.hacked") is None
    assert (
        page.locator(
            "img[src='x'], img[src*='127.0.0.2'], a[href*='127.0.0.2'], a[href^='javascript']"
        ).count()
        == 0
    )
