"""Takes the pictures of the README and the home page from the running app: `python
docs/pictures.py http://127.0.0.1:8501`.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parents[1] / "assets"


def shoot(browser, address: str, theme: str) -> None:
    """The journey through the digits, with a picture at each place."""
    page = browser.new_context(
        viewport={"width": 1440, "height": 1180}, color_scheme=theme
    ).new_page()
    page.set_default_timeout(180_000)
    page.goto(address)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.get_by_text("Trained in").wait_for()
    page.wait_for_timeout(1500)
    if theme == "light":
        page.screenshot(path=HERE / "train.png")
    page.get_by_role("button", name="See the map").click()
    page.get_by_text("Trustworthiness").first.wait_for()
    page.locator(".lxp").wait_for(state="detached")
    page.wait_for_timeout(4000)
    if theme == "light":
        page.screenshot(path=HERE / "map.png")
    page.get_by_role("button", name="Explore", exact=True).click()
    page.locator(".lx[data-code]").wait_for()
    page.wait_for_timeout(3000)
    for row, end in ((0, "a"), (1788, "b")):
        page.locator(".lx-row-number").fill(str(row))
        page.locator(".lx-row-number").press("Enter")
        page.wait_for_timeout(1200)
        page.locator(f".lx-set-{end}").click()
    page.locator(".lx-t").fill("0.5")
    page.wait_for_timeout(2500)
    page.locator("h1").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    if theme == "light":
        page.screenshot(path=HERE / "explore.png")
    page.locator(".lx-main").screenshot(path=HERE / f"hero-{theme}.png")
    page.context.close()


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for theme in ("light", "dark"):
            shoot(chromium, sys.argv[1].rstrip("/"), theme)
        chromium.close()
