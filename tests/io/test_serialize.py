"""Saves: exact, free of pickles, and suspicious of what they read."""

import json
import struct
import sys
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file, save_file

from lvm_core import MODELS, PROJECTIONS, load_model, load_projection
from lvm_core.io.serialize import FORMAT, LoadError, Persistent, load, read_head
from lvm_core.params import param
from lvm_core.schema import FeatureGroup, Schema

X = np.random.RandomState(0).normal(size=(40, 5))


@pytest.fixture
def saved(tmp_path):
    return MODELS["PCA"](latent_dim=2).fit(X).save(tmp_path / "model")


@pytest.fixture
def saved_map(tmp_path):
    return PROJECTIONS["TSNE"](iterations=10).fit(X).save(tmp_path / "map")


def edit(folder, **changes):
    """Overwrite entries of recipe.json; a dict is merged into the one that is there."""
    head = json.loads((folder / "recipe.json").read_text())
    for key, value in changes.items():
        head[key] = head[key] | value if isinstance(value, dict) else value
    (folder / "recipe.json").write_text(json.dumps(head))
    return folder


def weigh(folder, **changes):
    """Overwrite arrays of weights.safetensors; None drops one."""
    arrays = load_file(folder / "weights.safetensors") | changes
    save_file({k: v for k, v in arrays.items() if v is not None}, folder / "weights.safetensors")
    return folder


# -- what is written comes back --------------------------------------------------------------------


def test_a_model_comes_back_whole(tmp_path):
    schema = Schema((FeatureGroup("gaussian", 2, "a"), FeatureGroup("gaussian", 3, "b")))
    model = MODELS["PCA"](latent_dim=2, whiten=True).fit(X, schema=schema)
    loaded = load_model(model.save(tmp_path / "deep" / "folder"))
    assert (
        loaded.get_params() == model.get_params()
        and loaded.schema_ == schema
        and loaded.cache_key() == model.cache_key()
    )
    assert {k for k in vars(loaded) if k.endswith("_")} == {
        k for k in vars(model) if k.endswith("_")
    }
    assert_array_equal(loaded.transform(X), model.transform(X))
    assert_array_equal(loaded.sample(3, random_state=1), model.sample(3, random_state=1))


def test_a_model_is_saved_while_another_thread_imports_torch(tmp_path, monkeypatch):
    for name in ("torch", "torch.nn"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))  # as far as it has come
    MODELS["PCA"](latent_dim=2).fit(X).save(tmp_path / "model")
    assert read_head(tmp_path / "model")


def test_saving_again_overwrites_and_leaves_nothing_behind(saved):
    MODELS["PCA"](latent_dim=3).fit(X).save(saved)
    assert load_model(saved).latent_dim == 3
    assert sorted(p.name for p in saved.iterdir()) == ["recipe.json", "weights.safetensors"]


