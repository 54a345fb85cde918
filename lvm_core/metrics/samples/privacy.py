"""Do generated rows give away the real ones? Copies, distances to the closest record, and two
simple attacks.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ...datasets.plain import is_words
from ...datasets.titles import private_columns
from .mixed import MixedRows, nearest_mixed

MOST_COMPARED = 5000  # rows that distances are taken between
MOST_ATTACKED = 1000
NEIGHBOURS = 5
WORDS = 3  # a value on average, from which it is free text
LEAST_IDS = 0.98  # share of values that differ, from which whole numbers or words name rows
_WINDOW = 0.05  # of the middle nine tenths of a number: within it a guess is right


def exact_copies(rows: MixedRows, real: MixedRows) -> np.ndarray:
    """Which rows are the same as a real one in every column.

    Parameters
    ----------
    rows : MixedRows of m rows
        The rows asked about.
    real : MixedRows of n rows
        Real rows.

    Returns
    -------
    ndarray of int of shape (m,)
        The number of the first such real row, -1 where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> from lvm_core.metrics.samples.privacy import exact_copies
    >>> real = pd.DataFrame({"size": [1.5, 2.5, None], "kind": list("aba")})
    >>> exact_copies(*mixed_rows(real, real[1:].assign(kind=["a", "a"]))[::-1]).tolist()
    [-1, 2]
    """
    keys = [
        pd.util.hash_pandas_object(
            pd.concat([pd.DataFrame(side.numbers + 0.0), pd.DataFrame(side.codes)], axis=1),
            index=False,
        ).to_numpy()
        for side in (rows, real)
    ]
    known, first = np.unique(keys[1], return_index=True)
    place = np.minimum(np.searchsorted(known, keys[0]), len(known) - 1)
    return np.where(known[place] == keys[0], first[place], -1)


def closest_record_share(
    rows: MixedRows, train: MixedRows, held_out: MixedRows
) -> tuple[float, float]:
    """The share of rows nearer to a training row than to a held-out one (DCR share [1]_).

    Parameters
    ----------
    rows : MixedRows of m rows
        Generated rows.
    train, held_out : MixedRows of n rows
        Equally many of both.

    Returns
    -------
    share : float
        Half of those equally near count. 0.5 is what rows get that take no side; copies get 1.
    error : float
        Standard error of 0.5, as if the held-out rows had been drawn by chance.

    References
    ----------
    .. [1] Zhang et al. (2024), TabSyn, arXiv:2310.09656.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> from lvm_core.metrics.samples.privacy import closest_record_share
    >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["x", "y"])
    >>> train, held_out, copies = mixed_rows(frame[:100], frame[100:], frame[:50])
    >>> closest_record_share(copies, train, held_out)[0]
    1.0
    """
    (a, i), (b, j) = (nearest_mixed(rows, side) for side in (train, held_out))
    a, b, i, j = a[:, 0], b[:, 0], i[:, 0], j[:, 0]
    share = float(np.where(a == b, 0.5, a < b).mean())
    n = len(train)
    # each real row could have been of either kind: one that many rows are near to weighs as often
    wins = np.bincount(i[a < b], minlength=n), np.bincount(j[b < a], minlength=len(held_out))
    weight = sum(float(np.square(side).sum()) for side in wins)
    return share, math.sqrt(weight) / 2 / len(rows) if weight else 0.5 / math.sqrt(len(rows))


def membership_attack(
    members: MixedRows, others: MixedRows, rows: MixedRows
) -> tuple[float, float]:
    """Can it be told from generated rows who was in the training data [1]_?

    The simplest attack: who is nearer to a generated row is taken for a member.

    Parameters
    ----------
    members : MixedRows
        Training rows.
    others : MixedRows
        Real rows that were not trained on.
    rows : MixedRows
        Generated rows.

    Returns
    -------
    auc : float
        0.5 is guessing, 1 always right.
    error : float
        Its standard error under guessing.

    References
    ----------
    .. [1] Chen et al. (2020), GAN-Leaks, arXiv:1909.03935 (full black-box attack).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> from lvm_core.metrics.samples.privacy import membership_attack
    >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["x", "y"])
    >>> members, others = mixed_rows(frame[:100], frame[100:])
    >>> membership_attack(members, others, members)[0]
    1.0
    """
    from scipy.stats import rankdata

    near, far = (nearest_mixed(side, rows)[0][:, 0] for side in (members, others))
    m, h = len(near), len(far)
    ranks = rankdata(np.concatenate([near, far]))
    auc = float(1 - (ranks[:m].sum() - m * (m + 1) / 2) / (m * h))
    return auc, math.sqrt((m + h + 1) / (12 * m * h))


def attribute_attack(
    victims: MixedRows, rows: MixedRows, held_out: MixedRows, names: list[str]
) -> pd.DataFrame:
    """What can be guessed of a person whose other columns are known [1]_.

    The attacker looks up the ``NEIGHBOURS`` rows nearest in all other columns and guesses their
    commonest value, or of numbers their median. What real rows give away about others of their kind
    is no breach: the same attack from held-out real rows says how much that is.

    Parameters
    ----------
    victims : MixedRows
        Training rows.
    rows : MixedRows
        Generated rows the attacker has.
    held_out : MixedRows
        Real rows that were not trained on. Of both, as many are used as there are of the fewer.
    names : list of str
        The columns to guess.

    Returns
    -------
    DataFrame
        ``name``, ``guess`` (share right by always saying the commonest value, or the median),
        ``real`` (from held-out rows), ``made`` (from generated rows) and ``error`` (standard error
        of the difference). A number is right within a twentieth of the span of its middle nine
        tenths.

    References
    ----------
    .. [1] Giomi et al. (2023), Anonymeter, arXiv:2211.10459.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> from lvm_core.metrics.samples.privacy import attribute_attack
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"x": rng.normal(size=300), "ill": rng.choice(["yes", "no"], 300)})
    >>> train, held_out = mixed_rows(frame[:150], frame[150:])
    >>> found = attribute_attack(train, train, held_out, ["ill"])
    >>> bool(found["made"][0] > found["real"][0])
    True
    """
    n = min(len(rows), len(held_out), MOST_COMPARED)
    rows, held_out = rows.take(slice(n)), held_out.take(slice(n))
    records = []
    for name in names:
        truth, known = victims.column(name), victims.without(name)
        there = np.isfinite(truth.astype(float))
        number = name in victims.measured
        if not there.any() or not (known.measured or known.named):
            continue
        seen = truth[there]
        ends = np.quantile(seen, [0.05, 0.95])
        width = _WINDOW * float(ends[1] - ends[0]) if number else 0.0
        right = lambda guesses: np.abs(guesses - truth) <= width
        guess = np.median(seen) if number else np.bincount(seen).argmax()
        hits = []
        for table in (held_out, rows):
            values = table.column(name)[nearest_mixed(known, table.without(name), NEIGHBOURS)[1]]
            hits.append(right(_middle(values) if number else _commonest(values))[there])
        real, made = (float(found.mean()) for found in hits)
        apart = hits[1].astype(float) - hits[0]
        error = float(apart.std(ddof=1) / len(apart) ** 0.5) if len(apart) > 1 else 0.0
        records.append((name, float(right(guess)[there].mean()), real, made, error))
    return pd.DataFrame(records, columns=["name", "guess", "real", "made", "error"])


def _middle(values: np.ndarray) -> np.ndarray:
    """The median of each row, the lower of two; NaN among them comes last."""
    values = np.sort(values, axis=1)
    count = np.maximum((~np.isnan(values)).sum(1), 1)
    return np.take_along_axis(values, ((count - 1) // 2)[:, None], 1)[:, 0]


def _commonest(codes: np.ndarray) -> np.ndarray:
    """The commonest of each row, of equally common ones the nearest."""
    votes = (codes[:, :, None] == codes[:, None, :]).sum(2)
    return np.take_along_axis(codes, votes.argmax(1)[:, None], 1)[:, 0]


def personal_columns(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """Columns that may say who somebody is, and how many of their real values leave.

    E-mail addresses, telephone numbers and names of persons
    (:func:`~lvm_core.datasets.titles.private_columns`), identifiers (words or whole numbers that
    nearly all differ) and free text (three words a value, nearly all different).

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.

    Returns
    -------
    DataFrame
        ``name``, ``what`` the column holds, and ``verbatim``: the share of generated values that
        are a real one word for word.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.privacy import personal_columns
    >>> real = pd.DataFrame({"mail": [f"u{i}@x.org" for i in range(40)], "size": [1.0, 2.0] * 20})
    >>> personal_columns(real, real[:10]).values.tolist()
    [['mail', 'e-mail addresses', 1.0]]
    """
    private = private_columns(real)
    records = []
    for name in real.columns:
        column = real[name].dropna()
        what = private.get(name) or _names_rows(column)
        if what:
            made = generated[name].dropna()
            shared = made.isin(column.unique()).mean() if len(made) else 0.0
            records.append((str(name), what, float(shared)))
    return pd.DataFrame(records, columns=["name", "what", "verbatim"])


def _names_rows(column: pd.Series) -> str:
    words = is_words(column)
    if len(column) < 20 or not (words or pd.api.types.is_integer_dtype(column)):
        return ""
    differ = column.nunique() / len(column)
    if words and differ >= 0.5:
        sample = column.iloc[:: max(1, len(column) // 500)].astype("str")
        if sample.str.count(r"\S+").mean() >= WORDS:
            return "free text"
    if differ < LEAST_IDS or not words and int(column.min()) < 1000:
        return ""
    return "identifiers"
