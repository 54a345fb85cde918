"""Pages without a browser: opened as a deep link opens them, and small runs to open them with."""

from dataclasses import replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.datasets.base import Dataset
from lvm_core.io import files
from lvm_core.models.base import LatentModel
from pages.session import runs as session_runs
from pages.session import state
from pages.session.services import services

ROOT = Path(__file__).parents[2]
KINDS = ("image", "table", "text", "array")
CORPUS = "\n".join(
    [
        "the cat sat on the mat",
        "a dog barked at the cat",
        "the cat chased a mouse",
        "stocks fell in early trade",
        "the market and stocks rose",
        "trade in the market was calm",
        "a mouse ran from the dog",
        "early trade lifted the market",
    ]
)
PEOPLE = "\n".join(
    ["height,born,member,city,group"]
    + [
        f"{150 + i % 40}.5,{1960 + i % 50}-03-{1 + i % 28:02d},{'yes' if i % 3 else 'no'},"
        f"{'Ulm' if i % 2 else ''},{'ab'[i % 2]}"
        for i in range(60)
    ]
)


def small(kind: str) -> Dataset:
    """A small dataset of each kind, through the public door."""
    if kind == "text":
        return read_dataset(CORPUS.encode(), name="corpus.txt")
    if kind == "table":
        return read_dataset(PEOPLE.encode(), name="people.csv")
    return DATASETS["digits"]().load() if kind == "image" else DATASETS["spectra"](n=60).load()


def finished(data: Dataset | state.Data, model: LatentModel, number: int = 0) -> state.Run:
    """A finished run, fitted as a page would and found by its id."""
    item = data if isinstance(data, state.Data) else state.Data(data)
    run = state.Run(item, model, number=number)
    run.job = session_runs.fit_job(run)
    assert run.job.wait(120) and run.fitted is not None, run.job.error
    services().runs.put(run)
    services().datasets.put(item)
    return run


def small_run(kind: str) -> state.Run:
    """A finished run of :func:`small`."""
    model = {"table": "VAE", "text": "LSA"}.get(kind, "PCA")
    return finished(
        small(kind), MODELS[model](latent_dim=3, **{"epochs": 3} if model == "VAE" else {}), 1
    )


def untouched(run: state.Run) -> state.Run:
    """The same run as if nobody had opened it yet: no maps, nothing kept, nothing chosen."""
    dataset = run.dataset
    rows = replace(dataset, rows=dataset.rows.copy(), added=list(dataset.added))
    data = state.Data(rows, id=run.data.id, workspace=services().workspace)
    again = state.Run(data, run.model, id=run.id, number=run.number, job=run.job)
    assert again.fitted is not None
    maps = services().workspace.run_folder(run.id) / "maps"
    if maps.is_dir():
        files.remove_folder(maps)
    services().runs.put(again)
    services().datasets.put(data)
    return again


def open_page(page: str, **query) -> AppTest:
    """A page in the frame, as a deep link opens it."""
    app = AppTest.from_file(str(ROOT / "pages/shell.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "home":
        app.switch_page(f"{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    return app


def held(app: AppTest, name: str) -> str:
    """The id the page's address holds."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def words(app: AppTest) -> str:
    """All the text on the page."""
    kinds = ("title", "markdown", "caption", "error", "subheader")
    return " ".join(str(e.value) for kind in kinds for e in getattr(app, kind))
