"""What a workspace knows of datasets and runs besides their content: names, numbers, times."""

import io
import json
import os

import numpy as np
import pytest

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.fitting import fit_run
from lvm_core.runs import archive, ownership
from lvm_core.runs.states import RunState
from lvm_core.runs.store import StoreError, save_fitted
from lvm_core.runs.workspace import LONGEST_NAME, Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def trained(workspace, data_id, dataset, **params):
    fitted = fit_run(dataset, MODELS["PCA"](**{"latent_dim": 2} | params))
    info = workspace.add_run(data_id, fitted.model, queued=False)
    save_fitted(workspace.run_folder(info.id), fitted)
    workspace.set_state(info.id, state=RunState.DONE, result=True)
    return workspace.run(info.id), fitted


def test_a_dataset_is_renamed_everywhere_and_gets_its_first_name_back(workspace):
    data = workspace.add_dataset(DATASETS["iris"]().load())
    run = workspace.add_run(data, MODELS["PCA"](latent_dim=2))
    assert run.title == "#1 PCA on iris"
    assert workspace.rename_dataset(data, " my\n flowers ") == "my flowers"
    assert workspace.load_dataset(data).name == workspace.dataset_head(data)["name"] == "my flowers"
    assert workspace.run(run.id).title == workspace.runs()[0].title == "#1 PCA on my flowers"
    assert Workspace(workspace.folder).dataset_head(data)["first_name"] == "iris"
    assert workspace.rename_dataset(data, "  ") == "iris"
    assert workspace.run(run.id).title == "#1 PCA on iris"


def test_a_run_is_renamed_and_keeps_its_number(workspace):
    data = workspace.add_dataset(DATASETS["iris"]().load())
    run = workspace.add_run(data, MODELS["KernelPCA"](latent_dim=2))
    before = workspace.run(run.id).config
    assert len(workspace.rename_run(run.id, "x" * 500)) == LONGEST_NAME
    workspace.rename_run(run.id, "<b>base</b>\x00line")
    found = Workspace(workspace.folder).run(run.id)
    assert (found.number, found.name, found.config) == (1, "<b>base</b> line", before)
    assert found.title == "#1 <b>base</b> line (Kernel PCA on iris)"
    workspace.rename_run(run.id, "")
    assert workspace.run(run.id).title == "#1 Kernel PCA on iris"


def test_only_whose_it_is_renames_it(workspace):
    data = workspace.add_dataset(DATASETS["iris"]().load())
    run = workspace.add_run(data, MODELS["PCA"](latent_dim=2))
    for folder in (workspace.dataset_folder(data), workspace.run_folder(run.id)):
        ownership.own(folder, "b-me", shared=True)
    for rename, id in ((workspace.rename_dataset, data), (workspace.rename_run, run.id)):
        with pytest.raises(StoreError, match="Only whose it is"):
            rename(id, "mine now", owner="b-you")
        assert rename(id, "mine", owner="b-me") == "mine"
    with pytest.raises(StoreError, match="no dataset"):
        workspace.rename_dataset("0" * 16, "nothing")
    with pytest.raises(StoreError, match="no id"):
        workspace.rename_run("../secret", "nothing")


def test_a_number_is_given_once(workspace):
    data = workspace.add_dataset(DATASETS["iris"]().load())
    add = lambda: workspace.add_run(data, MODELS["PCA"](latent_dim=2), queued=False)
    first, second = add(), add()
    workspace.delete_run(second.id)
    assert add().number == 3
    for run in workspace.runs():
        workspace.delete_run(run.id)
    assert Workspace(workspace.folder).add_run(data, MODELS["PCA"](latent_dim=2)).number == 4
    (workspace.folder / "numbers.json").write_text(json.dumps({"format": 1, "highest": "many"}))
    assert add().number == 5, "a damaged file does not stop a training"
    assert first.number == 1


def test_it_is_known_when_something_was_touched(workspace):
    data = workspace.add_dataset(DATASETS["iris"]().load())
    path = workspace.dataset_folder(data) / "dataset.json"
    os.utime(path, (1000, 1000))
    assert workspace.touched("datasets", data) == 1000
    workspace.touch("datasets", data)
    assert workspace.touched("datasets", data) > 1e9
    assert workspace.touched("runs", "0" * 16) == 0
    workspace.touch("runs", "0" * 16)  # it is gone: nothing to say
    with pytest.raises(StoreError):
        workspace.touch("runs", "../x")


def test_a_few_pictures_are_read_without_the_rest(workspace):
    digits, iris = DATASETS["digits"]().load(), DATASETS["iris"]().load()
    id, other = workspace.add_dataset(digits), workspace.add_dataset(iris)
    found = workspace.pictures(id, 3)
    assert np.array_equal(found, digits.items([0, 898, 1796]))
    assert workspace.pictures(other) is None
    (workspace.dataset_folder(id) / "X.npy").write_bytes(b"cut")
    with pytest.raises(StoreError):
        workspace.pictures(id)


def test_a_file_is_found_by_what_is_in_it(workspace):
    raw = b"height,weight\n" + b"".join(b"%d,%d\n" % (150 + i, 50 + i) for i in range(20))
    dataset = read_dataset(raw, name="people.csv")
    id = workspace.add_dataset(dataset, upload=raw, upload_name="people.csv")
    workspace.add_dataset(DATASETS["iris"]().load())
    workspace.rename_dataset(id, "renamed")
    find = lambda content: [h["id"] for h in workspace.find_upload(content, workspace.datasets())]
    assert find(raw) == [id]
    assert find(raw[:-1] + b" ") == find(b"") == []


def test_an_archive_of_a_run_that_is_here_is_known(workspace, tmp_path):
    iris = DATASETS["iris"]().load()
    data = workspace.add_dataset(iris)
    run, fitted = trained(workspace, data, iris)
    other, another = trained(workspace, data, iris, latent_dim=3)
    for kept in archive.DATA:
        file = io.BytesIO()
        archive.pack(fitted, iris, file, data=kept)
        found = archive.read(file.getvalue())
        assert archive.already_here(found, workspace, workspace.runs()).id == run.id
        assert archive.already_here(found, workspace, [other]) is None
        assert archive.already_here(found, workspace, []) is None
    elsewhere = Workspace(tmp_path / "elsewhere")
    came = archive.unpack(found, elsewhere)
    assert archive.already_here(found, elsewhere, elsewhere.runs()).id == came.id
    (workspace.run_folder(run.id) / "codes.npy").write_bytes(b"cut")
    assert archive.already_here(found, workspace, workspace.runs()) is None
