"""The report on a generated table as one HTML file, and the parts of it that the app draws too."""

from __future__ import annotations

import html

import pandas as pd

from ..metrics.base import percent
from ..metrics.samples.table_report import TableReport, Verdict
from ..plots.palettes import OKABE_ITO
from ..text import clean

MOST_LINES = 30  # of a table in the file
STYLE = f"""
.tr{{--real:{OKABE_ITO[0]};--made:{OKABE_ITO[1]};--line:rgba(128,128,128,.3);line-height:1.45}}
.tr table{{border-collapse:collapse;width:100%;font-size:.9rem;margin:.4rem 0 1.2rem}}
.tr th,.tr td{{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;
border:0;border-bottom:1px solid var(--line)}}
.tr th{{font-weight:600}}.tr td.n,.tr th.n{{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}}
.tr .checks p{{margin:.1rem 0 0;font-size:.8rem;opacity:.8;overflow-wrap:anywhere}}
.tr td{{overflow-wrap:break-word}}.tr td p{{max-width:46rem}}
.tr .v{{display:inline-block;padding:0 .5rem;border-radius:.6rem;font-size:.8rem;color:#fff}}
.tr .good{{background:#1b7f4b}}.tr .fair{{background:#8a6100}}.tr .poor{{background:#b3261e}}
.tr .plots{{display:flex;flex-wrap:wrap;gap:1rem 1.4rem;margin:.5rem 0 1rem}}
.tr figure{{margin:0;width:200px;max-width:100%;break-inside:avoid}}
.tr figcaption{{font-size:.8rem;overflow-wrap:anywhere}}
.tr i{{display:block;-webkit-print-color-adjust:exact;print-color-adjust:exact}}
.tr .bars{{display:flex;height:84px;border-bottom:1px solid var(--line)}}
.tr .bars div{{flex:1;position:relative}}
.tr .bars i{{position:absolute;left:0;right:0;bottom:0;box-sizing:border-box}}
.tr .bars .r{{background:var(--real);opacity:.55;margin-right:1px}}
.tr .bars .m{{border-top:2px solid var(--made)}}
.tr .ends{{display:flex;justify-content:space-between;font-size:.65rem;opacity:.8}}
.tr .two{{display:flex;gap:8px}}.tr .cells{{display:grid;gap:1px;flex:1;height:96px}}
.tr .cells .r{{background:var(--real)}}.tr .cells .m{{background:var(--made)}}
.tr .key b{{font-weight:600}}.tr .key .r{{color:var(--real)}}.tr .key .m{{color:var(--made)}}
.tr .wide{{overflow-x:auto}}
@media(max-width:640px){{.tr .checks tr{{display:grid;grid-template-columns:1fr 1fr auto;
border-bottom:1px solid var(--line)}}.tr .checks td,.tr .checks th{{border:0}}
.tr .checks td:first-child,.tr .checks th:first-child{{grid-column:1/-1}}
.tr .checks td.n{{text-align:left}}.tr .checks th.n{{text-align:left}}}}
"""
_PAGE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
background:#fff;color:#1c1c1c}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .2rem}
.facts{opacity:.75;font-size:.9rem}
@media(prefers-color-scheme:dark){body{background:#14171c;color:#e8e8e8}}
@media print{body{background:#fff;color:#000;margin:0;max-width:none;font-size:11px}
.tr tr{break-inside:avoid}h2{break-after:avoid}
.tr .v{color:#000;background:none;border:1px solid #000}}
"""


def page(report: TableReport, title: str, facts: tuple[str, ...] = ()) -> bytes:
    """The report as one HTML file that needs no network, in light or dark, and prints.

    Whatever the data says is shown as text; a content security policy lets nothing run and nothing
    be loaded.

    Parameters
    ----------
    report : TableReport
        What was found.
    title : str
        Title of the page.
    facts : tuple of str, default=()
        Short phrases under the title, such as the model and the date.

    Returns
    -------
    bytes
        The file, UTF-8.

    Examples
    --------
    >>> from lvm_core.export.table_report_page import page
    >>> from lvm_core.metrics import TableReport
    >>> text = page(TableReport(rows={"train": 90}), "<b>Customers</b>").decode()
    >>> "<h1>&lt;b&gt;Customers" in text, "script" in text
    (True, False)
    """
    rows = [f"{n:,} {name.replace('_', '-')} rows" for name, n in report.rows.items()]
    numbers = {name: value for name, value in report.sdmetrics.items() if value == value}
    parts = [
        f"<h1>{_text(title, 200)}</h1>",
        f'<p class="facts">{" · ".join(_text(fact, 200) for fact in (*facts, *rows))}</p>',
        f"<p><b>{_text(report.summary, 600)}</b></p>",
        *(f"<p>{_text(note, 300)}</p>" for note in report.notes),
        checks_html(report),
        _titled("Columns, worst first", shapes_html(report) + columns_html(report)),
        _titled("Pairs of columns, worst first", grids_html(report) + pairs_html(report)),
        _titled("Rules, most broken first", rules_html(report)),
        _titled("Learnt from generated rows", useful_html(report)),
        _titled("Guessed from generated rows", attributes_html(report)),
        _titled("Personal data", personal_html(report)),
        _titled("Exact copies", copies_html(report)),
        _titled(
            "As SDMetrics counts",
            _table(
                ["number", "value"],
                [
                    [(name.replace("_", " "), ""), (f"{value:.6f}", "n")]
                    for name, value in numbers.items()
                ],
            ),
        ),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title, 200)}</title><style>{STYLE}{_PAGE}</style></head>"
        f'<body class="tr">{"".join(parts)}</body></html>'
    ).encode()


def checks_html(report: TableReport) -> str:
    """The checks as a table: verdict, number, what real rows get, sentence.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML, escaped; :data:`STYLE` goes with it, inside an element of class ``tr``.

    Examples
    --------
    >>> from lvm_core.export.table_report_page import checks_html
    >>> from lvm_core.metrics import TableReport
    >>> checks_html(TableReport())
    ''
    """
    found = []
    for heading in dict.fromkeys(check.heading for check in report.checks):
        lines = [
            [
                (
                    f"{_text(c.score.name)}<p>{_text(c.score.sentence, 500)}</p>",
                    "",
                ),
                (_text(c.score.text), "n"),
                (_text(c.real_text), "n"),
                (f'<span class="v {Verdict(c.verdict)}">{Verdict(c.verdict)}</span>', ""),
            ]
            for c in report.checks
            if c.heading == heading
        ]
        found.append(_table([heading, "generated", "real rows", "verdict"], lines, "checks"))
    return "".join(found)


def shapes_html(report: TableReport) -> str:
    """Small histograms of the worst columns.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML, escaped, as of :func:`checks_html`.
    """
    values = dict(zip(report.columns["name"], report.columns["value"]))
    figures = [_shape_figure(shape, values.get(shape["name"])) for shape in report.shapes]
    return _plots(figures, "Bars are real rows, lines generated ones.") if figures else ""


def grids_html(report: TableReport) -> str:
    """Small tables of the joint shares of the worst pairs.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML, escaped, as of :func:`checks_html`.
    """
    values = {(a, b): v for a, b, v in report.pairs[["a", "b", "value"]].itertuples(index=False)}
    figures = [_grid_figure(grid, values.get((grid["a"], grid["b"]))) for grid in report.grids]
    words = (
        "Left real, right generated rows; the fuller, the more; the first column runs down. "
        "SDMetrics cuts numbers between the ends of each table: one far value lowers every pair "
        "of its column."
    )
    return _plots(figures, words) if figures else ""


def columns_html(report: TableReport) -> str:
    """The columns' shapes as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    return _frame(
        report.columns,
        {
            "name": "column",
            "measure": "measure",
            "value": "alike",
            "gone_real": "missing, real",
            "gone_made": "missing, generated",
        },
    )


def pairs_html(report: TableReport) -> str:
    """The pairs' trends as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    return _frame(
        report.pairs,
        {"a": "column", "b": "and", "value": "alike", "real": "r, real", "made": "r, generated"},
        shares=("value",),
    )


def rules_html(report: TableReport) -> str:
    """Rules that generated rows break, as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML; a sentence where none is broken.
    """
    broken = report.rules[report.rules["made"] > 0]
    if not len(broken):
        return f"<p>None of {len(report.rules):,} is broken.</p>" if len(report.rules) else ""
    return _frame(broken, {"rule": "rule", "made": "broken, generated", "real": "broken, held-out"})


def useful_html(report: TableReport) -> str:
    """What can be learnt from generated rows, as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    names = {"name": "column", "measure": "measure", "guess": "guessing"}
    names |= {"real": "from real", "made": "from generated"}
    return _frame(report.useful, names, shares=())


def attributes_html(report: TableReport) -> str:
    """What an attacker guesses right, as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    names = {"name": "column", "guess": "blind guessing", "real": "from held-out real"}
    return _frame(report.attributes, names | {"made": "from generated"})


def personal_html(report: TableReport) -> str:
    """Columns that may say who somebody is, as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    names = {"name": "column", "what": "holds", "verbatim": "generated values that are real ones"}
    return _frame(report.personal, names)


def copies_html(report: TableReport) -> str:
    """Exact copies and the rows they are of, as a table; see :func:`checks_html`.

    Parameters
    ----------
    report : TableReport
        What was found.

    Returns
    -------
    str
        HTML.
    """
    return _frame(report.copies, {"generated": "generated row", "real": "real row"}, shares=())


def _text(value, n: int = 80) -> str:
    return html.escape(clean(value, n))


def _titled(title: str, body: str) -> str:
    return f"<h2>{title}</h2>{body}" if body else ""


def _table(heads: list[str], lines: list[list[tuple[str, str]]], kind: str = "") -> str:
    """Cells are HTML and a class."""
    if not lines:
        return ""
    row = lambda tag, cells: "".join(f'<{tag} class="{c}">{v}</{tag}>' for v, c in cells)
    classes = [c for _, c in lines[0]]
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>'
        + row("th", [(_text(head), c) for head, c in zip(heads, classes)])
        + "</tr></thead><tbody>"
        + "".join(f"<tr>{row('td', cells)}</tr>" for cells in lines)
        + "</tbody></table></div>"
    )


def _frame(table: pd.DataFrame, names: dict[str, str], shares: tuple | None = None) -> str:
    """Numbers as shares, or those named only; the rest with two decimals."""
    lines = []
    for record in table.head(MOST_LINES)[list(names)].to_dict("records"):
        cells = []
        for name, value in record.items():
            if isinstance(value, float):
                share = shares is None or name in shares
                shown = "–" if value != value else percent(value) if share else f"{value:.2f}"
                cells.append((shown, "n"))
            else:
                cells.append((_text(value, 160), ""))
        lines.append(cells)
    more = len(table) - MOST_LINES
    note = f"<p>{more:,} more are not shown.</p>" if more > 0 else ""
    return _table(list(names.values()), lines) + note


def _plots(figures: list[str], words: str) -> str:
    key = f'<p class="key"><b class="r">Real</b>, <b class="m">generated</b>. {words}</p>'
    return f'{key}<div class="plots">{"".join(figures)}</div>'


def _figure(drawn: str, caption: str, value) -> str:
    """Boxes and no SVG: Streamlit's HTML drops that."""
    alike = "" if value is None or value != value else f" · {percent(value)} alike"
    return (
        f'<figure><div role="img" aria-label="{caption}">{drawn}</div>'
        f"<figcaption>{caption}{alike}</figcaption></figure>"
    )


def _shape_figure(shape: dict, value) -> str:
    """Bars of real rows, a line at the height of generated ones, the first and last label."""
    labels, top = shape["labels"], max([*shape["real"], *shape["made"], 1e-9])
    bars = "".join(
        f'<div title="{_text(label)}: {percent(a)} real, {percent(b)} generated">'
        f'<i class="r" style="height:{100 * a / top:.1f}%"></i>'
        f'<i class="m" style="height:{100 * b / top:.1f}%"></i></div>'
        for label, a, b in zip(labels, shape["real"], shape["made"])
    )
    ends = [_text(label, 14) for label in (labels[:1] + labels[-1:])[: len(labels)]]
    under = "".join(f"<span>{end}</span>" for end in ends)
    drawn = f'<div class="bars">{bars}</div><div class="ends">{under}</div>'
    return _figure(drawn, _text(shape["name"], 60), value)


def _grid_figure(grid: dict, value) -> str:
    """Two tables of cells, the same share the same shade."""
    top = max([v for side in ("real", "made") for row in grid[side] for v in row] + [1e-9])
    drawn = []
    for side in ("real", "made"):
        cells = "".join(
            f'<i class="{side[0]}" style="opacity:{0.06 + 0.94 * (share / top) ** 0.5:.2f}" '
            f'title="{_text(f"{down}, {across}: {percent(share)}")}"></i>'
            for down, row in zip(grid["rows"], grid[side])
            for across, share in zip(grid["columns"], row)
        )
        width = f"grid-template-columns:repeat({len(grid['columns'])},1fr)"
        drawn.append(f'<div class="cells" style="{width}">{cells}</div>')
    caption = f"{_text(grid['a'], 40)} and {_text(grid['b'], 40)}"
    return _figure(f'<div class="two">{"".join(drawn)}</div>', caption, value)
