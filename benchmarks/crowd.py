"""A crowd on one server: people who browse, drag and train, without the browsers.

`python benchmarks/crowd.py [--people 16] [--seconds 100] [--fits 2]`. Browsers would share the
processor with the server; here every person speaks the page's own protocol instead (Streamlit's
socket, our socket for live questions), so that what is measured is the server. Each has a cookie
and a run of their own (a VAE of the digits), opens one page after another with a moment to read it,
and drags thirty codes on Explore, one after the answer of the one before. A long training of each
of the first ``--fits`` is in the queue; one is timed alone beforehand.

Prints the seconds until a page was whole (median, p95, longest), the milliseconds of a decode, the
steps a second of the trainings beside those of one alone, and every error.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import websockets  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402

from lvm_core import DATASETS, MODELS  # noqa: E402
from lvm_core.runs import fit_worker, ownership  # noqa: E402
from lvm_core.runs.workspace import Workspace  # noqa: E402
from pages.api.auth import framed  # noqa: E402

PAGES = ("", "data", "train", "map", "explore", "generate", "compare", "analyse", "models")
READING = 1.0, 3.0  # seconds between two pages
DRAGGED = 30  # codes of one drag
ALLOWED = 60  # seconds a page may take before it counts as an error
DIMS = 8  # of every code
EXPLORER = re.compile(rb'"token": ?"([^"]+)", ?"map": ?"([^"]+)"')


@dataclass
class Person:
    """One of the crowd: what they waited for."""

    number: int
    address: str
    cookie: str
    run: str
    dims: int
    pages: list[tuple[str, float]] = field(default_factory=list)
    decodes: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def _headers(self) -> dict:
        return {"Cookie": f"latent_explorer={self.cookie}", "Origin": f"http://{self.address}"}

    async def live(self, end: float) -> None:
        """Browse until the time is up."""
        chance = random.Random(self.number)
        await asyncio.sleep(chance.uniform(0, 3))
        while time.monotonic() < end:
            page = chance.choice(PAGES)
            try:
                await asyncio.wait_for(self._visit(page, chance), ALLOWED)
            except TimeoutError:
                self.errors.append(f"{page or 'home'}: not there after {ALLOWED} s")
            except Exception as error:
                self.errors.append(f"{page or 'home'}: {type(error).__name__}: {error}"[:300])

    async def _visit(self, page: str, chance: random.Random) -> None:
        begun = time.monotonic()
        async with websockets.connect(
            f"ws://{self.address}/_stcore/stream",
            additional_headers=self._headers,
            subprotocols=["streamlit"],
            max_size=2**26,
        ) as stream:
            ask = BackMsg()
            ask.rerun_script.query_string = f"run={self.run}"
            ask.rerun_script.page_name = page
            await stream.send(ask.SerializeToString())
            live = await self._whole(stream, page)
            self.pages.append((page or "home", time.monotonic() - begun))
            reader = asyncio.create_task(self._read(stream))
            try:
                if page == "explore" and live:
                    await self._drag(live, chance)
                await asyncio.sleep(chance.uniform(*READING))
            finally:
                reader.cancel()

    async def _whole(self, stream, page: str) -> tuple[str, str] | None:
        """Until the page was drawn; the token and the map its explorer was handed."""
        live = None
        async for data in stream:
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "delta":
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception":
                    self.errors.append(f"{page}: {element.exception.message}"[:300])
                if found := EXPLORER.search(data):
                    live = found[1].decode(), found[2].decode()
            elif kind == "script_finished":
                return live
        raise ConnectionError("the stream ended")

    @staticmethod
    async def _read(stream) -> None:
        """Take what the page goes on to send, as a browser does."""
        async for _ in stream:
            pass

    async def _drag(self, live: tuple[str, str], chance: random.Random) -> None:
        """Codes, one after the answer of the one before."""
        token, shown = live
        async with websockets.connect(
            f"ws://{self.address}/live/socket?t={quote(token)}",
            additional_headers=self._headers,
            max_size=2**26,
        ) as socket:
            for number in range(DRAGGED):
                code = np.array([chance.gauss(0, 1) for _ in range(self.dims)], "<f4")
                begun = time.monotonic()
                await socket.send(
                    framed({"ask": "decode", "id": number, "map": shown}, code.tobytes())
                )
                answer = bytes(await socket.recv())
                self.decodes.append(time.monotonic() - begun)
                head = json.loads(answer[4 : 4 + int.from_bytes(answer[:4], "little")])
                if "status" in head:
                    self.errors.append(f"decode: {head['status']} {head['sentence']}")


@contextmanager
def served(home: Path):
    """A server for many on this workspace; its host and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {
        **os.environ,
        "LATENT_EXPLORER_HOME": str(home),
        "LATENT_EXPLORER_PEOPLE": "many",
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with open(home / "server.log", "w") as log:
        server = subprocess.Popen(
            [*command, "--server.port", address.split(":")[1]],
            cwd=HERE.parent,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            while True:
                if server.poll() is not None:
                    raise SystemExit(f"The server did not start; see {home / 'server.log'}.")
                try:
                    urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=1)
                    break
                except OSError:
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait()


def furnished(workspace: Workspace, cookies: list[str]) -> list[str]:
    """A run of the digits for each cookie, fitted once."""
    dataset = DATASETS["digits"]().load()
    first = workspace.add_dataset(dataset)
    run = workspace.add_run(first, MODELS["VAE"](latent_dim=DIMS, epochs=5), queued=False)
    fit_worker.execute(workspace.run_folder(run.id))
    runs = []
    for cookie in cookies:
        data, copy = secrets.token_hex(8), secrets.token_hex(8)
        shutil.copytree(workspace.dataset_folder(first), workspace.dataset_folder(data))
        shutil.copytree(workspace.run_folder(run.id), workspace.run_folder(copy))
        head = workspace.run_folder(copy) / "run.json"
        head.write_text(json.dumps(json.loads(head.read_text()) | {"id": copy, "dataset": data}))
        for folder in (workspace.dataset_folder(data), workspace.run_folder(copy)):
            ownership.own(folder, f"b-{hashlib.sha256(cookie.encode()).hexdigest()[:32]}")
        runs.append(copy)
    return runs


def begun(workspace: Workspace, runs: list[str]) -> list[str]:
    """A long training on the data of each of these runs, put into the queue."""
    made = []
    for run in runs:
        of = json.loads((workspace.run_folder(run) / "run.json").read_text())["dataset"]
        made.append(workspace.add_run(of, MODELS["VAE"](latent_dim=DIMS, epochs=3000)).id)
        owner = ownership.ownership(workspace.run_folder(run)).owner
        ownership.own(workspace.run_folder(made[-1]), owner)
    return made


def steps(workspace: Workspace, runs: list[str]) -> int:
    """Steps these trainings have made."""
    total = 0
    for run in runs:
        path = workspace.run_folder(run) / "progress.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        reached = [json.loads(line)["step"] for line in lines if line.endswith("}")]
        total += max(reached, default=0)
    return total


