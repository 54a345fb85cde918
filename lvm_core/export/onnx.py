"""A fitted model as ONNX (https://onnx.ai): encoder and decoder that run without Python, torch or this package."""

from __future__ import annotations

import copy
import io
import warnings

from ..models.base import LatentModel

OPSET = 18      # of the ONNX operators; what onnxruntime has read since 1.14


def to_onnx(model: LatentModel) -> dict[str, bytes]:
    """``{"encoder.onnx": bytes, "decoder.onnx": bytes}`` of a fitted model, in float32.

    The encoder takes ``rows`` (n, d), dense, and gives ``codes`` (n, k) as ``transform`` does; the decoder takes ``codes`` and
    gives ``rows`` as ``inverse_transform`` does. n is free. Raises ValueError for a model that is no such function.
    """
    encode, decode = _modules(model)
    k, d = len(model.code_mean_), model.n_features_in_
    try:
        return {"encoder.onnx": _written(encode, d, "rows", "codes"), "decoder.onnx": _written(decode, k, "codes", "rows")}
    except (RuntimeError, ImportError) as error:        # torch's own, for an operation ONNX has no word for
        raise ValueError(f"{type(model).__name__} cannot be written as ONNX ({str(error).splitlines()[0][:120]}).") from error


def _written(module, width: int, what: str, gives: str) -> bytes:
    import torch

    out = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # Traced, not torch.export: the graphs are equal, at 20 ms instead of 700, and onnxscript (10 MB with onnx-ir) is not needed.
        # torch calls the tracer deprecated; requirements.txt names one torch, and tests compare every graph's numbers.
        torch.onnx.export(module.eval(), (torch.zeros(2, width),), out, input_names=[what], output_names=[gives],
                          dynamic_axes={what: {0: "n"}, gives: {0: "n"}}, opset_version=OPSET, dynamo=False)
    return out.getvalue()


def _modules(model: LatentModel):
    """(encoder, decoder) as torch modules on the CPU. Networks are found by their ``net_``; closed forms stand below by name."""
    from torch import nn

    class Function(nn.Module):
        """A function of one tensor, with the parts whose numbers go into the graph."""

        def __init__(self, function, *parts):
            super().__init__()
            self.parts, self.forward = nn.ModuleList(parts), function

    if hasattr(model, "net_"):
        net, k = copy.deepcopy(model.net_).cpu().float(), len(model.code_mean_)
        return Function(lambda x: net.encode(x)[:, :k], net), Function(net.mean, net)      # a VAE's means come before its spreads
    closed = _CLOSED.get(type(model).__name__)
    if closed is None:
        raise ValueError(f"{type(model).__name__} cannot be written as ONNX: it is neither a network nor a closed form known here.")
    return tuple(Function(function) for function in closed(model))


def _pca(model):
    mean, components, scale = _tensors(model.mean_, model.components_, model._scale())
    return lambda x: (x - mean) @ components.T / scale, lambda z: (z * scale) @ components + mean


def _factor_analysis(model):
    mean, components, to_code = _tensors(model.mean_, model.components_, model._posterior()[1])
    return lambda x: (x - mean) @ to_code, lambda z: z @ components + mean


def _ica(model):
    mean, mixing, unmixing = _tensors(model.mean_, model.mixing_, model.unmixing_)
    return lambda x: (x - mean) @ unmixing.T, lambda z: z @ mixing.T + mean


def _lsa(model):
    from torch.nn import functional as F

    idf, components = _tensors(model.idf_, model.components_)

    def decode(z):
        counts = (z @ components).clamp(min=0) / idf
        return counts * (model.mean_length_ / counts.sum(1, keepdim=True).clamp(min=1e-12))

    return lambda x: F.normalize(x * idf) @ components.T, decode


def _word_embeddings(model):
    frequency, vectors = _tensors(model.frequency_, model.vectors_)
    weight, words = _tensors(model._weight(), model._weight()[:, None] * model.vectors_)

    def decode(z):
        scores = model.sharpness_ * (z @ vectors.T) + frequency.clamp(min=1e-30).log()
        return model.mean_length_ * scores.softmax(1)

    return lambda x: x @ words / (x @ weight).clamp(min=1e-12)[:, None], decode


def _tensors(*arrays):
    import torch

    return (torch.as_tensor(array, dtype=torch.float32) for array in arrays)


_CLOSED = {"PCA": _pca, "FactorAnalysis": _factor_analysis, "ICA": _ica, "LSA": _lsa, "WordEmbeddings": _word_embeddings}
