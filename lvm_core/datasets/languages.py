"""The encoding of a text, by the letters that its language may have."""

from __future__ import annotations

import re
from collections import Counter

WESTERN = (
    *("French", "German", "Spanish", "Portuguese", "Italian", "Dutch", "Swedish", "Danish"),
    *("Finnish", "Icelandic", "Catalan", "Estonian"),
)
CENTRAL = (
    *("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian", "German", "Albanian"),
)
LATIN = {  # what it costs to take one, and the languages it is used for
    "cp1252": (0.0, WESTERN),
    "cp1250": (0.1, CENTRAL),
    "cp1254": (0.1, ("Turkish",)),
    "iso8859_2": (0.2, CENTRAL),
    "cp1257": (0.2, ("Lithuanian", "Latvian", "Estonian")),
    "mac_roman": (0.5, WESTERN),
    "mac_latin2": (0.7, CENTRAL),
    "mac_turkish": (0.7, ("Turkish",)),
    "cp850": (0.7, WESTERN),
    "cp852": (0.7, CENTRAL),
}
OTHER_SCRIPTS = {
    "cp1251": (0.0, ("Russian", "Ukrainian")),
    "koi8-r": (0.1, ("Russian",)),
    "cp866": (0.1, ("Russian",)),
    "iso8859_5": (0.2, ("Russian",)),
    "mac_cyrillic": (0.2, ("Russian",)),
    "cp1253": (0.0, ("Greek",)),
    "iso8859_7": (0.1, ("Greek",)),
    "cp1255": (0.0, ("Hebrew",)),
}
LETTERS = {  # beyond ASCII, small, the commonest first
    "French": "éèàêçâîôùûëïœüæÿ",
    "German": "üäößéè",
    "Spanish": "óíáéñúü",
    "Portuguese": "ãçáéíóêõúâàôü",
    "Italian": "èàùòìéóîí",
    "Dutch": "ëéïèüöáó",
    "Swedish": "äåöéèüàæøá",
    "Danish": "øåæéöäüòóôâ",
    "Finnish": "äöåšžéü",
    "Icelandic": "ðíáóéúýþöæ",
    "Catalan": "àéóíèòçúïü",
    "Polish": "łąężśóćńź",
    "Czech": "íáéěřčýžšůúťňďóöü",
    "Slovak": "áíéčýúžšľťôňóäďĺŕöü",
    "Hungarian": "áéőöíóüúű",
    "Romanian": "ăîâșțşţ",
    "Croatian": "čšžćđ",
    "Albanian": "ëç",
    "Turkish": "ıüşçğöâîû",
    "Lithuanian": "ėšžįųčąūę",
    "Latvian": "āīēšūžņļčķģ",
    "Estonian": "äõüöšž",
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оаинівтреслкудмпязьгбчйхцжїєшющґф",
    "Greek": "αοιεςτσνηυρκπλμωίθάόέγδήφχύώξβψζ",
    "Hebrew": "יוהלארתמבשנדםקעפחןטצגסזכךףץ",
}
CONSONANT = "[bcdfghjklmnpqstvwxz]"
# where a letter of the language never stands
NEVER = {
    "French": r"ç(?![aouâôû])|\b[èùëïûœ](?=\w{3})|(?<!o)ù|(?<=[aeiou])è|œ(?!u|d|s|c|n)|ê\b|"
    r"[âîô]\b(?<=\w\w\w)|à(?=\w)|(?<![aoueé])ï",
    "Spanish": r"ñ(?![aeiouáéíóú])|(?<![gncqh])ü|[íóáéú]{2}",
    "Portuguese": r"õ(?!e)|ã(?![oesi]|\b)|\bç|ç(?![aouãáõóâ])|[âêô]\b(?<=\w\w\w\w)|[áéíóú]{2}",
    "Italian": r"[àèìòù](?=[^\W\d_])|\b[àèìòù]",
    "Dutch": r"(?<![aeiou])[ëï]|\b[üáó](?!n\b)|[ëïöü]\b(?<=\w\w\w)",
    "Danish": r"[øåæ]{2}",
    "Icelandic": r"\bð|(?<=\w)þ|þ(?![aáeéiíouóúyýöærjvlæ])|\bý[a-z]{2,}",
    "Catalan": r"ç(?![aou]|\b)|\b[èò](?!s\b)|[àèò](?=[áéíóú])",
    "Estonian": rf"[cqwxy]|(?<={CONSONANT})š(?={CONSONANT})|õ(?=[äöü])|\bž",
    "Swedish": r"[åäö]{2}",
    "Romanian": r"\b[ăț](?=[bcdfgh])",
    "Albanian": r"\bë(?!sh)",
    "Finnish": rf"å(?![^\W\d_])|(?<={CONSONANT})š(?={CONSONANT})",
    "Hungarian": r"[áéőöíóüúű]{3}",
    "Croatian": rf"(?<={CONSONANT})š(?={CONSONANT})",
    "Czech": rf"(?<={CONSONANT})š(?={CONSONANT})",
    "Slovak": rf"(?<={CONSONANT})š(?={CONSONANT})",
    "German": r"ß(?=[äöü])|\bß|[äöü]{2}|[äö]\b(?<=\w\w\w\w)",
}
WORD = re.compile(r"[^\W\d_]+")


