"""Several people at once, each training and dragging, on one server that serves others.

`python benchmarks/many_people.py [--people 8] [--minutes 5]`. Every person is a browser of their
own (a cookie, a workspace of their own). Each goes round: train a VAE on the digits with a seed of
their own, drag its slider when it is there, press Train again, drag the last model while the new
one learns. Prints models trained, frames drawn, their pace, and every error seen by a browser, said
by a page, answered by the server or written to its log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from crowd import served
from live_latency import FLAGS, OURS
from playwright.async_api import async_playwright

PATIENCE = 240_000  # milliseconds: fits of eight people wait for one another

# Streamlit's page looks there for its server before it looks at the root
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)$")


@dataclass
class Person:
    """What one of them did and met."""

    number: int
    trained: int = 0
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page) -> None:
        """Note what a browser would write in red."""
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on(
            "console",
            lambda said: (
                self.errors.append(f"console: {said.text}")
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        page.on(
            "response",
            lambda answer: (
                self.errors.append(f"{answer.status}: {answer.url}")
                if answer.status >= 400 and not PROBE.search(answer.url)
                else None
            ),
        )

    async def look(self, page) -> None:
        """Note what the page itself says went wrong."""
        for found in await page.locator(
            "[data-testid=stException], [data-testid=stAlertContentError]"
        ).all_inner_texts():
            self.errors.append(f"said: {found[:200]}")

    async def live(self, browser, address: str, end: float) -> None:
        """Train and drag until the time is up; the last training is waited for."""
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        self.watch(page)
        try:
            await page.goto(address)
            await page.get_by_role("button", name="Start with handwritten digits").first.click()
            await page.locator("strong", has_text="Trained in").first.wait_for()
            self.trained += 1
            explore = page.url.replace("/train", "/explore")
            while time.monotonic() < end:
                await self.drag(page, explore, 60)
                await page.goto(explore.replace("/explore", "/train"))
                seed = page.get_by_label("Seed", exact=True)
                await seed.fill(str(100 * self.number + self.trained))
                await seed.press("Tab")
                await page.wait_for_timeout(500)
                await page.locator(".st-key-train button").click()
                await page.wait_for_function(
                    "(old) => new URL(location).searchParams.get('run') !== old",
                    arg=re.search(r"run=(\w+)", explore)[1],
                )
                new = page.url
                await self.drag(page, explore, 60)  # the model before, while this one learns
                await page.goto(new)
                await page.locator("strong", has_text="Trained in").first.wait_for()
                self.trained += 1
                await self.look(page)
                explore = page.url.replace("/train", "/explore")
        except Exception as error:  # whatever stops a person is an error to count
            self.errors.append(f"stopped: {str(error)[:300]}")
            await self.look(page)
        await context.close()

    async def drag(self, page, explore: str, steps: int) -> None:
        """Move a slider, every frame waited for."""
        await page.goto(explore)
        await page.locator(".lx[data-code]").wait_for()
        await page.wait_for_timeout(500)
        self.times += await page.evaluate(OURS, steps)
        await self.look(page)


async def people(address: str, count: int, minutes: float) -> list[Person]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        everybody, end = [Person(i + 1) for i in range(count)], time.monotonic() + 60 * minutes
        await asyncio.gather(*(person.live(browser, address, end) for person in everybody))
        await browser.close()
    return everybody


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--people", type=int, default=8)
    ask.add_argument("--minutes", type=float, default=5.0)
    asked = ask.parse_args()
    home = Path(tempfile.mkdtemp())
    with served(home) as address:
        start = time.monotonic()
        everybody = asyncio.run(people(f"http://{address}", asked.people, asked.minutes))
        took = time.monotonic() - start
    times = sorted(t for person in everybody for t in person.times)
    states = [json.loads(path.read_text()).get("state") for path in home.glob("runs/*/state.json")]
    print(
        f"{asked.people} people for {took / 60:.1f} minutes: {sum(p.trained for p in everybody)} "
        f"models trained (each person {min(p.trained for p in everybody)} to "
        f"{max(p.trained for p in everybody)}), states on disk "
        f"{ ({s: states.count(s) for s in set(states)}) }"
    )
    if times:
        print(
            f"{len(times)} frames, median {statistics.median(times):.1f} ms, p95 "
            f"{times[int(0.95 * (len(times) - 1))]:.1f} ms, longest {times[-1]:.0f} ms"
        )
    written = [
        line
        for line in (home / "server.log").read_text().splitlines()
        if "Traceback" in line or "ERROR" in line
    ]
    errors = [f"person {p.number}: {e}" for p in everybody for e in p.errors] + [
        f"log: {line}" for line in written
    ]
    print(f"errors: {len(errors)}", *errors[:20], sep="\n  ")
    print(f"(workspace and log: {home})")


if __name__ == "__main__":
    main()
