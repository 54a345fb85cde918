"""What another seed would have shown."""

import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.analysis.stability import between_seeds
from lvm_core.text import markdown as md
from pages.session import maps
from pages.ui import scores, work

from ..components.progress import progress

TITLE, ORDER = "Seeds", 80
_MORE = 2


def why_not(run, view) -> str:
    made = _made(run, view)
    return (
        ""
        if made is not None and made.random
        else "Nothing in this map is random: another seed gives the same."
    )


def draw(run, view) -> None:
    made = _made(run, view)
    seed = int(made.random_state or 0)
    others = [_with_seed(made, seed + i) for i in range(1, _MORE + 1)]
    keys = [maps.key_of(other, view.of) for other in others]
    st.caption(
        f"This map was made with seed {seed}. Where two seeds disagree, the picture shows the draw "
        "and not the data. The other maps are kept, under Kept maps."
    )
    asked = f"seeds-{run.id}-{view.key}"
    missing = [key for key in keys if key not in run.maps]
    if missing and not st.session_state.get(asked):
        if st.button(
            f"Make it with {_MORE} other seeds",
            icon=":material/casino:",
            key=f"ask-{asked}",
            help="Takes as long as this map took, for each.",
        ):
            st.session_state[asked] = True
            st.rerun(scope="app")
        return
    for other, key in zip(others, keys):
        if key not in run.maps:
            job = maps.begin(run, other, view.of)
            if job.running:
                progress(run, key)
            elif key not in run.maps:
                st.error(md(job.error or "It was stopped.", 500), icon=":material/error:")
            return
    together = [view.positions] + [run.maps[key].positions for key in keys]
    found = work.result(
        run, "Comparing seeds", {"map": view.key}, lambda on_step: between_seeds(together)
    )
    if found is not None:
        scores.show(found)
        trust = [
            next((s.value for s in maps.scores(run, key) if s.name == "Trustworthiness"), None)
            for key in (view.key, *keys)
        ]
        if None not in trust:
            st.caption(
                "Trustworthiness by seed: "
                f"{', '.join(f'{seed + i}: {value:.3f}' for i, value in enumerate(trust))}."
            )


def _made(run, view):
    """The projection that made a view, not fitted, or None."""
    mapped = run.maps.get(view.key)
    recipe = mapped and (
        getattr(mapped.projection, "made_by_", None) or mapped.projection.to_config()
    )
    return (
        PROJECTIONS[recipe["name"]](**recipe["params"])
        if recipe and recipe["name"] in PROJECTIONS
        else None
    )


def _with_seed(projection, seed: int):
    return type(projection)(**projection.get_params() | {"random_state": seed})
