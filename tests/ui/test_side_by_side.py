"""Maps side by side: laid onto each other on the server, linked in the browser, on the page for
every kind of data.
"""

import json
import re
import socket
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from app_pages import held, open_page, small, small_run, words
from journeys import CHROMIUM
from live import ask, parse
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lvm_core import MODELS, PROJECTIONS
from lvm_core.analysis.alignment import changed, procrustes
from lvm_core.mapping import map_codes
from pages.api import alignment, auth, routes, scripts, tiles
from pages.session import maps, state
from pages.session import runs as starting
from pages.session.services import services
from pages.ui import side_by_side
from pages.ui.components import side_by_side as beside_component

VIEW = maps.View("", "", np.zeros((0, 2)), "", True)


@pytest.fixture(scope="module")
def two():
    """Two runs of one dataset, PCA and factor analysis of digits, each with its PCA map; the
    first also with its axes.
    """
    data = state.Data(small("image"))
    made = []
    for model in (MODELS["PCA"](latent_dim=6), MODELS["NMF"](latent_dim=6, random_state=1)):
        run = state.Run(data, model)
        run.job = starting.fit_job(run)
        assert run.job.wait(60) and run.fitted, run.job.error
        run.maps["PCA"] = map_codes(run.fitted.codes, PROJECTIONS["PCA"]())
        services().runs.put(run)
        made.append(run)
    made[0].maps["Axes"] = map_codes(made[0].fitted.codes, PROJECTIONS["Identity"]())
    return made


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=routes.routes), base_url="http://127.0.0.1:8501") as client:
        yield client


def laid(two):
    pairs = [(two[0], "PCA"), (two[1], "PCA"), (two[0], "Axes")]
    keys, moves = alignment.align(pairs)
    return [run.maps[key] for (run, _), key in zip(pairs, keys)], keys, moves


def test_maps_are_laid_onto_the_first_and_share_its_plane(two):
    found, keys, moves = laid(two)
    first = two[0].maps["PCA"].positions
    assert moves[0] is None and np.allclose(found[0].positions, first, atol=1e-5)
    want = procrustes(two[1].maps["PCA"].positions, first)
    assert (
        np.allclose(found[1].positions, want.apply(two[1].maps["PCA"].positions), atol=1e-4)
        and moves[1].residual == want.residual
    )
    sheets = [tiles.sheet(run, key) for run, key in zip((two[0], two[1], two[0]), keys)]
    assert all(
        s.side == sheets[0].side
        and np.array_equal(s.low, sheets[0].low)
        and s.extent == sheets[0].extent
        for s in sheets
    )
    for sheet, mapped in zip(sheets, found):  # nothing is cut off at the border
        inside = mapped.positions[tiles.order(len(first))]
        assert (
            np.abs(sheet.low + sheet.units / 65535 * sheet.side - inside).max() < sheet.side / 65535
        )


def test_laid_maps_stay_in_memory_and_do_not_grow_without_bound(two):
    _, keys, _ = laid(two)
    assert laid(two)[1] == keys  # the same maps, the same names
    assert not [
        f
        for f in services().workspace.run_folder(two[0].id).glob("maps/*")
        if f.name.startswith("laid")
    ]
    axes = two[0].maps["Axes"]
    for seed in range(12):
        two[0].maps["Moved"] = replace(axes, positions=axes.positions + np.float32(seed))
        alignment.align([(two[0], "Moved"), (two[1], "PCA")])
    assert sum(key.startswith("laid") for key in two[0].maps) <= alignment.MOST_HELD + 2


def test_a_map_of_one_place_is_laid_nowhere_and_said_so(two):
    axes = two[0].maps["Axes"]
    two[0].maps["Flat"] = replace(axes, positions=np.zeros_like(axes.positions))
    keys, moves = alignment.align([(two[0], "PCA"), (two[0], "Flat")])
    assert moves[1] is None and np.isfinite(two[0].maps[keys[1]].positions).all()


def test_the_change_is_told_in_drawn_order_and_only_by_its_name(client, two):
    change = changed(two[0].maps["PCA"].positions, two[1].maps["PCA"].positions, 9)
    alignment.hold(two[0], "here", change)
    head, body = parse(ask(client, two[0], "changed", name="here"))
    assert head["k"] == 9 and np.array_equal(
        np.frombuffer(body, np.uint8), change.lost[tiles.order(len(change.lost))]
    )
    assert ask(client, two[0], "changed", name="elsewhere").status_code == 404
    assert ask(client, two[1], "changed", name="here").status_code == 404
    for i in range(alignment.MOST_HELD):
        alignment.hold(two[0], f"newer {i}", change)
    assert ask(client, two[0], "changed", name="here").status_code == 404


def test_items_come_through_the_model_that_is_asked(client, two):
    for run in two:
        head, body = parse(ask(client, run, "through", i="7,0"))
        want = run.dataset.decode(run.fitted.model.inverse_transform(run.fitted.codes[[7, 0]]))
        assert (
            head["rows"] == [7, 0]
            and np.abs(np.frombuffer(body, np.uint8) / 255 - want.clip(0, 1).ravel()).max() < 0.003
        )
    for rows in ("-1", "99999", "a", ""):
        assert ask(client, two[0], "through", i=rows).status_code == 400


