"""A fitted model as ONNX (https://onnx.ai): encoder and decoder that run without Python, torch
or this package.
"""

from __future__ import annotations

import io
import warnings

from ..models.base import LatentModel

OPSET = 18  # of the ONNX operators; what onnxruntime has read since 1.14


def to_onnx(model: LatentModel) -> dict[str, bytes]:
    """A fitted model as ONNX: encoder and decoder, in float32.

    The encoder takes ``rows`` (n, d), dense, and gives ``codes`` (n, k) as ``transform`` does; the
    decoder takes ``codes`` and gives ``rows`` as ``inverse_transform`` does. n is free.

    Parameters
    ----------
    model : LatentModel
        A fitted model.

    Returns
    -------
    dict of str to bytes
        ``{"encoder.onnx": bytes, "decoder.onnx": bytes}``.

    Raises
    ------
    ValueError
        The model is no such function: its :meth:`~lvm_core.models.base.LatentModel.as_torch` is
        None.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.export.onnx import to_onnx
    >>> iris = DATASETS["iris"]().load()
    >>> list(to_onnx(MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)))
    ['encoder.onnx', 'decoder.onnx']
    """
    modules = model.as_torch()
    if modules is None:
        raise ValueError(
            f"{type(model).__name__} cannot be written as ONNX: its codes are found by iteration, "
            "or it has not said how."
        )
    encode, decode = modules
    k, d = len(model.code_mean_), model.n_features_in_
    try:
        return {
            "encoder.onnx": _written(encode, d, "rows", "codes"),
            "decoder.onnx": _written(decode, k, "codes", "rows"),
        }
    except (RuntimeError, ImportError) as error:
        # torch's own, for an operation ONNX has no word for
        raise ValueError(
            f"{type(model).__name__} cannot be written as ONNX "
            f"({str(error).splitlines()[0][:120]})."
        ) from error


def _written(module, width: int, what: str, gives: str) -> bytes:
    import torch

    out = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # Traced, not torch.export: the graphs are equal, at 20 ms instead of 700, and onnxscript
        # (10 MB with onnx-ir) is not needed.
        # torch calls the tracer deprecated; requirements.txt names one torch, and tests compare
        # every graph's numbers.
        torch.onnx.export(
            module.eval(),
            (torch.zeros(2, width),),
            out,  # pyright: ignore[reportArgumentType]  # a path or, undeclared, a file
            input_names=[what],
            output_names=[gives],
            dynamic_axes={what: {0: "n"}, gives: {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return out.getvalue()
