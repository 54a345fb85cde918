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
_LARGEST, _REACH, _EDGE, _GAP = 62, 185, 252, 3  # as the view is drawn, from -260 to 260


@cache
def _component():
    return scripts.component("topics", "topics/topics.js")


def show(
    found: Topics,
    order: np.ndarray,
    npmi: np.ndarray,
    dataset: Dataset,
    names: list[str],
    *,
    key: str,
) -> None:
    """Mount it with the topics ``order``, the first of which is called topic 1; ``names`` has that
    of every topic of ``found``.
    """
    _component()(data=drawn(found, order, npmi, dataset, names), key=key)


def drawn(
    found: Topics, order: np.ndarray, npmi: np.ndarray, dataset: Dataset, names: list[str]
) -> dict:
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
    share = found.prevalence[order]
    radii = _LARGEST * np.sqrt(np.maximum(share, 0) / max(share.max(), 0.15))
    P = apart(_REACH * P[order] / max(np.abs(P).max(), 1e-12), radii, _EDGE)
    topics = []
    for t, (x, y), r in zip(order, P, radii):
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
                "r": _short(r),
                "name": names[t],
                "share": _short(found.prevalence[t]),
                "npmi": "–" if np.isnan(npmi[t]) else f"{npmi[t]:.2f}",
                "words": [[place[j], _short(found.words[t, j])] for j in words],
                "documents": _documents(found, t, dataset),
            }
        )
    note = (
        "Circles: topics, their area the share of words they wrote. Near: alike in words "
        f"(Jensen-Shannon distance); the two axes show {100 * kept:.0f} % of "
        f"the squared distances{', so do not trust small gaps' if kept < 0.5 else ''}; circles "
        "that would overlap are moved apart. Click one, or use the arrow keys."
    )
    return {
        "terms": terms,
        "topics": topics,
        "salient": [place[int(j)] for j in salient],
        "total": float(dataset.X.sum()),
        "note": note,
    }


def apart(P: np.ndarray, radii: np.ndarray, edge: float, rounds: int = 500) -> np.ndarray:
    """Centres (n, 2) of circles, pushed away from each other until none overlap, and into a square
    from ``-edge`` to ``edge``, as far as there is room.
    """
    P, edge = P.astype(float), edge - radii[:, None]
    P += 1e-3 * np.random.RandomState(0).standard_normal(P.shape)  # equal ones have a direction
    least = radii[:, None] + radii + _GAP
    np.fill_diagonal(least, 0)
    for _ in range(rounds):
        away = P[:, None] - P
        distance = np.maximum(np.sqrt(np.square(away).sum(2)), 1e-9)
        push = np.maximum(least - distance, 0) / distance
        if not push.any():
            break
        P = np.clip(P + 0.3 * (push[..., None] * away).sum(1), -edge, edge)
    return P


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
