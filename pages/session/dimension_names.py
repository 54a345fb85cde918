"""What the dimensions of a run's codes are called."""

from __future__ import annotations

from lvm_core.analysis.topics import Topics, topics, why_no_topics
from lvm_core.text import clean

from .derived import once
from .run import Run

RANKED_BY = 0.6  # the relevance that told people most (Sievert & Shirley, 2014)
_WORDS = 3  # of a topic in its name


def of(run: Run, length: int = 24) -> list[str]:
    """Of each dimension the topic or label it stands for, in ``length`` characters and different
    from all others, or its number.
    """
    numbers = [f"z{j + 1}" for j in range(run.fitted.codes.shape[1])]
    if not why_no_topics(run.fitted.model):
        named = of_topics(run, shown_topics(run))
    else:
        named = getattr(run.fitted.model, "dimension_names_", None) or numbers
    short = [clean(name, length) for name in named]
    return [
        name if name and short.count(name) == 1 else f"{name} ({number})" if name else number
        for name, number in zip(short, numbers)
    ]


def of_topics(run: Run, found: Topics) -> list[str]:
    """Of each dimension: what a person calls its topic, or its first words."""
    kept, terms = run.annotations.get("topic names", {}), run.dataset.codec.terms
    return [
        clean(kept.get(str(t)), 40)
        if isinstance(kept.get(str(t)), str) and kept[str(t)].strip()
        else clean(", ".join(terms[j] for j in top if found.words[t, j] > 0), 40)
        for t, top in enumerate(found.top(_WORDS, RANKED_BY))
    ]


def left_out(run: Run) -> list[str]:
    """The words that a person does not want to see among those of topics."""
    return [word for word in run.annotations.get("words left out", []) if isinstance(word, str)]


def shown_topics(run: Run) -> Topics:
    """The topics over all documents, less the words left out. ValueError where there are none."""
    words = set(left_out(run))
    return _topics(run).without([j for j, t in enumerate(run.dataset.codec.terms) if t in words])


@once
def _topics(run: Run) -> Topics:
    return topics(run.fitted.model, run.dataset.X, run.fitted.codes)
