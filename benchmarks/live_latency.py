"""Slider event to pixels, our explorer beside st.slider + fragment + st.image, on one server in one
run.

`python benchmarks/live_latency.py [--fit] [--sessions 8] [--drag 60]`. Headless Chromium with
software drawing. Ours: from the input event to the decoded picture drawn on its canvas. Native:
from the key press to the new picture in the page; st.slider says nothing while dragged, so this
flatters it. --fit adds a niced background fit; --sessions lets several pages drag at once; --drag
drags for so many seconds and says what memory became of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
OURS = """async (steps) => {
  const root = document.querySelector('.lx'), range = root.querySelector('.lx-range'), times = [];
  const low = Number(range.min), high = Number(range.max);
  for (let i = 0; i < steps; i++) {
    const frames = Number(root.dataset.frames), start = performance.now();
    // the frame is counted in the same task that drew it on the canvas
    const drawn = new Promise((done) => { const watch = new MutationObserver(() => { if (Number(root.dataset.frames) !== frames) { watch.disconnect(); done(); } }); watch.observe(root, { attributes: true }); });
    range.value = low + (high - low) * (0.2 + 0.6 * ((i * 7) % steps) / steps);
    range.dispatchEvent(new Event('input', { bubbles: true }));
    await drawn;
    times.push(performance.now() - start);
    await new Promise((r) => setTimeout(r, 15));
  }
  return times;
}"""
NATIVE = """async () => {
  const image = () => document.querySelector('.st-key-native-picture img')?.src, before = image(), start = performance.now();
  return await new Promise((done) => {
    const watch = new MutationObserver(() => { if (image() && image() !== before) { watch.disconnect(); done(performance.now() - start); } });
    watch.observe(document.body, { attributes: true, childList: true, subtree: true });
    setTimeout(() => done(null), 8000);
  });
}"""
FIT = (
    "import os; os.nice(10); import numpy as np; from lvm_core import MODELS; "
    "MODELS['VAE'](epochs=5000, network='mlp').fit(np.random.rand(5000, 784).astype('f4'))"
)


def summary(name: str, times: list[float]) -> float:
    times = sorted(times)
    median = statistics.median(times)
    print(
        f"  {name:34s} median {median:7.1f} ms   p95 {times[int(0.95 * (len(times) - 1))]:7.1f} ms "
        f"  n {len(times)}"
    )
    return median


def measure(page, address: str, side: int, colour: int) -> None:
    page.goto(f"{address}/?side={side}&colour={colour}")
    page.locator(".lx[data-code]").wait_for()
    page.locator(".st-key-native-picture img").wait_for()
    page.wait_for_timeout(2500)
    page.evaluate(OURS, 20)
    native = []
    slider = page.locator(
        "[data-testid=stSlider] [role=slider], [data-testid=stSlider] input[type=range]"
    ).first
    slider.focus()
    for _ in range(15):
        waiting = page.evaluate_handle(f"() => {{ window.waiting = ({NATIVE})(); }}")
        page.keyboard.press("ArrowRight")
        took = page.evaluate("() => window.waiting")
        waiting.dispose()
        if took is not None:
            native.append(took)
        page.wait_for_timeout(120)
    print(f"{side} x {side} {'RGB' if colour else 'grey'}, convolutional decoder")
    theirs = summary("st.slider + fragment + st.image", native)
    ours = summary("explorer", page.evaluate(OURS, 150))
    print(f"  ratio of medians {theirs / ours:.1f}x")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--fit", action="store_true")
    ask.add_argument("--sessions", type=int, default=0)
    ask.add_argument("--drag", type=int, default=0, metavar="SECONDS")
    asked = ask.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE.parent),
        "LATENT_EXPLORER_HOME": tempfile.mkdtemp(),
    }
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(HERE / "live/app.py"),
            "--server.headless",
            "true",
            "--server.port",
            str(port),
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            page = browser.new_page(viewport={"width": 1280, "height": 1400})
            page.set_default_timeout(180_000)
            measure(page, address, 28, 0)
            measure(page, address, 64, 1)
            page.goto(f"{address}/?side=28&points=5000")
            page.locator(".lx[data-drawn='5000']").wait_for()
            started = time.monotonic()
            page.reload()
            page.locator(".lx[data-drawn='5000']").wait_for()
            took = int(page.locator(".lx").get_attribute("data-took"))
            print(
                f"5000 points: explorer mounted to map drawn {took / 1000:.2f} s; the whole page "
                f"reloaded, Streamlit's start included, {time.monotonic() - started:.2f} s"
            )
            if asked.drag:
                page.goto(f"{address}/?side=28")
                page.locator(".lx[data-code]").wait_for()
                long_drag(page, server.pid, asked.drag)
            if asked.fit:
                page.goto(f"{address}/?side=28")
                page.locator(".lx[data-code]").wait_for()
                page.wait_for_timeout(2000)
                alone = summary("explorer alone", page.evaluate(OURS, 100))
                fit = subprocess.Popen([sys.executable, "-c", FIT], env=environment)
                page.wait_for_timeout(6000)
                beside = summary("explorer beside a niced fit", page.evaluate(OURS, 100))
                fit.kill()
                print(f"  ratio {beside / alone:.2f}x")
        if asked.sessions:
            many(address, asked.sessions)
    finally:
        server.terminate()


def long_drag(page, server: int, seconds: int) -> None:
    """Memory of page and server before and after a long drag, and what is still under way."""
    tools = page.context.new_cdp_session(page)

    def memory() -> tuple[float, float]:
        page.wait_for_timeout(1500)
        tools.send("HeapProfiler.collectGarbage")
        resident = next(
            line
            for line in Path(f"/proc/{server}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        )
        return page.evaluate("() => performance.memory.usedJSHeapSize") / 2**20, int(
            resident.split()[1]
        ) / 1024

    page.evaluate(OURS, 100)
    heap, resident = memory()
    end, times = time.monotonic() + seconds, []
    while time.monotonic() < end:
        times += page.evaluate(OURS, 200)
    summary(f"dragging for {seconds} s", times)
    print(
        f"  page {heap:.1f} -> {memory()[0]:.1f} MiB, server {resident:.0f} -> {memory()[1]:.0f} MiB,",
        "questions still under way",
        page.evaluate("() => document.querySelector('.lx').lx.wire.pending.size"),
    )


def many(address: str, sessions: int) -> None:
    """Several people dragging at once: their requests alone, from threads, as one browser
    cannot draw for eight on two cores.
    """
    times: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(f"{address}/?side=28")
        page.locator(".lx[data-code]").wait_for(timeout=60_000)
        url, code = page.evaluate(
            "() => { const { wire, data, code } = document.querySelector('.lx').lx; return "
            "[String(wire.url('decode', { map: data.map })), code]; }"
        )
        body = struct.pack(f"<{len(code)}f", *code)
        browser.close()

    def drag() -> None:
        for _ in range(100):
            start = time.monotonic()
            urllib.request.urlopen(
                urllib.request.Request(url, body, method="POST"), timeout=30
            ).read()
            times.append(1000 * (time.monotonic() - start))

    threads = [threading.Thread(target=drag) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    summary(f"{sessions} sessions dragging at once", times)


if __name__ == "__main__":
    main()
