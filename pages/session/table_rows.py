"""What new rows of a table keep of the real ones: the rules found in them, and the label."""

from __future__ import annotations

from lvm_core.analysis.label_column import LabelColumn
from lvm_core.codecs.constraints import Constraint
from lvm_core.runs import synthesise

from .derived import once
from .run import Run


@once
def label_column(run: Run) -> LabelColumn | None:
    """How new rows get the label's column; None where they get none."""
    return synthesise.label_column(run.dataset, run.fitted)


@once
def rules(run: Run) -> list[Constraint]:
    """The rules that almost all training rows keep."""
    return synthesise.table_rules(run.dataset, run.fitted)