def test_a_choice_spreads_to_the_runs_beside_it_and_no_further(client, two, runs):
    stranger = runs["table"]
    before = list(stranger.selection)
    alignment.link([*two, stranger])
    two[0].selection = [3, 5, 8]
    head, _ = parse(ask(client, two[0], "spread", content=b""))
    assert (
        head["runs"] == 1
        and list(two[1].selection) == [3, 5, 8]
        and list(stranger.selection) == before
    )
    # a change is no link to click
    assert client.get("/live/spread", params={"t": auth.sign(two[0].id)}).status_code == 405


# -- the page --------------------------------------------------------------------------------------


def opened(data_id):
    app = open_page("compare", data=data_id)
    app.session_state[f"compare-view-{held(app, 'data')}"] = "Maps side by side"
    app.run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_maps_of_one_model_stand_side_by_side(kind, monkeypatch):
    # the slow ones have tests of their own
    monkeypatch.setattr(side_by_side, "FIRST_MAPS", ("PCA", "Identity", "PCA", "Identity"))
    # the shared runs' data may have got other models by now
    app = opened(small_run(kind).data.id)
    for _ in range(100):
        if "What follows" in words(app) and "unrelated maps" in words(app):
            break
        time.sleep(0.2)
        app.run()
    assert "same codes" in words(app) and "unrelated maps" in words(app)
    table = next(d.value for d in app.dataframe if "in words" in d.value)
    assert (
        {"map", "model"} <= set(table[""])
        and "Trustworthiness" in set(table["score"])
        and len(table.columns) == 6
    )


def test_several_models_are_compared_by_their_codes_too(two, monkeypatch):
    monkeypatch.setattr(maps, "default", lambda run: "PCA")
    monkeypatch.setattr(side_by_side, "FIRST_MAPS", ("PCA", "Identity", "PCA", "Identity"))
    app = opened(two[0].data.id)
    app.session_state[f"pair-on-{held(app, 'data')}"] = "sources"
    app.run()
    assert not app.exception and "whichever way" in words(app)
    assert {run.id for run in two} == {two[0].id, *two[0].derived.beside}


def test_the_current_run_comes_first_and_no_pane_repeats_another(two):
    class Info:
        def __init__(self, run, name):
            self.id, self.config = run.id, {"name": name, "params": {"latent_dim": 6}}

    done = [Info(two[1], "NMF"), Info(two[0], "PCA")]
    for count in (2, 3, 4):
        panes = [(info.id, name) for info, name in side_by_side._first(done, count, "TSNE")]
        assert len(set(panes)) == count and panes[0][0] == two[1].id and panes[1][0] == two[0].id
    assert len({name for _, name in side_by_side._first(done[:1], 4, "TSNE")}) == 4


# -- the browser: the component on the real routes, without Streamlit ------------------------------


@pytest.fixture(scope="module")
def site(two):
    """A page with the component alone."""
    import uvicorn

    keys, moves = alignment.align([(two[0], "PCA"), (two[1], "PCA"), (two[0], "Axes")])
    alignment.link(two)
    change = changed(two[0].maps["PCA"].positions, two[1].maps["PCA"].positions)
    alignment.hold(two[0], "browser", change)
    panes = [
        side_by_side.Pane(run, replace(VIEW, key=name), name, "")
        for run, name in ((two[0], "PCA"), (two[1], "PCA"), (two[0], "Axes"))
    ]
    data, parts = (
        json.dumps(side_by_side.payload(panes, keys, moves, "digit", (0, 1), "browser", change)),
        beside_component.parts(),
    )
    loader = scripts.loader("side_by_side/side_by_side.js").replace(
        "export default", "const mount ="
    )

    async def page(request):
        return HTMLResponse(
            f"<style>{parts['css']}</style><main>{parts['html']}</main><script "
            f"type=module>{loader} window.said = [];"
            f"mount({{ data: {data}, parentElement: document.querySelector('main'), setStateValue: "
            f"(...a) => window.said.push(a) }});</script>"
        )

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/", page), *scripts.routes, *routes.routes]),
            port=port,
            log_level="error",
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def page(site):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        made = browser.new_page(viewport={"width": 1200, "height": 1100})
        errors = []
        made.on("pageerror", lambda error: errors.append(str(error)))
        made.goto(site)
        made.wait_for_function(
            "document.querySelector('.bs').dataset.ready === '3' && "
            "document.querySelector('.bs').bs.lost"
        )
        yield made
        assert not errors, errors
        browser.close()


def inside(page, text):
    """What an expression gives, where ``bs`` is the component and ``maps`` its three panes."""
    return page.evaluate(
        f"(() => {{ const bs = document.querySelector('.bs').bs, maps = bs.atlases; return "
        f"({text}); }})()"
    )


