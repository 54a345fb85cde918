"""The main journey in a real browser, with every kind of data: bring it, train, map, explore while dragging, generate, download."""

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
import pandas as pd
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; install Debian's package chromium")]
PATIENCE = 120_000


@pytest.fixture(scope="module")
def server():
    """The app as a person starts it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)],
                               cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
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
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
                                                                          "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        yield made
        made.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    made = context.new_page()
    made.errors, made.outside = [], []
    made.on("pageerror", lambda error: made.errors.append(str(error)))
    made.on("console", lambda message: made.errors.append(message.text) if message.type == "error" and "Failed to load resource" not in message.text else None)
    made.on("request", lambda request: made.outside.append(request.url) if not re.match(r"(http|ws)://127\.0\.0\.1|data:|blob:", request.url) else None)
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
            inside = np.hypot(x - rng.uniform(-0.1, 0.1), y) < rng.uniform(0.2, 0.4) if kind == "disc" else abs(x - rng.uniform(-0.2, 0.2)) < rng.uniform(0.05, 0.2)
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
        lines.append(f"{size:.1f};{size / 2 + rng.normal(0, 3):.1f};{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.{rng.randint(1950, 2005)};"
                     f"{rng.choice(['Ulm', 'Köln', ''])};{rng.choice(['ja', 'nein'])};{group}".replace(".", ",", 2) if i else f"170,5;80,2;01.02.1980;Ulm;ja;{group}")
    return "\n".join(lines).encode("cp1252")


def corpus() -> bytes:
    """Short news as JSON lines, two topics."""
    rng = np.random.RandomState(2)
    topics = {"sport": "team goal match season coach player league victory striker fans stadium score".split(),
              "market": "stocks bank interest rate shares investor profit market trade bond price growth".split()}
    rows = []
    for i in range(160):
        topic = ("sport", "market")[i % 2]
        rows.append(json.dumps({"headline": " ".join(rng.choice(topics[topic] + ["today", "report", "new"], 12)), "topic": topic}))
    return "\n".join(rows).encode()


def bring(page, server, name: str, content: bytes) -> None:
    page.goto(f"{server}/data")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.get_by_text("Size of one").wait_for()


def settings(page, **values) -> None:
    for label, value in values.items():
        box = page.get_by_label(label, exact=True)
        box.fill(str(value))
        box.press("Tab")


def train(page, model: str, **values) -> None:
    page.get_by_role("button", name="Train a model").click()
    page.get_by_text("Nothing trained on this data yet").wait_for()
    page.get_by_role("radio", name=model, exact=True).click()
    if values:
        settings(page, **values)
    page.locator(".st-key-train button").click()
    page.get_by_text("Trained in").wait_for()
    page.get_by_text("measured on").first.wait_for()


def see_map(page) -> None:
    page.get_by_role("button", name="See the map").click()
    page.locator(".at[data-drawn]").wait_for()
    page.get_by_role("radio", name="Trust", exact=True).click()
    page.get_by_text("Trustworthiness").first.wait_for()


def truth_of_the_map(page) -> None:
    """True distances follow the pointer, and a click links the true neighbours; the colours come back."""
    page.get_by_text("meanwhile").first.wait_for(state="hidden")
    page.locator(".at-truth-live").press("Enter")
    page.evaluate("() => document.querySelector('.at-stage').scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(300)
    x, y = page.evaluate("""() => { const a = document.querySelector(".at").atlas, box = a.stage.getBoundingClientRect(), middle = [a.camera.width / 2, a.camera.height / 2];
        const all = Array.from({ length: a.n }, (_, i) => a.camera.toScreen(a.positions[2 * i], a.positions[2 * i + 1])), far = (p) => Math.hypot(p[0] - middle[0], p[1] - middle[1]);
        const [px, py] = all.reduce((best, p) => far(p) < far(best) ? p : best); return [box.left + px, box.top + py]; }""")
    page.mouse.move(x, y, steps=3)
    page.locator(".at[data-near]").wait_for(state="attached")
    assert page.evaluate("() => { const a = document.querySelector('.at').atlas; return a.painted[a.placeOf(Number(a.root.dataset.near))]; }") == 250
    page.locator(".at-truth-legend", has_text="truly nearer").wait_for()
    page.locator(".at-truth-live").press("Enter")
    assert page.evaluate("() => document.querySelector('.at').atlas.painted") is None
    page.mouse.click(x, y)
    page.locator(".at[data-friends]").wait_for(state="attached")
    page.locator(".at-truth-item").nth(9).wait_for()
    page.locator(".at-truth-close").click()


MADE = "() => { const map = document.querySelector('.lx')?.lx?.data.map; return map && !map.startsWith('PCA'); }"       # the map that was asked for, not the one shown meanwhile


def explore(page) -> None:
    """Every way of moving changes what is decoded."""
    page.get_by_role("button", name="Explore", exact=True).click()
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_function(MADE)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    page.wait_for_function("() => document.querySelector('.lx-handle') && !document.querySelector('.lx-handle').hidden")
    page.wait_for_timeout(1500)
    first = code(page)
    frames = int(page.locator(".lx").get_attribute("data-frames"))
    slider = page.locator(".lx-sliders .lx-range").first
    slider.evaluate("element => element.scrollIntoView({ block: 'center' })")      # a hand can only drag what it sees
    page.wait_for_timeout(200)
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(20):       # the hand is still down: frames must come now, not on release
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.02 * step), box["y"] + box["height"] / 2)
        page.wait_for_timeout(20)
    page.wait_for_function(f"() => Number(document.querySelector('.lx').dataset.frames) > {frames + 3}")
    page.mouse.up()
    second = at_rest(page)
    assert (first != second).sum() == 1
    page.locator(".lx-handle").evaluate("element => element.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(200)
    handle = page.locator(".lx-handle").bounding_box()
    page.mouse.move(handle["x"] + 15, handle["y"] + 15)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + 60, steps=8)
    page.wait_for_timeout(400)
    page.evaluate(SLOW)
    page.mouse.move(handle["x"] + 70, handle["y"] + 50)
    page.mouse.up()
    page.locator(".lx-undo").click()        # before the answer: it comes after the place all the same
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
    page.wait_for_timeout(600)
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
  await new Promise((r) => setTimeout(r, 1000));
  watch.disconnect(); wire.ask = ask;
  let worst = 0;
  for (const [code, drawn] of frames) {       // asked again, by a plain request
    const reply = await wire.request('decode', { map: data.map }, JSON.parse(code)), sent = new Uint8Array(reply.buffer, reply.start), channels = reply.head.shape[3];
    for (let i = 0; i < canvas.width * canvas.height; i++) for (let d = 0; d < 3; d++) worst = Math.max(worst, Math.abs(drawn[4 * i + d] - sent[channels * i + (channels === 1 ? 0 : d)]));
  }
  return { asked, most, underWay, frames: frames.length, worst, socket: wire.socket.readyState === 1 };
}"""


