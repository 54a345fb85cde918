"""A workspace that an earlier release wrote opens, whole: see tests/fixtures/make_workspace.py.

Each release adds its files to the fixtures; none is ever made anew. The numbers are those the old
code computed, so a name that is misread on the way in (another likelihood, another seed) shows.
"""

import json
import math
import os
import shutil
import time
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lvm_core import MODELS, PROJECTIONS, read_dataset
from lvm_core.io.files import StoreError
from lvm_core.io.serialize import LoadError
from lvm_core.latent.directions import Direction
from lvm_core.metrics import reconstruction
from lvm_core.progress import ProgressReader
from lvm_core.runs import archive, fit_worker, snapshots
from lvm_core.runs.ownership import ownership
from lvm_core.runs.store import load_map
from lvm_core.runs.trust_files import load_trust
from lvm_core.runs.workspace import Workspace, home
from lvm_core.text import spaced
from pages.session.maps import key_of
from pages.session.services import services

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
RELEASES = ("0.1.0",)
RENAMED: dict[str, str] = {}  # learnt attribute on disk -> what it is called now
NEWER = 999
NOW = time.time()
EXACT, LEARNT = 1e-5, 1e-3  # of what is solved, and of what torch computes on another machine
NETWORKS = ("Autoencoder", "VAE", "ConditionalVAE", "MIWAE", "GAN", "ConditionalGAN", "CNNFeatures")


class Release:
    """What a release left: facts and arrays by name, and a fresh copy of its workspace."""

    def __init__(self, version: str):
        stem = f"workspace-{version}"
        self.version, self.packed = version, FIXTURES / f"{stem}.zip"
        self.facts = json.loads((FIXTURES / f"{stem}.json").read_text("utf-8"))
        with np.load(FIXTURES / f"{stem}.npz", allow_pickle=False) as found:
            self.arrays = dict(found)
        self.runs, self.datasets = self.facts["runs"], self.facts["datasets"]

    def unpack(self, folder: Path) -> Workspace:
        """The workspace in a folder, its files of the age they had, one after the other."""
        with zipfile.ZipFile(self.packed) as packed:
            packed.extractall(folder)
            names = packed.namelist()
        for age, name in enumerate(reversed(names), 1):
            os.utime(folder / name, (NOW - age, NOW - age))
        return Workspace(folder).prepare()

    def archive(self, data: str) -> bytes:
        return (FIXTURES / f"archive-{self.version}-{data}.zip").read_bytes()


@pytest.fixture(scope="module", params=RELEASES)
def release(request):
    return Release(request.param)


@pytest.fixture(scope="module")
def workspace(release, tmp_path_factory):
    """For tests that only look."""
    return release.unpack(tmp_path_factory.mktemp("old"))


@pytest.fixture
def own(release, tmp_path):
    """A copy for a test that changes it."""
    return release.unpack(tmp_path / "old")


# uploads in which later versions find a label: beside X lies an array y
BETTER_READ = {"vectors.npz": "y"}


def close(found, wanted, tolerance: float, what: str) -> None:
    assert found.shape == wanted.shape, f"{what}: {found.shape}, expected {wanted.shape}"
    scale = max(float(np.abs(wanted).max(initial=0)), 1e-6)
    np.testing.assert_allclose(found, wanted, tolerance, tolerance * scale, err_msg=what)


def as_written(score) -> dict:
    """A score as a release wrote it that knew nothing of references and details: they are not made
    up.
    """
    record = asdict(score)
    assert record.pop("reference") is None and record.pop("by_row") is None
    assert record.pop("detail") == ""
    names = {
        "Reconstruction R²": "Variance explained",
        "R² on training rows": "Explained variance",
        "Information in a code": "Bits in the code",
        "Category cells recovered": "Categories right",
        "Word use recovered": "Word profile kept",
    }
    assert record["name"] not in names.values()
    return record | {"name": names.get(record["name"], record["name"])}