def test_a_failed_write_keeps_the_old_save(saved, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save", full)
    with pytest.raises(OSError, match="No space"):
        MODELS["PCA"](latent_dim=3).fit(X).save(saved)
    assert load_model(saved).latent_dim == 2
    assert sorted(p.name for p in saved.iterdir()) == ["recipe.json", "weights.safetensors"]


def test_no_file_is_a_pickle(saved):
    assert json.loads((saved / "recipe.json").read_text())["format"] == FORMAT
    header = struct.unpack("<Q", (saved / "weights.safetensors").read_bytes()[:8])[0]
    assert header < 10_000


@dataclass
class Net(Persistent):
    width: int = param(4, low=1, high=64, help="Width.")

    def fit(self):
        import torch

        self.schema_, self.words_, self.seed_ = (
            Schema.gaussian(3),
            np.array(["a", "b"], dtype=object),
            np.int64(3),
        )
        self._rebuild()
        torch.nn.init.normal_(self.net_.weight)
        return self

    def _rebuild(self):
        import torch

        self.net_ = torch.nn.Linear(self.schema_.d, self.width)


def test_networks_words_and_numbers_come_back(tmp_path):
    net = Net(width=5).fit()
    loaded = load(net.save(tmp_path), {"Net": Net})
    assert_array_equal(loaded.net_.weight.detach().numpy(), net.net_.weight.detach().numpy())
    assert (
        loaded.words_.tolist() == ["a", "b"] and loaded.seed_ == 3 and loaded.schema_ == net.schema_
    )


# -- what is wrong is refused in a sentence --------------------------------------------------------


def refused(folder, words, loader=load_model):
    with pytest.raises(LoadError, match=words) as caught:
        loader(folder)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


@pytest.mark.parametrize("name", ("recipe.json", "weights.safetensors"))
def test_a_missing_file(saved, name):
    (saved / name).unlink()
    refused(saved, "cannot be read")


def test_no_folder(tmp_path):
    refused(tmp_path / "nothing", "cannot be read")


@pytest.mark.parametrize(
    "text",
    (
        "",
        "{",
        "[]",
        "null",
        "3",
        '{"format": 1}',
        "[" * 100_000,
        "\x00\xff",
        '{"format": "1", "name": "PCA", "params": {}, "modules": [], "state": {}}',
    ),
)
def test_a_recipe_that_is_none(saved, text):
    (saved / "recipe.json").write_text(text, encoding="latin-1")
    refused(saved, "cannot be read|lacks one of")


def test_a_recipe_that_is_too_large(saved, monkeypatch):
    monkeypatch.setattr("lvm_core.io.files.MAX_JSON", 2**10)
    (saved / "recipe.json").write_text(" " * 2000)
    refused(saved, "not written by this app")


@pytest.mark.parametrize("keep", (0, 4, 8, 100, -1))
def test_truncated_weights(saved, keep):
    path = saved / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refused(saved, "weights.safetensors")


def test_weights_that_are_no_weights(saved):
    for content in (
        b"PK\x03\x04" + bytes(100),
        b"\x80\x04\x95" + bytes(100),
        b"\xff" * 100,
        struct.pack("<Q", 2**40),
    ):
        (saved / "weights.safetensors").write_bytes(content)
        refused(saved, "weights.safetensors")


def test_weights_of_a_type_numpy_does_not_know(saved):
    header = json.dumps({"mean_": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (saved / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(LoadError):
        load_model(saved)


@pytest.mark.parametrize("bad", (np.nan, np.inf, -np.inf))
def test_weights_that_are_not_finite(saved, bad):
    refused(weigh(saved, mean_=np.full(5, bad)), "'mean_' hold NaN or infinity")


def test_an_unknown_class(saved):
    refused(edit(saved, name="Nope"), "'Nope' is not known here; there are: .*PCA")


def test_a_map_is_no_model(saved, saved_map):
    refused(saved_map, "'TSNE' is not known here")
    edit(saved, name="UMAP", params={"latent_dim": 2})
    refused(saved, "no parameter", load_projection)


def test_names_are_exact_in_saves(saved):
    refused(edit(saved, name="pca"), "not known")  # the registry's forgiveness is for people


@pytest.mark.parametrize(
    "params, words",
    [
        ({"colour": 3}, "no parameter 'colour'"),
        ({"latent_dim": 10**9}, "latent_dim is 1000000000"),
        ({"latent_dim": "2"}, "latent_dim is '2'"),
        ({"latent_dim": True}, "latent_dim is True"),
        ({"whiten": 1}, "whiten is 1"),
        ({"latent_dim": [2]}, "latent_dim is"),
        ({"random_state": -1}, "random_state is -1"),
        ({"__class__": 1}, "no parameter '__class__'"),
    ],
)
def test_parameters_outside_their_domain(saved, params, words):
    refused(edit(saved, params=params), words)


def test_a_format_of_the_future(saved):
    refused(edit(saved, format=FORMAT + 1), "update the app")


@pytest.mark.parametrize(
    "name",
    (
        "__class___",
        "__dict___",
        "_private_",
        "fit",
        "transform",
        "save",
        "a b_",
        "../up_",
        "x.y_",
        "",
        "__init__",
    ),
)
def test_names_that_are_no_learnt_attributes(saved, name):
    refused(edit(saved, state={name: 1}), "not the name of a learnt attribute")


def test_arrays_and_networks_have_learnt_names_too(saved, tmp_path):
    refused(weigh(saved, __class___=np.zeros(2)), "not the name")
    folder = Net().fit().save(tmp_path / "net")
    for modules in ([3], [None], ["__class__"], [["net_"]], ["net_", "save"]):
        refused(edit(folder, modules=modules), "not the name", lambda f: load(f, {"Net": Net}))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: edit(f, params={"width": 7}),
        lambda f: edit(f, modules=["other_"]),
        lambda f: edit(f, modules=["words_", "net_"]),
        lambda f: edit(f, state={"schema_": {"$schema": {}}}),
        lambda f: edit(f, state={"schema_": {"$schema": {"blocks": [["gaussian", -3, ""]]}}}),
        lambda f: edit(f, state={"schema_": {"$schema": {"blocks": 3}}}),
        lambda f: edit(f, state={"schema_": 3}),
        lambda f: edit(f, state={"words_": {"$strings": 3}}),
        lambda f: weigh(f, **{"net_/weight": np.zeros((2, 2), np.float32)}),
        lambda f: weigh(f, **{"net_/weight": None}),
        lambda f: weigh(f, **{"net_/extra": np.zeros(2, np.float32)}),
    ],
)
def test_networks_that_do_not_fit_their_recipe(tmp_path, spoil):
    folder = Net().fit().save(tmp_path)
    spoil(folder)
    refused(folder, "does not fit the recipe", lambda f: load(f, {"Net": Net}))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: weigh(f, embedding_=np.zeros((40, 3))),
        lambda f: weigh(f, embedding_=np.zeros((3, 2))),
        lambda f: weigh(f, embedding_=np.zeros(80)),
        lambda f: weigh(f, codes_=np.zeros((40, 4))),
        lambda f: weigh(f, codes_=None),
        lambda f: edit(f, state={"n_features_in_": 10**12}),
        lambda f: edit(f, state={"n_features_in_": "5"}),
        lambda f: edit(f, params={"n_components": 3}),
    ],
)
def test_maps_whose_parts_do_not_fit(saved_map, spoil):
    spoil(saved_map)
    refused(saved_map, "does not fit the recipe", load_projection)


