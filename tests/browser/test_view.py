"""One view in a real browser: what was set on the map stays through Explore, one press of Back,
a reload and another browser; the chip of what is chosen; a phone.
"""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from journeys import AT_REST, bring, in_view, mixed_table, onward, train

pytestmark = pytest.mark.browser

# what the map in the page shows
SEEN = """() => { const a = document.querySelector(".at")?.atlas; return a && a.n && a.loaded === a.n && {
    map: a.data.map, colour: a.data.colour, chosen: a.selected }; }"""


def seen(page) -> dict:
    """The map when it is whole and the page stands still."""
    page.locator(".at[data-drawn]").wait_for()
    page.evaluate(AT_REST)
    page.get_by_text("Stop and keep").first.wait_for(state="hidden")
    page.evaluate(AT_REST)
    return page.wait_for_function(SEEN).json_value()


def until(page, **wanted) -> None:
    """Wait for a map that shows this."""
    for _ in range(240):
        found = page.evaluate(SEEN)
        if found and wanted.items() <= found.items():
            return
        time.sleep(0.25)
    raise AssertionError(f"{found} shows no {wanted}")


def address(page) -> dict:
    parts = parse_qs(urlsplit(page.url).query)
    return {name: parts.get(name) for name in ("run", "map", "dims", "colour", "chosen")}


def lasso(page) -> None:
    """Around the right half of the map, beside its legend."""
    seen(page)
    page.locator(".at-tool[data-tool=lasso]").click()
    box = in_view(page.locator(".at-stage"))
    around = [(0.4, 0.2), (0.95, 0.2), (0.95, 0.9), (0.4, 0.9), (0.4, 0.2)]
    for at, (x, y) in enumerate(around):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    page.locator(".at-chip b").wait_for()
    page.wait_for_url(re.compile("chosen="))
    page.evaluate(AT_REST)


@pytest.fixture(autouse=True)
def soon(page):
    """What does not come in a while does not come."""
    page.set_default_timeout(45_000)


def test_a_view_survives_explore_back_reload_and_another_browser(page, server, browser):
    bring(page, server, "leute.csv", mixed_table())
    train(page, "PCA")
    onward(page, "See the map")
    seen(page)
    page.get_by_role("radio", name="PCA", exact=True).click()
    page.wait_for_url(re.compile("map=PCA"))
    page.get_by_role("combobox", name=re.compile("Colour by")).click()
    page.get_by_role("option", name="Stadt").click()
    page.wait_for_url(re.compile("colour=Stadt"))
    lasso(page)
    there, entries = seen(page), page.evaluate("history.length")
    assert there["colour"] == "Stadt" and there["map"].startswith("PCA") and there["chosen"] > 5
    chip = page.locator(".at-chip b").inner_text()
    assert chip == f"{there['chosen']} chosen"
    kept = address(page)

    onward(page, "Explore")
    page.locator(".lx[data-code]").wait_for()
    assert seen(page) == there and address(page) == kept
    assert page.locator(".at-chip b").inner_text() == chip
    assert page.evaluate("history.length") == entries + 1

    page.go_back()  # one press: the map as it was
    page.wait_for_url(re.compile("/map"))
    assert seen(page) == there and address(page) == kept

    page.reload()
    assert seen(page) == there and address(page) == kept

    other = browser.new_context(viewport={"width": 1280, "height": 1000})
    other.set_default_timeout(60_000)
    elsewhere = other.new_page()
    elsewhere.goto(page.url)
    assert seen(elsewhere) == there and address(elsewhere) == kept
    other.close()

    page.go_back()  # one press undoes one change: the lasso, the colour, the map
    until(page, chosen=0, colour="Stadt", map=there["map"])
    page.go_back()
    page.wait_for_function(f"() => ({SEEN})().colour !== 'Stadt'")
    page.go_forward()
    page.go_forward()
    until(page, **there)


def test_the_chip_leads_on_and_lets_go_on_a_phone_too(browser, server, page):
    bring(page, server, "leute.csv", mixed_table())
    train(page, "PCA")
    onward(page, "See the map")
    seen(page)
    page.get_by_role("radio", name="PCA", exact=True).click()
    page.wait_for_url(re.compile("map=PCA"))
    seen(page)
    lasso(page)
    page.locator(".at-chip").get_by_role("button", name="what tells the chosen").click()
    page.get_by_role("radio", name="What differs", exact=True).and_(
        page.locator("[aria-checked=true]")
    ).wait_for()
    page.locator(".at-chip").get_by_role("button", name="keep them as a group").click()
    page.locator(".at-status", has_text="Kept as group 1").wait_for()

    phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    phone.set_default_timeout(60_000)
    small = phone.new_page()
    small.goto(page.url)
    seen(small)
    chip, stage = (small.locator(name).bounding_box() for name in (".at-chip", ".at-stage"))
    bar = small.locator(".at-bar").bounding_box()
    assert stage["x"] <= chip["x"] and chip["x"] + chip["width"] <= stage["x"] + stage["width"]
    assert chip["y"] - stage["y"] < 60 and bar["y"] + bar["height"] <= stage["y"] + 1
    small.locator(".at-chip").get_by_role("button", name="choose nothing").click()
    small.locator(".at-chip").wait_for(state="hidden")
    phone.close()


def test_data_is_mapped_before_it_has_a_model(page, server):
    # the rows of no test before, which have models
    bring(page, server, "leute.csv", mixed_table().rsplit(b"\n", 4)[0])
    onward(page, "See its map")
    page.get_by_text("The data itself, no model yet").wait_for()
    there = seen(page)
    assert there["map"].startswith("TSNE") and there["colour"] == "Gruppe"
    lasso(page)
    there = seen(page)
    page.reload()
    assert seen(page) == there and there["chosen"]
    onward(page, "Train a model")
    page.get_by_text("Nothing trained on this data yet").wait_for()
