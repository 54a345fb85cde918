"""The report on a generated table, on a page: verdicts first, then what is worst."""

from __future__ import annotations

import streamlit as st

from lvm_core.export import table_report_page as made
from lvm_core.metrics import TableReport
from lvm_core.plots.quality import two_histograms
from lvm_core.text import clean
from lvm_core.text import markdown as md

from ..session.run import Run
from . import charts


def show(run: Run, report: TableReport, new, settings: dict) -> None:
    """The report, with its downloads; ``new`` are the generated rows of X, ``settings`` what they
    were drawn with.
    """
    st.markdown(f"**The table as a whole: {md(report.summary, 600)}**")
    st.caption(
        "Each number stands beside what real rows get against other real rows, and the verdict is "
        "how far the two are apart." + "".join(f" {md(note, 300)}" for note in report.notes)
    )
    _downloads(run, report, settings)
    st.html(f"<style>{made.STYLE}</style>")
    _html(made.checks_html(report))
    st.markdown("**The columns, worst first**")
    _html(made.shapes_html(report))
    left, right = st.columns(2, gap="large")
    with left, st.container(height=320, border=False):
        _html(made.columns_html(report))
    with right:
        _column(run, report, new)
    if len(report.pairs):
        st.markdown("**The pairs, worst first**")
        _html(made.grids_html(report))
        with st.container(height=320, border=False):
            _html(made.pairs_html(report))
    for title, why, drawn in (
        ("Rules, most broken first", "What holds in every training row.", made.rules_html(report)),
        (
            "Learnt from real and from generated rows",
            "Gradient boosting, asked about held-out real rows.",
            made.useful_html(report),
        ),
        (
            "Guessed from generated rows",
            "How often an attacker who knows the other columns of a training row is right.",
            made.attributes_html(report),
        ),
        ("Personal data", "Look at these before anything leaves.", made.personal_html(report)),
        ("Exact copies", "Rows that are a training row in all columns.", made.copies_html(report)),
    ):
        if drawn:
            st.markdown(f"**{title}**")
            st.caption(why)
            _html(drawn)


def _html(drawn: str) -> None:
    if drawn:
        st.html(f'<div class="tr">{drawn}</div>')


def _downloads(run: Run, report: TableReport, settings: dict) -> None:
    stem = f"{run.stem}-report-seed{settings['seed']}"
    facts = tuple(f"{name} {value}" for name, value in settings.items())
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)",
            lambda: made.page(report, f"Generated rows of {run.title}", facts),
            f"{stem}.html",
            "text/html",
            icon=":material/description:",
            on_click="ignore",
            key=f"report-html-{run.id}",
        )
        st.download_button(
            "Report (JSON)",
            lambda: report.to_json().encode(),
            f"{stem}.json",
            "application/json",
            icon=":material/data_object:",
            on_click="ignore",
            key=f"report-json-{run.id}",
        )


def _column(run: Run, report: TableReport, new) -> None:
    dataset = run.dataset
    known = {str(c.name): c.name for c in dataset.codec.columns}
    name = st.selectbox(
        "Column",
        [c for c in report.columns["name"] if c in known],
        key=f"quality-column-{run.id}",
        format_func=lambda c: clean(c, 60),
    )
    if name is None:
        return
    real = dataset.rows[known[name]].iloc[run.fitted.train]
    st.plotly_chart(
        two_histograms(real, dataset.decode(new)[known[name]], name),
        key=f"quality-histogram-{run.id}",
        config=charts.PLOT,
        alt="the column in real and generated rows",
    )