def frames_are_true(page) -> None:
    """The pixels of every frame are those the server decodes from the code on display, and questions never pile up."""
    seen = page.evaluate(DRAG, 60)
    assert seen["socket"] and seen["most"] == 1 and seen["underWay"] == 0
    assert 3 < seen["frames"] <= seen["asked"] + 1
    assert seen["worst"] <= 1


SHOWS = "(wanted) => JSON.parse(document.querySelector('.lx').dataset.code).every((value, j) => Math.abs(value - wanted[j]) < 1e-3)"


def code(page) -> np.ndarray:
    return np.array(json.loads(page.locator(".lx").get_attribute("data-code")))


SLOW = """() => { const { lx } = document.querySelector(".lx"), ask = lx.ask;       // places are answered half a second late
    lx.ask = (what, ...more) => ask.call(lx, what, ...more).then((reply) => what === "place" ? new Promise((done) => setTimeout(() => done(reply), 500)) : reply); }"""


def at_rest(page) -> np.ndarray:
    """The code on display when it is the one in hand: the last answer may still be on its way."""
    page.wait_for_function(f"() => ({SHOWS})(document.querySelector('.lx').lx.code)")
    return code(page)


def generate(page) -> None:
    page.get_by_role("button", name="Generate", exact=True).click()
    page.get_by_text("How good they are").wait_for()
    page.wait_for_function("() => [...document.images].every((image) => image.complete && image.naturalWidth)")     # who leaves before they came would see them missing


