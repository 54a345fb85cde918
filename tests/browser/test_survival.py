"""The server is really killed while a model is trained, and the open page goes on when it is
back.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from journeys import CHROMIUM, onward

from lvm_core.progress import ProgressReader
from lvm_core.runs.workspace import Workspace

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser
KILLS = 3


class Server:
    """The app on one port and one workspace, that can be killed and started again."""

    def __init__(self, home: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.workspace, self.process = Workspace(home), None
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "app.py",
                "--server.headless",
                "true",
                "--server.port",
                str(self.port),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "LATENT_EXPLORER_HOME": str(self.workspace.folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers)

    def answers(self) -> bool:
        try:
            return urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).status == 200
        except OSError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def until(condition, seconds: float = 120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "home")
    made.start()
    yield made
    made.kill()
    for run in made.workspace.runs():
        if made.workspace.at_work(run.id):
            made.workspace.ask(run.id, "cancel")
            until(lambda: not made.workspace.at_work(run.id))


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        made = browser.new_page()
        made.set_default_timeout(120_000)
        yield made
        browser.close()


def train(page, server, epochs: int):
    """Open the digits and start a long training; returns the run, under way."""
    page.goto(server.address)
    page.locator(".st-key-go-digits button:visible").first.click()
    onward(page, "Train a model")
    box = page.get_by_label("Epochs", exact=True)
    box.fill(str(epochs))
    box.press("Tab")
    page.locator(".st-key-train button").click()
    page.get_by_role("button", name="Stop and keep what is there").wait_for()
    run = until(server.workspace.runs)[0]
    until(lambda: step(server, run) > 0)
    return run


def step(server, run) -> int:
    record = ProgressReader(server.workspace.run_folder(run.id) / "progress.jsonl").read()
    return record.step if record else 0


def test_the_server_is_killed_again_and_again_and_the_fit_goes_on(page, server):
    run = train(page, server, 900)
    pid = server.workspace.run(run.id).facts["pid"]
    for _ in range(KILLS):
        server.kill()
        before = step(server, run)
        # nobody serves pages, and it learns on
        until(lambda: step(server, run) > before + 10)
        server.start()
        page.get_by_role("button", name="Stop and keep what is there").wait_for()
        page.wait_for_function(
            (
                "(least) => Number((/step "
                "([\\d,]+)/.exec(document.querySelector('.lxp-words')?.textContent) || ['', "
                "'0'])[1].replaceAll(',', '')) > least"
            ),
            arg=before + 10,
        )
        facts = server.workspace.run(run.id).facts
        assert facts["state"] == "running" and facts["pid"] == pid and facts["attempts"] <= 1
    page.get_by_role("button", name="Stop and keep what is there").click()
    page.get_by_text("stopped early").first.wait_for()
    assert server.workspace.run(run.id).state == "stopped" and server.workspace.fitted(
        run.id
    ).codes.shape == (1797, 10)


def test_server_and_worker_are_killed_and_the_run_is_resumed_found_and_opened_in_another_browser(
    page, server
):
    run = train(page, server, 120)
    page.close()
    pid = server.workspace.run(run.id).facts["pid"]
    server.kill()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not server.workspace.at_work(run.id))
    server.start()
    until(lambda: server.workspace.run(run.id).state == "done")
    other = page.context.browser.new_page()
    other.set_default_timeout(120_000)
    other.goto(f"{server.address}/train?run={run.id}")
    other.locator("strong", has_text="Trained in").wait_for()
    other.goto(f"{server.address}/map?run={run.id}")
    other.locator(".at[data-drawn]").wait_for()
