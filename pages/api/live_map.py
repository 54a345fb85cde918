"""A map while it is made: where its points are by now, for the browser to draw them moving."""

from __future__ import annotations

import numpy as np

from lvm_core import mapping
from lvm_core.plots.tiling import place, squared

from .auth import ApiRequest


def _positions(request: ApiRequest):
    """The newest positions of the map job ``job`` after version ``since``: uint16 (m, 2 or 3)
    over their square, in drawn order, and int32 drawn places (m,) before them where only a sample
    is fitted. Head: ``version``, ``m`` (0: nothing newer), ``dims``, ``whole``, ``running``.
    """
    job = request.run.jobs.maps.get(request.options.get("job", ""))
    since = int(request.number("since", 0, 2**31 - 1, 0))
    preview = job.preview if job is not None else None
    if preview is None or preview.version <= since:
        return {
            "version": since,
            "m": 0,
            "whole": True,
            "running": job is not None and job.running,
        }, b""
    version, P = preview.version, np.asarray(preview.positions, np.float64)
    n = len(request.run.fitted.codes)
    places = place(n)[mapping.sampled(n, job.projection)]
    in_turn = np.argsort(places)
    units, whole = squared(P)[in_turn], len(P) == n
    head = {"version": version, "m": len(P), "dims": P.shape[1], "whole": whole}
    head["running"] = job.running
    return head, (b"" if whole else places[in_turn].astype("<i4").tobytes()) + units.tobytes()


GET = {"forming": _positions}
POST: dict = {}
CHANGES: dict = {}
