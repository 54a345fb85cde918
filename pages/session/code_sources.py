"""Where new codes are drawn from when nobody chose: the model's own prior, or the density fitted
to the codes of the training rows that makes held-out codes the most probable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lvm_core.latent.held_out import PRIOR, Comparison, compare_sources
from lvm_core.latent.samplers import SAMPLERS, why_not
from lvm_core.latent.typicality import out_of_support

from . import work
from .derived import once
from .run import Run

BEST, CHOSEN = "Best", "Selection"
PRIOR_DRAWS = 10_000  # by which a prior's density is known
# share of the prior's codes that may lie where hardly any real ones do, before it is said
MOST_OUT_OF_SUPPORT = 0.5


@dataclass(frozen=True)
class Source:
    """What codes are drawn from: the name of a sampler or ``Prior``, and the label where one
    was chosen, or ``each`` label equally often.
    """

    name: str
    label: str | None = None
    chosen: str = ""  # names the chosen rows
    each: bool = False

    def provenance(self) -> dict:
        """What a download says of it; plain JSON."""
        return (
            {"sampler": self.name}
            | ({"label": self.label} if self.label is not None else {})
            | ({"chosen": self.chosen} if self.chosen else {})
            | ({"labels": "each"} if self.each else {})
        )

    def suffix(self) -> str:
        """The same for a file's name, in letters and digits."""
        label = re.sub("[^0-9A-Za-z]+", "_", self.label or "")[:20]
        return (
            f"-{self.name}" * (self.name != PRIOR)
            + f"-{self.chosen}" * bool(self.chosen)
            + f"-{label}" * bool(label)
            + "-each" * self.each
        )


def offered(run: Run) -> list[str]:
    """The names of the samplers that can be fitted to the run's codes."""
    Z, y = run.fitted.codes[run.fitted.train], targets(run)
    names = [name for name in SAMPLERS if not why_not(name, Z, y)]
    # a conditional model draws by label itself
    return [name for name in names if name != "Classes" or not class_labels(run.fitted.model)]


def chosen_by_score(run: Run) -> bool:
    """Whether held-out codes choose the source.

    Not where the decoder learnt on codes of the prior, as a GAN's, or on labels: what it makes of
    codes of real rows is then no better.
    """
    model = run.fitted.model
    return not model.decoder_trained_on_prior and not class_labels(model) and bool(offered(run))


def comparison(run: Run) -> tuple[str, dict, Callable]:
    """The fit of all samplers to the run's codes and their scores on held-out ones, as
    :mod:`work` takes it; the result is a :class:`~lvm_core.latent.held_out.Comparison`.
    """
    fitted, y = run.fitted, targets(run)
    codes = fitted.codes

    def compare(on_step) -> Comparison:
        prior = fitted.model.sample_codes(PRIOR_DRAWS, random_state=0)
        return compare_sources(
            codes[fitted.train], codes[fitted.held_out], y, prior=prior, on_step=on_step
        )

    return (
        "Fitting densities to the codes, and comparing them on held-out ones",
        {"seconds": fitted.seconds},
        compare,
    )


def compared(run: Run) -> Comparison | None:
    """The comparison, where it has been made; it is not begun."""
    return work.finished(run, *comparison(run)[:2])


def draw(run: Run, n: int, seed: int, wait: float = 1.0) -> tuple[np.ndarray, str, bool]:
    """n codes (n, k) float32 of the best source, for those who did not choose; where they come
    from, in words; and whether the sources are still being compared: these are the prior's then.
    """
    later, words = False, "the model's prior"
    if chosen_by_score(run):
        job = work.begin(run, *comparison(run), wait=wait)[1]
        if job.result is not None and job.result.best != PRIOR:
            name = job.result.best
            return (
                np.asarray(job.result.samplers[name].sample(n, random_state=seed), np.float32),
                f"a density fitted to the data's codes ({SAMPLERS[name].title}), the best on "
                "held-out ones",
                False,
            )
        later = job.running
        words += ", until others have been compared with it" * later
    return np.asarray(run.fitted.model.sample_codes(n, random_state=seed), np.float32), words, later


def share_out_of_support(run: Run) -> float:
    """How many of the prior's codes lie beside the data's; none where the decoder learnt on the
    prior's.
    """
    return (
        0.0
        if run.fitted.model.decoder_trained_on_prior or len(run.fitted.train) < 2
        else _share_astray(run)
    )


@once
def _share_astray(run: Run) -> float:
    return out_of_support(
        run.fitted.model.sample_codes(500, random_state=0), run.fitted.codes[run.fitted.train]
    )


def shares(n: int, labels: list[str]) -> dict[str, int]:
    """How many of ``n`` each label gets, as equal as can be; none that gets nothing."""
    return {
        label: n // len(labels) + (i < n % len(labels)) for i, label in enumerate(labels) if i < n
    }


def class_labels(model) -> list[str]:
    """The labels a conditional model can be asked for."""
    return list(model.classes_) if model.conditional else []


@once
def targets(run: Run) -> np.ndarray | None:
    """The labels of the training rows."""
    y = run.dataset.targets()
    return None if y is None else y[run.fitted.train]