def same_numbers(found, wanted, tolerance: float = 1e-12) -> None:
    """Plain JSON, number by number; NaN was written as null or NaN."""
    if isinstance(wanted, dict):
        assert set(found) == set(wanted)
        for key, value in wanted.items():
            same_numbers(found[key], value, tolerance)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            same_numbers(a, b, tolerance)
    elif isinstance(wanted, float) and isinstance(found, (int, float)):
        assert math.isclose(found, wanted, rel_tol=tolerance, abs_tol=tolerance) or (
            math.isnan(found) and math.isnan(wanted)
        ), (found, wanted)
    else:
        assert found == wanted


def plain(frame: pd.DataFrame) -> list[dict]:
    """Rows as text, None where there is nothing."""
    return [
        {str(name): None if pd.isna(value) else str(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def learnt_the_same(item, wanted: dict) -> None:
    for name, value in wanted.items():
        found = getattr(item, RENAMED.get(name, name))
        same_numbers(found.tolist() if isinstance(found, np.ndarray) else found, value)


def tolerance_of(name: str) -> float:
    return LEARNT if name in NETWORKS else EXACT


# -- datasets ------------------------------------------------------------------------------------


def test_every_dataset_is_listed(release, workspace):
    listed = {head["id"]: head for head in workspace.datasets()}
    assert set(listed) == set(release.datasets)
    for id, wanted in release.datasets.items():
        head = listed[id]
        assert head["name"] == wanted["title"] and head["created"] == wanted["created"]
        assert head["fingerprint"] == wanted["fingerprint"]
        assert [head["n"], head["d"]] == wanted["shape"] and head["kind"] == wanted["kind"]
    kinds = {wanted["kind"] for wanted in release.datasets.values()}
    assert kinds == {"image", "table", "text", "array"}


def test_every_dataset_loads_and_decodes(release, workspace):
    for id, wanted in release.datasets.items():
        dataset = workspace.load_dataset(id)
        found = {
            name: getattr(dataset, name)
            for name in ("kind", "label", "notes", "source", "added", "fingerprint")
        }
        assert found == {name: wanted[name] for name in found}, wanted["name"]
        # text that is another in every row is no colour any more
        words = list(dataset.rows.select_dtypes(["object", "string", "category"]))
        colours = [c for c in wanted["colours"] if c not in words or not dataset.rows[c].is_unique]
        assert list(dataset.X.shape) == wanted["shape"] and dataset.colours() == colours
        assert {str(c): str(t) for c, t in dataset.rows.dtypes.items()} == wanted["columns"]
        assert plain(dataset.rows.iloc[:3]) == wanted["rows"]
        targets = dataset.targets()
        assert (None if targets is None else targets.tolist()) == wanted["targets"]
        X = dataset.X[:3].toarray() if hasattr(dataset.X, "indptr") else dataset.X[:3]
        assert np.array_equal(X, release.arrays[f"{id}.X"])
        decoded = dataset.decode(X)
        if isinstance(decoded, pd.DataFrame):
            assert plain(decoded) == wanted["decoded"]
        elif dataset.kind == "text":
            assert [[term for term, _ in words] for words in decoded] == wanted["decoded"]
        else:
            close(np.asarray(decoded), release.arrays[f"{id}.decoded"], EXACT, wanted["name"])
        assert len(dataset.items([0, 2])) == 2
    assert sum(wanted["added"] != [] for wanted in release.datasets.values()) == 1


def test_every_upload_is_read_again(release, workspace):
    names = []
    for id, wanted in release.datasets.items():
        kept = workspace.upload(id)
        assert (kept[1] if kept else None) == wanted["upload"]
        if kept:
            source = wanted["source"]
            again = read_dataset(kept[0], name=kept[1], reader=source["reader"], **source["asked"])
            # what readers have said since: how to find a picture in the upload, that the reader was
            # asked for, further options
            since = ("pictures", "reader_asked")
            now = {k: v for k, v in again.source.items() if k in source or k not in since}
            now["options"] = {k: now["options"][k] for k in source["options"]}
            # a file is asked for series of its own accord now; where it has none, all is as it was
            if source["options"].get("series") == "none" and now["options"]["series"] == "auto":
                now["options"]["series"] = "none"
            if again.kind == "text":  # contractions are terms now; these documents have none
                again = replace(again, codec=replace(again.codec, contractions=False))
            assert again.fingerprint == wanted["fingerprint"] and now == source
            if kept[1] in BETTER_READ:
                assert again.label == BETTER_READ[kept[1]]
            else:
                assert again.notes == wanted["notes"] and again.label == wanted["label"]
            names.append(kept[1])
    assert len(names) == 7


# -- runs ----------------------------------------------------------------------------------------


def test_every_run_is_listed_as_it_was(release, workspace):
    listed = {info.id: info for info in workspace.runs()}
    assert set(listed) == set(release.runs)
    for id, wanted in release.runs.items():
        info = listed[id]
        # models' names are written as words
        model = wanted["model"]["name"]
        wanted = wanted | {"title": wanted["title"].replace(model, spaced(model))}
        for name in (
            "number",
            "title",
            "state",
            "sentence",
            "dataset",
            "created",
            "seconds",
            "has_result",
        ):
            assert getattr(info, name) == wanted[name], (wanted["title"], name)
        same_numbers(info.score, wanted["score"])
        model = info.model()
        assert type(model).__name__ == wanted["model"]["name"]
        # of parameters that came later, their defaults
        assert model.get_params() == type(model)().get_params() | wanted["model"]["params"]
    states = {info.state for info in listed.values()}
    assert states == {"done", "paused", "failed", "cancelled", "waiting"}
    assert {wanted["model"]["name"] for wanted in release.runs.values()} <= set(MODELS)


def test_every_model_does_what_it_did(release, workspace):
    looked = 0
    for id, wanted in release.runs.items():
        if not wanted["has_result"]:
            with pytest.raises(StoreError):
                workspace.fitted(id)
            continue
        fitted, dataset = workspace.fitted(id), workspace.load_dataset(wanted["dataset"])
        model, codes = fitted.model, fitted.codes

        tolerance = tolerance_of(wanted["model"]["name"])
        assert np.array_equal(codes, release.arrays[f"{id}.codes"])
        assert np.array_equal(fitted.held_out, release.arrays[f"{id}.held_out"])
        found = {
            "encoded": model.transform(dataset.X[:3]),
            "decoded": model.inverse_transform(codes[:3]),
            "sample": model.sample(4, random_state=0),
            "importance": np.asarray(model.importance_),
        }
        if f"{id}.density" in release.arrays:
            density = model.score_samples(dataset.X[:3])
            if hasattr(model, "noise_floor") and model.noise_variance_ < model.noise_floor:
                # rounding alone, by which a density was once scaled
                assert np.isfinite(density).all()
            else:
                found["density"] = density
        for name, value in found.items():
            what = f"{wanted['title']}: {name}"
            close(value, release.arrays[f"{id}.{name}"], tolerance, what)
        assert type(model).__name__ == wanted["model"]["name"]
        assert model.get_params() == type(model)().get_params() | wanted["params"]
        assert {"stopped_", "history_", "n_features_in_"} <= set(wanted["learnt"])
        learnt_the_same(model, wanted["learnt"])
        looked += 1
    assert looked >= len(MODELS)


def test_every_score_is_kept_and_is_found_again(release, workspace):
    for id, wanted in release.runs.items():
        if not wanted["has_result"]:
            continue
        fitted, dataset = workspace.fitted(id), workspace.load_dataset(wanted["dataset"])
        same_numbers([as_written(score) for score in workspace.scores(id)], wanted["scores"])
        same_numbers([as_written(score) for score in fitted.scores], wanted["scores"])
        columns = json.loads(fitted.columns.to_json(orient="records", double_precision=15))
        same_numbers(columns, wanted["columns"])
        learnt = dataset.X[fitted.train] if len(fitted.held_out) else None
        again = reconstruction(fitted.model, dataset.X[fitted.scored_rows], learnt).columns
        tolerance = tolerance_of(wanted["model"]["name"])
        assert again["name"].tolist() == fitted.columns["name"].tolist()
        assert again["measure"].tolist() == fitted.columns["measure"].tolist()
        for name in ("value", "baseline"):
            close(
                again[name].to_numpy(), fitted.columns[name].to_numpy(), tolerance, wanted["title"]
            )


def test_the_training_is_still_told(release, workspace):
    filmed = 0
    for id, wanted in release.runs.items():
        folder = workspace.run_folder(id)
        shots = snapshots.all_of(folder / "snapshots")
        assert [[shot.step, shot.total] for shot in shots] == wanted["snapshots"]
        if shots:
            assert np.array_equal(shots[-1].codes, release.arrays[f"{id}.shot.codes"])
            assert np.array_equal(shots[-1].generated, release.arrays[f"{id}.shot.made"])
            filmed += 1
        record = ProgressReader(folder / "progress.jsonl").read()
        assert (record and [record.step, record.total, record.phase]) == wanted["progress"]
    assert filmed >= 5


# -- what belongs to a run -----------------------------------------------------------------------


def test_every_map_opens_and_takes_new_points(release, workspace):
    id, facts, arrays = release.facts["shown"], release.facts["maps"], release.arrays
    folder = workspace.run_folder(id) / "maps"
    assert {path.name for path in folder.iterdir()} == set(facts)
    assert set(PROJECTIONS) == {about["name"] for about in facts.values()}
    n = len(workspace.fitted(id).codes)
    for key, about in facts.items():
        wished = PROJECTIONS[about["name"]](**about["params"])
        assert key_of(wished, about["of"]) == key, "the app would not find it, and make it anew"
        mapped = load_map(folder / key, n)
        assert (
            np.array_equal(mapped.positions, arrays[f"{key}.positions"])
            and mapped.note == about["note"]
        )
        same_numbers([as_written(score) for score in mapped.scores], about["scores"])
        if about["of"] == "codes":
            assert mapped.projection.get_params() == about["params"]
        learnt_the_same(mapped.projection, about["learnt"])
        close(mapped.projection.transform(arrays["probe"]), arrays[f"{key}.placed"], EXACT, key)
        back = mapped.projection.inverse_transform(mapped.positions[:3])
        close(back, arrays[f"{key}.back"], EXACT, key)
    assert {arrays[f"{key}.positions"].shape[1] for key in facts} == {2, 3}
    assert {about["of"] for about in facts.values()} == {"codes", "data"}


def test_the_trust_of_a_map_is_kept(release, workspace):
    wanted = release.facts["trust"]
    folder = workspace.run_folder(release.facts["shown"]) / "maps" / wanted["key"] / "trust"
    trust = load_trust(folder, wanted["n"])
    assert list(trust.ks) == wanted["ks"] and trust.n_compared == wanted["beside"]
    numbers = {
        pair: {k: list(v) for k, v in named.items()} for pair, named in trust.numbers.items()
    }
    same_numbers(numbers, wanted["numbers"])
    assert np.array_equal(trust.points, release.arrays["trust.points"])
    assert np.array_equal(trust.rows, release.arrays["trust.rows"])


def test_what_a_person_kept_is_there(release, workspace):
    kept = workspace.annotations(release.facts["shown"])
    assert kept == release.facts["kept"] and set(kept) == {
        "bookmarks",
        "groups",
        "directions",
        "region names",
    }
    directions = [Direction.from_json(direction) for direction in kept["directions"]]
    assert [direction.sentence() for direction in directions] == release.facts["directions"]
    assert all(np.isfinite(d.apply(np.zeros(len(d.vector)), 1.0)).all() for d in directions)


def test_whose_it_is_stays(release, workspace):
    owners = release.facts["owners"]
    assert {shared for _, shared in owners.values()} == {True, False}
    for id, wanted in release.runs.items():
        found = ownership(workspace.run_folder(id))
        assert [found.owner, found.shared] == owners.get(id, ["", False]), wanted["title"]
        if id in owners:
            assert ownership(workspace.dataset_folder(wanted["dataset"])).owner == owners[id][0]


# -- runs that had not ended, or go on -----------------------------------------------------------


def test_a_paused_run_goes_on_to_its_end(release, own):
    id = release.facts["unfinished"]["paused"]
    folder = own.run_folder(id)
    own.queue(id)
    assert fit_worker.execute(folder) == fit_worker.DONE, own.run(id).sentence
    assert own.run(id).state == "done"
    record = ProgressReader(folder / "progress.jsonl").read()
    assert record.first == release.facts["paused at"] > 0, "it began anew"
    assert record.step == record.total
    close(own.fitted(id).codes, release.arrays["paused.codes"], 0.01, "as if never paused")


def test_the_others_are_what_they_were(release, own):
    ids = release.facts["unfinished"]
    for name in ("waiting", "continued"):
        assert (own.folder / "queue" / ids[name]).exists()
    assert fit_worker.execute(own.run_folder(ids["waiting"])) == fit_worker.DONE
    assert fit_worker.execute(own.run_folder(ids["cancelled"])) == fit_worker.CANCELLED
    own.queue(ids["failed"])
    assert fit_worker.execute(own.run_folder(ids["failed"])) == fit_worker.UNUSABLE
    assert own.run(ids["failed"]).sentence == release.runs[ids["failed"]]["sentence"]


@pytest.mark.parametrize("cancelled", (True, False))
def test_a_continuation_that_waited_goes_on_or_is_taken_back(release, own, cancelled):
    id = release.facts["unfinished"]["continued"]
    assert own.run(id).model().epochs == 5
    if cancelled:
        own.ask(id, "cancel")
    else:
        assert fit_worker.execute(own.run_folder(id)) == fit_worker.DONE
        assert ProgressReader(own.run_folder(id) / "progress.jsonl").read().first > 0, (
            "it began anew"
        )
    assert own.run(id).state == "done" and not (own.run_folder(id) / "before").exists()
    assert own.run(id).model().epochs == (2 if cancelled else 5)
    assert own.fitted(id).model.epochs == (2 if cancelled else 5)


def test_every_training_can_be_continued(release, own):
    names = set()
    for id, wanted in release.runs.items():
        folder = own.run_folder(id)
        if wanted["state"] != "done" or not (folder / "checkpoint").is_dir():
            continue
        own.extend(id, 1)
        assert fit_worker.execute(folder) == fit_worker.DONE, (
            wanted["title"],
            own.run(id).sentence,
        )
        lines = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
        assert any(line["first"] > 0 for line in lines), f"{wanted['title']} began anew"
        assert own.run(id).state == "done" and own.run(id).has_result
        names.add(wanted["model"]["name"])
    assert names == {
        "PLSA",
        "LDA",
        "Autoencoder",
        "VAE",
        "ConditionalVAE",
        "MIWAE",
        "GAN",
        "CNNFeatures",
    }


# -- archives ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ("all", "none"))
@pytest.mark.parametrize("beside", (True, False))
def test_an_archive_comes_in(release, own, tmp_path, data, beside):
    """Into an empty workspace, or beside the dataset it was fitted on, which it joins."""
    id = release.facts["exported"]
    target = own if beside else Workspace(tmp_path / "elsewhere").prepare()
    info = archive.unpack(release.archive(data), target)
    assert info.state == "done" and info.has_result
    assert (info.dataset == release.runs[id]["dataset"]) is beside
    fitted, dataset = target.fitted(info.id), target.load_dataset(info.dataset)
    assert np.array_equal(fitted.codes, release.arrays[f"{id}.codes"])
    sample = fitted.model.sample(4, random_state=0)
    close(sample, release.arrays[f"{id}.sample"], LEARNT, "samples")
    same_numbers([as_written(score) for score in fitted.scores], release.runs[id]["scores"])
    wanted = release.datasets[release.runs[id]["dataset"]]
    assert dataset.kind == wanted["kind"] and len(dataset) == wanted["shape"][0]
    if data == "all" or beside:
        assert dataset.fingerprint == wanted["fingerprint"]
    X = release.arrays[f"{release.runs[id]['dataset']}.X"]
    assert plain(dataset.decode(X)) == wanted["decoded"]


# -- a format of the future ----------------------------------------------------------------------


def opened(space: Workspace, facts: dict) -> None:
    """Open everything there is of the run that is shown."""
    id = facts["shown"]
    space.prepare()
    info = space.run(id)
    space.dataset_head(info.dataset), space.load_dataset(info.dataset)
    fitted = space.fitted(id)
    key = facts["trust"]["key"]
    load_map(space.run_folder(id) / "maps" / key, len(fitted.codes))
    load_trust(space.run_folder(id) / "maps" / key / "trust", len(fitted.codes))


def test_a_newer_format_is_refused_in_one_sentence(release, own):
    """Of each file that is read, one after the other."""
    opened(own, release.facts)
    id = release.facts["shown"]
    folder = own.run_folder(id)
    mapped = folder / "maps" / release.facts["trust"]["key"]
    paths = [
        own.folder / "workspace.json",
        own.dataset_folder(release.runs[id]["dataset"]) / "dataset.json",
    ]
    paths += [
        folder / f"{name}.json" for name in ("run", "state", "scores", "columns", "model/recipe")
    ]
    paths += [mapped / f"{name}.json" for name in ("scores", "projection/recipe", "trust/trust")]
    for path in paths:
        content = path.read_text("utf-8")
        path.write_text(json.dumps(json.loads(content) | {"format": NEWER}), "utf-8")
        with pytest.raises(StoreError) as caught:
            opened(Workspace(own.folder), release.facts)
        sentence = str(caught.value)
        assert f"{path.name} has format {NEWER}, this version reads up to " in sentence
        assert sentence.endswith("; update the app to open it.") and sentence.count(". ") == 0
        path.write_text(content, "utf-8")
    opened(Workspace(own.folder), release.facts)
    owned = next(iter(release.facts["owners"]))
    own_file = own.run_folder(owned) / "owner.json"
    own_file.write_text(json.dumps(json.loads(own_file.read_text()) | {"format": NEWER}))
    assert not ownership(own.run_folder(owned)).shared, (
        "better lost to its owner than open to others"
    )


def test_an_archive_of_a_newer_format_is_refused_in_one_sentence(release, tmp_path):
    path = tmp_path / "newer.zip"
    with (
        zipfile.ZipFile(FIXTURES / f"archive-{release.version}-none.zip") as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "run.json":
                content = json.dumps(json.loads(content) | {"format": NEWER}).encode()
            new.writestr(name, content)
    with pytest.raises(LoadError, match=f"run.json has format {NEWER}.*update the app"):
        archive.unpack(path.read_bytes(), Workspace(tmp_path / "w").prepare())


# -- in the app ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_the_app(release, workspace):
    """The folders of the run that is shown and of its dataset, where the pages look."""
    id = release.facts["shown"]
    here = Workspace(home()).prepare()
    copies = [(workspace.run_folder(id), here.run_folder(id))]
    dataset = release.runs[id]["dataset"]
    copies += [(workspace.dataset_folder(dataset), here.dataset_folder(dataset))]
    for source, target in copies:
        shutil.copytree(source, target)
    yield id
    for _, target in copies:
        shutil.rmtree(target)
    services().runs.drop(id), services().datasets.drop(dataset)


@pytest.mark.parametrize("page", ("map", "explore", "generate", "models", "train", "data"))
def test_the_pages_open_it(release, in_the_app, page):
    wanted = release.runs[in_the_app]
    app = AppTest.from_file(str(ROOT / "pages/shell.py"), default_timeout=60)
    app.query_params["run"] = in_the_app
    app.run()
    app.switch_page(f"{page}.py")
    app.query_params["run"] = in_the_app
    app.run()
    assert not app.exception, app.exception
    assert not app.error, [error.value for error in app.error]
    elements = (*app.title, *app.markdown, *app.caption, *app.subheader)
    said = " ".join(str(element.value) for element in elements).replace("\\", "")
    assert release.datasets[wanted["dataset"]]["title"] in said
