"""A report on a generated table: its numbers with what real rows get, its verdicts, and JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ..base import Score, shown

FORMAT = 1


class Verdict(StrEnum):
    """How a generated table does at one check, against what real rows get.

    Examples
    --------
    >>> from lvm_core.metrics.samples.table_report import Verdict
    >>> [str(verdict) for verdict in Verdict]
    ['good', 'fair', 'poor']
    """

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True)
class Check:
    """One number of a report.

    Parameters
    ----------
    heading : str
        ``"Likeness"``, ``"Use"`` or ``"Privacy"``.
    score : Score
        The number, its sentence and error.
    real : float or None
        What real rows get against other real rows.
    verdict : Verdict
        How far the two are apart.

    Examples
    --------
    >>> from lvm_core.metrics import Score
    >>> from lvm_core.metrics.samples.table_report import Check, Verdict
    >>> Check("Use", Score("TSTR", 0.6, "", unit="share"), 0.82, Verdict.POOR).real_text
    '82 %'
    """

    heading: str
    score: Score
    real: float | None
    verdict: Verdict

    @property
    def real_text(self) -> str:
        """What real rows get, as it is shown; empty where it is not known."""
        return "" if self.real is None else shown(self.real, None, self.score.unit)


_TABLES = {
    "columns": ["name", "measure", "value", "gone_real", "gone_made"],
    "pairs": ["a", "b", "measure", "real", "made", "value", "strength"],
    "useful": ["name", "measure", "guess", "real", "made"],
    "attributes": ["name", "guess", "real", "made", "error"],
    "personal": ["name", "what", "verbatim"],
    "rules": ["rule", "made", "real"],
    "copies": ["generated", "real"],
}


def _empty(name: str):
    return field(default_factory=lambda: pd.DataFrame(columns=_TABLES[name]))


@dataclass
class TableReport:
    """What :func:`~.table_checks.table_report` found.

    Attributes
    ----------
    rows : dict of str to int
        How many were given: ``train``, ``held_out``, ``generated``.
    label : str or None
        The label.
    seed : int
        Of everything drawn.
    checks : list of Check
        The numbers, by heading.
    sdmetrics : dict of str to float
        As its package computes them on the same rows: ``column_shapes``, ``column_pair_trends``
        (all pairs, as papers quote), ``column_pair_trends_strong`` and ``quality_score`` (of
        the QualityReport of 0.32, which counts strong pairs only).
    columns, pairs : DataFrame
        As of :mod:`~.tables`, worst first.
    useful : DataFrame
        As of :func:`~.usefulness.train_on_generated`.
    attributes, personal : DataFrame
        As of :func:`~.privacy.attribute_attack` and :func:`~.privacy.personal_columns`.
    rules : DataFrame
        As of :func:`~.rules.rules`.
    copies : DataFrame
        Row numbers of ``generated`` rows and of the ``real`` training row each is a copy of.
    shapes : list of dict
        Of the worst columns: ``name``, ``labels``, and shares ``real`` and ``made``.
    grids : list of dict
        Of the worst pairs: ``a``, ``b``, and joint shares ``real`` and ``made``, a list a value of
        a.
    notes : list of str
        What could not be measured, and why.

    Examples
    --------
    >>> from lvm_core.metrics.samples.table_report import TableReport
    >>> report = TableReport(rows={"train": 90, "held_out": 10, "generated": 50})
    >>> TableReport.from_json(report.to_json()).rows["train"]
    90
    """

    rows: dict[str, int] = field(default_factory=dict)
    label: str | None = None
    seed: int = 0
    checks: list[Check] = field(default_factory=list)
    sdmetrics: dict[str, float] = field(default_factory=dict)
    columns: pd.DataFrame = _empty("columns")
    pairs: pd.DataFrame = _empty("pairs")
    useful: pd.DataFrame = _empty("useful")
    attributes: pd.DataFrame = _empty("attributes")
    personal: pd.DataFrame = _empty("personal")
    rules: pd.DataFrame = _empty("rules")
    copies: pd.DataFrame = _empty("copies")
    shapes: list[dict] = field(default_factory=list)
    grids: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, name: str) -> Check:
        """The check of that name.

        Parameters
        ----------
        name : str
            Name of its score.

        Returns
        -------
        Check

        Raises
        ------
        KeyError
            Where there is none.
        """
        found = {check.score.name: check for check in self.checks}
        return found[name]

    @property
    def summary(self) -> str:
        """How many checks are good, fair and poor, and which are poor, in one sentence."""
        by = {v: [c.score.name for c in self.checks if c.verdict == v] for v in Verdict}
        counts = ", ".join(f"{len(names)} {verdict}" for verdict, names in by.items() if names)
        poor = f" Poor: {', '.join(by[Verdict.POOR])}." if by[Verdict.POOR] else ""
        return f"{counts or 'nothing'} of {len(self.checks)} checks.{poor}"

    def to_json(self) -> str:
        """The report as JSON text; :meth:`from_json` has it back.

        Returns
        -------
        str
            Numbers that are not finite are null.
        """
        data = {
            "format": FORMAT,
            "kind": "report on a generated table",
            **{name: getattr(self, name) for name in ("rows", "label", "seed", "notes")},
            "summary": self.summary,
            "checks": [_checked(check) for check in self.checks],
            "sdmetrics": self.sdmetrics,
            **{
                name: getattr(self, name)[columns].to_dict("records")
                for name, columns in _TABLES.items()
            },
            "shapes": self.shapes,
            "grids": self.grids,
        }
        return json.dumps(_plain(data), indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> TableReport:
        """The report that such JSON text holds.

        Parameters
        ----------
        text : str
            From :meth:`to_json`.

        Returns
        -------
        TableReport

        Raises
        ------
        ValueError
            Where it is no such report, or of a later format.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise ValueError("This is no report on a generated table.")
        if data["format"] > FORMAT:
            raise ValueError(
                f"The report has format {data['format']}, this version reads up to {FORMAT}."
            )
        try:
            parts: dict[str, Any] = {
                name: _table(data[name], columns) for name, columns in _TABLES.items()
            }
            parts |= {name: data[name] for name in ("rows", "label", "seed", "notes")}
            return cls(
                checks=[_unchecked(check) for check in data["checks"]],
                sdmetrics={name: _number(value) for name, value in data["sdmetrics"].items()},
                shapes=data["shapes"],
                grids=data["grids"],
                **parts,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The report on a generated table is not whole: {error}.") from error


def _checked(check: Check) -> dict:
    score = {k: v for k, v in asdict(check.score).items() if k not in ("reference", "by_row")}
    return {
        "heading": check.heading,
        **score,
        "real_against_real": check.real,
        "verdict": str(check.verdict),
    }


def _unchecked(data: dict) -> Check:
    keys = ("name", "sentence", "baseline", "ceiling", "unit", "error")
    score = Score(value=_number(data["value"]), **{key: data[key] for key in keys})
    return Check(data["heading"], score, data["real_against_real"], Verdict(data["verdict"]))


def _number(value) -> float:
    return float("nan") if value is None else float(value)


def _table(records: list[dict], columns: list[str]) -> pd.DataFrame:
    """Null is NaN in columns of numbers."""
    table = pd.DataFrame(records, columns=columns)
    for name in columns:
        if table[name].map(lambda v: v is None or isinstance(v, (int, float))).all():
            table[name] = pd.to_numeric(table[name])
    return table


def _plain(value):
    """Python's own types; what is not finite is None."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value if value is None else str(value)
