"""Saving and loading what was learnt: ``recipe.json`` and ``weights.safetensors`` in one folder,
never a pickle.

Learnt state is every attribute whose name ends in one underscore, scikit-learn's convention. Arrays
and torch modules go to safetensors, the rest must be plain JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from ..params import Params
from ..schema import Schema
from . import files, migrations

FORMAT = migrations.MODEL


class LoadError(files.StoreError):
    """A saved folder that cannot be read.

    Its message says what was found and what to do.

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.io.serialize import LoadError, load
    >>> try:
    ...     load("nowhere", MODELS)
    ... except LoadError as error:
    ...     print("Expected a folder written by save()." in str(error))
    True
    """


class Persistent(Params):
    """A set of parameters with learnt state that can be written to a folder and read back.

    Learnt state is every attribute whose name ends in one underscore and begins with none.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import dataclass
    >>> from lvm_core.io.serialize import Persistent, load
    >>> from lvm_core.params import param
    >>> @dataclass
    ... class Mean(Persistent):
    ...     digits: int = param(2, low=0, help="Digits kept.")
    ...     def fit(self, X):
    ...         self.mean_ = round(sum(X) / len(X), self.digits)
    ...         return self
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load(Mean(1).fit([1, 2, 4]).save(folder), {"Mean": Mean})
    >>> again, again.mean_
    (Mean(digits=1), 2.3)
    """

    def _rebuild(self) -> None:
        """Make the empty torch modules named in the saved file; everything else is already set.
        Override when there are any.
        """

    def save(self, folder: str | os.PathLike) -> Path:
        """Write the fitted object to a folder.

        Parameters
        ----------
        folder : path
            Made if missing.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        arrays, plain, modules = {}, {}, []
        for name, value in sorted(vars(self).items()):
            if not name.endswith("_") or name.startswith("_"):
                continue
            if _is_module(value):
                modules.append(name)
                for key, tensor in value.state_dict().items():
                    arrays[f"{name}/{key}"] = np.asarray(tensor.detach().cpu(), order="C")
            elif isinstance(value, np.ndarray) and value.dtype != object:
                arrays[name] = np.asarray(value, order="C")
            else:
                plain[name] = _to_plain(value)
        head = {"format": FORMAT, **self.to_config(), "modules": modules, "state": plain}
        files.write_tensors(folder / "weights.safetensors", arrays)
        files.write_json(folder / "recipe.json", head, durable=True)
        return folder

    def _restore(self, head: dict, folder: Path) -> None:
        arrays = _read_arrays(folder)
        for name, value in head["state"].items():
            _check_name(name, folder)
            setattr(self, name, _from_plain(value))
        for name, value in arrays.items():
            if "/" not in name:
                _check_name(name, folder)
                setattr(self, name, value)
        if head["modules"]:
            import torch

            self._rebuild()
            for name in head["modules"]:
                _check_name(name, folder)
                state = {
                    k.split("/", 1)[1]: torch.from_numpy(v)
                    for k, v in arrays.items()
                    if k.startswith(name + "/")
                }
                getattr(self, name).load_state_dict(state, strict=True)


def _read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """What ``weights.safetensors`` holds, every number finite. Raises LoadError."""
    try:
        arrays = files.read_tensors(folder / "weights.safetensors")
    except files.StoreError as error:
        raise LoadError(str(error)) from error
    # bfloat16 is a type of NumPy's once onnx was imported
    odd = [k for k, v in arrays.items() if v.dtype.kind not in "biuf"]
    if odd:
        raise LoadError(
            f"{folder.name}: the weights {odd[0][:40]!r} are of type {arrays[odd[0]].dtype}, which "
            "no model here learns."
        )
    bad = [k for k, v in arrays.items() if v.dtype.kind == "f" and not np.isfinite(v).all()]
    if bad:
        raise LoadError(
            f"{folder.name}: the weights {bad[0][:40]!r} hold NaN or infinity; this save is "
            "damaged."
        )
    return migrations.weights(arrays)


