"""Bytes -> text."""

from __future__ import annotations

import codecs
import re

from ..settings import DataError
from .languages import guess_by_letters

UNPRINTED = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")

# 32 before 16: it begins so
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ENCODINGS = (
    "auto",
    "utf-8",
    "utf-16",
    "cp1252",
    "latin-1",
    "cp1250",
    "cp1251",
    "koi8-r",
    "cp866",
    "cp1253",
    "cp1255",
    "cp1254",
    "cp1257",
    "iso8859_2",
    "mac_roman",
    "mac_latin2",
    "mac_turkish",
    "cp850",
    "cp852",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
)
FOREIGN = (
    "1251",
    "koi8",
    "1253",
    "1255",
    "1256",
    "jis",
    "euc",
    "gb",
    "big5",
    "hz",
    "johab",
    "949",
    "932",
    "iso8859_5",
    "iso8859_7",
)  # what is trusted of charset-normalizer's guesses


def to_text(
    data: bytes, encoding: str = "auto", name: str = "the file"
) -> tuple[str, str, list[str]]:
    r"""Bytes -> text.

    Parameters
    ----------
    data : bytes
        The content of a file.
    encoding : str
        One of ``ENCODINGS``; ``auto`` finds it.
    name : str
        What it is, for the sentences.

    Returns
    -------
    text : str
        With ``\n`` at the end of each line.
    encoding : str
        The encoding used.
    notes : list of str
        Sentences about what was assumed and lost.

    Raises
    ------
    DataError
        For bytes that are no text, or not in the encoding asked for.

    Examples
    --------
    >>> from lvm_core.datasets.encoding import to_text
    >>> to_text("café\r\n".encode())
    ('café\n', 'utf-8', [])
    >>> text, encoding, notes = to_text("café".encode("latin-1"))
    >>> text, encoding
    ('café', 'cp1252')
    """
    notes = []
    if encoding == "auto":
        encoding = _guess(data)
        if encoding not in ("utf-8", "utf-8-sig"):
            notes.append(
                f"The encoding was taken to be {encoding}; choose another if letters look wrong."
            )
    elif encoding == "utf-8" and data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        if not notes:
            raise DataError(
                f"{name} is not {encoding} text ({str(error)[:80]}); choose another encoding."
            ) from error
        text = data.decode(encoding, errors="replace")
        notes.append(
            f"{text.count(chr(0xFFFD)):,} characters could not be read in {encoding} and show as "
            f"{chr(0xFFFD)}."
        )
    if "\0" in text:
        raise DataError(
            f"{name} holds NUL characters, so it is not a text file; expected plain text."
        )
    strange = len(UNPRINTED.findall(text[:100_000]))
    if strange > 0.02 * min(len(text), 100_000):
        raise DataError(
            f"{name} is not a text file: {strange:,} of its first {min(len(text), 100_000):,} "
            "characters are "
            "unprintable; expected plain text."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding, notes


def _guess(data: bytes) -> str:
    for mark, encoding in BOMS.items():
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    head = data[:4000]
    if head[1::2].count(0) > 0.4 * len(head) / 2:
        return "utf-16-le"
    if head[::2].count(0) > 0.4 * len(head) / 2:
        return "utf-16-be"
    latin, score = guess_by_letters(data)
    if _runs(data) < 0.3:
        return latin
    other, other_score = guess_by_letters(data, other_scripts=True)
    if max(score, other_score) > -1.2:
        return latin if score > other_score else other
    from charset_normalizer import from_bytes

    best = from_bytes(data[: 2**17]).best()
    return best.encoding if best and any(part in best.encoding for part in FOREIGN) else latin


def _runs(data: bytes) -> float:
    """Share of the bytes beyond ASCII that stand three and more in a row, as in words of other
    scripts and hardly in Latin ones.
    """
    high = re.findall(rb"[\x80-\xff]+", data[: 2**17])
    return sum(len(run) for run in high if len(run) > 2) / max(1, sum(map(len, high)))
