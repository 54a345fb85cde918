"""Where new codes are drawn from, on Generate and for their quality on Analyse: the model's own prior, or a density fitted to the codes of the training rows."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from lvm_core.density import LEAST
from lvm_core.escape import markdown as md
from lvm_core.quality.base import percent
from lvm_core.samplers import SAMPLERS, why_not
from lvm_core.support import astray

from . import alike, work
from .state import Run

PRIOR, CHOSEN = "Prior", "Selection"
MOST_ASTRAY = 0.5       # share of the prior's codes that may lie where hardly any real ones do, before another source is offered first
LINES = {PRIOR: ("The model's own", "From the distribution of codes that belongs to the model."),
         CHOSEN: ("Like the chosen rows", "From a density fitted to the codes of the rows that are chosen, here and on the map.")} | {name: (s.title, s.summary) for name, s in SAMPLERS.items()}


@dataclass(frozen=True)
class Source:
    """What codes are drawn from: the name of a sampler or ``Prior``, and the label where one was chosen."""

    name: str
    label: str | None = None
    chosen: str = ""        # names the chosen rows

    def provenance(self) -> dict:
        """What a download says of it; plain JSON."""
        return {"sampler": self.name} | ({"label": self.label} if self.label is not None else {}) | ({"chosen": self.chosen} if self.chosen else {})

    def suffix(self) -> str:
        """The same for a file's name, in letters and digits."""
        label = re.sub("[^0-9A-Za-z]+", "_", self.label or "")[:20]
        return f"-{self.name}" * (self.name != PRIOR) + f"-{self.chosen}" * bool(self.chosen) + f"-{label}" * bool(label)


def choose(run: Run) -> Source:
    """The choice as widgets; without a choice to make, nothing is drawn."""
    train = run.fitted.train
    Z, y = run.fitted.codes[train], _targets(run)
    names = [PRIOR, *(name for name in SAMPLERS if not why_not(name, Z, y))]
    told = _told(run.fitted.model)
    if told:
        names.remove("Classes") if "Classes" in names else None      # the model itself draws by label
    if len(run.selection) >= LEAST:
        names.append(CHOSEN)
    name, lost, first = PRIOR, _astray(run), offered(run)
    if len(names) > 1:
        name = st.selectbox("Draw codes from", names, names.index(first), format_func=lambda n: LINES[n][0], key=f"sampler-{run.id}")
        st.caption(LINES[name][1])
    if lost > MOST_ASTRAY and name in (PRIOR, first):
        where = f"{percent(lost)} of the codes of the model's own distribution lie where hardly any of the data's do"
        st.caption(f":material/info: {where}: the decoder has seldom been there." if name == PRIOR else f":material/info: Offered first, because {where}.")
    if name == CHOSEN:
        st.caption(f"{len(run.selection):,} rows are chosen.")
        return Source(name, chosen=alike.digest(run.selection))
    labels = told if name == PRIOR else _labels(y) if name == "Classes" else []
    if not labels:
        return Source(name)
    label = st.selectbox(md(str(run.dataset.label or "Label"), 40), labels, index=None, placeholder="all, as often as in the data", key=f"label-{run.id}")
    return Source(name, label)


def codes(run: Run, source: Source, n: int, temperature: float, seed: int) -> np.ndarray | None:
    """n codes (n, k); None while the density is being fitted."""
    if source.name == PRIOR:
        label = {} if source.label is None else {"label": source.label}
        return run.fitted.model.sample_codes(n, temperature=temperature, random_state=seed, **label)
    if source.name == CHOSEN:
        found = alike.group(run, run.selection, source.chosen)
        return None if found is None else np.asarray(found.sampler.sample(n, temperature=temperature, random_state=seed), np.float32)
    fitted = work.result(run, *_density(run, source.name))
    return None if fitted is None else fitted.sample(n, temperature=temperature, random_state=seed, label=source.label)


def offered(run: Run) -> str:
    """What is offered first: the prior, or a mixture where most of the prior's codes lie beside the data's."""
    wanted = _astray(run) > MOST_ASTRAY and not _told(run.fitted.model)
    return "Mixture" if wanted and not why_not("Mixture", run.fitted.codes[run.fitted.train], _targets(run)) else PRIOR


def drawn(run: Run, n: int, seed: int, wait: float = 1.0) -> tuple[np.ndarray, str, bool]:
    """n codes (n, k) float32 of what is offered first, for those who did not choose; where they come from, in words; and whether the mixture that
    they should come from is still being fitted: these are the prior's then."""
    name, later = offered(run), False
    if name != PRIOR:
        job = work.begin(run, *_density(run, name), wait=wait)[1]
        if job.result is not None:
            return np.asarray(job.result.sample(n, random_state=seed), np.float32), "a mixture fitted to the data's codes, since most of the prior's lie astray", False
        later = job.running
    words = "the model's prior" + ", until a mixture is fitted to the data's codes" * later
    return np.asarray(run.fitted.model.sample_codes(n, random_state=seed), np.float32), words, later


def _density(run: Run, name: str) -> tuple[str, dict, Callable]:
    """The fit of a sampler to the run's codes, as :mod:`work` takes it."""
    sampler, Z, y = SAMPLERS[name](), run.fitted.codes[run.fitted.train], _targets(run)
    return f"Fitting a density to the codes ({sampler.title})", {"sampler": name, "seconds": run.fitted.seconds}, lambda on_step: sampler.fit(Z, y, on_step=on_step)


def _astray(run: Run) -> float:
    """How many of the prior's codes lie beside the data's; none where the decoder learnt on the prior's."""
    if run.fitted.model.at_home or len(run.fitted.train) < 2:
        return 0.0
    if "astray" not in run.cache:
        run.cache["astray"] = astray(run.fitted.model.sample_codes(500, random_state=0), run.fitted.codes[run.fitted.train])
    return run.cache["astray"]


def _told(model) -> list[str]:
    """The labels a conditional model can be asked for."""
    return list(getattr(model, "classes_", [])) if "label" in inspect.signature(model.sample_codes).parameters else []


def _targets(run: Run) -> np.ndarray | None:
    """The labels of the training rows."""
    if "targets" not in run.cache:
        run.cache["targets"] = run.dataset.targets()
    y = run.cache["targets"]
    return None if y is None else y[run.fitted.train]


def _labels(y) -> list[str]:
    names, counts = np.unique([v for v in y if v is not None], return_counts=True)
    return [str(name) for name, count in zip(names, counts) if count > 1]
