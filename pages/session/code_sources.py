"""Where new codes are drawn from when nobody chose: the model's own prior, or a mixture where
most of the prior's lie out of support.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lvm_core.latent.samplers import SAMPLERS, why_not
from lvm_core.latent.typicality import out_of_support

from . import work
from .derived import once
from .run import Run

PRIOR, CHOSEN = "Prior", "Selection"
# share of the prior's codes that may lie where hardly any real ones do, before another source is
# offered first
MOST_OUT_OF_SUPPORT = 0.5


@dataclass(frozen=True)
class Source:
    """What codes are drawn from: the name of a sampler or ``Prior``, and the label where one
    was chosen.
    """

    name: str
    label: str | None = None
    chosen: str = ""  # names the chosen rows

    def provenance(self) -> dict:
        """What a download says of it; plain JSON."""
        return (
            {"sampler": self.name}
            | ({"label": self.label} if self.label is not None else {})
            | ({"chosen": self.chosen} if self.chosen else {})
        )

    def suffix(self) -> str:
        """The same for a file's name, in letters and digits."""
        label = re.sub("[^0-9A-Za-z]+", "_", self.label or "")[:20]
        return (
            f"-{self.name}" * (self.name != PRIOR)
            + f"-{self.chosen}" * bool(self.chosen)
            + f"-{label}" * bool(label)
        )


def recommended(run: Run) -> str:
    """What is offered first: the prior, or a mixture where most of the prior's codes lie beside
    the data's.
    """
    wanted = share_out_of_support(run) > MOST_OUT_OF_SUPPORT and not class_labels(run.fitted.model)
    return (
        "Mixture"
        if wanted and not why_not("Mixture", run.fitted.codes[run.fitted.train], targets(run))
        else PRIOR
    )


def draw(run: Run, n: int, seed: int, wait: float = 1.0) -> tuple[np.ndarray, str, bool]:
    """n codes (n, k) float32 of what is offered first, for those who did not choose; where they
    come from, in words; and whether the mixture that they should come from is still being
    fitted: these are the prior's then.
    """
    name, later = recommended(run), False
    if name != PRIOR:
        job = work.begin(run, *density_fit(run, name), wait=wait)[1]
        if job.result is not None:
            return (
                np.asarray(job.result.sample(n, random_state=seed), np.float32),
                "a mixture fitted to the data's codes, since most of the prior's lie astray",
                False,
            )
        later = job.running
    words = "the model's prior" + ", until a mixture is fitted to the data's codes" * later
    return np.asarray(run.fitted.model.sample_codes(n, random_state=seed), np.float32), words, later


def density_fit(run: Run, name: str) -> tuple[str, dict, Callable]:
    """The fit of a sampler to the run's codes, as :mod:`work` takes it."""
    sampler, Z, y = SAMPLERS[name](), run.fitted.codes[run.fitted.train], targets(run)
    return (
        f"Fitting a density to the codes ({sampler.title})",
        {"sampler": name, "seconds": run.fitted.seconds},
        lambda on_step: sampler.fit(Z, y, on_step=on_step),
    )


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


def class_labels(model) -> list[str]:
    """The labels a conditional model can be asked for."""
    return list(model.classes_) if model.conditional else []


@once
def targets(run: Run) -> np.ndarray | None:
    """The labels of the training rows."""
    y = run.dataset.targets()
    return None if y is None else y[run.fitted.train]