def read_head(folder: str | os.PathLike) -> dict:
    """The parsed ``recipe.json`` of a saved folder, checked for shape.

    Parameters
    ----------
    folder : path
        As :meth:`Persistent.save` wrote it, in this version or an earlier one.

    Returns
    -------
    dict
        ``format``, ``name``, ``params``, ``modules`` and ``state``, in the newest format.

    Raises
    ------
    LoadError
        When it is not there, damaged, or newer than this version.

    Examples
    --------
    >>> import tempfile
    >>> from lvm_core import MODELS
    >>> from lvm_core.io.serialize import read_head
    >>> model = MODELS["PCA"](latent_dim=2).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     head = read_head(model.save(folder))
    >>> head["name"], head["params"]["latent_dim"]
    ('PCA', 2)
    """
    path = Path(folder) / "recipe.json"
    try:
        head = files.read_json(path)
    except files.StoreError as error:
        raise LoadError(f"{error} Expected a folder written by save().") from error
    wanted = {"format": int, "name": str, "params": dict, "modules": list, "state": dict}
    if not isinstance(head, dict) or any(not isinstance(head.get(k), t) for k, t in wanted.items()):
        raise LoadError(
            f"{path} lacks one of {', '.join(wanted)}; expected a folder written by save()."
        )
    if head["format"] > FORMAT:
        raise LoadError(
            f"{path} has format {head['format']}, this version reads up to {FORMAT}; update the "
            "app to open it."
        )
    return migrations.upgrade("model", head)


def load(folder: str | os.PathLike, registry: dict):
    """Read back an object that :meth:`Persistent.save` wrote.

    Parameters
    ----------
    folder : path
        The saved folder.
    registry : dict of str to type
        The classes it may be of, by name.

    Returns
    -------
    Persistent
        An object of one of these classes, fitted.

    Raises
    ------
    LoadError
        When it is not there, damaged, newer than this version, or of no class of the registry.

    Examples
    --------
    >>> import tempfile
    >>> from lvm_core import MODELS
    >>> from lvm_core.io.serialize import load
    >>> model = MODELS["PCA"](latent_dim=2).fit([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load(model.save(folder), MODELS)
    >>> bool((again.transform([[1.0, 1.0]]) == model.transform([[1.0, 1.0]])).all())
    True
    """
    head = read_head(folder)
    if head["name"] not in registry:
        raise LoadError(
            f"{folder}: {head['name']!r} is not known here; there are: {', '.join(registry)}."
        )
    cls = registry[head["name"]]
    unknown = set(head["params"]) - set(cls.parameters())
    if unknown:
        raise LoadError(f"{folder}: {head['name']} has no parameter {sorted(unknown)[0]!r}.")
    item = cls(**head["params"])
    try:
        item.validate()
    except ValueError as error:
        raise LoadError(f"{folder}: {error}") from error
    try:
        item._restore(head, Path(folder))
    except LoadError:
        raise
    except Exception as error:
        # whatever a stranger's file makes the networks or the layout stumble over
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise LoadError(
            f"{folder}: what was saved does not fit the recipe ({reason[:200]})."
        ) from error
    return item


def _check_name(name: str, folder: Path) -> None:
    if not (
        isinstance(name, str)
        and name.isidentifier()
        and name.endswith("_")
        and not name.startswith("_")
    ):
        raise LoadError(f"{folder.name}: {str(name)[:40]!r} is not the name of a learnt attribute.")


def _is_module(value) -> bool:
    # another thread may just be importing it
    module = getattr(sys.modules.get("torch.nn"), "Module", None)
    return module is not None and isinstance(value, module)


def _to_plain(value):
    if isinstance(value, Schema):
        return {"$schema": value.to_json()}
    if isinstance(value, np.ndarray):
        return {"$strings": [str(v) for v in value]}
    if isinstance(value, np.generic):
        return value.item()
    return value


def _from_plain(value):
    if isinstance(value, dict) and "$schema" in value:
        return Schema.from_json(value["$schema"])
    if isinstance(value, dict) and "$strings" in value:
        return np.array([str(v) for v in value["$strings"]], dtype=object)
    return value
