"""The table of an SPSS, Stata or SAS file as Parquet. See ``__init__``."""

import json
import sys
from pathlib import Path


class Unreadable(Exception):
    """A sentence without its subject."""


def bound(bytes_: int, seconds: int) -> None:
    """No more memory and time than a file may need."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (4 * bytes_ + 2**31, 4 * bytes_ + 2**31))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def main(folder: Path) -> dict:
    """What ``said.json`` says."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    import pandas as pd
    import pyreadstat

    read = getattr(pyreadstat, f"read_{asked['form']}")
    path, most = str(folder / "input"), asked["rows"]
    try:
        _, meta = read(path, metadataonly=True)
        columns = len(meta.column_names)
        if columns > asked["columns"]:
            raise Unreadable(f"has {columns:,} columns; the limit is {asked['columns']:,}.")
        if (meta.number_rows or 0) > most:
            raise Unreadable(f"has {meta.number_rows:,} rows; the limit is {most:,}.")
        options = {"apply_value_formats": True, "formats_as_category": False}
        if asked["form"] in ("sas7bdat", "xport"):  # whose labels lie in another file
            options = {}
        frame, meta = read(path, row_limit=most + 1, **options)
    except (Unreadable, MemoryError):
        raise
    except Exception:  # of any kind: ReadstatError, unicode, overflow
        return {}
    if len(frame) > most:
        raise Unreadable(f"has more than {most:,} rows, which is the limit.")
    if len(frame) * columns > asked["cells"]:
        raise Unreadable(f"has more than {asked['cells']:,} values, which is the limit.")
    for i in range(columns):
        column = frame.iloc[:, i]
        if column.dtype == object:  # words, days, numbers with a name for some
            times = pd.to_datetime(column, errors="coerce") if dates(column) else None
            frame.isetitem(i, words(column) if times is None else times)
    frame = frame.set_axis([str(i) for i in range(frame.shape[1])], axis=1)
    frame.to_parquet(folder / "table.parquet", index=False)
    titles = [str(t or "")[:200] for t in meta.column_labels]
    return {"names": list(meta.column_names), "titles": titles}


def dates(column) -> bool:
    """Whether all there is are days or moments."""
    import datetime

    there = column.dropna()
    return len(there) > 0 and all(isinstance(v, datetime.date) for v in there)


def words(column):
    """Text, None where there is none; a whole number among names is written as one."""
    return column.map(
        lambda v: (
            None
            if v is None or v != v or v == ""
            else str(int(v))
            if isinstance(v, float) and v.is_integer()
            else str(v)
        )
    )


if __name__ == "__main__":
    place = Path(sys.argv[1])
    limits = json.loads((place / "asked.json").read_text(encoding="utf-8"))
    bound(limits["bytes"], limits["seconds"])
    try:
        said = main(place)
    except Unreadable as error:
        said = {"refused": str(error)}
    except MemoryError:
        said = {"refused": "takes more memory to read than there is for it; bring a part of it."}
    (place / "said.json").write_text(json.dumps(said), encoding="utf-8")
