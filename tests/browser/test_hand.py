"""The map and the explorer under the hand, in a real browser: found, chosen and kept, dragged
on and on, without sockets, without WebGL.
"""

import re

import pytest
from journeys import (
    AT_REST,
    DRAG,
    PATIENCE,
    SHOWS,
    at_rest,
    code,
    explore_digits,
    in_view,
    onward,
    told_address,
    train,
)

pytestmark = pytest.mark.browser

# A place on the screen with a point, or a new sample, near the middle of the map and beside the
# ring.
FREE = """(what) => { const { atlas } = document.querySelector('.at'), { samples, probe } = document.querySelector('.lx').lx.map, box = atlas.stage.getBoundingClientRect();
    const units = what === "samples" ? samples.places : Array.from({ length: atlas.n }, (_, i) => [atlas.positions[2 * i], atlas.positions[2 * i + 1]]);
    const ring = atlas.camera.toScreen(...atlas.unitOf(...probe.place)), far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]), middle = [box.width / 2, box.height / 2];
    const free = units.map((u) => atlas.camera.toScreen(...u)).filter((p) => far(p, ring) > 40).sort((p, q) => far(p, middle) - far(q, middle));
    return [box.left + free[0][0], box.top + free[0][1]]; }"""

# a corner is set by hand before the four to begin with have come
CORNER_AT_ONCE = """() => {
    const kind = document.querySelector(".lx-sheet-kind");
    kind.value = "corners";
    kind.dispatchEvent(new Event("change"));
    document.querySelector(".lx-corner-nw").click();
}"""


def test_what_is_found_chosen_and_kept(page, server):
    """Search, lasso, groups, kept places, the walk between found items; a link brings all of it
    back, another map loses none of it.
    """
    explore_digits(page, server)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    page.locator(".lx-query").fill("digit=3")
    page.locator(".lx-found .lx-card").nth(4).wait_for()
    page.locator(".lx-found .lx-end").nth(0).click()
    page.locator(".lx-found .lx-end").nth(9).click()
    page.locator(".lx-strip .lx-step").nth(8).wait_for()
    page.get_by_role("button", name="Choose all these rows").click()
    page.get_by_text("183 chosen", exact=True).first.wait_for()
    page.locator(".lx-chosen .lx-name").fill("threes")
    page.get_by_role("button", name="Keep the chosen rows").click()
    page.get_by_role("button", name="Choose the rows of threes").wait_for()
    page.locator(".lx-query").press("Escape")
    page.locator(".at-tool[data-tool=box]").click()
    area = in_view(page.locator(".at-stage"))
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + area["height"] * 0.7, steps=5)
    page.keyboard.down("Shift")
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_function(
        "() => parseInt(document.querySelector('.lx-chosen strong').textContent.replace(',', '')) "
        "> 183"
    )
    item = code(page)
    page.locator(".lx-random").click()
    page.wait_for_function(f"() => !({SHOWS})({item.tolist()})")
    page.locator(".lx-keep").click()
    page.locator(".lx-bookmarks .lx-card").wait_for()
    page.locator(".lx-bookmarks .lx-name").fill("a dream")
    page.locator(".lx-bookmarks .lx-name").press("Tab")
    page.locator(".at-tool[data-tool=pan]").click()
    in_view(page.locator(".at-stage"))
    # the dot under the pointer says what it is
    page.mouse.move(*page.evaluate(FREE, "positions"))
    page.wait_for_function("() => document.querySelector('.at').atlas.at")
    assert re.search(r"row \d+", page.locator(".at-card").inner_text())
    page.locator(".lx-made").click()
    page.wait_for_function(
        "() => document.querySelector('.lx').lx.map.samples.places.length === 200"
    )
    page.mouse.click(*page.evaluate(FREE, "samples"))
    page.get_by_text("New sample").first.wait_for()
    told_address(page)
    here, ends = at_rest(page), [page.locator(f".lx-end-{end}").text_content() for end in "ab"]
    page.get_by_role("radio", name="PCA", exact=True).click()  # another map of the same codes
    page.wait_for_function(
        "() => document.querySelector('.lx').lx.data.map.startsWith('PCA') && "
        "document.querySelector('.lx').lx.map.path.places.length > 10"
    )
    page.wait_for_function(SHOWS, arg=here.tolist())
    page.wait_for_url(re.compile("map=PCA"))
    page.goto(told_address(page))
    page.locator(".lx-strip .lx-step").nth(8).wait_for()
    page.locator(".lx-bookmarks .lx-card").wait_for()
    page.wait_for_function(SHOWS, arg=here.tolist())
    assert [page.locator(f".lx-end-{end}").text_content() for end in "ab"] == ends and all(
        end.startswith("row ") for end in ends
    )
    assert page.locator(".lx-bookmarks .lx-name").input_value() == "a dream"
    assert page.get_by_role("radio", name="PCA", exact=True).is_checked()
    page.get_by_text("Contact sheet").click()
    page.evaluate(CORNER_AT_ONCE)
    page.get_by_role("button", name="100 % across, 100 % down").wait_for()
    # it is made again
    page.evaluate("() => document.querySelector('.lx').lx.sheet.fetch.rest()")
    page.locator(".lx-sheet .lx-step").nth(48).click()
    page.wait_for_function(f"() => !({SHOWS})({here.tolist()})")
    page.locator(".lx-sheet .lx-step").nth(0).click()
    page.wait_for_function(SHOWS, arg=here.tolist())