def download(page, label: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    return Path(waiting.value.path()).read_bytes()


def test_digits_from_one_click_to_a_download(page, server):
    page.goto(server)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.get_by_text("Trained in").wait_for()
    see_map(page)
    truth_of_the_map(page)
    explore(page)
    frames_are_true(page)
    page.wait_for_url(re.compile("run=.*code=z"))
    page.wait_for_timeout(1500)     # the newest of it
    address = page.url
    generate(page)
    with np.load(io.BytesIO(download(page, "NPZ")), allow_pickle=False) as arrays:
        assert arrays["items"].shape == (36, 8, 8, 1) and np.isfinite(arrays["items"]).all()
    with zipfile.ZipFile(io.BytesIO(download(page, "ZIP of PNGs"))) as archive:
        assert len(archive.namelist()) == 36
    wanted = [float(v) for v in re.search(r"code=z([^&]+)", address).group(1).split("_")]
    page.goto(address)      # a link brings a reload, or a colleague, to the same view
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_function(SHOWS, arg=wanted)


def test_colour_pictures_with_transparency(page, server):
    bring(page, server, "shapes.zip", colour_zip())
    train(page, "VAE", Epochs=8)
    see_map(page)
    explore(page)
    frames_are_true(page)
    generate(page)
    with Image.open(io.BytesIO(download(page, "PNG sheet"))) as sheet:
        assert sheet.mode == "RGB" and min(sheet.size) > 32


def explore_digits(page, server) -> None:
    page.goto(server)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.get_by_text("Trained in").wait_for()
    page.get_by_role("link", name="Explore").click()
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_function(MADE)


def test_what_is_found_chosen_and_kept(page, server):
    """Search, lasso, groups, kept places, the walk between found items; a link brings all of it back, another map loses none of it."""
    explore_digits(page, server)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    page.locator(".lx-query").fill("digit=3")
    page.locator(".lx-found .lx-card").nth(4).wait_for()
    page.locator(".lx-found .lx-end").nth(0).click()
    page.locator(".lx-found .lx-end").nth(9).click()
    page.locator(".lx-strip .lx-step").nth(8).wait_for()
    page.get_by_role("button", name="Choose all these rows").click()
    page.get_by_text("183 chosen", exact=True).wait_for()
    page.locator(".lx-chosen .lx-name").fill("threes")
    page.get_by_role("button", name="Keep the chosen rows").click()
    page.get_by_role("button", name="Choose the rows of threes").wait_for()
    page.locator(".lx-query").press("Escape")
    page.locator(".lx-tool[data-tool=box]").click()
    area = page.locator(".lx-plot").bounding_box()
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + area["height"] * 0.7, steps=5)
    page.keyboard.down("Shift")
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_function("() => parseInt(document.querySelector('.lx-chosen strong').textContent.replace(',', '')) > 183")
    item = code(page)
    page.locator(".lx-random").click()
    page.wait_for_function(f"() => !({SHOWS})({item.tolist()})")
    page.locator(".lx-keep").click()
    page.locator(".lx-bookmarks .lx-card").wait_for()
    page.locator(".lx-bookmarks .lx-name").fill("a dream")
    page.locator(".lx-bookmarks .lx-name").press("Tab")
    page.locator(".lx-tool[data-tool=move]").click()
    for share in np.linspace(0.35, 0.65, 12).tolist() * 5:      # the dots under the pointer say what they are
        page.mouse.move(area["x"] + area["width"] * share, area["y"] + area["height"] * 0.5)
        page.wait_for_timeout(60)
        if named := re.search(r"row \d+", page.locator(".lx-say").text_content()):
            break
    assert named
    page.locator(".lx-made").click()
    page.wait_for_function("() => document.querySelector('.lx').lx.plot.data[3].x.length === 200")
    page.wait_for_timeout(1500)
    here, ends = at_rest(page), [page.locator(f".lx-end-{end}").text_content() for end in "ab"]
    page.get_by_role("radio", name="PCA", exact=True).click()       # another map of the same codes
    page.wait_for_function("() => document.querySelector('.lx').lx.data.map.startsWith('PCA') && document.querySelector('.lx').lx.plot.data?.[1].x.length > 10")
    page.wait_for_function(SHOWS, arg=here.tolist())
    page.wait_for_url(re.compile("map=PCA"))
    page.wait_for_timeout(1500)     # the newest of it
    address = page.url
    page.goto(address)
    page.locator(".lx-strip .lx-step").nth(8).wait_for()
    page.locator(".lx-bookmarks .lx-card").wait_for()
    page.wait_for_function(SHOWS, arg=here.tolist())
    assert [page.locator(f".lx-end-{end}").text_content() for end in "ab"] == ends and all(end.startswith("row ") for end in ends)
    assert page.locator(".lx-bookmarks .lx-name").input_value() == "a dream"
    assert page.get_by_role("radio", name="PCA", exact=True).is_checked()
    page.get_by_text("Contact sheet").click()
    page.locator(".lx-sheet-kind").select_option("corners")
    page.locator(".lx-sheet .lx-step").nth(48).wait_for()
    page.locator(".lx-corner-nw").click()
    page.wait_for_timeout(800)      # the sheet is made again
    page.locator(".lx-sheet .lx-step").nth(48).click()
    page.wait_for_function(f"() => !({SHOWS})({here.tolist()})")
    page.locator(".lx-sheet .lx-step").nth(0).click()
    page.wait_for_function(SHOWS, arg=here.tolist())


