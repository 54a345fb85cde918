"""Maps in 3-D under the hand, in a real browser: turned, chosen by what a lasso holds on the
screen, pointed at, with names, pictures and trust; names that cover no point they name.
"""

import io

import numpy as np
import pandas as pd
import pytest
from journeys import AT_REST as PAGE_AT_REST
from journeys import PATIENCE, bring, onward, train
from PIL import Image

pytestmark = pytest.mark.browser

STAGE = "document.querySelector('.at').atlas.stage.getBoundingClientRect()"
# where every row is seen, by row
SEEN = """() => { const { atlas } = document.querySelector('.at');
    return Array.from({ length: atlas.n }, (_, row) => atlas.pointAt(atlas.placeOf(row))); }"""
CHOSEN = """() => { const { atlas } = document.querySelector('.at');
    return Array.from({ length: atlas.n }, (_, row) => row).filter((row) => { const i = atlas.placeOf(row); return (atlas.bits[i >> 3] >> (i & 7)) & 1; }); }"""
AT_REST = "() => { const { atlas } = document.querySelector('.at'); return atlas.loaded === atlas.n && !atlas.moving && !atlas.frame; }"


PCA = """(dims) => { const atlas = document.querySelector('.at')?.atlas;
    return atlas?.dims === dims && atlas.data.map.startsWith('PCA') && !atlas.data.job; }"""


def space(page):
    """The 3-D map by PCA, whole and at rest."""
    page.locator(".at[data-painted]").wait_for()
    page.get_by_role("radio", name="PCA", exact=True).last.click()
    page.wait_for_function(PCA, arg=2)
    page.get_by_text("3-D", exact=True).first.click()
    page.wait_for_function(PCA, arg=3)
    page.wait_for_function(AT_REST)
    page.locator(".at-stage").scroll_into_view_if_needed()


def pixels(page) -> np.ndarray:
    page.wait_for_function(AT_REST)
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    box = page.evaluate(f"() => {{ const b = {STAGE}; return [b.x, b.y, b.width, b.height]; }}")
    clip = dict(zip(("x", "y", "width", "height"), box))
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")).astype(int)


def drag(page, *places, button="left", key=None):
    x, y = page.evaluate(f"() => [{STAGE}.x, {STAGE}.y]")
    (x0, y0), *rest = places
    page.mouse.move(x + x0, y + y0)
    if key:
        page.keyboard.down(key)
    page.mouse.down(button=button)
    for px, py in rest:
        page.mouse.move(x + px, y + py, steps=4)
    page.mouse.up(button=button)
    if key:
        page.keyboard.up(key)
    page.wait_for_function(AT_REST)