HEAP = (
    "() => { const { wire } = document.querySelector('.lx').lx; return { heap: "
    "performance.memory.usedJSHeapSize, nodes: document.querySelectorAll('*').length, pending: "
    "wire.pending.size }; }"
)


def test_dragging_on_and_on_leaks_neither_memory_nor_questions(page, server):
    explore_digits(page, server)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    tools = page.context.new_cdp_session(page)

    def state():
        page.evaluate(AT_REST)
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


def over_the_map(page, tool: str, share: float, key: str | None = None) -> int:
    """Draw a box over the left ``share`` of the map, or a lasso like it, and say how many rows
    are chosen then.
    """
    page.locator(f".at-tool[data-tool={tool}]").click()
    area = page.locator(".at-stage").bounding_box()
    left, right, top, bottom = (
        area["x"] + 2,
        area["x"] + area["width"] * share,
        area["y"] + 60,
        area["y"] + area["height"] - 4,
    )
    if key:
        page.keyboard.down(key)
    page.evaluate("() => { delete document.querySelector('.at').dataset.chose; }")
    page.mouse.move(left, bottom)
    page.mouse.down()
    for corner in (
        ((right, bottom), (right, top), (left, top)) if tool == "lasso" else ((right, top),)
    ):
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    if key:
        page.keyboard.up(key)
    page.locator(".at[data-chose]").wait_for()
    return page.evaluate("() => document.querySelector('.at').atlas.selected")


