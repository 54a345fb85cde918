"""Numbers as people write them: signs, separators, currency, units, bounds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from .missing import find_missing
from .units import CURRENCIES, POWERS, SYMBOLS, UNITS

# typographic signs, spaces and full-width characters -> those of ASCII
PLAIN = {
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2019\u02bc"), "'"),
    **{0xFF01 + i: chr(0x21 + i) for i in range(94)},
}
WORD = re.compile(
    r"(\D*?)((?:(?<![^\W\d_])[.,])?\d(?:[\d.,' ]*\d)?)((?:[eE][-+]?\d+|[dD][-+]\d+)?)(.*)", re.S
)
GROUPED = {  # digits of a number, by its decimal sign; Indian groups are 12,34,567
    ".": re.compile(
        r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?:[ ']\d{3})+|\d+)"
        r"(?:\.\d*)?|\.\d+"
    ),
    ",": re.compile(
        r"(?:[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?:[ ']\d{3})+|\d+)(?:,\d*)?|,\d+|\d*\.\d+"
    ),
}
DOTTED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")


ATTACHED = frozenset(("k", "K", "M", "B", "MM"))  # with a space before it, K is kelvin
WORDS = re.compile(r"[^\W\d_°µ]*[°µ%\"“”]?[^\W\d_]*(?:[ ./·^²³-]+[^\W\d_]+|(?<=[a-z])[23]|[.²³])*")
NO_UNITS = re.compile(
    r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?|q|w|[ap]\.?m\.?|"
    r"st|nd|rd|th|bce?|ad|ce|of|and|or|to|x|the\b.*"
)
FLAGS = re.compile("[bcdefimnprsuz]{1,2}")  # those of Eurostat, behind single values: 12.3 e
PERCENT = frozenset(("%", "percent", "per cent", "pct", "Prozent"))
BEFORE = re.compile(
    r"(?i)(<=|>=|=<|=>|[<>≤≥~≈⩽⩾]|(?:under|over|below|above|less than|more than|up to|at least|"
    r"at most|fewer than|greater than|about|approx\.?|approximately|circa|ca\.?)\s)\s*"
)
AFTER = re.compile(
    r"(?i)\s*(?:\b(?:or|and|&)\s+(?:more|over|older|above|up|less|under|younger|fewer|below|"
    r"higher|lower)|\bplus)$"
)
TIMES_TEN = re.compile(r"\s*[x×*·]\s*10\s*(?:\^|\*\*)?\s*([-+]?\d{1,3})")
PRICE = re.compile("^[.,](?:[-\u2013]{1,2}|\u2014)")  # no cents: 5.- and 5,--
FOOTNOTE = re.compile(r"\s*(?:\[[\w ,]{1,12}\]|[*†‡§]+|\([*†‡§a-e]\)|^[¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜ]+)$")


class Number(NamedTuple):
    """One word, read as a number.

    Parameters
    ----------
    value : float
        Its value; of a bound, the bound.
    unit : str
        Unit or currency; ``%`` for percent.
    marks : str
        What else it carried, a letter each: ``-`` a sign that is none of ASCII, ``<`` a bound,
        ``k`` a factor, ``*`` a footnote, ``,`` separators.

    Examples
    --------
    >>> from lvm_core.datasets.numbers import parse_number
    >>> parse_number("(1,200.50) kg", ".")
    Number(value=-1200.5, unit='kg', marks='-,')
    """

    value: float
    unit: str = ""
    marks: str = ""


def parse_number(word: str, decimal: str = ".", dotted: bool = False) -> Number | None:
    """Read one word as a number.

    Parameters
    ----------
    word : str
        The word, trimmed.
    decimal : {".", ","}
        What stands before a number's fraction.
    dotted : bool
        Where the decimal sign is a comma: whether 1.234 is a thousand and more, as the rest of its
        column says.

    Returns
    -------
    Number or None
        None where it is no number.

    Examples
    --------
    >>> from lvm_core.datasets.numbers import parse_number
    >>> parse_number("3+"), parse_number("USD 64.9k").value, parse_number("1-2")
    (Number(value=3.0, unit='', marks='<'), 64900.0, None)
    """
    if len(word) > 60:
        return None
    if not word.isascii():
        word = word.translate(PLAIN)
    found = WORD.fullmatch(word)
    if found is None:
        return None
    before, digits, exponent, after = found.groups()
    head, tail = _before(before), _after(after)
    if head is None or tail is None or not GROUPED[decimal].fullmatch(digits):
        return None
    if head.unit and tail.unit or head.open != tail.open or head.minus + tail.minus > 1:
        return None
    marks = head.marks + tail.marks
    plain = digits.replace(" ", "").replace("'", "")
    if decimal == ".":
        plain = plain.replace(",", "")
    elif "," in plain or dotted and DOTTED.fullmatch(plain) or plain.count(".") > 1:
        plain = plain.replace(".", "").replace(",", ".")
    marks += "," * (len(plain) < len(digits))
    power = int(exponent[1:] or 0) + tail.power
    value = float(f"{plain}e{power}" if power else plain)
    negative = head.minus or tail.minus or head.open
    return Number(-value if negative else value, head.unit or tail.unit, marks)


class _Affix(NamedTuple):
    """What stands before or behind the digits."""

    unit: str = ""
    marks: str = ""
    minus: bool = False
    open: bool = False  # a parenthesis: the value is negative
    power: int = 0  # of ten, to multiply with


@lru_cache(4096)
def _before(text: str) -> _Affix | None:
    unit, marks, signed, minus, opened = "", "", False, False, False
    text = text.strip().removeprefix("'")
    while text:
        if (bound := BEFORE.match(text + " ")) and "<" not in marks:
            marks, text = marks + "<", text[bound.end() :]
        elif text[0] == "(" and not opened:
            opened, marks, text = True, marks + "-", text[1:].lstrip()
        elif text[0] in "+-\u2013" and not signed:
            signed, minus, text = True, text[0] != "+", text[1:].lstrip()
        else:
            symbol = next((s for s in _LONGEST if text.startswith(s)), "")
            if not symbol or unit:
                return None
            unit, text = SYMBOLS[symbol], text[len(symbol) :].lstrip()
    return _Affix(unit, marks, minus, opened)


_LONGEST = sorted(SYMBOLS, key=len, reverse=True)


@lru_cache(4096)
def _after(text: str) -> _Affix | None:
    marks, minus, closed, power = "", False, False, 0
    if times := TIMES_TEN.match(text):
        power, text = int(times[1]), text[times.end() :]
    text = PRICE.sub("", text)
    spaced, text = text[:1].isspace(), text.strip()
    while text:
        if note := FOOTNOTE.search(text):
            marks, text = marks + "*", text[: note.start()]
        elif text[-1] == ")" and not closed:
            closed, text = True, text[:-1].rstrip()
        elif text[-1] == "-" and not minus:
            minus, marks, text = True, marks + "-", text[:-1].rstrip()
        elif text[-1] == "+" and "<" not in marks:
            marks, text = marks + "<", text[:-1].rstrip()
        elif text[0] == ")" and not closed:
            closed, spaced, text = True, text[1:2].isspace(), text[1:].lstrip()
        elif text[0] == "+" and "<" not in marks:
            marks, spaced, text = marks + "<", text[1:2].isspace(), text[1:].lstrip()
        elif (bound := AFTER.search(text)) and "<" not in marks:
            marks, text = marks + "<", text[: bound.start()]
        else:
            break
    first = re.match(r"[^\W\d_]+\.?", text)
    if first and first[0] in POWERS and not (spaced and first[0] in ATTACHED):
        power, marks = power + POWERS[first[0]], marks + "k"
        spaced, text = True, text[first.end() :].strip().removeprefix("of ")
    text = text.replace("° ", "°")
    if text in SYMBOLS:
        return _Affix(SYMBOLS[text], marks, minus, closed, power)
    if text in PERCENT:
        return _Affix("%", marks, minus, closed, power)
    if text and text not in UNITS:
        if not spaced or len(text) > 20 or not WORDS.fullmatch(text) or NO_UNITS.fullmatch(text):
            return None
    return _Affix(text, marks, minus, closed, power)


@dataclass
class Numbers:
    """A column of words, read as numbers.

    Parameters
    ----------
    values : Series of float64 (n,)
        NaN where there is no number.
    missing : array of bool (n,)
        Words that mean a missing value where the others are numbers.
    bounds : int
        How many values are bounds, such as 3+.
    separators : bool
        Whether separators, currency or percent signs had to be removed.
    notes : list of str
        Sentences about what else was removed, without the name of the column.
    doubt : str
        A sentence where words with digits were not read, since their units differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.numbers import to_numbers
    >>> numbers = to_numbers(pd.Series(["14 kg", "15 kg", "unknown"]), ".")
    >>> numbers.values.tolist(), numbers.missing.tolist(), numbers.notes
    ([14.0, 15.0, nan], [False, False, True], ["the unit 'kg' was removed."])
    """

    values: pd.Series
    missing: np.ndarray
    bounds: int = 0
    separators: bool = False
    notes: list[str] = field(default_factory=list)
    doubt: str = ""


def to_numbers(words: pd.Series, decimal: str) -> Numbers:
    """Words -> numbers.

    Parameters
    ----------
    words : Series of str (n,)
        Words, trimmed, or missing.
    decimal : {".", ","}
        What stands before a number's fraction.

    Returns
    -------
    Numbers
        The values, and what had to be removed to read them.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.numbers import to_numbers
    >>> numbers = to_numbers(pd.Series(["1.234,5", "12 %", "none"]), ",")
    >>> numbers.values.tolist(), numbers.separators
    ([1234.5, 12.0, nan], True)
    """
    comma = decimal == ","
    sample = words.iloc[:: max(1, len(words) // 1000)].dropna()
    sample = sample[~find_missing(sample, among_numbers=True)]
    if len(sample) >= 300 and not any(parse_number(w, decimal) for w in sample):
        nothing = pd.Series(np.nan, index=words.index, name=words.name)
        return Numbers(nothing, np.zeros(len(words), bool))
    text = words.str.replace(",", ".", regex=False) if comma else words
    values = pd.to_numeric(text, errors="coerce").astype(float)
    unsure = values.isna().to_numpy() & words.notna().to_numpy()
    if comma:
        unsure |= words.str.contains(".", regex=False).to_numpy(bool, na_value=False)
    found = Numbers(values, np.zeros(len(words), bool))
    if not unsure.any():
        return found
    place, different = pd.factorize(words[unsure])
    different = pd.Series(different, dtype="str")
    dotted = comma and _dotted(different)
    gone = find_missing(different, among_numbers=True)
    reads = [
        None if out else parse_number(word, decimal, dotted) for word, out in zip(different, gone)
    ]
    sure = values[~unsure & values.notna().to_numpy()]
    column = _Column(different.tolist(), reads, np.bincount(place), sure)
    read = column.in_one_unit(found)
    column.describe(read, found)
    filled = values.to_numpy(copy=True)
    filled[unsure], found.missing[unsure] = read[place], gone[place]
    found.values = pd.Series(filled, index=words.index, name=words.name)
    return found


def _dotted(words: pd.Series) -> bool:
    """Whether the points of a column with decimal commas part thousands."""
    with_point = words[words.str.contains(".", regex=False)]
    digits = [found[2] for word in with_point if (found := WORD.fullmatch(word))]
    dotted = [bool(DOTTED.fullmatch(d)) for d in digits]
    return sum(dotted) > 0.9 * len(dotted)


@dataclass
class _Column:
    """The different words of a column that are no plain numbers."""

    words: list[str]
    reads: list[Number | None]
    times: np.ndarray  # how often each word occurs
    sure: pd.Series  # the plain numbers beside them

    def in_one_unit(self, found: Numbers) -> np.ndarray:
        """Their values (k,), of one unit: what is of another is NaN."""
        values = np.array([r.value if r else np.nan for r in self.reads])
        units = np.array([r.unit if r else "" for r in self.reads], dtype=object)
        if not units.astype(bool).any():
            return values
        groups: Counter[str] = Counter()
        for read, times in zip(self.reads, self.times):
            if read:
                groups[_unit_key(read.unit)] += int(times)
        keys = np.array([_unit_key(u) for u in units], dtype=object)
        bare = groups.pop("", 0) + len(self.sure)
        total = groups.total() + bare
        if set(groups) in ({"N", "S"}, {"E", "W"}):
            values = np.where(np.isin(keys, ["S", "W"]), -values, values)
            found.notes.append("south and west were read as negative.")
        elif set(groups) <= {"m", "b"} and any(r and "k" in r.marks for r in self.reads):
            values = values * np.select([keys == "m", keys == "b"], [1e6, 1e9], 1.0)
        elif len(groups) > 1 and bare > total / 3 and all(map(FLAGS.fullmatch, groups)):
            found.notes.append(
                f"{groups.total():,} of {total:,} values carry flags "
                f"({', '.join(sorted(groups)[:5])}), which were removed."
            )
        elif len(groups) > 1:
            main, times = groups.most_common(1)[0]
            kept = (keys == main) if times + bare >= 0.9 * total else np.zeros(len(keys), bool)
            values[(keys != "") & ~kept] = np.nan
            if len(groups) <= 6:
                found.doubt = (
                    f"its values have several units ({', '.join(sorted(groups))}), "
                    "so they are not one quantity."
                )
        elif "%" in groups:
            values = self._shares(values, keys == "%", int(groups["%"]), total, found)
        elif next(iter(groups)) not in CURRENCIES:
            unit = next(u for u in units if u)
            found.notes.append(
                f"the unit {unit!r} was removed"
                + (f"; {bare:,} of {total:,} values have none." if bare else ".")
            )
        return values

    def _shares(
        self, values: np.ndarray, percent: np.ndarray, times: int, total: int, found: Numbers
    ) -> np.ndarray:
        """Percent beside numbers without a sign: shares where those are."""
        others = np.concatenate([self.sure.to_numpy(), values[~percent & ~np.isnan(values)]])
        if not len(others):
            return values
        largest = int(np.argmax(np.where(percent, np.abs(values), -1.0)))
        example, value = self.words[largest], values[largest]
        if np.abs(others).max() <= 1 and np.abs(values[percent]).max() > 1:
            values, value = np.where(percent, values / 100, values), value / 100
        found.notes.append(
            f"{times:,} of {total:,} values are percent, the others have no sign: {example!r} was "
            f"read as {value:g}."
        )
        return values

    def describe(self, values: np.ndarray, found: Numbers) -> None:
        """Say what was removed, of the words that are numbers."""
        kept = [(r, v, w, n) for r, v, w, n in self._zipped(values) if r and not np.isnan(v)]
        found.separators = any(
            "," in r.marks or r.unit == "%" or r.unit in CURRENCIES for r, *_ in kept
        )
        total = len(self.sure) + sum(n for *_, n in kept)
        for mark, tail in (("-", ""), ("<", ", the bound"), ("k", ""), ("*", ", without its mark")):
            marked = [(v, w, n) for r, v, w, n in kept if mark in r.marks]
            if not marked:
                continue
            value, word, _ = marked[0]
            count = sum(n for *_, n in marked)
            found.bounds = count if mark == "<" else found.bounds
            found.notes.append(
                f"{count:,} of {total:,} values like {word[:30]!r} were read as {value:.10g}{tail}."
            )

    def _zipped(self, values: np.ndarray):
        return zip(self.reads, values.tolist(), self.words, self.times.tolist())


def _unit_key(unit: str) -> str:
    """One word for the spellings of a unit: day, days and Days; but not mW and MW."""
    plain = unit.rstrip(".")
    if plain in ("°N", "°S", "°E", "°W"):
        return plain[1]
    if len(plain) > 2 and plain.isalpha() and plain in (plain.lower(), plain.capitalize()):
        return plain.lower().removesuffix("s")
    return plain.lower() if plain in ("KG", "Kg", "LB", "Lb", "LBS", "CM", "Km") else plain
