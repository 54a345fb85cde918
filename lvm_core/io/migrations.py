"""What earlier versions wrote, brought to what this one reads: pure functions, one a step and a
kind of file.

Every kind of file counts its ``format``. Whoever reads one passes its head through :func:`upgrade`,
and the names of its arrays through :func:`weight_name`; nothing else knows what things were called
before.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MODEL, CHECKPOINT = 3, 2  # the newest format of recipe.json and of a checkpoint

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


def _model_2(head: dict) -> dict:
    """Format 2 knew one network of pictures: what "auto" meant then has a name of its own now."""
    return _gan_of_pictures(head)


def _gan_of_pictures(head: dict) -> dict:
    schema = head["state"].get("schema_")
    inner = schema.get("$schema") if isinstance(schema, dict) else None
    image = inner.get("image") if isinstance(inner, dict) else None
    if (
        head["name"] not in ("GAN", "ConditionalGAN")
        or head["params"].get("network", "auto") != "auto"
        or not isinstance(image, list)  # no pictures, or nothing that can be read anyway
        or not all(isinstance(size, int) for size in image)
    ):
        return head
    network = "conv" if min(image[:2], default=0) >= 12 else "mlp"
    return head | {"params": head["params"] | {"network": network}}


def _checkpoint_1(head: dict) -> dict:
    """Format 1 differs in the names of its arrays alone."""
    return head


_STEPS: dict[str, tuple[Callable[[dict], dict], ...]] = {
    "model": (_model_1, _model_2),
    "checkpoint": (_checkpoint_1,),
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
    >>> upgrade("model", {"format": 1, "name": "PCA", "state": state})
    {'format': 3, 'name': 'PCA', 'state': {'schema_': {'$schema': {'blocks': []}}}}
    """
    steps = _STEPS[kind]
    for step in steps[max(head["format"], 1) - 1 :]:
        head = step(head)
    return head | {"format": max(head["format"], len(steps) + 1)}
