"""The table of an SPSS, Stata or SAS file as Parquet. See ``__init__``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # at its end, so that it shadows nothing

from apart_program import Unreadable, run


def main(folder: Path, asked: dict) -> dict:
    """What ``said.json`` says."""
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
    run(main, times=4)