def test_the_head_can_be_read_alone(saved):
    head = read_head(saved)
    assert head["name"] == "PCA" and head["params"]["latent_dim"] == 2


def test_that_onnx_brings_types_of_its_own_changes_nothing(saved):
    import ml_dtypes  # noqa: F401 - what onnx imports: from then on NumPy knows bfloat16

    test_weights_of_a_type_numpy_does_not_know(saved)


def test_pictures_saved_before_their_edges_went_on_keep_their_zeros(tmp_path):
    """The decoder's padding is part of what was learnt."""
    X = np.random.RandomState(0).uniform(size=(20, 144)).astype(np.float32)
    model = MODELS["Autoencoder"](latent_dim=2, epochs=2, network="conv")
    model.fit(X, schema=Schema.picture(12, 12, 1))
    folder = model.save(tmp_path / "now")
    Z = model.transform(X)
    assert np.array_equal(load_model(folder).inverse_transform(Z), model.inverse_transform(Z))
    assert load_file(folder / "weights.safetensors")["net_/decoder.extends"]
    before = load_model(weigh(folder, **{"net_/decoder.extends": None}))
    convolutions = [m for m in before.net_.decoder.modules() if hasattr(m, "padding_mode")]
    assert convolutions and all(m.padding_mode == "zeros" for m in convolutions)
    assert not np.allclose(before.inverse_transform(Z), model.inverse_transform(Z), atol=1e-4)
    again = load_model(before.save(tmp_path / "again"))
    assert np.array_equal(again.inverse_transform(Z), before.inverse_transform(Z))
