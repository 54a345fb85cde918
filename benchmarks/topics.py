"""Topic models of ours on posts of four newsgroups: coherence, diversity and seconds, beside the
table of the BERTopic paper.

    python benchmarks/topics.py newsgroups4.csv [--quick]

The file has the columns text and label. Set-up as in BERTopic's Table 1 (Grootendorst, 2022,
arXiv:2203.05794) as far as it goes: 10 to 50 topics in steps of 10, seeds 0 to 2, NPMI and
diversity of the top 10 words, averaged over all runs; seconds are the processor's; ``--quick``: 10
and 20 topics, seed 0. What differs, so that the rows below theirs are no contest: the corpus (4
newsgroups, 5,000 terms of ours, not OCTIS's 20 newsgroups), and so the reference of the NPMI
(documents of this corpus). Perplexities are not printed: those of different bounds do not compare.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# The published means of 15 runs on OCTIS's 20 newsgroups: NPMI, diversity, seconds (on another
# machine)
THEIRS = {
    "LDA": (0.058, 0.749, 21.7),
    "NMF": (0.089, 0.663, 11.7),
    "Top2Vec doc2vec": (0.192, 0.823, 141),
    "CTM": (0.096, 0.886, 585),
    "BERTopic mpnet": (0.166, 0.851, None),
    "BERTopic MiniLM": (0.159, 0.833, None),
}


def top_words(model, n: int = 10) -> np.ndarray:
    """Columns (k, n) of the heaviest words of each dimension; of signed ones, at the end that
    has more weight.
    """
    weights = model.components_ * np.where((model.components_**3).sum(1) < 0, -1, 1)[:, None]
    return np.argsort(-weights, axis=1, kind="stable")[:, :n]


def scikit_learns(name: str, k: int, seed: int):
    """The same model by scikit-learn, with its defaults, for PLSA's divergence where that is
    asked for.
    """
    from sklearn.decomposition import NMF, LatentDirichletAllocation

    if name == "LDA":
        return LatentDirichletAllocation(
            k,
            doc_topic_prior=0.1,
            topic_word_prior=0.05,
            learning_method="online",
            random_state=seed,
        )
    return NMF(k, init="nndsvda", beta_loss="kullback-leibler", solver="mu", random_state=seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    from lvm_core import MODELS, read_dataset
    from lvm_core.analysis.topics import coherence, diversity

    data = read_dataset(options.data.read_bytes(), name=options.data.name)
    X, (sizes, seeds) = (
        data.X,
        (((10, 20), (0,)) if options.quick else (range(10, 51, 10), (0, 1, 2))),
    )
    print(
        f"{data.name}: {X.shape[0]:,} documents, {X.shape[1]:,} terms, {X.nnz:,} counts; topics "
        f"{list(sizes)}, seeds {list(seeds)}; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    print(f"{'model':24}{'NPMI':>8}{'diversity':>11}{'CPU s':>9}")
    ours = [name for name in ("PLSA", "LDA", "NMF", "LSA") if name in list(MODELS)]
    jobs = [
        (
            name,
            lambda k, seed, name=name: MODELS[name](latent_dim=k, random_state=seed).fit(
                X, schema=data.schema
            ),
        )
        for name in ours
    ]
    jobs += [
        (
            f"scikit-learn's {label}",
            lambda k, seed, name=name: scikit_learns(name, k, seed).fit(X.astype(np.float64)),
        )
        for name, label in (("LDA", "LDA"), ("PLSA", "KL-NMF"))
    ]
    for name, fit in jobs:
        found = []
        for k in sizes:
            for seed in seeds:
                start = time.process_time()
                model = fit(k, seed)
                seconds = time.process_time() - start
                top = top_words(model)
                found.append((np.nanmean(coherence(X, top)), diversity(top), seconds))
        print(
            f"{name:24}{np.mean(found, 0)[0]:8.3f}{np.mean(found, 0)[1]:11.3f}{np.mean(found, 0)[2]:9.2f}",
            flush=True,
        )
    print("published, on OCTIS's 20 newsgroups, another corpus and another reference:")
    for name, (npmi, different, seconds) in THEIRS.items():
        print(
            f"{name:24}{npmi:8.3f}{different:11.3f}{'–' if seconds is None else f'{seconds:.1f}':>9}"
        )


if __name__ == "__main__":
    main()
