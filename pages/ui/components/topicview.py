"""The live view of topics: our own HTML, CSS and JavaScript, and what it is given to draw."""

from __future__ import annotations

from functools import cache

import numpy as np

from lvm_core.analysis.topics import Topics
from lvm_core.datasets.base import Dataset
from lvm_core.text import clean

from ...api import scripts

MOST, _WORDS, _DOCUMENTS, _LETTERS = 60, 24, 6, 320
_WEIGHTS = np.arange(0, 1.001, 0.05)  # the stops of the slider


@cache
def _component():
    return scripts.component("topics", "topics/topics.js")


def show(found: Topics, order: np.ndarray, npmi: np.ndarray, dataset: Dataset, *, key: str) -> None:
    """Mount it with the topics ``order``, the first of which is called topic 1."""
    _component()(data=drawn(found, order, npmi, dataset), key=key)


def drawn(found: Topics, order: np.ndarray, npmi: np.ndarray, dataset: Dataset) -> dict:
    """What the browser needs, as plain JSON: of each topic the words that lead its ranking at
    any stop of the slider.
    """
    leading = np.concatenate([found.top(_WORDS, weight) for weight in _WEIGHTS], axis=1)
    salient = np.argsort(-_saliency(found), kind="stable")[:_WORDS]
    columns = np.unique(np.concatenate([leading[order].ravel(), salient]))
    place = {int(j): i for i, j in enumerate(columns)}
    shares = found.of_word(columns)[:, order]
    terms = [
        {
            "name": clean(dataset.codec.terms[j], 60),
            "p": _short(found.frequency[j]),
            "topics": [[int(t), _short(row[t])] for t in np.flatnonzero(row > 0.002)],
        }
        for j, row in zip(columns, shares)
    ]
    P, kept = found.places()
    P = P[order] / max(np.abs(P).max(), 1e-12)
    topics = []
    for t, (x, y) in zip(order, P):
        words = [
            int(j)
            for j in np.unique(leading[t])
            if found.words[t, j] > 0 and found.frequency[j] > 0
        ]
        words.sort(key=lambda j: -found.words[t, j])
        topics.append(
            {
                "x": _short(x),
                "y": _short(y),
                "share": _short(found.prevalence[t]),
                "npmi": "–" if np.isnan(npmi[t]) else f"{npmi[t]:.2f}",
                "words": [[place[j], _short(found.words[t, j])] for j in words],
                "documents": _documents(found, t, dataset),
            }
        )
    note = (
        "Circles: topics, their area the share of words they wrote. Near: alike in words "
        f"(Jensen-Shannon distance); the two axes show {100 * kept:.0f} % of "
        f"the squared distances{', so do not trust small gaps' if kept < 0.5 else ''}. Click one, "
        "or use the arrow keys."
    )
    return {
        "terms": terms,
        "topics": topics,
        "salient": [place[int(j)] for j in salient],
        "total": float(dataset.X.sum()),
        "note": note,
    }


def _saliency(found: Topics) -> np.ndarray:
    """``p(w) KL(p(topic | w) || p(topic))`` (d,) (Chuang, Manning & Heer, 2012,
    doi:10.1145/2254556.2254572).
    """
    given = found.of_word(np.arange(found.words.shape[1]))
    log = np.log(np.maximum(given, 1e-300) / np.maximum(found.prevalence, 1e-300))
    return found.frequency * (given * log).sum(1)


def _documents(found: Topics, t: int, dataset: Dataset) -> list[dict]:
    rows = [int(i) for i in found.documents(t, _DOCUMENTS) if found.shares[i, t] > 0.01]
    labels = dataset.rows[dataset.label] if dataset.label in dataset.rows.columns else None
    texts = dataset.items(rows) if rows else []
    return [
        {
            "row": i,
            "share": _short(found.shares[i, t]),
            "label": "" if labels is None else clean(labels.iloc[i], 40),
            "text": clean(" ".join(str(text).split()), _LETTERS),
        }
        for i, text in zip(rows, texts)
    ]


def _short(value) -> float:
    return float(f"{value:.4g}")