@pytest.mark.parametrize("webgl", [True, False], ids=["webgl", "canvas"])
def test_a_map_in_space_under_the_hand(page, server, webgl):
    if not webgl:
        page.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext; "
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "
            "'webgl2' ? null : get.call(this, kind, ...rest); };"
        )
    page.goto(server)
    page.locator(".st-key-go-digits button:visible").first.click()
    train(page, "PCA")
    onward(page, "See the map")
    space(page)
    page.evaluate(PAGE_AT_REST)
    before, seen = pixels(page), np.array(page.evaluate(SEEN))
    assert (np.ptp(before, axis=2) > 40).mean() > 0.01  # coloured points
    # it turns with the hand, and with the keys; nothing else turns it
    middle = [seen[:, 0].mean(), seen[:, 1].mean()]
    drag(page, middle, [middle[0] + 90, middle[1] - 50])
    turned, after = pixels(page), np.array(page.evaluate(SEEN))
    assert (abs(turned - before).max(2) > 40).mean() > 0.02
    distances = [np.linalg.norm(P[:200, None] - P[None, :200], axis=2) for P in (seen, after)]
    assert np.abs(distances[1] - distances[0]).max() > 30  # not moved: turned
    page.wait_for_timeout(600)
    assert np.allclose(page.evaluate(SEEN), after)
    page.locator(".at-stage").focus()
    page.keyboard.press("ArrowLeft")
    keyed = np.array(page.evaluate(SEEN))
    assert np.abs(keyed - after).max() > 10
    # Shift, or the right button, moves it
    for hold in ({"key": "Shift"}, {"button": "right"}):
        centre = page.evaluate("() => document.querySelector('.at').atlas.camera.axes.flat()")
        was = np.array(page.evaluate(SEEN)).mean(0)
        drag(page, middle, [middle[0] + 40, middle[1] + 20], **hold)
        assert np.allclose(np.array(page.evaluate(SEEN)).mean(0) - was, [40, 20], atol=6)
        assert centre == page.evaluate(
            "() => document.querySelector('.at').atlas.camera.axes.flat()"
        )
    # a lasso chooses what it holds on the screen
    page.locator(".at-tool[data-tool=lasso]").click()
    seen = np.array(page.evaluate(SEEN))
    low, high = np.quantile(seen, 0.3, axis=0), np.quantile(seen, 0.7, axis=0)
    corners = [low, [high[0], low[1]], high, [low[0], high[1]], low]
    drag(page, *map(list, corners))
    page.locator(".at[data-chose]").wait_for()
    page.evaluate(PAGE_AT_REST)
    found = set(page.evaluate(CHOSEN))
    inner = (seen > low + 6).all(1) & (seen < high - 6).all(1)
    outer = (seen > low - 6).all(1) & (seen < high + 6).all(1)
    assert inner.sum() > 50 and set(np.flatnonzero(inner)) <= found <= set(np.flatnonzero(outer))
    page.locator(".at-stage").focus()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('.at').atlas.selected === 0")
    page.evaluate(PAGE_AT_REST)
    # the dot in front under the pointer says what it is, and a click is told
    page.locator(".at-tool[data-tool=pan]").click()
    row = int(np.linalg.norm(seen - seen.mean(0), axis=1).argmin())
    x, y = page.evaluate(f"() => [{STAGE}.x, {STAGE}.y]")
    page.mouse.move(x + seen[row, 0], y + seen[row, 1])
    page.locator(".at-card .at-name").wait_for()
    said = page.locator(".at-card .at-name").inner_text()
    at = page.evaluate("() => document.querySelector('.at').atlas.at.row")
    assert f"row {at}" in said and np.linalg.norm(seen[at] - seen[row]) < 14
    page.mouse.click(x + seen[row, 0], y + seen[row, 1])
    page.locator(".at-truth-list").wait_for()  # its true neighbours, as on a flat map
    page.evaluate(PAGE_AT_REST)
    # pictures and names
    page.wait_for_function("() => Number(document.querySelector('.at').dataset.named) > 0")
    plain = pixels(page)
    page.locator(".at-thumbs").click()
    page.wait_for_function(
        "() => document.querySelector('.at').atlas.made.find((layer) => layer.held)?.held.size > 50"
    )
    assert (abs(pixels(page) - plain).max(2) > 40).mean() > 0.05
    # back in a plane
    page.get_by_text("2-D", exact=True).first.click()
    page.wait_for_function(PCA, arg=2)
    page.evaluate(PAGE_AT_REST)


def test_names_cover_no_point_they_name_and_a_long_legend_little_of_the_map(page, server):
    rng, group = np.random.RandomState(0), np.repeat(np.arange(20), 40)
    frame = pd.DataFrame(10 * rng.normal(size=(20, 3))[group], columns=list("abc"))
    frame += rng.normal(0, 0.02, frame.shape)  # tight: a name is larger than its group
    frame["kind"] = np.array([f"kind number {i}" for i in range(20)])[group]
    bring(page, server, "kinds.csv", frame.to_csv(index=False).encode())
    train(page, "PCA")
    onward(page, "See the map")
    page.locator(".at[data-painted]").wait_for()
    page.get_by_role("radio", name="PCA", exact=True).last.click()
    page.wait_for_function(
        "() => document.querySelector('.at').atlas.data.map.startsWith('PCA') && "
        "Number(document.querySelector('.at').dataset.named) > 5",
        timeout=PATIENCE,
    )
    for dims in (2, 3):
        if dims == 3:
            space(page)
        page.wait_for_function(
            "() => { const { atlas } = document.querySelector('.at'), layer = "
            "atlas.made.find((one) => one.regions); layer?.lay(); return layer?.boxes.length > 5; }",
            timeout=PATIENCE,
        )
        covered = page.evaluate(
            """() => { const { atlas } = document.querySelector('.at'), layer = atlas.made.find((one) => one.regions);
            layer.lay();
            return layer.boxes.map((box) => { let inside = 0, own = 0;
              const [mx, my] = atlas.camera.toScreen(...box.label.middle);
              for (let i = 0; i < atlas.n; i++) { const [x, y] = atlas.pointAt(i), near = Math.hypot(x - mx, y - my) < 12;
                own += near; inside += near && x > box.left && x < box.right && y > box.top && y < box.bottom; }
              return [inside, own]; }); }"""
        )
        assert len(covered) > 5 and all(inside == 0 and own > 0 for inside, own in covered)
    legend, stage = (page.locator(name).bounding_box() for name in (".at-legend", ".at-stage"))
    assert legend["width"] * legend["height"] < stage["width"] * stage["height"] / 4
    assert page.locator(".at-lg-line").count() == 20
    # icons are drawn, not letters that a font may lack
    tools = page.locator(".at-tool, .at-zoom, .at-fit")
    assert (
        tools.count() == 6 and page.locator(".at-tool svg, .at-zoom svg, .at-fit svg").count() == 6
    )
    assert all(not tools.nth(i).inner_text().strip() for i in range(6))
