"""Our 3-D map beside Plotly's scatter3d, in the same browser, at 5 000 and 100 000 points.

    python benchmarks/map_space.py [--browser /usr/bin/chromium]

Headless Chromium with software GL. A frame is the time between two animation frames while the map
is turned by the hand. Ours draws as many points while it turns as frames are quick for, and all of
them when it rests; how many is said, and it is measured once more drawing all of them all the time.
Beside time on the clock stands processor time a move, of the server and every process of the
browser together, which other work on the machine changes less. Hover is from the pointer's move to
the card, or to Plotly's event.

Measured on two cores shared with much other work (a load of 14), so that only ratios say anything:

    points   map           frame ms p50     p95   processor ms a move  drawn   hover ms
      5 000  ours                    67     367                   161  4 000         17
      5 000  ours, all               50     498                   208  5 000         12
      5 000  Plotly                 267     716                   728  5 000          4
    100 000  ours                    17      67                    66  4 000         12
    100 000  ours, all              117     612                   349  100 000       10

Plotly's map of 100 000 points did not get through within seven minutes at that load.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from map_million import FRAMES, ROOT, drag, hover, make_run, processor, serve, settle

PEER = """
import sys
import numpy as np, plotly.graph_objects as go, streamlit as st
P, y = np.load(sys.argv[1]), np.load(sys.argv[2])
figure = go.Figure(go.Scatter3d(x=P[:, 0], y=P[:, 1], z=P[:, 2], mode="markers", marker=dict(size=3, color=y, colorscale="Viridis", opacity=0.8)))
figure.update_layout(height=540)
st.plotly_chart(figure, key="chart")
"""


class Ours:
    name, stage = "ours", ".at-stage"
    painted = "() => document.querySelector('.at')?.dataset.painted"
    hovered = (
        "() => { const a = document.querySelector('.at').atlas; window.hovers = []; a.on('hover', "
        "(h) => h && window.hovers.push(performance.now() - window.pointed)); "
        "a.stage.addEventListener('pointermove', () => { window.pointed = performance.now(); }, "
        "true); }"
    )
    drawn = "() => Math.round(Math.min(1, document.querySelector('.at').atlas.budget / document.querySelector('.at').atlas.listed) * document.querySelector('.at').atlas.listed)"


class Plotly:
    name, stage = "Plotly", ".js-plotly-plot"
    painted = "() => document.querySelector('.js-plotly-plot canvas') && document.querySelector('.js-plotly-plot')._fullLayout?.scene?._scene?.glplot"
    hovered = (
        "() => { window.hovers = []; const p = document.querySelector('.js-plotly-plot'); "
        "p.on('plotly_hover', () => window.hovers.push(performance.now() - window.pointed)); "
        "window.addEventListener('mousemove', () => { window.pointed = performance.now(); }, "
        "true); }"
    )
    drawn = None


# no fewer points while it turns
ALL = "() => { const { atlas } = document.querySelector('.at'); Object.defineProperty(atlas, 'budget', { get: () => Infinity, set: () => {} }); }"


def measure(browser, chart, address: str, n: int, every: bool = False) -> dict:
    """One row of the table; ``every``: ours draws all points while it turns."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(chart.painted)
    settle(page)
    if every:
        page.evaluate(ALL)
    page.locator(chart.stage).first.scroll_into_view_if_needed()
    box = page.locator(chart.stage).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(FRAMES)
    work = processor()
    drag(page, x, y)
    work = processor() - work
    page.evaluate("() => cancelAnimationFrame(window.ticking)")
    frames = np.array(page.evaluate("() => window.frames_"))[3:]
    row = {"map": chart.name + " (all points)" * every, "points": n}
    for q in (50, 95):
        row[f"turn frame ms p{q}"] = round(float(np.percentile(frames, q)), 1)
    row["turn processor ms a move"] = round(1000 * work / 60, 1)
    row["drawn while it turns"] = n if every or not chart.drawn else page.evaluate(chart.drawn)
    settle(page)
    row["hover ms"] = hover(page, chart, x, y)
    context.close()
    return row


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--browser", default=shutil.which("chromium") or shutil.which("google-chrome")
    )
    asked = options.parse_args()
    from playwright.sync_api import sync_playwright

    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "peer.py").write_text(PEER)
        browser = playwright.chromium.launch(
            executable_path=asked.browser,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for n in (5_000, 100_000):
            rng = np.random.default_rng(0)
            centre, y = rng.normal(size=(12, 3)) * 3, rng.integers(0, 12, n)
            P = (centre[y] + 0.6 * rng.normal(size=(n, 3))).astype(np.float32)
            home = Path(folder) / f"home{n}"
            home.mkdir()
            run = make_run(P, y, home)
            ours = ["app.py"], ROOT, {"LATENT_EXPLORER_HOME": str(home)}
            peer = ["peer.py", str(home / "P.npy"), str(home / "y.npy")], Path(folder), os.environ
            for chart, (script, place, env), query, every in (
                (Ours(), ours, f"/explore?run={run}&map=Identity&dims=3", False),
                (Ours(), ours, f"/explore?run={run}&map=Identity&dims=3", True),
                (Plotly(), peer, "", False),
            ):
                process, address = serve(script, place, env)
                try:
                    rows.append(measure(browser, chart, address + query, n, every))
                    print(rows[-1], flush=True)
                finally:
                    process.terminate()
                    process.wait()
        browser.close()
    print(pd.DataFrame(rows).T.to_string(header=False))


if __name__ == "__main__":
    main()