@pytest.mark.parametrize("webgl", [True, False], ids=["webgl", "canvas"])
def test_the_map_under_the_hand(page, server, webgl):
    """Move, point, click, box and lasso with keys, clear; a lost graphics context comes back; a
    plain canvas where there is no WebGL2.
    """
    if not webgl:
        page.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext; "
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "
            "'webgl2' ? null : get.call(this, kind, ...rest); };"
        )
    page.goto(server)
    page.locator(".st-key-go-iris button:visible").first.click()
    train(page, "PCA")
    onward(page, "See the map")
    page.locator(".at[data-painted]").wait_for()
    page.get_by_role("radio", name="PCA", exact=True).last.click()
    page.wait_for_function(
        "() => { const a = document.querySelector('.at').atlas; return a && "
        "a.data.map.startsWith('PCA') && a.loaded === 150; }"
    )
    assert page.locator(".at").get_attribute("data-backend") == (
        "GlPoints" if webgl else "FlatPoints"
    )
    # how many of the 150 points are drawn: opaque at their centres (as they overlap, no count of
    # pixels would say so)
    drawn = """() => { const a = document.querySelector('.at').atlas; a.stale = true; a.drawNow();
               const from = a.points.canvas, c = document.createElement('canvas');
               c.width = from.width; c.height = from.height;
               const x = c.getContext('2d'); x.drawImage(from, 0, 0);
               const ratio = from.width / from.clientWidth, alpha = (i) => {
                 const [u, v] = a.camera.toScreen(a.positions[2 * i], a.positions[2 * i + 1]);
                 return x.getImageData(Math.round(u * ratio), Math.round(v * ratio), 1, 1).data[3]; };
               return Array.from({ length: a.n }, (_, i) => alpha(i)).filter((v) => v > 40).length; }"""
    assert page.evaluate(drawn) == 150
    if webgl:
        page.evaluate(
            "() => { const gl = document.querySelector('.at').atlas.points.gl; window.lost = "
            "gl.getExtension('WEBGL_lose_context'); window.lost.loseContext(); }"
        )
        page.wait_for_function("() => document.querySelector('.at').atlas.points.gone")
        page.evaluate("() => window.lost.restoreContext()")
        page.wait_for_function("() => !document.querySelector('.at').atlas.points.gone")
        assert page.evaluate(drawn) == 150  # all of them again
    place = (
        "(row) => { const a = document.querySelector('.at').atlas, i = a.placeOf(row), box = "
        "a.stage.getBoundingClientRect(), [x, y] = a.camera.toScreen(a.positions[2 * i], "
        "a.positions[2 * i + 1]); return [box.left + x, box.top + y]; }"
    )
    page.locator(".at-labels").click()  # a name may lie over a point, and takes its click
    in_view(page.locator(".at-stage"))
    page.evaluate(AT_REST)
    page.mouse.move(*page.evaluate(place, 7))
    page.wait_for_function("() => document.querySelector('.at').atlas.at")
    assert "sepal" in page.locator(".at-card").inner_text()
    page.mouse.click(*page.evaluate(place, 7))
    page.get_by_text("Click a dot to see another").wait_for(state="hidden")
    both = """() => { const a = document.querySelector('.at').atlas, n = a.n, bits = (rows) => { const made = new Uint8Array((n + 7) >> 3); for (const r of rows) { const i = a.placeOf(r); made[i >> 3] |= 1 << (i & 7); } return made; };
              const hidden = () => Array.from({ length: n }, (_, row) => row).filter((row) => a.look[4 * a.placeOf(row) + 2] & 2), faded = (row) => a.look[4 * a.placeOf(row) + 1], said = [], one = {}, two = {};
              a.hide(bits([3, 4]), one); a.hide(bits([4, 90]), two); said.push(hidden()); a.hide(null, one); said.push(hidden()); a.hide(null, two); said.push(hidden());
              a.fade(new Uint8Array(n).fill(90), one); a.fade(new Uint8Array(n).fill(200).map((v, i) => (i === a.placeOf(5) ? 20 : v)), two); said.push([faded(5), faded(6)]);
              a.fade(null, one); said.push([faded(5), faded(6)]); a.fade(null, two); said.push([faded(5), faded(6)]); return said; }"""
    # what several layers hide and fade adds up
    assert page.evaluate(both) == [[3, 4, 90], [4, 90], [], [20, 90], [20, 200], [255, 255]]
    page.locator(".at-stage").focus()
    for key, scale in (("+", 1.3), ("ArrowLeft", 1.3), ("-", 1), ("0", 1)):
        page.keyboard.press(key)
        assert page.evaluate(
            "() => document.querySelector('.at').atlas.camera.scale"
        ) == pytest.approx(scale)
    half = over_the_map(page, "box", 0.5)
    assert 0 < half < 150
    more = over_the_map(page, "lasso", 0.8, "Shift")
    assert half < more < 150
    assert over_the_map(page, "box", 0.5, "Alt") == more - half
    page.get_by_text(f"{more - half} chosen").first.wait_for()
    page.locator(".at-stage").focus()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('.at').atlas.selected === 0")


def test_the_ring_follows_keys_and_the_map_comes_back_as_a_link_left_it(page, server):
    """Arrow keys move the ring and decode; what of the map is in view is in the address, and so
    is a class that was hidden not.
    """
    explore_digits(page, server)
    page.get_by_text("Stop and keep").wait_for(state="hidden")
    before = at_rest(page)
    page.locator(".lx-handle").wait_for()
    page.evaluate(AT_REST)
    page.locator(".lx-handle").focus()
    place = page.evaluate("() => document.querySelector('.lx').lx.map.probe.place")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => !({SHOWS})({before.tolist()})")
    page.wait_for_function(
        f"() => document.querySelector('.lx').lx.map.probe.place[0] !== {place[0]}"
    )
    # the ring moved, not the map
    assert page.evaluate("() => document.querySelector('.lx').lx.map.camera") is None
    area = in_view(page.locator(".at-stage"))
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.4)
    for _ in range(3):
        page.mouse.wheel(0, -120)
    page.wait_for_url(re.compile("camera=z"))
    page.wait_for_function("() => document.querySelector('.lx').lx.telling === false")
    camera = page.evaluate("() => document.querySelector('.lx').lx.map.camera")
    page.wait_for_function(
        (
            "(seen) => new "
            "URLSearchParams(location.search).get('camera')?.slice(1).split('_').every((v, i) => "
            "Math.abs(v - seen[i]) <= 1e-3 * (1 + Math.abs(v)))"
        ),
        arg=camera,
    )
    page.goto(page.url)
    page.locator(".lx[data-drawn]").wait_for()
    page.wait_for_function(
        (
            "(seen) => document.querySelector('.lx').lx.map.camera?.every((v, i) => Math.abs(v - "
            "seen[i]) <= 0.02 * (1 + Math.abs(seen[0] - seen[1])))"
        ),
        arg=camera,
    )
