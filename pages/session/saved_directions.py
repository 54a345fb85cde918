"""The directions kept with a run."""

from __future__ import annotations

from lvm_core.latent.directions import Direction
from lvm_core.text import clean

from . import identity, state


def saved(run: state.Run) -> dict[str, Direction]:
    """The directions kept with a run, by name."""
    return {d["name"]: Direction.from_json(d) for d in run.annotations.get("directions", [])}


def save(run: state.Run, directions: dict[str, Direction]) -> None:
    """Keep these directions with a run, in place of those it had. Raises NotOwned."""
    identity.require(run.kind, run.id)
    run.annotations["directions"] = [d.to_json() for d in directions.values()]
    state.save_annotations(run)


def for_component(run: state.Run) -> list[dict]:
    """What the live explorer needs of them."""
    return [
        {
            "name": clean(d.name, 40),
            "vector": [float(v) for v in d.vector],
            "sentence": clean(d.sentence(), 400),
        }
        for d in saved(run).values()
    ]
