"""One statement per parameter: domains, keys, registries and discovery."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import MODELS, PROJECTIONS
from lvm_core.params import Params, Registry, discover, param
from lvm_core.progress import Progress, Reporter
from lvm_core.schema import FeatureGroup, Schema


@dataclass
class Cake(Params):
    layers: int = param(3, low=1, high=9, help="How many.")
    sugar: float = param(0.5, low=0.0, high=1.0, help="Share.", label="Sweetness", log=True)
    icing: str = param("plain", choices=("plain", "chocolate"), help="Which.")
    vegan: bool = param(False, help="No eggs.", advanced=True)
    name: str = param("", help="On top.")
    candles: int | None = param(None, low=0, help="None: no birthday.")


every_recipe = pytest.mark.parametrize(
    "cls",
    [*MODELS.values(), *PROJECTIONS.values()],
    ids=lambda c: c.__name__ + c.__module__.split(".")[1],
)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"layers": 1},
        {"layers": 9},
        {"layers": np.int64(4)},
        {"sugar": 1},
        {"sugar": np.float32(0.25)},
        {"sugar": 0},
        {"candles": 0},
        {"candles": None},
        {"vegan": True},
        {"vegan": np.bool_(True)},
        {"name": "=1+1"},
    ],
)
def test_values_within_the_domain_pass(values):
    Cake(**values).validate()


@pytest.mark.parametrize(
    "values, words",
    [
        ({"layers": 0}, "Cake: layers is 0, expected a whole number from 1 to 9."),
        ({"layers": 10}, "layers is 10, expected a whole number from 1 to 9."),
        ({"layers": 2.0}, "layers is 2.0, expected a whole number"),
        ({"layers": True}, "layers is True, expected a whole number"),
        ({"layers": np.bool_(True)}, "expected a whole number"),
        ({"layers": "3"}, "layers is '3', expected a whole number"),
        ({"layers": None}, "layers is None, expected a whole number"),
        ({"layers": [3]}, "expected a whole number"),
        ({"sugar": -0.1}, "sugar is -0.1, expected a number from 0 to 1."),
        ({"sugar": float("nan")}, "sugar is nan"),
        ({"sugar": float("inf")}, "sugar is inf"),
        ({"sugar": True}, "sugar is True, expected a number"),
        ({"sugar": 1 + 0j}, "expected a number"),
        ({"icing": "mint"}, "icing is 'mint', expected one of 'plain', 'chocolate'."),
        ({"icing": None}, "icing is None"),
        ({"vegan": 1}, "vegan is 1, expected True or False."),
        ({"vegan": "yes"}, "expected True or False"),
        ({"name": 3}, "name is 3, expected text."),
        ({"candles": -1}, "candles is -1, expected a whole number of at least 0 or None."),
    ],
)
def test_values_outside_are_refused_in_a_sentence(values, words):
    with pytest.raises(ValueError) as caught:
        Cake(**values).validate()
    assert words in str(caught.value) and str(caught.value).endswith(".")


@settings(deadline=None)
@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.integers()),
        st.dictionaries(st.text(), st.integers()),
        st.binary(),
    )
)
def test_any_value_passes_or_is_refused_by_valueerror(value):
    for name, parameter in Cake.parameters().items():
        try:
            parameter.check(value, "Cake")
        except ValueError as error:
            assert str(error).startswith(f"Cake: {name} is ")


def test_a_choice_has_its_type():
    for odd in (True, 2.0, "2", np.array([2, 3]), [2]):
        with pytest.raises(ValueError, match="n_components is"):
            PROJECTIONS["PCA"](n_components=odd).validate()
    for choice in (1, 2, 3):
        PROJECTIONS["PCA"](n_components=choice).validate()


def test_parameters_are_read_in_order_with_their_facts():
    found = Cake.parameters()
    assert list(found) == ["layers", "sugar", "icing", "vegan", "name", "candles"]
    assert (
        found["sugar"].label == "Sweetness"
        and found["sugar"].log
        and found["layers"].label == "Layers"
        and MODELS["PCA"].parameters()["latent_dim"].label == "Latent dimensions"
    )
    assert found["candles"].type is int and found["candles"].optional and found["vegan"].advanced
    assert found["icing"].domain() == "one of plain, chocolate"


@every_recipe
def test_every_parameter_is_explained_and_its_default_is_allowed(cls):
    cls().validate()
    for parameter in cls.parameters().values():
        assert parameter.help.endswith(".") and parameter.label and parameter.help[0].isupper()
    assert list(cls.parameters())[-1] == "random_state"


@every_recipe
def test_sklearn_reads_the_same_parameters(cls):
    assert set(cls().get_params()) == set(cls.parameters())


# -- keys ------------------------------------------------------------------------------------------


def test_keys_are_the_same_on_every_machine():
    assert Cake().cache_key() == "322c2965e1245b7a"
    program = "from lvm_core import PROJECTIONS; print(PROJECTIONS['TSNE']().cache_key())"
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert other == PROJECTIONS["TSNE"]().cache_key()


def test_keys_follow_the_values_and_not_their_numpy_types():
    assert Cake(layers=4).cache_key() == Cake(layers=np.int64(4)).cache_key() != Cake().cache_key()
    assert Cake(vegan=np.bool_(True)).cache_key() == Cake(vegan=True).cache_key()
    assert (
        Cake(sugar=1).cache_key()
        == Cake(sugar=1.0).cache_key()
        == Cake(sugar=np.float64(1)).cache_key()
    )
    assert len({Cake(layers=n).cache_key() for n in range(1, 10)}) == 9


def test_a_recipe_makes_the_object_again():
    cake = Cake(layers=2, icing="chocolate", candles=7)
    assert Cake(**cake.to_config()["params"]) == cake and cake.to_config()["name"] == "Cake"


# -- registries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("TSNE", "tsne", "t-SNE", "t sne", "T_SNE"))
def test_names_are_forgiven_their_spelling(name):
    assert PROJECTIONS[name].__name__ == "TSNE"


def test_a_miss_names_what_there_is():
    with pytest.raises(KeyError, match="'nope' is not here; there are: Identity, PCA, TSNE, UMAP"):
        PROJECTIONS["nope"]
    assert "tsne" not in PROJECTIONS and PROJECTIONS.get("nope") is None  # only [] forgives
    for odd in (None, 3, ""):
        with pytest.raises(KeyError):
            PROJECTIONS[odd]


def test_registries_are_in_order_of_their_year():
    order = [(getattr(cls, "list_order", 50), cls.year) for cls in PROJECTIONS.values()]
    assert order == sorted(order) and isinstance(PROJECTIONS, Registry)


def test_dropping_a_file_into_a_folder_is_all(tmp_path, monkeypatch):
    package = tmp_path / "bakery"
    package.mkdir()
    (package / "__init__.py").write_text("class Base: pass\n")
    (package / "late.py").write_text(
        "from . import Base\nclass Late(Base): year = 2000\nclass _Hidden(Base): pass\nclass "
        "Other: pass\n"
    )
    (package / "early.py").write_text(
        "from . import Base\nfrom .late import Late\nclass Early(Base): year = 1900\nclass "
        "Called(Base):\n    name, year = 'called so', 1950\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import bakery

    assert list(discover("bakery", bakery.Base)) == ["Early", "called so", "Late"]


# -- layout and progress ---------------------------------------------------------------------------


def test_layout_goes_to_json_and_back():
    schema = Schema(
        (
            FeatureGroup("gaussian", 3, "a"),
            FeatureGroup("categorical", 4, "b"),
            FeatureGroup("bernoulli", 5),
        ),
        (2, 2, 3),
    )
    assert Schema.from_json(schema.to_json()) == schema and schema.d == 12
    assert [(b.name, s.start, s.stop) for b, s in schema.spans()] == [
        ("a", 0, 3),
        ("b", 3, 7),
        ("", 7, 12),
    ]
    assert schema.has("categorical") and not schema.has("counts")


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: FeatureGroup("normal", 3), "likelihood is 'normal'"),
        (lambda: FeatureGroup("gaussian", 0), "0 columns"),
        (
            lambda: Schema((FeatureGroup("gaussian", 5),), (2, 2, 1)),
            "has 4 values, the blocks have 5",
        ),
    ],
)
def test_layouts_that_cannot_be_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_progress_knows_its_share_and_time_left():
    record = Progress(25, 100, seconds=5.0)
    assert (
        record.fraction == 0.25
        and record.seconds_left == 15
        and Progress(0, 100).seconds_left is None
        and Progress(3, 0).fraction == 0
    )


def test_reporter_passes_plain_numbers_and_the_answer_back():
    seen = []
    report = Reporter(lambda record: seen.append(record) or record.step == 2, 4, "phase")
    assert [report(1, loss=np.float32(0.5)), report(2)] == [False, True]
    assert (
        type(seen[0].metrics["loss"]) is float
        and seen[0].phase == "phase"
        and Reporter(None, 3)(1) is False
    )
