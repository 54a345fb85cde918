"""What must be true of a stranger's run before any of it is built: sizes, shapes, types, text.
All raise LoadError in one sentence.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from .. import settings
from ..codecs import CODECS, codec_from_json
from ..codecs.base import Codec
from ..fitting import Fitted
from ..io import files, migrations
from ..io.serialize import LoadError, read_head
from ..metrics import Score
from ..models import MODELS
from ..schema import Schema
from ..text import clean

MAX_TENSORS = 10_000
MAX_SQUARE = 512  # the longest code; larger square arrays would only keep a processor busy
_DTYPES = re.compile(
    r"u?int\d+|U?Int\d+|float\d+|Float\d+|bool|boolean|object|str|string|category"
    r"|datetime64\[(s|ms|us|ns)(, (?!dateutil)[A-Za-z_]+(/[A-Za-z0-9_+-]+)*)?\]"
)
_SIZES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
    "U8": 1,
    "BOOL": 1,
}


def expect(true, sentence: str) -> None:
    """Raise LoadError unless something is true.

    Parameters
    ----------
    true : object
        What is expected to be true.
    sentence : str
        The message.

    Raises
    ------
    LoadError
        Where it is not true.

    Examples
    --------
    >>> from lvm_core.runs.archive_checks import expect
    >>> try:
    ...     expect(2 < 1, "The archive holds no codes.")
    ... except ValueError as error:
    ...     print(error)
    The archive holds no codes.
    """
    if not true:
        raise LoadError(sentence)


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a safetensors file; no tensor is touched.

    Parameters
    ----------
    path : Path
        The file, whose size the sizes in its header must add up to.

    Returns
    -------
    dict of str to tuple of int
        Name -> shape.

    Raises
    ------
    LoadError
        Where the header cannot be read, or does not fit the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core.io import files
    >>> from lvm_core.runs.archive_checks import tensor_shapes
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "weights.safetensors"
    ...     files.write_tensors(path, {"components_": np.zeros((2, 4), np.float32)})
    ...     print(tensor_shapes(path))
    {'components_': (2, 4)}
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        expect(
            length <= min(files.MAX_HEADER, size - 8),
            f"{path.name} is damaged: its header would take {length:,} bytes.",
        )
        raw = file.read(length)
    try:
        head = json.loads(raw)
        head.pop("__metadata__", None)
        shapes = {str(name): tuple(int(s) for s in entry["shape"]) for name, entry in head.items()}
        taken = sum(
            math.prod(shapes[name]) * _SIZES[entry["dtype"]] for name, entry in head.items()
        )
        whole = (
            all(s >= 0 for shape in shapes.values() for s in shape) and taken == size - 8 - length
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LoadError(f"{path.name} is damaged: its header cannot be read.") from error
    expect(
        len(shapes) <= MAX_TENSORS,
        f"{path.name} holds {len(shapes):,} tensors; at most {MAX_TENSORS:,} are read.",
    )
    expect(whole, f"{path.name} is damaged: the sizes in its header do not add up to its own.")
    return shapes


def check_model(folder: Path) -> Schema:
    """Check a saved model before anything of any size is built.

    Its parameters, run on torch's ``meta`` device, which takes no memory, must give exactly the
    tensors that ``weights.safetensors`` holds.

    Parameters
    ----------
    folder : Path
        The saved model.

    Returns
    -------
    Schema
        Feature groups of its rows.

    Raises
    ------
    LoadError
        Where it is no model known here, or its parts do not fit together.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.archive_checks import check_model
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> with TemporaryDirectory() as folder:
    ...     saved = model.save(Path(folder) / "model")
    ...     print(check_model(Path(folder) / "model") == iris.schema)
    True
    """
    shapes, head = (
        migrations.weights(tensor_shapes(folder / "weights.safetensors")),
        read_head(folder),
    )
    expect(
        head["name"] in MODELS,
        f"{clean(head['name'], 40)!r} is no model known here; there are: {', '.join(MODELS)}.",
    )
    try:
        model = MODELS[head["name"]](**head["params"])
        model.validate()
        schema = Schema.from_json(head["state"]["schema_"]["$schema"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LoadError(f"The recipe cannot be used ({_first_line(error)}).") from error
    expect(
        schema.d <= settings.LIMITS.features,
        (
            f"The model's rows have {schema.d:,} values; at most {settings.LIMITS.features:,} are "
            "accepted."
        ),
    )
    arrays = {name: shape for name, shape in shapes.items() if "/" not in name}
    odd = next(
        (
            name
            for name, shape in arrays.items()
            # a covariance matrix for each component has three dimensions
            if len(shape) > 3 or len(shape) > 1 and sorted(shape)[-2] > MAX_SQUARE
        ),
        None,
    )
    expect(
        odd is None,
        (
            f"The weights hold {clean(odd, 60)} {shapes.get(odd)}; no model learns an array of "
            "that shape."
        ),
    )
    if head["modules"]:
        expect(
            head["modules"] == ["net_"],
            f"The model names the modules {head['modules']!r:.60}; expected net_.",
        )
        saved = {k[5:]: v for k, v in shapes.items() if k.startswith("net_/")}
        wanted, found = _network_shapes(model, schema, head["state"], arrays, saved)
        # saves from before there was a choice have none
        found = {k: v for k, v in wanted.items() if k.endswith("decoder.extends")} | found
        # earlier versions saved a number as an array of one
        found |= {k: () for k, v in found.items() if wanted.get(k) == () and v == (1,)}
        strange = next(
            (k for k in sorted({*wanted} | {*found}) if wanted.get(k) != found.get(k)), None
        )
        expect(
            strange is None,
            f"The weights do not fit the settings: {clean(strange, 60)} has shape "
            f"{found.get(strange)}, expected "
            f"{wanted.get(strange)}.",
        )
    return schema


def _network_shapes(
    model,
    schema: Schema,
    state: dict,
    arrays: dict[str, tuple[int, ...]],
    saved: dict[str, tuple[int, ...]],
) -> tuple[dict, dict]:
    """Shapes of the network's weights by name: those the recipe asks for, and those saved under
    today's names. ``arrays``: shapes of what else the model learnt.
    """
    import torch

    model.schema_ = schema
    for name, value in state.items():
        # such as bounded_ and classes_, which the network asks for
        if isinstance(value, bool) or _is_names(value) or name == "network_":
            setattr(model, name, value)
    for name, shape in arrays.items():
        # such as class_shares_, of which the network asks how many there are
        if name.isidentifier() and len(shape) == 1 and shape[0] <= MAX_SQUARE:
            setattr(model, name, np.ones(shape, np.float32))
    try:
        with torch.device("meta"):
            net = model._network()
            found = net.upgraded({name: torch.empty(shape) for name, shape in saved.items()})
            own, saved_here = (
                {name: tuple(tensor.shape) for name, tensor in part.items()}
                for part in (net.state_dict(), found)
            )
            return own, saved_here
    except Exception as error:
        # whatever a made-up schema makes the blocks of a network stumble over
        raise LoadError(f"The recipe cannot be built ({_first_line(error)}).") from error


def _is_names(value) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_SQUARE
        and all(isinstance(v, str) and len(v) <= 1000 for v in value)
    )


def check_array(data: bytes, name: str, kinds: str, dimensions: int) -> None:
    """Check a ``.npy`` file by its header, which must fit its length.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What the sentence calls it.
    kinds : str
        NumPy's kinds of numbers that it may hold.
    dimensions : int
        How many it must have.

    Raises
    ------
    LoadError
        Where it holds something else.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from lvm_core.runs.archive_checks import check_array
    >>> file = io.BytesIO()
    >>> np.save(file, np.zeros((3, 2)))
    >>> try:
    ...     check_array(file.getvalue(), "split.npy", "iu", 1)
    ... except ValueError as error:
    ...     print(error)
    split.npy holds float64 (3, 2), which is not what belongs there.
    """
    from ..datasets.readers.numpy_arrays import NpyHeader

    head = NpyHeader.of(data, name)
    expect(
        head.dtype.kind in kinds and len(head.shape) == dimensions,
        f"{name} holds {head.dtype} {head.shape}, which is not what belongs there.",
    )


def check_codec(data) -> Codec:
    """Make the codec of ``codec.json``, every number, name and type in it such as this app writes.

    Parameters
    ----------
    data : object
        The file's content.

    Returns
    -------
    Codec
        The codec.

    Raises
    ------
    LoadError
        Where it is no such codec.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.runs.archive_checks import check_codec
    >>> check_codec(DATASETS["iris"]().load().codec.to_json()).kind
    'table'
    """
    expect(
        isinstance(data, dict) and str(data.get("kind")) in list(CODECS),
        "codec.json names no kind of data known here.",
    )
    try:
        for column in data.get("columns", []):
            _check_column(column)
        names = [column["name"] for column in data.get("columns", [])]
        codec = codec_from_json(data)
        schema = codec.schema
    except LoadError:
        raise
    except Exception as error:  # as above: a made-up codec may be anything
        raise LoadError(f"codec.json cannot be used ({_first_line(error)}).") from error
    expect(len(set(names)) == len(names), "codec.json names a column twice.")
    expect(
        schema.d <= settings.LIMITS.features,
        (
            f"codec.json describes {schema.d:,} values a row; at most {settings.LIMITS.features:,} "
            "are accepted."
        ),
    )
    parts = cast(Any, codec)  # each kind has its own
    if codec.kind == "image":
        expect(
            parts.channels in (1, 3),
            f"codec.json describes pictures of {parts.channels} channels; expected 1 or 3.",
        )
    if codec.kind == "text":
        expect(len(set(parts.terms)) == len(parts.terms), "codec.json holds a term twice.")
        expect(max(map(len, parts.terms)) <= 1000, "codec.json holds a term of over 1,000 letters.")
    if codec.kind == "array":
        sizes = {
            len(v) for v in (parts.mean, parts.scale, parts.axis, parts.names) if v is not None
        }
        numbers = [v for v in (parts.mean, parts.scale, parts.axis) if v is not None]
        whole = sizes == {schema.d} and all(v.ndim == 1 and np.isfinite(v).all() for v in numbers)
        expect(whole, "codec.json holds lists of different lengths, or no numbers.")
    return codec


def _check_column(column: dict) -> None:
    expect(
        isinstance(column["name"], str) and len(column["name"]) <= 1000,
        "codec.json has a column without a proper name.",
    )
    dtype = column["dtype"]
    known = isinstance(dtype, str) and len(dtype) < 80 and _DTYPES.fullmatch(dtype)
    expect(known, f"codec.json names the type {clean(dtype, 40)!r}, which no column has.")
    for name, value in column.items():
        if isinstance(value, (int, float)):
            expect(
                -1e300 < value < 1e300, f"codec.json has {name} = {value:.3g}, which no column has."
            )
        if isinstance(value, list):
            expect(
                all(isinstance(v, (str, bool, int, float)) for v in value),
                f"codec.json has {name} that are neither words nor numbers.",
            )
    decimals = column.get("decimals", 0)
    expect(
        isinstance(decimals, int) and 0 <= decimals <= 20,
        f"codec.json asks for {clean(decimals, 20)} decimals; at most 20 are shown.",
    )
    expect(
        0 <= float(column.get("missing", 0)) <= 1,
        "codec.json has a share of missing values that is no share.",
    )


def check_fitted(fitted: Fitted, codec: Codec) -> None:
    """Use everything once: what can be decoded, encoded, drawn and shown here can be on every page.

    Parameters
    ----------
    fitted : Fitted
        A model with its codes.
    codec : Codec
        The way from rows to items.

    Raises
    ------
    LoadError
        Where a part cannot be used, or they do not fit together.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.archive_checks import check_fitted
    >>> iris = DATASETS["iris"]().load()
    >>> check_fitted(fit_run(iris, MODELS["PCA"](latent_dim=2)), iris.codec) is None
    True
    """
    model, codes, d = fitted.model, fitted.codes, codec.schema.d
    k = codes.shape[1]
    expect(model.schema_ == codec.schema, "The model and the codec describe different columns.")
    expect(len(codes) >= 1, "The run holds no codes.")
    settings.check("rows", len(codes), "The run")
    try:
        sizes = {
            name: np.asarray(getattr(model, name), float).shape
            for name in ("code_mean_", "code_std_", "importance_")
        }
        expect(
            set(sizes.values()) == {(k,)} and model.n_features_in_ == d,
            f"The model's parts have the sizes {sizes}, expected ({k},).",
        )
        steps = isinstance(model.history_, list) and all(_is_step(step) for step in model.history_)
        expect(steps, "The model's history holds other things than numbers.")
        X, drawn = model.inverse_transform(codes[:4]), model.sample(3, random_state=0)
        back = model.transform(X.astype(np.float32))
        fits = (
            X.shape == (len(codes[:4]), d)
            and drawn.shape == (3, d)
            and back.shape == codes[:4].shape
        )
        expect(fits, "The model decodes to another size than the codec's.")
        expect(
            all(np.isfinite(a).all() for a in (X, drawn, back)),
            "The model decodes to numbers that are not finite.",
        )
        items = codec.decode(drawn)
        for column in getattr(codec, "columns", []):
            for value in items[column.name]:
                column.show(value)
            column.ends()
            column.fraction(items[column.name].iloc[0])
    except LoadError:
        raise
    except Exception as error:  # as above
        raise LoadError(f"The model cannot be used ({_first_line(error)}).") from error


def _is_step(step) -> bool:
    return (
        isinstance(step, dict)
        and len(step) <= 20
        and all(len(str(k)) < 40 and isinstance(v, (int, float)) for k, v in step.items())
    )


def inert(text, n: int = 400) -> str:
    """Text without any letter that means something in Markdown.

    As Markdown it is shown here and there.

    Parameters
    ----------
    text : object
        Is taken as its text.
    n : int, default=400
        Most letters.

    Returns
    -------
    str
        Such letters replaced by spaces.

    Examples
    --------
    >>> from lvm_core.runs.archive_checks import inert
    >>> inert("a **bold** [link](x)")
    'a   bold    link (x)'
    """
    return re.sub(r"[^\w\s.,;:%()'+=/≈±–—-]|(?i:www)\.", " ", clean(text, n)).replace("_", " ")


def inert_scores(scores: list[Score]) -> list[Score]:
    """The same scores, their words made inert.

    Parameters
    ----------
    scores : list of Score
        At most 100.

    Returns
    -------
    list of Score
        With names, sentences, details and units as :func:`inert` leaves them.

    Raises
    ------
    LoadError
        Where they hold other things than numbers.

    Examples
    --------
    >>> from lvm_core.metrics import Score
    >>> from lvm_core.runs.archive_checks import inert_scores
    >>> inert_scores([Score("Log-likelihood", -3.0, "Of a `row`.")])[0].sentence
    'Of a  row .'
    """
    numbers = [(s.value, s.baseline, s.ceiling, s.error) for s in scores] + [
        (s.reference.value, s.reference.error) for s in scores if s.reference is not None
    ]
    proper = len(scores) <= 100 and all(
        v is None or isinstance(v, (int, float)) for row in numbers for v in row
    )
    expect(proper, "The scores hold other things than numbers.")
    return [
        replace(
            s,
            name=inert(s.name, 80),
            sentence=inert(s.sentence),
            detail=inert(s.detail),
            unit=inert(s.unit, 20),
            reference=s.reference
            and replace(
                s.reference, name=inert(s.reference.name, 80), advice=inert(s.reference.advice, 200)
            ),
        )
        for s in scores
    ]


def _first_line(error: Exception) -> str:
    return clean((str(error).splitlines() or [type(error).__name__])[0], 200)
