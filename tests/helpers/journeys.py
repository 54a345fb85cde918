"""What the tests in a real browser share: the app as a person starts it, a page that reports
what goes wrong in it, and the steps of a journey.
"""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from waiting import until

ROOT = Path(__file__).parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PATIENCE = 120_000


@pytest.fixture(scope="module")
def server():
    """The app as a person starts it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.headless",
            "true",
            "--server.port",
            str(port),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield address
    process.terminate()
    log = process.communicate(timeout=30)[1]
    assert "Traceback" not in log, log[-3000:]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield made
        made.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    made = context.new_page()
    made.errors, made.outside = [], []
    made.on("pageerror", lambda error: made.errors.append(f"{error}\n{error.stack}"))
    made.on(
        "console",
        lambda message: (
            made.errors.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    made.on(
        "request",
        lambda request: (
            made.outside.append(request.url)
            if not re.match(r"(http|ws)://127\.0\.0\.1|data:|blob:", request.url)
            else None
        ),
    )
    yield made
    assert not made.errors, made.errors
    assert not made.outside, made.outside
    context.close()


def colour_zip() -> bytes:
    """Small colour pictures of two sizes with transparency, in class folders."""
    rng, buffer = np.random.RandomState(0), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(120):
            kind, side = ("disc", "bar")[i % 2], (24, 32)[i % 3 == 0]
            y, x = np.mgrid[:side, :side] / side - 0.5
            inside = (
                np.hypot(x - rng.uniform(-0.1, 0.1), y) < rng.uniform(0.2, 0.4)
                if kind == "disc"
                else abs(x - rng.uniform(-0.2, 0.2)) < rng.uniform(0.05, 0.2)
            )
            pixels = np.zeros((side, side, 4), np.uint8)
            pixels[inside] = [*rng.randint(60, 255, 3), 255]
            png = io.BytesIO()
            Image.fromarray(pixels, "RGBA").save(png, "PNG")
            archive.writestr(f"shapes/{kind}/{i}.png", png.getvalue())
    return buffer.getvalue()


def mixed_table() -> bytes:
    """Numbers, dates, categories and gaps; semicolons and decimal commas."""
    rng = np.random.RandomState(1)
    lines = ["Größe;Gewicht;Geboren;Stadt;Mitglied;Gruppe"]
    for i in range(180):
        group = rng.choice(["rot", "blau"])
        size = rng.normal(170 if group == "rot" else 185, 4)
        lines.append(
            f"{size:.1f};{size / 2 + rng.normal(0, 3):.1f};{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.{rng.randint(1950, 2005)};"
            f"{rng.choice(['Ulm', 'Köln', ''])};{rng.choice(['ja', 'nein'])};{group}".replace(
                ".", ",", 2
            )
            if i
            else f"170,5;80,2;01.02.1980;Ulm;ja;{group}"
        )
    return "\n".join(lines).encode("cp1252")


def corpus() -> bytes:
    """Short news as JSON lines, two topics."""
    rng = np.random.RandomState(2)
    topics = {
        "sport": [
            "team",
            "goal",
            "match",
            "season",
            "coach",
            "player",
            "league",
            "victory",
            "striker",
            "fans",
            "stadium",
            "score",
        ],
        "market": [
            "stocks",
            "bank",
            "interest",
            "rate",
            "shares",
            "investor",
            "profit",
            "market",
            "trade",
            "bond",
            "price",
            "growth",
        ],
    }
    rows = []
    for i in range(160):
        topic = ("sport", "market")[i % 2]
        rows.append(
            json.dumps(
                {
                    "headline": " ".join(
                        rng.choice(topics[topic] + ["today", "report", "new"], 12)
                    ),
                    "topic": topic,
                }
            )
        )
    return "\n".join(rows).encode()


AT_REST = """() => new Promise((done) => {
    // no run of the page, and nothing that still grows: what lies below would move away under the pointer
    const main = document.querySelector("[data-testid=stMain]"), running = () => document.querySelector("[data-test-script-state]").dataset.testScriptState !== "notRunning";
    let height = -1, since = 0;
    const look = () => { const now = performance.now(); if (running() || main.scrollHeight !== height) { height = main.scrollHeight; since = now; } if (now - since > 400) done(true); else setTimeout(look, 50); };
    look();
})"""


STILL = """(element) => new Promise((done) => {
    element.scrollIntoView({ block: "center" });
    let last = "";
    const look = () => { const { x, y } = element.getBoundingClientRect(), now = `${x} ${y}`; if (now === last) done(); else { last = now; requestAnimationFrame(look); } };
    look();
})"""


def in_view(locator) -> dict:
    """Where an element lies on the screen, scrolled to its middle as a person who wants it does."""
    locator.evaluate(STILL)
    return locator.bounding_box()


def onward(page, name: str) -> None:
    """Press a button at the foot of a page as a person does: when the page stands still."""
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for()
    page.evaluate(AT_REST)
    button.click()


def bring(page, server, name: str, content: bytes) -> None:
    page.goto(f"{server}/data")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_text("Values per item").wait_for()


def settings(page, **values) -> None:
    for label, value in values.items():
        box = page.get_by_label(label, exact=True)
        box.fill(str(value))
        box.press("Tab")


def train(page, model: str, **values) -> None:
    onward(page, "Train a model")
    page.get_by_role("radio", name=model, exact=True).click()
    if values:
        settings(page, **values)
    page.locator(".st-key-train button").click()
    page.locator("strong", has_text="Trained in").wait_for()
    page.get_by_text("measured on").first.wait_for()


def see_map(page) -> None:
    onward(page, "See the map")
    page.locator(".at[data-drawn]").wait_for()
    page.get_by_role("radio", name="Trust", exact=True).click()
    page.get_by_text("Trustworthiness").first.wait_for()


def truth_of_the_map(page) -> None:
    """True distances follow the pointer, and a click links the true neighbours; the colours
    come back.
    """
    page.wait_for_function(
        "() => { const a = document.querySelector('.at')?.atlas; return a?.n && !a.data.job; }"
    )
    page.locator(".at-truth-live").press("Enter")
    in_view(page.locator(".at-stage"))

    def hovered():  # again where the page still moved under the pointer
        x, y = (
            page.evaluate("""() => { const a = document.querySelector(".at").atlas, box = a.stage.getBoundingClientRect(), middle = [a.camera.width / 2, a.camera.height / 2];
            const all = Array.from({ length: a.n }, (_, i) => a.camera.toScreen(a.positions[2 * i], a.positions[2 * i + 1])), far = (p) => Math.hypot(p[0] - middle[0], p[1] - middle[1]);
            const [px, py] = all.reduce((best, p) => far(p) < far(best) ? p : best); return [box.left + px, box.top + py]; }""")
        )
        page.mouse.move(x, y, steps=3)
        return (x, y) if page.locator(".at[data-near]").count() else None

    x, y = until(hovered)
    assert (
        page.evaluate(
            "() => { const a = document.querySelector('.at').atlas; return "
            "a.painted[a.placeOf(Number(a.root.dataset.near))]; }"
        )
        == 250
    )
    page.locator(".at-truth-legend", has_text="truly nearer").wait_for()
    page.locator(".at-truth-live").press("Enter")
    assert page.evaluate("() => document.querySelector('.at').atlas.painted") is None
    page.mouse.click(x, y)
    page.locator(".at[data-friends]").wait_for(state="attached")
    page.locator(".at-truth-item").nth(9).wait_for()
    page.locator(".at-truth-close").click()


# the map that was asked for, not the one shown meanwhile
MADE = (
    "() => { const map = document.querySelector('.lx')?.lx?.data.map; return map && "
    "!map.startsWith('PCA'); }"
)


def explore(page) -> None:
    """Every way of moving changes what is decoded."""
    onward(page, "Explore")
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_function(MADE)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    page.wait_for_function(
        "() => document.querySelector('.lx-handle') && !document.querySelector('.lx-handle').hidden"
    )
    page.evaluate(AT_REST)
    first = at_rest(page)
    box = in_view(page.locator(".lx-sliders .lx-range").first)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):  # the hand is still down: frames must come now, not on release
        frames = page.evaluate("() => Number(document.querySelector('.lx').dataset.frames)")
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.08 * step), box["y"] + box["height"] / 2)
        page.wait_for_function(
            f"() => Number(document.querySelector('.lx').dataset.frames) > {frames}"
        )
    page.mouse.up()
    second = at_rest(page)
    assert (first != second).sum() == 1
    handle = in_view(page.locator(".lx-handle"))
    page.mouse.move(handle["x"] + 15, handle["y"] + 15)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + 60, steps=8)
    page.evaluate("() => document.querySelector('.lx').lx.drop.rest()")
    page.evaluate(SLOW)
    page.mouse.move(handle["x"] + 70, handle["y"] + 50)
    page.mouse.up()
    # before the answer: it comes after the place all the same
    page.locator(".lx-undo").click()
    page.evaluate("() => document.querySelector('.lx').lx.drop.rest()")
    page.locator(".lx-redo").click()
    page.wait_for_function(f"() => !({SHOWS})({second.tolist()})")
    third = at_rest(page)
    page.locator(".lx-undo").click()
    page.wait_for_function(SHOWS, arg=second.tolist())
    page.locator(".lx-redo").click()
    page.wait_for_function(SHOWS, arg=third.tolist())
    page.locator(".lx-reset").click()
    page.wait_for_function(SHOWS, arg=first.tolist())
    page.locator(".lx-set-a").click()
    page.locator(".lx-random").click()
    page.wait_for_function(f"() => !({SHOWS})({first.tolist()})")
    page.locator(".lx-set-b").click()
    page.locator(".lx-step").nth(8).wait_for()


DRAG = """async (steps) => {
  // Drags a slider, keeps every frame that was drawn with the code on display, and counts the questions under way.
  const root = document.querySelector('.lx'), { wire, data } = root.lx, ask = wire.ask, frames = [];
  const canvas = root.querySelector('.lx-item canvas'), pixels = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let underWay = 0, most = 0, asked = 0;
  wire.ask = (route, ...rest) => {
    if (route !== 'decode') return ask.call(wire, route, ...rest);
    asked += 1; underWay += 1; most = Math.max(most, underWay);
    return ask.call(wire, route, ...rest).finally(() => { underWay -= 1; });
  };
  const watch = new MutationObserver(() => frames.push([root.dataset.code, pixels()]));
  watch.observe(root, { attributeFilter: ['data-frames'] });
  const slider = root.querySelectorAll('.lx-sliders .lx-range')[1];
  for (let i = 0; i < steps; i++) {
    slider.value = Number(slider.min) + (i / steps) * (slider.max - slider.min);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((r) => setTimeout(r, i % 3 ? 0 : 12));
    if (i === steps - 1 && frames.length < 6 && steps < 2000) steps += 10;      // a busy machine draws fewer frames of a hasty hand
  }
  await root.lx.decode.rest();
  watch.disconnect(); wire.ask = ask;
  let worst = 0;
  for (const [code, drawn] of frames) {       // asked again, by a plain request
    const reply = await wire.request('decode', { map: data.map }, JSON.parse(code)), sent = new Uint8Array(reply.buffer, reply.start), channels = reply.head.shape[3];
    for (let i = 0; i < canvas.width * canvas.height; i++) for (let d = 0; d < 3; d++) worst = Math.max(worst, Math.abs(drawn[4 * i + d] - sent[channels * i + (channels === 1 ? 0 : d)]));
  }
  return { asked, most, underWay, frames: frames.length, worst, socket: wire.socket.readyState === 1 };
}"""


def frames_are_true(page) -> None:
    """The pixels of every frame are those the server decodes from the code on display, and
    questions never pile up.
    """
    seen = page.evaluate(DRAG, 60)
    assert seen["socket"] and seen["most"] == 1 and seen["underWay"] == 0
    assert 3 < seen["frames"] <= seen["asked"] + 1
    assert seen["worst"] <= 1


SHOWS = (
    "(wanted) => JSON.parse(document.querySelector('.lx').dataset.code).every((value, j) => "
    "Math.abs(value - wanted[j]) < 1e-3)"
)


def code(page) -> np.ndarray:
    return np.array(json.loads(page.locator(".lx").get_attribute("data-code")))


SLOW = """() => { const { lx } = document.querySelector(".lx"), ask = lx.ask;       // places are answered half a second late
    lx.ask = (what, ...more) => ask.call(lx, what, ...more).then((reply) => what === "place" ? new Promise((done) => setTimeout(() => done(reply), 500)) : reply); }"""


def at_rest(page) -> np.ndarray:
    """The code on display when it is the one in hand: the last answer may still be on its way."""
    page.wait_for_function(f"() => ({SHOWS})(document.querySelector('.lx').lx.code)")
    return code(page)


TOLD = """() => { const { lx } = document.querySelector(".lx"), asked = new URLSearchParams(location.search), told = asked.get("code")?.slice(1).split("_").map(Number);
    if (lx.telling || asked.get("row") !== String(lx.selected)) return false;
    return lx.row() !== null ? !told : !!told && told.every((v, j) => Math.abs(v - lx.code[j]) < 1e-3); }"""


def told_address(page) -> str:
    """The page's address once it names what is in hand."""
    page.wait_for_function(TOLD)
    return page.url


def generate(page) -> None:
    onward(page, "Generate")
    page.get_by_text("How good they are").wait_for()
    # who leaves before they came would see them missing
    page.wait_for_function(
        "() => [...document.images].every((image) => image.complete && image.naturalWidth)"
    )


def download(page, label: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    return Path(waiting.value.path()).read_bytes()


def explore_digits(page, server) -> None:
    page.goto(server)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.locator("strong", has_text="Trained in").wait_for()
    page.get_by_role("link", name="Explore").click()
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_function(MADE)