def ended(workspace: Workspace, runs: list[str]) -> None:
    for run in runs:
        workspace.ask(run, "cancel")


async def crowd(address: str, everybody: list[Person], seconds: float) -> None:
    end = time.monotonic() + seconds
    await asyncio.gather(*(person.live(end) for person in everybody))


def told(name: str, values: list[float], scale: float, unit: str) -> None:
    if values:
        median, high, longest = np.quantile(values, (0.5, 0.95, 1)) * scale
        print(
            f"{name}: {len(values)}, median {median:.1f} {unit}, p95 {high:.1f}, longest {longest:.1f}"
        )


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--people", type=int, default=16)
    ask.add_argument("--seconds", type=float, default=100)
    ask.add_argument("--fits", type=int, default=2)
    asked = ask.parse_args()
    home = Path(tempfile.mkdtemp())
    workspace = Workspace(home).prepare()
    cookies = [secrets.token_hex(16) for _ in range(asked.people)]
    runs = furnished(workspace, cookies)
    with served(home) as address:
        alone = beside = None
        if asked.fits:
            fit = begun(workspace, runs[:1])
            while not steps(workspace, fit):
                time.sleep(0.2)
            before, since = steps(workspace, fit), time.monotonic()
            time.sleep(20)
            alone = (steps(workspace, fit) - before) / (time.monotonic() - since)
            ended(workspace, fit)
            time.sleep(3)
        fit = begun(workspace, runs[: asked.fits])
        everybody = [Person(i, address, cookies[i], runs[i], DIMS) for i in range(asked.people)]
        before, since = steps(workspace, fit), time.monotonic()
        asyncio.run(crowd(address, everybody, asked.seconds))
        took = time.monotonic() - since
        if alone:
            beside = (steps(workspace, fit) - before) / took
        ended(workspace, fit)
    pages = [entry for person in everybody for entry in person.pages]
    print(f"{asked.people} people, {took:.0f} s, {os.cpu_count()} processors")
    told("pages", [seconds for _, seconds in pages], 1, "s")
    for page in sorted({name for name, _ in pages}):
        told(f"  {page}", [seconds for name, seconds in pages if name == page], 1, "s")
    told("decodes", [seconds for p in everybody for seconds in p.decodes], 1000, "ms")
    if alone and beside is not None:
        print(f"training: {beside:.1f} steps a second, {beside / alone:.2f} of {alone:.1f} alone")
    errors = [f"person {p.number}: {e}" for p in everybody for e in p.errors] + [
        f"log: {line}"
        for line in (home / "server.log").read_text().splitlines()
        if "Traceback" in line or "ERROR" in line
    ]
    print(f"errors: {len(errors)}", *errors[:20], sep="\n  ")
    print(f"(workspace and log: {home})")


if __name__ == "__main__":
    main()
