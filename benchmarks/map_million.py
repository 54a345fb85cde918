"""Our map beside Streamlit's Plotly chart, in the same browser, at 100 000 and 1 000 000 points (5
000 000 with --huge, ours only).

    python benchmarks/map_million.py [--quick] [--huge] [--browser /usr/bin/chromium]

Headless Chromium with software GL. Both are opened by a click on a link of a running app and timed
until the last point is painted. Memory is the page's JavaScript heap with its typed arrays after a
collection, plus the bytes of its WebGL buffers. A frame is the time between two animation frames
while the map is dragged and zoomed; hover is from the pointer's move to the answer; the lasso holds
a tenth of the points, 100 000 where there are a million. Beside time on the clock stands processor
time, of the server and every process of the browser together, which other work on the machine
changes less.

Measured, ours, on two quiet cores (5 000 000 at a load of 7 to 8):

    points      painted s   page MB   hover ms   pan p95 ms   zoom p95 ms   lasso ms
      100 000       1.12       37.8       7.6        17           17          115
    1 000 000       1.44       61.8       8.6        17           17          235
    5 000 000       8.75      142.4      28.4        50           83         3807   (500 000 points
                    in the lasso)

With 1 000 000 points Plotly's chart was not painted after 400 s at a load of 4 to 8; with other
work on both cores ours took 3.3 to 4.9 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
PEER = """
import sys
import numpy as np, plotly.graph_objects as go, streamlit as st
def start():
    st.title("Start")
def chart():
    P, y = np.load(sys.argv[1]), np.load(sys.argv[2])
    figure = go.Figure(go.Scattergl(x=P[:, 0], y=P[:, 1], mode="markers", marker=dict(size=3, color=y, colorscale="Viridis"), customdata=np.arange(len(P))))
    figure.update_layout(height=640, dragmode="pan")
    st.plotly_chart(figure, key="chart", on_select="rerun", config={"scrollZoom": True})
st.navigation([st.Page(start, title="Start", default=True), st.Page(chart, title="Map")]).run()
"""
COUNT_BUFFERS = """(() => { window.glBytes = new Map();
  for (const C of [WebGLRenderingContext, WebGL2RenderingContext]) {
    const bufferData = C.prototype.bufferData, bound = new WeakMap(), bind = C.prototype.bindBuffer;
    C.prototype.bindBuffer = function (target, buffer) { (bound.get(this) || bound.set(this, {}).get(this))[target] = buffer; return bind.call(this, target, buffer); };
    C.prototype.bufferData = function (target, data, ...rest) { window.glBytes.set(bound.get(this)?.[target], typeof data === 'number' ? data : data?.byteLength || 0); return bufferData.call(this, target, data, ...rest); };
  } })()"""
FRAMES = """() => { window.frames_ = []; let last = performance.now(); const tick = (now) => { window.frames_.push(now - last); last = now; window.ticking = requestAnimationFrame(tick); }; window.ticking = requestAnimationFrame(tick); }"""


def clouds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Twelve overlapping clouds in a plane: float32 (n, 2), and which cloud (n,)."""
    rng = np.random.default_rng(seed)
    centre, spread, y = (
        rng.normal(size=(12, 2)) * 3,
        np.exp(rng.normal(size=(12, 1)) * 0.4),
        rng.integers(0, 12, n),
    )
    return (centre[y] + spread[y] * rng.normal(size=(n, 2))).astype(np.float32), y


def serve(script: list[str], folder: Path, env: dict) -> tuple[subprocess.Popen, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script[0],
        "--server.headless",
        "true",
        "--server.port",
        str(port),
        "--server.fileWatcherType",
        "none",
        "--",
        *script[1:],
    ]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return process, address
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the server did not start")


def make_run(P: np.ndarray, y: np.ndarray, home: Path) -> str:
    """A finished run in the workspace ``home`` whose codes are the points; its id. In a process
    of its own, which takes its memory along.
    """
    np.save(home / "P.npy", P)
    np.save(home / "y.npy", y)
    script = f"""
import numpy as np, pandas as pd
from lvm_core import MODELS
from lvm_core.datasets.vectors import array_dataset
from lvm_core.settings import LIMITS
from pages.session import state
from pages.session import runs as starting
P, y = np.load({str(home / "P.npy")!r}), np.load({str(home / "y.npy")!r})
run = state.Run(state.Data(array_dataset(P, "clouds", pd.DataFrame({{"cloud": [f"cloud {{v}}" for v in y]}}), "cloud")), MODELS["PCA"](latent_dim={P.shape[1]}), number=1)
run.job = starting.fit_job(run)
assert run.job.wait(1200) and run.fitted, run.job.error
print("RUN", run.id)
"""
    env = {
        **os.environ,
        "LATENT_EXPLORER_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "LATENT_EXPLORER_ROWS": "10000000",
    }
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True
    )
    if "RUN " not in out.stdout:
        raise SystemExit(out.stderr[-2000:])
    return out.stdout.split("RUN ")[1].split()[0]


