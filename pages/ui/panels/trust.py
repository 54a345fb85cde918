"""How far to trust the map: its numbers, a sentence each, beside those of the original rows;
how much each point kept, and at which sizes.
"""

import pandas as pd
import streamlit as st

from lvm_core.metrics.maps.trust_scores import PAIRS, comparison_table, reach, trust_scores
from lvm_core.plots import trust as figures_trust
from lvm_core.text import markdown as md
from pages.api import trust as truth
from pages.session import maps
from pages.ui import charts, dataframes, scores, work

from ..components.progress import progress

TITLE, ORDER = "Trust", 20


def why_not(run, view) -> str:
    return ""


def draw(run, view) -> None:
    trust = truth.measured(run, view.key)
    if trust is None:
        if not truth.begun(run, view.key) and not work.may_begin(
            run, truth.TITLE, truth.seconds(run, view.key), start="Measure every point"
        ):
            _on_a_sample(run, view)
            return
        job = truth.measuring(run, view.key)
        job.wait(0.5)
        trust = truth.measured(run, view.key)
    if trust is None:
        _meanwhile(run, view, job)
        return
    if not truth.is_complete(trust, run, view.key) and st.button(
        "Stopped early: measure to the end", icon=":material/refresh:", key=f"trust-on-{run.id}"
    ):
        truth.forget(run, view.key)
        truth.measuring(run, view.key)
        st.rerun()
    k = st.segmented_control(
        "Neighbours",
        trust.ks,
        default=trust.ks[0],
        required=True,
        key=f"trust-k-{run.id}-{len(trust.ks)}",
        help="How many nearest neighbours of a point make its neighbourhood.",
    )
    scores.show(trust_scores(trust, k))
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        figures_trust.shares_kept(trust.point("kept", k), k, k / (trust.n - 1)),
        key=f"trust-kept-{run.id}",
        config=charts.PLOT,
        alt=f"histogram of the share of its {k} true neighbours each point kept",
    )
    right.plotly_chart(
        figures_trust.agreement_curve(trust.sizes, trust.curve, k),
        key=f"trust-curve-{run.id}",
        config=charts.PLOT,
        alt="neighbours kept beyond chance at every size of neighbourhood",
    )
    if len(trust.numbers) > 1:
        _original(run, trust, k)
    st.caption(f"{reach(trust)} {md(view.placing, 500)}")


def _meanwhile(run, view, job) -> None:
    if job.running:
        progress(run, truth.job_name(view.key))
    else:
        st.error(md(job.error, 600), icon=":material/error:")
        if st.button("Try again", icon=":material/refresh:", key=f"trust-again-{run.id}"):
            truth.forget(run, view.key)
            truth.measuring(run, view.key)
            st.rerun()
    _on_a_sample(run, view)


def _on_a_sample(run, view) -> None:
    st.caption("Measured when the map was made:")
    scores.show(maps.scores(run, view.key))
    st.caption(md(view.placing, 500))


def _original(run, trust, k) -> None:
    """The same scores in the original space, beside."""
    st.markdown(
        "**Where it is lost.** A map is a picture of codes, and codes are a picture of your rows: "
        "each step loses something."
    )
    table = pd.DataFrame(comparison_table(trust, k)).dropna(axis=1, how="all").set_index("score")
    shown = {
        name: st.column_config.NumberColumn(name, format="%.3f", help=_HELP[name])
        for name in table.columns
    }
    st.dataframe(
        table,
        column_config=shown,
        height=dataframes.tall(table),
        alt="the scores of the map, of the codes, and of both together",
    )
    if trust.n_compared:
        st.caption(
            f"The columns about rows were measured on {trust.n_compared:,} points chosen at random "
            f"(seed 0), each against all {trust.n:,}. "
            "For labels the columns are the map, the codes and the rows themselves."
            + (
                " Rows are compared by the cosine of their words."
                if hasattr(run.dataset.X, "indptr")
                else ""
            )
        )


_HELP = {
    PAIRS["map"]: "How well the map keeps what the codes say.",
    PAIRS["codes"]: "How well the codes keep what the rows themselves say, before any map.",
    PAIRS["whole"]: "Both steps together: how well the map keeps what the rows say.",
    "by chance": "What random positions, or always the commonest label, get.",
}
