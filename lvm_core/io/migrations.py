"""What earlier versions wrote, brought to what this one reads: pure functions, one a step and a
kind of file.

Every kind of file counts its ``format``. Whoever reads one passes its head through :func:`upgrade`,
and the names of its arrays through :func:`weight_name`; nothing else knows what things were called
before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MODEL, CHECKPOINT = 3, 3  # the newest format of recipe.json and of a checkpoint

_WEIGHTS = (
    (re.compile(r"(^|[/.])heads\.heads\."), r"\1likelihoods.parts."),
    (re.compile(r"(^|[/.])inputs\."), r"\1scaler."),
)


def weight_name(name: str) -> str:
    """The name of an array of a network today.

    Parameters
    ----------
    name : str
        The name it was written under, by this version or an earlier one.

    Returns
    -------
    str
        The name it has now; one that never changed is returned as it is.

    Examples
    --------
    >>> from lvm_core.io.migrations import weight_name
    >>> weight_name("net_/inputs.loc"), weight_name("net_/encoder.0.weight")
    ('net_/scaler.loc', 'net_/encoder.0.weight')
    """
    for pattern, new in _WEIGHTS:
        name = pattern.sub(new, name)
    return name


def weights(arrays: dict) -> dict:
    """The same arrays under the names they have today.

    Parameters
    ----------
    arrays : dict of str to array
        The arrays of a file by the names in it.

    Returns
    -------
    dict of str to array
        The same arrays, see :func:`weight_name`.

    Examples
    --------
    >>> from lvm_core.io.migrations import weights
    >>> weights({"net_/inputs.loc": 0.5})
    {'net_/scaler.loc': 0.5}
    """
    return {weight_name(name): array for name, array in arrays.items()}


def _model_1(head: dict) -> dict:
    """Format 1 said "layout" where this one says "schema"."""
    state = {{"layout_": "schema_"}.get(name, name): value for name, value in head["state"].items()}
    value = state.get("schema_")
    if isinstance(value, dict) and "$layout" in value:
        state["schema_"] = {"$schema": value["$layout"]}
    return head | {"state": state}


def auto_before(image: Sequence[int] | None) -> str:
    """What the network "auto" was up to format 2.

    Parameters
    ----------
    image : (int, int, int) or None
        Height, width and channels of the pictures.

    Returns
    -------
    {"conv", "mlp"}

    Examples
    --------
    >>> from lvm_core.io.migrations import auto_before
    >>> auto_before((28, 28, 1)), auto_before((8, 8, 1)), auto_before(None)
    ('conv', 'mlp', 'mlp')
    """
    return "conv" if image and min(image[:2]) >= 12 else "mlp"


def _model_2(head: dict) -> dict:
    """Format 2 did not keep which network "auto" was."""
    network = head["params"].get("network", "auto")
    if "net_" not in head["modules"] or "network_" in head["state"]:
        return head
    schema = head["state"].get("schema_")
    inner = schema.get("$schema") if isinstance(schema, dict) else None
    image = inner.get("image") if isinstance(inner, dict) else None
    if not isinstance(image, list) or not all(isinstance(size, int) for size in image):
        image = None  # no pictures, or nothing that can be read anyway
    if network == "auto":
        always = head["name"] == "CNNFeatures" and image
        network = "conv" if always else auto_before(image)
    return head | {"state": head["state"] | {"network_": network}}


def _checkpoint_2(head: dict) -> dict:
    """Format 2 is of a fit whose network "auto" was another, see :func:`auto_before`."""
    return head


def _checkpoint_1(head: dict) -> dict:
    """Format 1 differs in the names of its arrays alone."""
    return head


_STEPS: dict[str, tuple[Callable[[dict], dict], ...]] = {
    "model": (_model_1, _model_2),
    "checkpoint": (_checkpoint_1, _checkpoint_2),
}


def upgrade(kind: str, head: dict) -> dict:
    """A file's head as the newest format has it.

    Parameters
    ----------
    kind : str
        ``model`` (recipe.json) or ``checkpoint``.
    head : dict
        What the file holds, its ``format`` among it.

    Returns
    -------
    dict
        The head in the newest format; ``head`` itself is left as it is.

    Examples
    --------
    >>> from lvm_core.io.migrations import upgrade
    >>> state = {"layout_": {"$layout": {"blocks": []}}}
    >>> head = {"format": 1, "name": "PCA", "params": {}, "modules": [], "state": state}
    >>> upgrade("model", head)["state"]
    {'schema_': {'$schema': {'blocks': []}}}
    """
    steps = _STEPS[kind]
    for step in steps[max(head["format"], 1) - 1 :]:
        head = step(head)
    return head | {"format": max(head["format"], len(steps) + 1)}