class Ours:
    name, stage = "ours", ".at-stage"
    painted = "() => document.querySelector('.at')?.dataset.painted"
    hovered = (
        "() => { const a = document.querySelector('.at').atlas; window.hovers = []; a.on('hover', "
        "(h) => h && window.hovers.push(performance.now() - window.pointed)); "
        "a.stage.addEventListener('pointermove', () => { window.pointed = performance.now(); }, "
        "true); }"
    )
    lassoed = (
        "() => { delete document.querySelector('.at').dataset.chose; const a = "
        "document.querySelector('.at').atlas; a.on('selection', ({ count }) => { window.chosen = "
        "count; requestAnimationFrame(() => setTimeout(() => { window.lassoTook = "
        "performance.now() - window.released; })); }); window.addEventListener('pointerup', () => "
        "{ window.released = performance.now(); }, true); }"
    )

    def lasso(self, page):
        page.locator(".at-tool[data-tool=lasso]").click()

    def corners(self, page, m, r):
        """A ring around the place m (2,) of radius r, on the screen."""
        return page.evaluate(
            (
                "([mx, my, r]) => { const a = document.querySelector('.at').atlas, box = "
                "a.stage.getBoundingClientRect(); return Array.from({ length: 41 }, (_, i) => { "
                "const [x, y] = a.camera.toScreen(...a.unitOf(mx + r * Math.cos(i * Math.PI / 20), "
                "my + r * Math.sin(i * Math.PI / 20))); return [box.left + x, box.top + y]; }); }"
            ),
            [*map(float, m), float(r)],
        )


class Plotly:
    name, stage = "Plotly", ".js-plotly-plot .nsewdrag"
    painted = (
        "() => document.querySelector('.js-plotly-plot .gl-canvas') && "
        "document.querySelector('.js-plotly-plot')._fullData?.length && "
        "document.querySelector('.js-plotly-plot').calcdata?.length"
    )
    hovered = (
        "() => { window.hovers = []; const p = document.querySelector('.js-plotly-plot'); "
        "p.on('plotly_hover', () => window.hovers.push(performance.now() - window.pointed)); "
        "window.addEventListener('mousemove', () => { window.pointed = performance.now(); }, "
        "true); }"
    )
    lassoed = (
        "() => { const p = document.querySelector('.js-plotly-plot'); "
        "window.addEventListener('mouseup', () => { window.released = performance.now(); }, true); "
        "p.on('plotly_selected', (e) => { window.chosen = e?.points.length; "
        "requestAnimationFrame(() => setTimeout(() => { window.lassoTook = performance.now() - "
        "window.released; })); }); }"
    )

    def lasso(self, page):
        page.locator(".js-plotly-plot").hover()
        page.locator(".modebar-btn[data-val=lasso]").click()

    def corners(self, page, m, r):
        return page.evaluate(
            (
                "([mx, my, r]) => { const p = document.querySelector('.js-plotly-plot'), l = "
                "p._fullLayout, box = p.getBoundingClientRect(); return Array.from({ length: 41 }, "
                "(_, i) => [box.left + l.xaxis._offset + l.xaxis.d2p(mx + r * Math.cos(i * Math.PI "
                "/ 20)), box.top + l.yaxis._offset + l.yaxis.d2p(my + r * Math.sin(i * Math.PI / "
                "20))]); }"
            ),
            [*map(float, m), float(r)],
        )


