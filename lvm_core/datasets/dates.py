"""Words and numbers -> moments."""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd

from .missing import find_missing

DAYS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d. %B %Y",
    "%b %Y",
    "%B %Y",
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", "T%H:%M:%S", " %H:%M:%S.%f")
MORE_DAYS = (
    *("%Y-%m-%d", "%d %b %y", "%b %d, %y", "%d/%b/%Y", "%Y %b %d", "%Y-%b-%d", "%b-%d-%Y"),
    *("%b-%y", "%b-%Y", "%Y-%b", "%Y %b", "%m/%Y", "%m.%Y", "%m-%Y"),
)
MORE_TIMES = (" %I:%M:%S %p", " %I %p", " %I:%M:%S.%f %p")
LONGEST = 80  # characters, of nine in ten
LOOKS_LIKE_DATE = re.compile(
    r"\s*\[?(\d{1,4}[-/. ]+\w{1,9}([-/. ,]+\d{1,4})?|[^\W\d_]{3,9}\.?,?[ -]?\d{1,4},?"
    r"|[A-Za-z]{3,9}\.?,? [A-Za-z\d]|\d{4}[ -]?[A-Za-z]{1,2} ?\d|\d{8}T\d"
    r"|\d[.\w]{0,3}Q|[QWHSMKT]{1,2} ?\d)"
)
WEEKDAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?"
STEPS = (  # what is brought to a common form where dates are not read as they stand
    (r"\s*\([^)]*\)$", ""),  # the zone's name that JavaScript adds
    (r"(?i)(\d)\s*([ap])\.?\s?m\.?(?!\w)", r"\1 \2M"),
    (r"^\[?(\d{1,2}/[A-Za-z]{3}/\d{4}):(\d\d:\d\d:\d\d.*?)\]?$", r"\1 \2"),  # Apache's logs
    (  # C's ctime
        rf"^{WEEKDAY}\s+([A-Za-z]{{3}})\s+(\d{{1,2}})\s+([\d:.]+)\s*(\S+)?\s+(\d{{4}})$",
        r"\2 \1 \5 \3 \4",
    ),
    (rf"^{WEEKDAY}\s+", ""),
    (r"(?:,\s*|\s+(?:at|um|à)\s+|\s*[-–]\s+)(?=\d{1,2}:\d\d)", " "),
    (r"(?<= )(\d{1,2})\.(\d\d)\.(\d\d\.\d+)", r"\1:\2:\3"),  # Oracle
    (r"(\d),(\d+)(?=$| )", r"\1.\2"),  # seconds with a decimal comma
    (r"(?i)(\d{1,2})(?:st|nd|rd|th)\b", r"\1"),
    (r"\s+", " "),
)
ZONES = {  # hours before UTC
    name: hours
    for hours, names in (
        (0, "Z UTC GMT UT WET"),
        *((1, "BST CET MEZ WEST"), (2, "CEST MESZ EET"), (3, "EEST MSK"), (5.5, "IST")),
        *((9, "JST KST"), (10, "AEST"), (11, "AEDT"), (12, "NZST"), (13, "NZDT")),
        *((-4, "EDT"), (-5, "EST CDT"), (-6, "CST MDT"), (-7, "MST PDT"), (-8, "PST")),
    )
    for name in names.split()
}
ZONE = re.compile(
    rf"^(?P<rest>.*\d:\d\d[\d:.]*(?: [AaPp]M)?)\s?(?:GMT|UTC)?"
    rf"(?P<zone>[+-]\d\d(?::?\d\d)?|{'|'.join(ZONES)})$"
)
MONTHS = {  # the first letters of a month's name in German, French, Spanish, Italian, Portuguese
    **dict.fromkeys(("jän", "jan", "ene", "gen"), "Jan"),
    **dict.fromkeys(("feb", "fév", "fev"), "Feb"),
    **dict.fromkeys(("mär", "mae", "mar", "mrz", "maa"), "Mar"),
    **dict.fromkeys(("apr", "avr", "abr"), "Apr"),
    **dict.fromkeys(("mai", "may", "mag", "mei"), "May"),
    **dict.fromkeys(("jun", "juin", "giu"), "Jun"),
    **dict.fromkeys(("jul", "juil", "lug"), "Jul"),
    **dict.fromkeys(("aug", "aoû", "aou", "ago"), "Aug"),
    **dict.fromkeys(("sep", "set"), "Sep"),
    **dict.fromkeys(("oct", "okt", "ott", "out"), "Oct"),
    "nov": "Nov",
    **dict.fromkeys(("dec", "dez", "déc", "dic"), "Dec"),
}
TIME_OF_DAY = re.compile(
    r"(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:\.\d+)?))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
YEAR = r"(?P<y{}>(?:1[5-9]|2[01])\d\d)"
PERIODS = {  # of a year: how they are written, and how many months one has
    kind: ("|".join(form.replace("YEAR", YEAR.format(i)) for i, form in enumerate(forms)), months)
    for kind, months, forms in (
        (
            "quarters",
            3,
            (
                r"YEAR[ -/]?[QT](?P<k>[1-4])",
                r"[QT](?P<k1>[1-4])[ /'-]*YEAR",
                r"(?P<k2>[1-4])\.? ?(?:Q|Quartal)[ /-]?YEAR",
            ),
        ),
        ("months", 1, (r"YEAR[ -]?M(?P<k>0?[1-9]|1[0-2])", r"M(?P<k1>0?[1-9]|1[0-2])[ /-]YEAR")),
        ("half years", 6, (r"YEAR[ -]?[HS](?P<k>[12])", r"[HS](?P<k1>[12])[ /-]?YEAR")),
        (
            "weeks",
            0,
            (
                r"YEAR[ -]?(?:W|KW ?)(?P<k>\d{1,2})(?:-?(?P<d>[1-7]))?",
                r"(?:W|KW ?)(?P<k1>\d{1,2})[ /-]YEAR",
            ),
        ),
    )
}


def to_dates(
    words: pd.Series, day_first: bool, notes: list[str], force: bool = False
) -> pd.Series | None:
    """Words -> moments.

    Parameters
    ----------
    words : Series of str (n,)
        Words, trimmed, or missing.
    day_first : bool
        Whether the day stands first where nothing in the column says which.
    notes : list of str
        Added to, where something had to be decided.
    force : bool
        Whether one date is enough.

    Returns
    -------
    Series of datetime64 (n,) or None
        In UTC where the words name a zone, NaT where there is no date; None when fewer than nine in
        ten are dates (``force``: when none is).

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.dates import to_dates
    >>> to_dates(pd.Series(["3 Mar 2024", "17 Apr 2024"]), False, []).dt.month.tolist()
    [3, 4]
    >>> to_dates(pd.Series(["2000Q1", "2000Q4"]), False, []).dt.month.tolist()
    [1, 10]
    >>> to_dates(pd.Series(["red", "blue"]), False, []) is None
    True
    """
    seen = words.dropna()
    sample = seen.iloc[:: max(1, len(seen) // 200)]
    sample = sample[~find_missing(sample, among_numbers=True)]
    least = 1e-9 if force else 0.9
    if sample.empty or sample.str.len().quantile(0.9) > LONGEST:
        return None
    if not force and sample.str.match(LOOKS_LIKE_DATE).mean() < 0.9:
        return None
    for kind, (pattern, months) in PERIODS.items():
        if sample.str.fullmatch(pattern, flags=re.IGNORECASE).mean() >= max(least, 0.5):
            notes.append(f"{words.name}: {kind} such as {sample.iloc[0]} are their first day.")
            return _periods(words, pattern, months)
    formats = ["ISO8601", *(d + t for t, d in itertools.product(TIMES, DAYS))]
    good = _fitting(sample, formats, least)
    zones = None
    if not good or force and _share(sample, good[0]) < 0.9:
        clear, offset = _clear(sample)
        days, times = (*MORE_DAYS, *DAYS), (*TIMES, *MORE_TIMES)
        formats = [d + t for t, d in itertools.product(times, days)]
        better = _fitting(clear, formats, least)
        if better and (not good or _share(clear, better[0]) > _share(sample, good[0])):
            good, sample = better, clear
            words, zones = _clear(words)
            if offset.any():
                notes.append(f"{words.name}: times were brought to UTC.")
    if not good:
        return None
    best = _one_order(good, sample, words, day_first, notes)
    if best == "ISO8601" and sample.str.contains(r":\d\d[\d.]* ?[+-](?!00:?00)\d\d").any():
        notes.append(f"{words.name}: times were brought to UTC.")
    dates = pd.to_datetime(words, format=best, errors="coerce", utc=best == "ISO8601")
    dates = dates.dt.tz_localize(None)
    return dates if zones is None else dates - pd.to_timedelta(zones, unit="s")


def to_hours(words: pd.Series) -> pd.Series | None:
    """Times of day -> hours since midnight.

    Parameters
    ----------
    words : Series of str (n,)
        Words, trimmed, or missing.

    Returns
    -------
    Series of float (n,) or None
        NaN where there is no time; None when fewer than nine in ten are times.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.dates import to_hours
    >>> to_hours(pd.Series(["12:30", "18:45:36", "7:15 pm"])).tolist()
    [12.5, 18.76, 19.25]
    >>> to_hours(pd.Series(["3:2", "red"])) is None
    True
    """
    seen = words.dropna()
    sample = seen.iloc[:: max(1, len(seen) // 200)]
    if sample.empty or sample.str.fullmatch(TIME_OF_DAY).mean() < 0.9:
        return None
    parts = words.str.extract(rf"^{TIME_OF_DAY.pattern}$")
    hour, minute, second = (parts[part].astype(float) for part in ("h", "m", "s"))
    half = parts["half"].str.lower()
    hour = (hour % 12 + 12 * (half == "p")).where(half.notna(), hour)
    if cast(pd.Series, hour.notna()).sum() < 0.9 * len(seen):
        return None
    hours = hour + minute / 60 + second.fillna(0) / 3600
    return hours.round(6).rename(cast(str, words.name))


def numbers_to_dates(numbers: pd.Series, notes: list[str]) -> pd.Series:
    """Numbers -> moments: days written as 20230623, seconds since 1970, days as Excel counts.

    Parameters
    ----------
    numbers : Series (n,)
        The numbers, NaN where there is none.
    notes : list of str
        Added to, with what they were taken for.

    Returns
    -------
    Series of datetime64 (n,)
        In UTC; NaT where there is no moment.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.dates import numbers_to_dates
    >>> str(numbers_to_dates(pd.Series([20230623.0]), [])[0])
    '2023-06-23 00:00:00'
    >>> str(numbers_to_dates(pd.Series([1600000000.0]), [])[0])
    '2020-09-13 12:26:40'
    """
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    seen = values[~np.isnan(values)]
    kind, dates = "", None
    if len(seen) and (seen % 1 == 0).all() and (seen > 0).all():
        text = pd.Series(values, index=numbers.index).map("{:.0f}".format).where(~np.isnan(values))
        for name, form, size in (
            ("days written YYYYMMDD", "%Y%m%d", 8),
            ("moments written YYYYMMDDhhmmss", "%Y%m%d%H%M%S", 14),
            ("moments written YYYYMMDDhhmm", "%Y%m%d%H%M", 12),
            ("months written YYYYMM", "%Y%m", 6),
            ("years", "%Y", 4),
        ):
            if (text.str.len().dropna() == size).mean() < 0.9:
                continue
            read = pd.to_datetime(text, format=form, errors="coerce")
            plausible = read.dt.year.between(1000, 2999)
            if plausible.sum() >= 0.9 * len(seen):
                kind, dates = name, read.where(plausible)
    if dates is None:
        largest = np.abs(seen).max() if len(seen) else 0.0
        if largest < 200_000:
            kind, unit, start = "days since 1900, as Excel counts them", "D", "1899-12-30"
        else:
            unit = next(u for u, top in _EPOCHS.items() if largest < top)
            names = {
                "s": "seconds",
                "ms": "milliseconds",
                "us": "microseconds",
                "ns": "nanoseconds",
            }
            kind, start = f"{names[unit]} since 1970", "1970-01-01"
        dates = pd.Series(
            pd.to_datetime(values, unit=cast(Any, unit), origin=start, errors="coerce"),
            index=numbers.index,
        ).dt.round("ms")
    example = f"{seen[0]:.15g}" if len(seen) else ""
    notes.append(f"{numbers.name}: numbers such as {example} were read as {kind}.")
    return dates.rename(cast(str, numbers.name))


_EPOCHS = {"s": 1e11, "ms": 1e14, "us": 1e17, "ns": np.inf}  # the year 5138, each time


def may_be_dates(column: pd.Series) -> str:
    """What whole numbers may be a date of, or ''.

    Parameters
    ----------
    column : Series of int (n,)
        Numbers, or missing; its name counts for seconds.

    Returns
    -------
    str
        An example and its date, for a sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.dates import may_be_dates
    >>> may_be_dates(pd.Series([20230623, 20230701, 20231130], name="day"))
    '20230623 may be 2023-06-23'
    >>> may_be_dates(pd.Series([1, 2, 3]))
    ''
    """
    seen = column.dropna()
    if not len(seen) or seen.min() < 1e7:
        return ""
    sample = seen.iloc[:: max(1, len(seen) // 200)]
    low, high = sample.min(), sample.max()
    timed = re.search(r"(?i)time|date|stamp|epoch|[a-z]_?at$|_ts$|^ts$|_ms$", str(column.name))
    epoch = timed and any(4e8 * k <= low and high <= 4e9 * k for k in (1, 1e3, 1e6, 1e9))
    if not epoch and not (1.7e7 < low and high < 2.2e7):
        return ""
    dates = numbers_to_dates(sample.astype(float), [])
    if not epoch and (dates.isna().any() or dates.dt.hour.any()):
        return ""
    return f"{sample.iloc[0]} may be {str(dates.iloc[0]).removesuffix(' 00:00:00')}"


def _share(sample: pd.Series, form: str) -> float:
    read = pd.to_datetime(sample, format=form, errors="coerce", utc=form == "ISO8601")
    return float(read.notna().mean())


def _fitting(sample: pd.Series, formats: list[str], least: float) -> list[str]:
    """The formats that fit best, if they do."""
    fits = {f: _share(sample, f) for f in formats}
    best = max(fits.values())
    return [] if best < least else [f for f in formats if fits[f] == best]


def _one_order(
    good: list[str], sample: pd.Series, words: pd.Series, day_first: bool, notes: list[str]
) -> str:
    """The format, where day and month may both stand first: as the whole column says, or said."""
    swapped = [f for f in good if f[:2] in ("%d", "%m") and f[3:5] in ("%d", "%m")]
    if good[0] not in swapped or len({f[:2] for f in swapped}) < 2:
        return good[0]
    whole = pd.Series(words.dropna().unique(), dtype="str")
    fits = {f: _share(whole, f) for f in swapped}
    if min(fits.values()) < max(fits.values()):
        return max(swapped, key=lambda f: fits[f])
    first = "%d" if day_first or good[0][2] == "." else "%m"
    notes.append(
        f"{words.name}: dates such as {sample.iloc[0]} were read with the "
        f"{'day' if first == '%d' else 'month'} first; nothing in the column says which."
    )
    return next(f for f in swapped if f[:2] == first)


def _clear(words: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Dates in a common form, and their distance to UTC in seconds."""
    place, different = pd.factorize(words)
    text = pd.Series(different, dtype="str")
    for pattern, by in STEPS:
        text = text.str.replace(pattern, by, regex=True)
    text = text.str.replace(r"[^\W\d_]{3,}\.?", _english, regex=True)
    text = text.str.replace(r"(\d)\. (?=[A-Z])|(?<=\w) de(?:l)? ", r"\1 ", regex=True).str.strip()
    parts = text.str.extract(ZONE)
    text = parts["rest"].fillna(text)
    offsets = parts["zone"].map(_seconds, na_action="ignore").fillna(0.0).astype(float)
    known = place >= 0
    back = pd.Series(text.to_numpy(object)[place], words.index, dtype=object, name=words.name)
    zones = pd.Series(offsets.to_numpy()[place] if len(offsets) else 0.0, words.index)
    return back.where(known).astype("str"), zones.where(known, 0.0)


def _english(name: re.Match) -> str:
    word = name[0].rstrip(".").lower()
    if word.upper() in ZONES:
        return name[0]
    return MONTHS.get(word[:4]) or MONTHS.get(word[:3]) or name[0]


def _seconds(zone: str) -> float:
    if zone in ZONES:
        return ZONES[zone] * 3600
    digits = zone[1:].replace(":", "")
    return (int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60) * (-1 if zone[0] == "-" else 1)


def _periods(words: pd.Series, pattern: str, months: int) -> pd.Series:
    """The first day of quarters, months, half years or weeks."""
    place, different = pd.factorize(words)
    days: list[date | None] = []
    for word in different:
        found = re.fullmatch(pattern, word, re.IGNORECASE)
        part = {k[0]: int(v) for k, v in found.groupdict().items() if v} if found else {}
        try:
            if not part:
                days.append(None)
            elif months:
                days.append(date(part["y"], (part["k"] - 1) * months + 1, 1))
            else:
                days.append(date.fromisocalendar(part["y"], part["k"], part.get("d", 1)))
        except ValueError:  # there is no week 60
            days.append(None)
    moments = pd.to_datetime(pd.Series([*days, None], dtype=object), errors="coerce")
    return pd.Series(moments.to_numpy()[place], words.index, name=words.name)