HEAP = "() => { const { wire } = document.querySelector('.lx').lx; return { heap: performance.memory.usedJSHeapSize, nodes: document.querySelectorAll('*').length, pending: wire.pending.size }; }"


def test_dragging_on_and_on_leaks_neither_memory_nor_questions(page, server):
    explore_digits(page, server)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    tools = page.context.new_cdp_session(page)

    def state():
        page.wait_for_timeout(1500)
        tools.send("HeapProfiler.collectGarbage")
        return page.evaluate(HEAP)

    page.evaluate(DRAG, 100)
    before = state()
    for _ in range(5):
        page.evaluate(DRAG, 300)
    after = state()
    assert after["pending"] == 0 and after["nodes"] <= before["nodes"] + 50
    assert after["heap"] < before["heap"] + 4e6, (before, after)


def test_where_sockets_are_refused_plain_requests_do(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.route_web_socket(re.compile("/live/socket"), lambda socket: socket.close())
    explore_digits(page, server)
    seen = page.evaluate(DRAG, 30)
    assert not seen["socket"] and seen["frames"] > 3 and seen["worst"] <= 1 and seen["most"] == 1
    context.close()


def test_a_mixed_table_with_gaps(page, server):
    bring(page, server, "leute.csv", mixed_table())
    train(page, "VAE", Epochs=20)
    see_map(page)
    explore(page)
    generate(page)
    frame = pd.read_csv(io.BytesIO(download(page, "CSV in the original columns")))
    assert {"Größe", "Gewicht", "Geboren", "Stadt"} <= set(frame.columns)
    assert frame["Größe"].between(140, 210).all()
    assert set(frame["Stadt"].dropna()) <= {"Ulm", "Köln"}


def test_a_text_corpus(page, server):
    bring(page, server, "news.jsonl", corpus())
    train(page, "LSA")
    see_map(page)
    explore(page)
    generate(page)
    assert len(pd.read_csv(io.BytesIO(download(page, "CSV")))) == 12


def over_the_map(page, tool: str, share: float, key: str | None = None) -> int:
    """Draw a box over the left ``share`` of the map, or a lasso like it, and say how many rows are chosen then."""
    page.locator(f".at-tool[data-tool={tool}]").click()
    area = page.locator(".at-stage").bounding_box()
    left, right, top, bottom = area["x"] + 2, area["x"] + area["width"] * share, area["y"] + 60, area["y"] + area["height"] - 4
    if key:
        page.keyboard.down(key)
    page.evaluate("() => { delete document.querySelector('.at').dataset.chose; }")
    page.mouse.move(left, bottom)
    page.mouse.down()
    for corner in ((right, bottom), (right, top), (left, top)) if tool == "lasso" else ((right, top),):
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    if key:
        page.keyboard.up(key)
    page.locator(".at[data-chose]").wait_for()
    return page.evaluate("() => document.querySelector('.at').atlas.selected")


@pytest.mark.parametrize("webgl", [True, False], ids=["webgl", "canvas"])
def test_the_map_under_the_hand(page, server, webgl):
    """Move, point, click, box and lasso with keys, clear; a lost graphics context comes back; a plain canvas where there is no WebGL2."""
    if not webgl:
        page.add_init_script("const get = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };")
    page.goto(server)
    page.locator(".st-key-go-iris button:visible").first.click()
    train(page, "PCA")
    page.get_by_role("button", name="See the map").click()
    page.locator(".at[data-painted]").wait_for()
    page.get_by_role("radio", name="PCA", exact=True).last.click()
    page.wait_for_function("() => { const a = document.querySelector('.at').atlas; return a && a.data.map.startsWith('PCA') && a.loaded === 150; }")
    assert page.locator(".at").get_attribute("data-backend") == ("GlPoints" if webgl else "FlatPoints")
    inked = """() => { const a = document.querySelector('.at').atlas; a.stale = true; a.drawNow(); const c = document.createElement('canvas'); c.width = a.points.canvas.width; c.height = a.points.canvas.height;
               const x = c.getContext('2d'); x.drawImage(a.points.canvas, 0, 0); return x.getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 40).length; }"""
    ink = page.evaluate(inked)
    assert ink > 150 * 10
    if webgl:
        page.evaluate("() => { const gl = document.querySelector('.at').atlas.points.gl; window.lost = gl.getExtension('WEBGL_lose_context'); window.lost.loseContext(); }")
        page.wait_for_function("() => document.querySelector('.at').atlas.points.gone")
        page.evaluate("() => window.lost.restoreContext()")
        page.wait_for_function("() => !document.querySelector('.at').atlas.points.gone")
        assert page.evaluate(inked) > 0.8 * ink        # all of them again
    place = "(row) => { const a = document.querySelector('.at').atlas, i = a.placeOf(row), box = a.stage.getBoundingClientRect(), [x, y] = a.camera.toScreen(a.positions[2 * i], a.positions[2 * i + 1]); return [box.left + x, box.top + y]; }"
    for _ in range(60):     # what comes in above the map may move it away from under the pointer
        x, y = page.evaluate(place, 7)
        page.mouse.move(x + 1, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(500)
        if page.evaluate("() => !!document.querySelector('.at').atlas.at"):
            break
    assert "sepal" in page.locator(".at-card").inner_text()
    for row in (7, 60, 120, 20, 90) * 3:     # a name may lie over one of them, and takes its click
        page.mouse.click(*page.evaluate(place, row))
        page.wait_for_timeout(3000)
        if not page.get_by_text("the first item; click another").is_visible():
            break
    assert not page.get_by_text("the first item; click another").is_visible()
    both = """() => { const a = document.querySelector('.at').atlas, n = a.n, bits = (rows) => { const made = new Uint8Array((n + 7) >> 3); for (const r of rows) { const i = a.placeOf(r); made[i >> 3] |= 1 << (i & 7); } return made; };
              const hidden = () => Array.from({ length: n }, (_, row) => row).filter((row) => a.look[4 * a.placeOf(row) + 2] & 2), faded = (row) => a.look[4 * a.placeOf(row) + 1], said = [], one = {}, two = {};
              a.hide(bits([3, 4]), one); a.hide(bits([4, 90]), two); said.push(hidden()); a.hide(null, one); said.push(hidden()); a.hide(null, two); said.push(hidden());
              a.fade(new Uint8Array(n).fill(90), one); a.fade(new Uint8Array(n).fill(200).map((v, i) => (i === a.placeOf(5) ? 20 : v)), two); said.push([faded(5), faded(6)]);
              a.fade(null, one); said.push([faded(5), faded(6)]); a.fade(null, two); said.push([faded(5), faded(6)]); return said; }"""
    assert page.evaluate(both) == [[3, 4, 90], [4, 90], [], [20, 90], [20, 200], [255, 255]]      # what several layers hide and fade adds up
    page.locator(".at-stage").focus()
    for key, scale in (("+", 1.3), ("ArrowLeft", 1.3), ("-", 1), ("0", 1)):
        page.keyboard.press(key)
        assert page.evaluate("() => document.querySelector('.at').atlas.camera.scale") == pytest.approx(scale)
    half = over_the_map(page, "box", 0.5)
    assert 0 < half < 150
    more = over_the_map(page, "lasso", 0.8, "Shift")
    assert half < more < 150
    assert over_the_map(page, "box", 0.5, "Alt") == more - half
    page.get_by_text(f"{more - half} chosen").first.wait_for()
    page.locator(".at-stage").focus()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('.at').atlas.selected === 0")


def test_a_gan_and_its_stop(page, server):
    page.goto(server)
    page.locator(".st-key-go-spiral button:visible").first.click()
    page.get_by_role("button", name="Train a model").click()
    page.get_by_text("Nothing trained on this data yet").wait_for()
    page.get_by_role("radio", name="GAN", exact=True).click()
    page.locator(".st-key-train button").click()
    page.wait_for_timeout(5000)     # it has learnt something
    page.get_by_role("button", name="Stop and keep what is there").click()
    page.get_by_text("stopped early").first.wait_for()


def test_a_phone_goes_all_the_way(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(server)
    page.locator(".st-key-go-iris button:visible").first.click()
    train(page, "PCA")
    see_map(page)
    page.get_by_role("button", name="Explore", exact=True).click()
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_timeout(1000)
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 1
    generate(page)
    context.close()


@pytest.mark.parametrize("width", (390, 1280, 1920))
def test_no_page_is_wider_than_the_window(browser, server, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark")
    page = context.new_page()
    for name in ("", "data", "train", "map", "explore", "generate", "compare", "analyse", "models"):
        page.goto(f"{server}/{name}")
        page.locator("h1").first.wait_for()
        page.wait_for_timeout(500)
        assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 1, name
    context.close()
