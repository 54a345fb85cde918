"""Everything that is measured of a generated table, each number beside what real rows get."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ...datasets.zips import name_list
from ...labels import is_measured
from ...progress import OnStep, Reporter
from ..base import Score, percent, share_error
from . import privacy
from .detection import Detection, detection
from .fidelity import alpha_precision_beta_recall
from .mixed import MixedRows, mixed_rows
from .privacy import MOST_ATTACKED, MOST_COMPARED
from .rules import rules
from .table_report import Check, TableReport, Verdict
from .table_shapes import grids, shapes
from .tables import MOST_PAIRED, column_pair_trends, column_shapes, trends_mean
from .usefulness import gain, train_on_generated

LEAST_ROWS = 20
MOST_ROWS = 50_000  # of each table; of more a sample is used
MOST_ATTRIBUTES = 4
LIKENESS, USE, PRIVACY = "Likeness", "Use", "Privacy"
_HALVES = "half of the real rows against the other half"
# how much worse than real rows is still good, and fair; twice the error is always good
_LIMITS = {
    "shapes": (0.02, 0.08),
    "trends": (0.02, 0.06),
    "boosting": (0.15, 0.5),
    "logistic": (0.1, 0.4),
    "alpha": (0.05, 0.2),
    "beta": (0.1, 0.25),
    "rules": (0.01, 0.05),
    "learnt": (0.03, 0.12),
    "closest": (0.05, 0.15),
    "membership": (0.03, 0.1),
    "attributes": (0.03, 0.1),
}


def table_report(
    real_train: pd.DataFrame,
    real_held_out: pd.DataFrame,
    generated: pd.DataFrame,
    *,
    label=None,
    attributes: list | None = None,
    random_state: int = 0,
    on_step: OnStep | None = None,
) -> TableReport:
    """A report on a generated table in the numbers its field quotes.

    *Likeness*: SDMetrics' column shapes and pair trends, the classifier two-sample test by gradient
    boosting and by logistic regression, alpha-precision and beta-recall, rules that hold in the
    real rows. *Use*: learning from generated rows, tested on held-out real ones. *Privacy*: exact
    copies, distance to the closest record, membership and attribute inference, personal data. Each
    stands beside what real rows get against other real rows, and has a verdict.

    Parameters
    ----------
    real_train : DataFrame of n rows
        Real rows the model learnt from. Columns that are not generated, such as free text, are
        named in a note.
    real_held_out : DataFrame
        Real rows it has not seen. Below 20, what needs them is left out, with a note.
    generated : DataFrame of m rows
        Generated rows.
    label : object, default=None
        The column that is predicted and attacked first.
    attributes : list, default=None
        Columns to attack; None: the label and others spread over the table, four in all.
    random_state : int, default=0
        Seed of the halves, folds and samples.
    on_step : callable, default=None
        Receives progress; returning True ends it early, and what was reached by then is returned.

    Returns
    -------
    TableReport

    Raises
    ------
    ValueError
        Below 20 training or generated rows, or without a common column.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.table_checks import table_report
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2)), columns=["x", "y"])
    >>> report = table_report(rows[:150], rows[150:200], rows[200:])
    >>> report.check("Exact copies").score.value, str(report.check("Exact copies").verdict)
    (0.0, 'good')
    """
    names = [c for c in real_train.columns if c in generated.columns]
    if min(len(real_train), len(generated)) < LEAST_ROWS or not names:
        raise ValueError(
            f"there are {len(real_train)} real and {len(generated)} generated rows with "
            f"{len(names)} columns in common, expected at least {LEAST_ROWS} each and one column."
        )
    rng = np.random.RandomState(random_state)
    some = lambda table: table[names].iloc[rng.permutation(len(table))[:MOST_ROWS]]
    work = _Work(
        some(real_train),
        some(real_held_out),
        some(generated),
        None if label is None or label not in names else str(label),
        attributes,
        random_state,
    )
    work.note(label is not None and work.label is None, f"The label {label} is not generated.")
    gone = [str(c) for c in real_train.columns if c not in generated.columns and c != label]
    work.note(bool(gone), f"Not generated, so nothing is said of them: {name_list(gone)}.")
    report = Reporter(on_step, len(_STAGES), "columns and pairs")
    for done, (report.phase, stage) in enumerate(_STAGES):
        if report(done):
            break
        stage(work)
    report(len(_STAGES))
    return work.found


class _Work:
    """The tables in all forms, and the report they go into."""

    def __init__(self, train, held_out, generated, label, attributes, seed):
        self.generated = like(train, generated)
        self.train, self.held_out, self.seed = train, held_out, seed
        self.label, self.attributes = label, attributes
        self.halves = train.iloc[: len(train) // 2], train.iloc[len(train) // 2 :]
        self.rows: list[MixedRows] = mixed_rows(train, held_out, self.generated)
        self.held = len(held_out) >= LEAST_ROWS
        self.found = TableReport(
            {"train": len(train), "held_out": len(held_out), "generated": len(generated)},
            label,
            seed,
        )
        few = f"There are {len(held_out)} held-out rows; learning, distances and attacks need "
        self.note(not self.held, f"{few}{LEAST_ROWS}.")
        self.note(
            max(self.found.rows.values()) >= MOST_ROWS, f"At most {MOST_ROWS:,} rows are compared."
        )

    def note(self, holds: bool, sentence: str) -> None:
        if holds:
            self.found.notes.append(sentence)

    def add(self, heading, key, score: Score, real, loss: float, error: float = 0.0):
        good, fair = _LIMITS[key]
        verdict = (
            Verdict.GOOD
            if loss <= max(good, 2 * error)
            else Verdict.FAIR
            if loss <= max(fair, 2 * error)
            else Verdict.POOR
        )
        self.found.checks.append(Check(heading, score, real, verdict))


def like(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """Generated columns in the types of the real ones.

    Parameters
    ----------
    real : DataFrame
        Its dtypes say what the columns are.
    generated : DataFrame
        With the same columns, such as read back from a CSV file.

    Returns
    -------
    DataFrame
        What cannot be read is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.table_checks import like
    >>> like(pd.DataFrame({"flag": [True]}), pd.DataFrame({"flag": ["False"]}))["flag"].tolist()
    [False]
    """
    found = {}
    for name in real.columns:
        known, column = real[name], generated[name]
        if pd.api.types.is_datetime64_any_dtype(known):
            zone = getattr(known.dtype, "tz", None)
            column = pd.to_datetime(column, errors="coerce", utc=zone is not None)
            column = column if zone is None else column.dt.tz_convert(zone)
        elif is_measured(known):
            column = pd.to_numeric(column, errors="coerce")
        elif known.dtype != column.dtype:
            bools = pd.api.types.is_bool_dtype(known)
            values = [True, False] if bools else known.dropna().unique()
            by_text = {str(value): value for value in values}
            column = column.astype(object).map(lambda v: by_text.get(str(v), v), na_action="ignore")
        found[name] = column
    return pd.DataFrame(found, index=generated.index)


def _columns(w: _Work) -> None:
    rng, n = np.random.RandomState(w.seed), w.train.shape[1]
    flat = pd.DataFrame({c: rng.choice(_distinct(x), len(w.train)) for c, x in w.train.items()})
    table = column_shapes(w.train, w.generated)
    value, best, least = (
        float(found["value"].mean())
        for found in (table, column_shapes(*w.halves), column_shapes(w.train, like(w.train, flat)))
    )
    table = table.sort_values("value", kind="stable").reset_index(drop=True)
    w.found.columns = table
    numbers = {"column_shapes": value}
    if not math.isnan(value):
        first = table.iloc[0]
        score = Score(
            "Column shapes",
            value,
            f"SDMetrics' mean over {n:,} columns of 1 - the distance of the distributions; the "
            f"worst is {str(first['name'])[:40]} with {percent(first['value'])}.",
            least if least < best else None,
            best,
            "share",
        )
        w.add(LIKENESS, "shapes", score, best, best - value)
    pairs = column_pair_trends(w.train, w.generated)
    best = trends_mean(column_pair_trends(*w.halves))
    apart = w.train.apply(lambda c: c.sample(frac=1, random_state=rng).to_numpy())
    least = trends_mean(column_pair_trends(w.train, apart.astype(w.train.dtypes.to_dict())))
    pairs = pairs.sort_values("value", kind="stable").reset_index(drop=True)
    w.found.pairs = pairs
    trend, strong = trends_mean(pairs), trends_mean(pairs, strong=True)
    numbers |= {
        "column_pair_trends": trend,
        "column_pair_trends_strong": strong,
        "quality_score": float(pd.Series([value, strong]).mean()),
    }
    w.found.sdmetrics = numbers
    if not math.isnan(trend) and not math.isnan(best):
        first, only = pairs.iloc[0], f" of the first {MOST_PAIRED}" if n > MOST_PAIRED else ""
        counted = "" if math.isnan(strong) else f" Pairs that hang together get {percent(strong)}."
        score = Score(
            "Column pair trends",
            trend,
            f"SDMetrics' mean over {len(pairs):,} pairs{only} of how alike two columns hang "
            f"together; the worst are {str(first['a'])[:40]} and {str(first['b'])[:40]} with "
            f"{percent(first['value'])}.{counted}",
            least if least < best else None,
            best,
            "share",
        )
        w.add(LIKENESS, "trends", score, best, best - trend)
    hidden = set(privacy.personal_columns(w.train, w.generated)["name"])
    w.found.shapes = shapes(w.train, w.generated, table["name"].tolist(), hidden)
    w.found.grids = grids(w.train, w.generated, pairs[["a", "b"]].values.tolist(), hidden)


def _detection(w: _Work) -> None:
    half = len(w.rows[0]) // 2
    halves = w.rows[0].take(slice(half)), w.rows[0].take(slice(half, None))
    for key, name in (("boosting", "gradient boosting"), ("logistic", "logistic regression")):
        found, real = (
            detection(a, b, key, random_state=w.seed) for a, b in ((w.rows[0], w.rows[2]), halves)
        )
        w.add(
            LIKENESS,
            key,
            Score(
                f"Two-sample test ({name})",
                found.score,
                f"C2ST, 1 - (2 max(AUC, 1/2) - 1) over three folds: {_told(found)} "
                f"Between two halves of the real rows: AUC {real.auc:.2f}.",
                0.0,
                real.score,
                error=found.error,
            ),
            real.score,
            real.score - found.score,
            math.hypot(found.error, real.error),
        )


def _told(found: Detection) -> str:
    return (
        f"{'nearly always' if found.auc > 0.95 else 'often' if found.auc > 0.6 else 'hardly'} "
        f"tells generated from real rows (AUC {found.auc:.2f})."
    )


def _fidelity(w: _Work) -> None:
    both = lambda rows: np.hstack([rows.scaled(), rows.one_hot()])
    n = min(len(w.rows[0]), len(w.rows[2]), MOST_COMPARED)
    half = min(len(w.rows[0]) // 2, MOST_COMPARED)
    A, F = (both(rows.take(slice(max(n, 2 * half)))) for rows in (w.rows[0], w.rows[2]))
    made = alpha_precision_beta_recall(A[:n], F[:n])
    real = alpha_precision_beta_recall(A[:half], A[half : 2 * half])
    for key, name, value, best, words in (
        ("alpha", "Alpha-precision", made[0], real[0], "samples lie where most real rows do"),
        ("beta", "Beta-recall", made[1], real[1], "the real rows are reached by samples"),
    ):
        sentence = f"How far {words}, at 30 levels; {_HALVES} gets {percent(best)}."
        score = Score(name, value, sentence, 0.0, best, "share")
        w.add(LIKENESS, key, score, best, best - value, 0.5 / math.sqrt(min(n, half)))


def _rules(w: _Work) -> None:
    found = rules(w.train, w.generated, w.held_out)
    w.found.rules = found.table
    real = None if math.isnan(found.real) else found.real
    first = found.table.iloc[0]
    worst = f" Most often: {first['rule'][:120]} ({percent(first['made'])})."
    score = Score(
        "Rows that break a rule",
        found.made,
        f"{len(found.table):,} rules hold in every training row: ranges, whole numbers, known "
        f"categories, one column at most another.{worst if first['made'] else ''}",
        ceiling=real,
        unit="share",
        error=share_error(found.made, len(w.generated)),
    )
    error = share_error(found.real, len(w.held_out)) if real is not None else 0.0
    error = math.hypot(error, share_error(found.made, len(w.generated)))
    w.add(LIKENESS, "rules", score, real, found.made - (real or 0.0), error)


def _learnt(w: _Work) -> None:
    if not w.held or w.train.shape[1] < 2:
        return
    table = train_on_generated(w.train, w.generated, w.held_out, label=w.label, random_state=w.seed)
    w.found.useful = table
    if not len(table):
        return
    made, real = (gain(table[side], table["guess"]) for side in ("made", "real"))
    asked, n = f"{min(len(w.held_out), MOST_COMPARED):,} held-out real rows", len(table)
    if w.label is not None and table["name"][0] == w.label:
        first = table.iloc[0]
        score = Score(
            "Learnt: the label",
            float(first["made"]),
            f"{first['measure']} of predicting {w.label[:40]} on {asked} after learning from "
            "generated rows (TSTR, gradient boosting).",
            float(first["guess"]),
            float(first["real"]),
        )
        w.add(USE, "learnt", score, float(first["real"]), float(real[0] - made[0]))
    score = Score(
        "Learnt from generated rows",
        float(made.mean()),
        f"What gradient boosting gains over guessing (2 AUC - 1, or R²) on {asked}, the mean of "
        f"{n} {'columns' if n > 1 else 'column'}; from as many real rows "
        f"{percent(float(real.mean()))}.",
        0.0,
        float(real.mean()),
        "share",
    )
    w.add(USE, "learnt", score, float(real.mean()), float(real.mean() - made.mean()))


def _copies(w: _Work) -> None:
    from scipy.stats import binom

    train, held, made = w.rows
    row = privacy.exact_copies(made, train)
    found = np.flatnonzero(row >= 0)
    w.found.copies = pd.DataFrame(
        {"generated": w.generated.index[found], "real": w.train.index[row[found]]}
    ).head(1000)
    k, m = len(found), len(made)
    unlike = pd.DataFrame(np.hstack([train.numbers, train.codes])).duplicated(keep=False)
    twins = float(unlike.mean())
    seen = int((privacy.exact_copies(held, train) >= 0).sum()) if w.held else 0
    # what the real rows do by themselves, at least one in all
    rate = max((seen + 1) / (len(held) + len(train) + 2), twins)
    verdict = (
        Verdict.GOOD
        if not k or twins > 0 and binom.sf(k - 1, m, rate) > 0.01
        else Verdict.FAIR
        if binom.sf(k - 1, m, rate) > 0.01
        else Verdict.POOR
    )
    real = seen / len(held) if w.held else twins
    score = Score(
        "Exact copies",
        k / m,
        f"{k:,} of {m:,} generated rows are a training row in every column; "
        + (
            f"{percent(real)} of held-out real rows are."
            if w.held
            else f"{percent(twins)} of the training rows have a twin."
        ),
        ceiling=real,
        unit="share",
        error=share_error(k / m, m),
    )
    w.found.checks.append(Check(PRIVACY, score, real, verdict))


def _closest(w: _Work) -> None:
    if not w.held:
        return
    train, held, made = w.rows
    n = min(len(train), len(held), MOST_COMPARED)
    rest = train.take(slice(n, n + MOST_COMPARED))
    made, beside = made.take(slice(MOST_COMPARED)), (train.take(slice(n)), held.take(slice(n)))
    share, error = privacy.closest_record_share(made, *beside)
    other = privacy.closest_record_share(rest, *beside)[0] if len(rest) >= LEAST_ROWS else None
    score = Score(
        "Distance to closest record",
        share,
        f"Share of generated rows nearer to one of {n:,} training rows than to one of {n:,} "
        "held-out rows; 50 % takes no side, copies get 100 %.",
        1.0,
        0.5,
        "share",
        error=error,
    )
    w.add(PRIVACY, "closest", score, other, share - 0.5, error)
    few = min(n, 2 * MOST_ATTACKED)
    members, others = (side.take(slice(few)) for side in beside)
    auc, error = privacy.membership_attack(members, others, made)
    other = None
    if len(rest) >= LEAST_ROWS:
        other = privacy.membership_attack(members, others, rest.take(slice(len(made))))[0]
    score = Score(
        "Membership inference",
        auc,
        f"AUC of telling {few:,} training rows from {few:,} held-out ones by how near the nearest "
        "generated row is; 0.5 is guessing.",
        1.0,
        0.5,
        error=error,
    )
    w.add(PRIVACY, "membership", score, other, auc - 0.5, error)


def _attributes(w: _Work) -> None:
    names = [str(c) for c in w.train.columns]
    if not w.held or len(names) < 2:
        return
    if w.attributes is None:
        spread = np.unique(np.linspace(0, len(names) - 1, MOST_ATTRIBUTES).round().astype(int))
        chosen = [names[j] for j in spread if names[j] != w.label]
        chosen = [*([w.label] if w.label else []), *chosen][:MOST_ATTRIBUTES]
    else:
        chosen = [str(c) for c in w.attributes if str(c) in names]
    train, held, made = w.rows
    table = privacy.attribute_attack(train.take(slice(MOST_ATTACKED)), made, held, chosen)
    w.found.attributes = table
    if not len(table):
        return
    beyond = (table["made"] - table["real"]).to_numpy()
    worst = table.iloc[int(beyond.argmax())]
    score = Score(
        "Attribute inference",
        float(worst["made"]),
        f"How often {worst['name'][:40]} of a training row is guessed right from its other columns "
        f"and the {privacy.NEIGHBOURS} nearest generated rows; held-out real rows give "
        f"{percent(worst['real'])}, blind guessing {percent(worst['guess'])}. Worst of "
        f"{len(table)} columns.",
        1.0,
        float(worst["real"]),
        "share",
        error=float(worst["error"]),
    )
    # the worst of several is beyond twice its error more often
    error = float(worst["error"]) * (1 + math.log(len(table)) / 2)
    w.add(PRIVACY, "attributes", score, float(worst["real"]), float(beyond.max()), error)


def _personal(w: _Work) -> None:
    table = privacy.personal_columns(w.train, w.generated)
    table = table.sort_values("verbatim", ascending=False, kind="stable").reset_index(drop=True)
    w.found.personal = table
    worst = float(table["verbatim"].max()) if len(table) else 0.0
    words = "; ".join(
        f"{name[:40]} ({what}, {percent(verbatim)} word for word)"
        for name, what, verbatim in table.head(4).values.tolist()
    )
    score = Score(
        "Personal data",
        worst,
        f"Look at these columns before anything leaves: {words}."
        if len(table)
        else "No e-mail addresses, telephone numbers, names, identifiers or free text were found.",
        1.0,
        0.0,
        "share",
    )
    verdict = Verdict.POOR if worst > 0 else Verdict.FAIR if len(table) else Verdict.GOOD
    w.found.checks.append(Check(PRIVACY, score, None, verdict))


def _distinct(column: pd.Series) -> np.ndarray:
    seen = column.dropna()
    return (
        np.linspace(float(seen.min()), float(seen.max()), 200)
        if is_measured(column) and not pd.api.types.is_datetime64_any_dtype(column) and len(seen)
        else column.unique()
    )


_STAGES = [
    ("columns and pairs", _columns),
    ("two-sample tests", _detection),
    ("precision and recall", _fidelity),
    ("rules", _rules),
    ("learning from generated rows", _learnt),
    ("copies", _copies),
    ("distances to real rows", _closest),
    ("attribute inference", _attributes),
    ("personal data", _personal),
]