def guess_by_letters(data: bytes, other_scripts: bool = False) -> tuple[str, float]:
    """The encoding of text of one byte a letter.

    Every pair of an encoding and a language is scored by how many of the letters beyond ASCII the
    language has, how common they are, and where in a word they stand.

    Parameters
    ----------
    data : bytes
        Text that is not in Unicode.
    other_scripts : bool
        Whether it is Cyrillic, Greek or Hebrew, if any of these; Latin otherwise.

    Returns
    -------
    encoding : str
        The likeliest; of Latin text ``cp1252``, of western languages, where nothing speaks for
        another.
    score : float
        At most 0; below -1.2 where the text is in none of the languages known here.

    Examples
    --------
    >>> from lvm_core.datasets.languages import guess_by_letters
    >>> guess_by_letters("Győr és Pécs".encode("cp1250"))[0]
    'cp1250'
    >>> guess_by_letters("São Paulo, São João".encode("cp1252"))[0]
    'cp1252'
    >>> guess_by_letters("Москва".encode("koi8-r"), other_scripts=True)[0]
    'koi8-r'
    """
    lines = [line for line in data[: 2**17].splitlines() if not line.isascii()]
    sample = b"\n".join(lines[:2000])
    best, best_score = "cp1252", float("-inf")
    for encoding, (cost, languages) in (OTHER_SCRIPTS if other_scripts else LATIN).items():
        words, strange = _words(sample.decode(encoding, errors="replace"))
        for language in languages:
            score = _score(words, language) - strange - cost
            if score > best_score:
                best, best_score = encoding, score
    if sample.decode(best, errors="replace") == sample.decode("cp1252", errors="replace"):
        best = "cp1252"  # nothing in it differs
    return best, best_score


def _words(text: str) -> tuple[Counter[str], float]:
    """Words with letters beyond ASCII, and what the other characters cost."""
    words = Counter(w for w in WORD.findall(text) if not w.isascii())
    strange, others = 0.0, 0
    for found in re.finditer(r"[^\x00-\x7f]", text):
        char = found[0]
        if char.isalpha():
            continue
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        others += 1
        if char == "\ufffd" or "\x7f" <= char < "\xa0":
            strange += 10
        elif before.isalpha() and after.isalpha() and char not in "’'·‐":
            # a sign within a word
            strange += 8 if char != "–" else 3 * (after.islower() and before.islower())
        elif after.isalpha() and char in "©®™°§½µ²³×»”":
            strange += 3
        elif char in "’‘“”„–—…€£°§«»·•²³×½µ\xa0®©™º¿¡":
            strange += 0.5
        else:
            strange += 3
    letters = sum(n * sum(not c.isascii() for c in w) for w, n in words.items())
    return words, strange / max(1, letters + others)


def _score(words: Counter[str], language: str) -> float:
    """Mean score of the letters beyond ASCII, at most 0."""
    rank = {letter: -0.06 * i for i, letter in enumerate(LETTERS[language])}
    never = re.compile(NEVER[language]) if language in NEVER else None
    other = LETTERS[language][0] > "\u0370"
    total, count = 0.0, 0
    for word, times in words.items():
        small = word.lower().replace("i\u0307", "i")
        inside = word[1:]
        cost = sum(rank.get(c, -6.0) for c in small if not c.isascii())
        if other and any(c.isascii() for c in small):
            cost -= 6.0 * len(small)  # two scripts in one word
        if inside != small[-len(inside) :] and not word.isupper() and inside.lower() != inside:
            cost -= 5.0 * sum(c.isupper() and not c.isascii() for c in inside)
        if never is not None:
            cost -= 4.0 * len(never.findall(small))
        total += times * cost
        count += times * sum(not c.isascii() for c in word)
    return total / max(1, count)
