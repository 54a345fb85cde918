"""The main journey in a real browser, with every kind of data: bring it, train, map, explore
while dragging, generate, download.
"""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from journeys import (
    AT_REST,
    SHOWS,
    bring,
    colour_zip,
    corpus,
    download,
    explore,
    frames_are_true,
    generate,
    mixed_table,
    onward,
    see_map,
    told_address,
    train,
    truth_of_the_map,
)
from PIL import Image

pytestmark = pytest.mark.browser


def test_digits_from_one_click_to_a_download(page, server):
    page.goto(server)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.locator("strong", has_text="Trained in").wait_for()
    see_map(page)
    truth_of_the_map(page)
    explore(page)
    address = told_address(page)
    frames_are_true(page)
    generate(page)
    with np.load(io.BytesIO(download(page, "NPZ")), allow_pickle=False) as arrays:
        assert arrays["items"].shape == (36, 8, 8, 1) and np.isfinite(arrays["items"]).all()
    with zipfile.ZipFile(io.BytesIO(download(page, "ZIP of PNGs"))) as archive:
        assert len(archive.namelist()) == 36
    wanted = [float(v) for v in re.search(r"code=z([^&]+)", address).group(1).split("_")]
    page.goto(address)  # a link brings a reload, or a colleague, to the same view
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


def test_a_gan_and_its_stop(page, server):
    page.goto(server)
    page.locator(".st-key-go-spiral button:visible").first.click()
    onward(page, "Train a model")
    page.get_by_role("radio", name="GAN", exact=True).click()
    page.locator(".st-key-train button").click()
    # it has learnt something
    page.wait_for_function("() => parseFloat(document.querySelector('.lxp-bar')?.style.width) > 1")
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
    onward(page, "Explore")
    page.locator(".lx[data-code]").wait_for()
    page.evaluate(AT_REST)
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 1
    generate(page)
    context.close()


def test_no_page_is_wider_than_the_window(browser, server):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    for name in ("", "data", "train", "map", "explore", "generate", "compare", "analyse", "models"):
        page.set_viewport_size({"width": 390, "height": 900})
        page.goto(f"{server}/{name}")
        page.locator("h1").first.wait_for()
        for width in (390, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(AT_REST)
            beyond = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert beyond <= 1, f"{name} at {width} pixels"
    context.close()


def test_who_comes_back_finds_what_was_left(browser, server):
    """Upload, train, name it, leave; another browser window finds it on Home and goes on."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    content = mixed_table().rsplit(b"\n", 3)[0]  # no test's before: those rows have models
    bring(page, server, "besuch.csv", content)
    train(page, "PCA")
    page.get_by_role("button", name="Rename").first.click()
    page.get_by_role("textbox", name="Name").fill("first <try>")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("first <try> (PCA on besuch.csv)").first.wait_for()
    run = re.search("run=([0-9a-f]{16})", page.url)[1]
    page.close()

    page = context.new_page()
    page.goto(server)
    card = page.locator("[class*=st-key-recent]").filter(has_text="besuch.csv")
    card.get_by_text("first <try> (PCA)").wait_for()
    page.evaluate(AT_REST)
    card.get_by_role("button", name="Continue").click()
    page.locator(".at[data-drawn]").wait_for()
    assert f"run={run}" in page.url and "/map" in page.url

    # the same file once more, and a link with its dataset alone
    data = re.search("data=([0-9a-f]{16})", page.url)[1]
    bring(page, server, "besuch.csv", content)
    page.get_by_text("already here").wait_for()
    assert f"data={data}" in page.url and f"run={run}" in page.url
    page.goto(f"{server}/train?data={data}")
    page.locator("strong", has_text="Trained in").wait_for()
    assert f"run={run}" in page.url
    page.goto(f"{server}/map?run={'0' * 16}&data={data}")
    page.get_by_text("This run is not here").wait_for()
    page.evaluate(AT_REST)
    page.locator(".st-key-open-instead button").click()
    page.locator(".at[data-drawn]").wait_for()

    # nothing long starts by being opened, and no number of a card is cut
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{server}/train?run={run}")
    page.locator("[data-testid=stMetricValue]").first.wait_for()
    page.evaluate(AT_REST)
    cut = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMetricValue]')]
               .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.innerText)"""
    )
    assert not cut
    context.close()