@pytest.mark.browser
def test_what_one_pane_does_the_others_do(page, two):
    def centre(k):
        box = page.locator(".bs .at-stage").nth(k).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]

    x, y, width = centre(1)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    cameras = inside(page, "maps.map((m) => [m.camera.x, m.camera.y, m.camera.scale])")
    assert cameras[0] == cameras[1] == cameras[2] and cameras[0][2] > 1.2
    i = inside(
        page,
        "(() => { const m = maps[1]; let best = 0, least = 1e9; for (let i = 0; i < m.n; i++) { "
        "const [x, y] = m.camera.toScreen(m.positions[2*i], m.positions[2*i+1]), "
        "d = Math.hypot(x - m.camera.width / 2, y - m.camera.height / 2); if (d < least) { least "
        "= d; best = i; } } return best; })()",
    )
    dx, dy = inside(
        page,
        (
            f"(() => {{ const m = maps[1], [x, y] = m.camera.toScreen(m.positions[{2 * i}], "
            f"m.positions[{2 * i + 1}]); return [x - m.camera.width / 2, y - m.camera.height / 2]; "
            f"}})()"
        ),
    )
    page.mouse.move(x + dx, y + dy)
    page.wait_for_function(
        f"document.querySelector('.bs').bs.atlases.every((m) => m.marked === {i})"
    )
    row = int(tiles.order(len(two[0].dataset))[i])
    page.wait_for_function(
        f"document.querySelector('.bs-items .lx-caption').textContent.includes('row {row}')"
    )
    # real, and through each of two models
    assert page.locator(".bs-through figure").count() == 3
    page.locator(".bs .at-bar").nth(0).locator("[data-tool=box]").click()
    x, y, width = centre(0)
    page.mouse.move(x - width / 4, y - width / 4)
    page.mouse.down()
    page.mouse.move(x + width / 4, y + width / 4, steps=4)
    page.mouse.up()
    page.wait_for_function("window.said.length > 0")
    assert 0 < len(two[0].selection) == len(two[1].selection) and list(two[0].selection) == list(
        two[1].selection
    )
    masks = inside(page, "maps.map((m) => Array.from(m.bits))")
    assert masks[0] == masks[1] == masks[2]
    bits = np.unpackbits(np.array(masks[0], np.uint8), bitorder="little")[
        : len(two[0].dataset)
    ].astype(bool)
    assert np.array_equal(np.sort(tiles.order(len(bits))[bits]), np.asarray(two[0].selection))
    page.locator(".bs-link").uncheck()
    before = inside(page, "maps[0].camera.scale")
    page.mouse.move(*centre(2)[:2])
    page.mouse.wheel(0, -200)
    assert inside(page, "maps[0].camera.scale") == before < inside(page, "maps[2].camera.scale")


@pytest.mark.browser
def test_the_threshold_counts_and_fades_in_every_pane(page, two):
    change = two[0].derived.changes["browser"]
    page.locator(".bs-mode[data-mode=change]").click()
    for share in (0.5, 0.2, 0.95, 0):
        page.locator(".bs-share").fill(str(share))
        count = int(re.match("[0-9,]+", page.locator(".bs-count").inner_text())[0].replace(",", ""))
        assert count == change.above(share)
        full = inside(
            page,
            (
                "maps.map((m) => { let k = 0; for (let i = 0; i < m.n; i++) k += m.look[4 * i + 1] "
                "=== 255; return k; })"
            ),
        )
        assert full == [count] * 3
    page.locator(".bs-mode[data-mode=own]").click()
    assert inside(page, "maps.map((m) => m.painted)") == [None] * 3


@pytest.mark.browser
def test_one_map_becomes_the_other_and_comes_back(page):
    start = inside(page, "Array.from(maps[0].positions)")
    end = inside(page, "Array.from(maps[1].positions)")
    drawn = page.evaluate("""async () => {
        const { morph } = document.querySelector('.bs').bs, map = morph.from, drawn = [];
        map.drawPoints = function () { drawn.push(morph.t); Object.getPrototypeOf(this).drawPoints.call(this); };
        for (const t of [0.1, 0.2, 0.3]) { morph.set(t); for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame); }
        delete map.drawPoints; return drawn; }""")
    assert {0.1, 0.2, 0.3} <= set(drawn)  # each is drawn on the way
    page.locator(".bs-t").fill("0.25")
    quarter = np.array(inside(page, "Array.from(maps[0].positions)"))
    assert np.abs(quarter - (0.75 * np.array(start) + 0.25 * np.array(end))).max() <= 0.51
    page.locator(".bs-t").fill("0")
    page.locator(".bs-play").click()
    page.wait_for_function("document.querySelector('.bs').dataset.t === '1'")
    assert inside(page, "Array.from(maps[0].positions)") == end
    page.locator(".bs-play").click()
    page.wait_for_function("document.querySelector('.bs').dataset.t === '0'")
    assert inside(page, "Array.from(maps[0].positions)") == start
    page.emulate_media(reduced_motion="reduce")
    page.locator(".bs-play").click()
    assert page.locator(".bs").get_attribute("data-t") == "1"  # at once
