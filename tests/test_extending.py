"""Every example of docs/extending.md works where a newcomer would put it, without another line."""

import doctest
import importlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lvm_core import datasets, models, projections, read_dataset
from lvm_core.checks import check_dataset, check_model, check_projection, check_reader
from lvm_core.datasets import builtin, readers
from lvm_core.datasets.base import DataError, Source
from lvm_core.io.serialize import load
from lvm_core.models.base import LatentModel
from lvm_core.params import Registry, discover
from lvm_core.projections.base import Projection
from pages.ui import analyses, panels

GUIDE = (Path(__file__).parents[1] / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", GUIDE, re.S))
CODES = np.random.RandomState(0).standard_normal((60, 4)).astype(np.float32) * [1, 5, 2, 3]


@pytest.fixture
def dropped(tmp_path, monkeypatch):
    """Every example lies in its folder: the package is searched there too."""
    for path, code in EXAMPLES.items():
        package = path.rpartition("/")[0].replace("/", ".")
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / Path(path).name).write_text(code, encoding="utf-8")
        module = importlib.import_module(package)
        if str(folder) not in module.__path__:
            monkeypatch.setattr(module, "__path__", [*module.__path__, str(folder)])
    importlib.invalidate_caches()
    yield
    for path in EXAMPLES:
        package, _, name = path.removesuffix(".py").replace("/", ".").rpartition(".")
        sys.modules.pop(f"{package}.{name}", None)
        vars(sys.modules[package]).pop(name, None)


def test_there_is_an_example_for_each_row_of_the_table_and_it_is_all_the_code():
    folders = re.findall(r"^\| an? [a-z ]+ \| `([^`]+)/` \|", GUIDE, re.M)
    assert len(folders) == 7 and folders == [path.rpartition("/")[0] for path in EXAMPLES]
    assert len(EXAMPLES) == GUIDE.count("```python")


def test_a_model(dropped, tmp_path):
    found = discover(models.__name__, LatentModel)
    cls = found["RandomDirections"]
    assert set(found) - set(models.MODELS) == {"RandomDirections"}
    check_model(cls)
    data = datasets.DATASETS["iris"]().load()
    model = cls(latent_dim=3).fit(data.X, schema=data.schema)
    again = load(model.save(tmp_path / "saved"), found)
    assert (again.transform(data.X) == model.transform(data.X)).all()
    assert len(data.decode(model.sample(5, random_state=0))) == 5
    assert all(
        getattr(cls, name)
        for name in ("title", "paper", "year", "link", "summary", "objective", "when", "reading")
    )


def test_a_projection(dropped, tmp_path):
    found = discover(projections.__name__, Projection)
    cls = found["Widest"]
    check_projection(cls)
    widest = cls().fit(CODES)
    assert widest.embedding_ == pytest.approx(CODES[:, [1, 3]])
    P = widest.embedding_ + 1
    assert widest.transform(widest.inverse_transform(P)) == pytest.approx(P)
    again = load(widest.save(tmp_path / "saved"), found)
    assert (again.transform(CODES) == widest.transform(CODES)).all()


def test_a_dataset(dropped):
    source = discover(builtin.__name__, Source)["ring"]
    check_dataset(source(n=40))
    data = source(n=40).load()
    assert (len(data), data.kind, data.label) == (40, source.kind, "angle")
    assert np.linalg.norm(data.items(range(40)), axis=1) == pytest.approx(np.ones(40), abs=0.3)


def test_a_reader(dropped, monkeypatch):
    found = sorted(discover(readers.__name__, readers.Reader).values(), key=lambda r: r.list_order)
    monkeypatch.setattr(datasets, "READERS", Registry({r.name: r for r in found if r.name}))
    lines = b"x y\n" + b"".join(b"%d %d\n" % (i, i * i) for i in range(30))
    check_reader(datasets.READERS["pts"](skip=1), lines, "squares.pts")
    data = read_dataset(lines, "squares.pts", skip=1)
    assert (data.source["reader"], data.source["options"]["skip"]) == ("pts", 1)
    assert data.items([3])[0] == pytest.approx([3, 9], abs=1e-3)
    with pytest.raises(DataError, match="different length"):
        read_dataset(lines + b"1\n", "squares.pts", skip=1)


def drawn(name: str, package: str, **view) -> AppTest:
    """What a question or a panel draws for a finished run."""

    def script(name, package, codes, view):
        import importlib
        from types import SimpleNamespace

        run = SimpleNamespace(fitted=SimpleNamespace(codes=codes))
        part = importlib.import_module(f"{package}.{name}")
        part.draw(run, *([SimpleNamespace(**view)] if view else []))

    app = AppTest.from_function(
        script, kwargs={"name": name, "package": package, "codes": CODES, "view": view}
    ).run()
    assert not app.exception, app.exception
    return app


def test_a_metric_and_its_analysis(dropped):
    part = analyses.discover.__wrapped__()["effective"]
    assert list(analyses.discover.__wrapped__())[-1] == "effective"
    assert not part.why_not(SimpleNamespace(fitted=SimpleNamespace(codes=CODES)))
    assert part.why_not(SimpleNamespace(fitted=SimpleNamespace(codes=CODES[:, :1])))
    (score,) = part.effective_dimensions(np.repeat(np.eye(4), 50, axis=0))
    assert score.value == pytest.approx(3)  # four corners of a simplex span three equal dimensions
    app = drawn("effective", analyses.__name__)
    assert app.metric[0].label == score.name and 1 < float(app.metric[0].value) < 4


def test_a_panel(dropped):
    assert "extent" in panels.discover.__wrapped__()
    app = drawn("extent", panels.__name__, positions=CODES[:, :2])
    assert "axis 1" in app.caption[0].value and f"{CODES[:, 0].min():.3g}" in app.caption[0].value


@pytest.mark.parametrize("room", ("base", "codecs", "datasets", "models", "projections", "readers"))
def test_the_examples_of_the_checks_run(room):
    found = doctest.testmod(importlib.import_module(f"lvm_core.checks.{room}"))
    assert found.attempted >= 2 and not found.failed