def processor() -> float:
    """Seconds of processor time that all processes below this one have taken so far: servers
    and browser.
    """
    parent, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        pid = int(stat.parent.name)
        parent[pid], ticks[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    below = {os.getpid()}
    for _ in range(12):
        below |= {pid for pid, above in parent.items() if above in below}
    return sum(ticks[pid] for pid in below - {os.getpid()} if pid in ticks) / os.sysconf(
        "SC_CLK_TCK"
    )


def settle(page) -> None:
    """Wait until servers and browser have nothing left to do."""
    for _ in range(60):
        before = processor()
        page.wait_for_timeout(1000)
        if processor() - before < 0.1:
            return


def measure(browser, chart, address: str, P: np.ndarray, query: str = "") -> dict:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(240_000)
    page = context.new_page()
    page.add_init_script(COUNT_BUFFERS)
    session = context.new_cdp_session(page)
    page.goto(f"{address}/{query}")
    page.get_by_role("link", name="Map").wait_for()
    settle(page)
    row = {"map": chart.name, "points": len(P), "page before MB": memory(page, session)}
    start, work = time.perf_counter(), processor()
    page.get_by_role("link", name="Map").click()
    page.wait_for_function(chart.painted, polling="raf")
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    row["click to painted s"], row["of a processor s"] = (
        round(time.perf_counter() - start, 2),
        round(processor() - work, 2),
    )
    settle(page)
    row["page MB"] = memory(page, session)
    box = page.locator(chart.stage).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    row["hover ms"] = hover(page, chart, x, y)
    for name, act, moves in (("pan", drag, 60), ("zoom", wheel, 40)):
        page.evaluate(FRAMES)
        work = processor()
        act(page, x, y)
        work = processor() - work
        page.evaluate("() => cancelAnimationFrame(window.ticking)")
        frames = np.array(page.evaluate("() => window.frames_"))[3:]
        row[f"{name} frame ms p50"], row[f"{name} p95"] = (
            round(float(np.percentile(frames, q)), 1) for q in (50, 95)
        )
        row[f"{name} processor ms a move"] = round(1000 * work / moves, 1)
    page.mouse.dblclick(x, y)
    settle(page)
    row |= lasso(page, chart, P)
    context.close()
    return row


def memory(page, session) -> float:
    session.send("HeapProfiler.collectGarbage")
    use = session.send("Runtime.getHeapUsage")
    buffers = page.evaluate("() => [...window.glBytes.values()].reduce((a, b) => a + b, 0)")
    return round((use["usedSize"] + use.get("backingStorageSize", 0) + buffers) / 2**20, 1)


def hover(page, chart, x, y) -> float | None:
    page.evaluate(chart.hovered)
    for step in range(30):
        page.mouse.move(x - 90 + 6 * step, y - 60 + 4 * step)
        page.wait_for_timeout(120)
    page.wait_for_timeout(500)
    found = page.evaluate("() => window.hovers")
    return round(float(np.median(found)), 1) if found else None


def drag(page, x, y):
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 120 * np.sin(step / 9), y + 90 * np.cos(step / 9) - 90)
        page.wait_for_timeout(16)
    page.mouse.up()


def wheel(page, x, y):
    for step in range(40):
        page.mouse.wheel(0, -60 if step < 20 else 60)
        page.wait_for_timeout(16)


def lasso(page, chart, P) -> dict:
    """A ring that holds a tenth of the points, drawn by hand."""
    middle = np.median(P, 0)
    radius = np.quantile(np.hypot(*(P - middle).T), 0.1)
    corners = chart.corners(page, middle, radius)
    chart.lasso(page)
    page.evaluate(chart.lassoed)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner)
    page.mouse.up()
    page.wait_for_function("() => window.lassoTook", polling=50)
    return {
        "lasso ms": round(page.evaluate("() => window.lassoTook")),
        "in it": page.evaluate("() => window.chosen"),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="100 000 points only")
    options.add_argument("--huge", action="store_true", help="ours at 5 000 000 points as well")
    options.add_argument("--ours", action="store_true", help="without Plotly")
    options.add_argument(
        "--browser", default=shutil.which("chromium") or shutil.which("google-chrome")
    )
    asked = options.parse_args()
    from playwright.sync_api import sync_playwright

    sizes = [100_000] + [1_000_000] * (not asked.quick) + [5_000_000] * asked.huge
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "peer.py").write_text(PEER)
        browser = playwright.chromium.launch(
            executable_path=asked.browser,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for n in sizes:
            P, y = clouds(n)
            home = Path(folder) / f"home{n}"
            home.mkdir()
            run = make_run(P, y, home)
            charts = [
                (
                    Ours(),
                    ["app.py"],
                    ROOT,
                    {"LATENT_EXPLORER_HOME": str(home), "LATENT_EXPLORER_ROWS": "10000000"},
                    f"train?run={run}",
                )
            ]
            if n <= 1_000_000 and not asked.ours:
                charts.append(
                    (
                        Plotly(),
                        ["peer.py", str(home / "P.npy"), str(home / "y.npy")],
                        Path(folder),
                        {"STREAMLIT_SERVER_MAX_MESSAGE_SIZE": "1000"},
                        "",
                    )
                )
            for chart, script, place, env, query in charts:
                process, address = serve(script, place, env)
                try:
                    positions = P if chart.name == "Plotly" else codes(home, run)
                    rows.append(measure(browser, chart, address, positions, query))
                    print(rows[-1], flush=True)
                finally:
                    process.terminate()
                    process.wait()
        browser.close()
    print(pd.DataFrame(rows).T.to_string(header=False))


def codes(home: Path, run: str) -> np.ndarray:
    """The run's codes, which are its map's positions."""
    sys.path.insert(0, str(ROOT))
    from lvm_core.runs.workspace import Workspace

    return Workspace(home).fitted(run).codes[:, :2]


if __name__ == "__main__":
    main()
