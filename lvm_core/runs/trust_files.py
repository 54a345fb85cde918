"""What was measured of a map, kept as a folder: arrays as safetensors, numbers as JSON."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..io import files
from ..io.files import StoreError, named
from ..metrics.maps.neighbourhoods import MEASURES
from ..metrics.maps.trust import MapTrust

FORMAT = 1


def save_trust(folder: Path, trust: MapTrust) -> None:
    """Write what was measured of a map to a new folder.

    Parameters
    ----------
    folder : Path
        The folder, which is made.
    trust : MapTrust
        How far to trust the map.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> from lvm_core.runs.trust_files import save_trust
    >>> X = DATASETS["iris"]().load().X
    >>> with TemporaryDirectory() as folder:
    ...     save_trust(Path(folder) / "trust", map_trust(X, X[:, :2]))
    ...     print(sorted(path.name for path in (Path(folder) / "trust").iterdir()))
    ['points.safetensors', 'trust.json']
    """
    with (
        files.plainly("Keeping how far to trust the map"),
        files.new_folder(Path(folder)) as temporary,
    ):
        files.write_tensors(
            temporary / "points.safetensors",
            {
                "rows": trust.rows,
                "points": trust.points,
                "sizes": trust.sizes,
                "curve": trust.curve,
            },
        )
        files.write_json(
            temporary / "trust.json",
            {
                "format": FORMAT,
                "n": trust.n,
                "ks": list(trust.ks),
                "numbers": trust.numbers,
                "beside": trust.n_compared,
                "chance_label": trust.chance_label,
            },
            durable=True,
        )


def load_trust(folder: Path, n: int) -> MapTrust:
    """Read back what was measured of a map.

    Parameters
    ----------
    folder : Path
        Where it is.
    n : int
        How many points the map has.

    Returns
    -------
    MapTrust
        How far to trust the map.

    Raises
    ------
    StoreError
        Where it is damaged, or of another map.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> from lvm_core.runs.trust_files import load_trust, save_trust
    >>> X = DATASETS["iris"]().load().X
    >>> with TemporaryDirectory() as folder:
    ...     save_trust(Path(folder) / "trust", map_trust(X, X[:, :2]))
    ...     print(load_trust(Path(folder) / "trust", len(X)).points.shape)
    (3, 2, 150)
    """
    path = Path(folder) / "trust.json"
    head, arrays = (
        files.check_format(files.read_json(path), path, FORMAT),
        files.read_tensors(Path(folder) / "points.safetensors"),
    )
    try:
        ks, rows, points = tuple(int(k) for k in head["ks"]), arrays["rows"], arrays["points"]
        numbers = {
            str(pair): {
                str(name): (float(value), None if error is None else float(error))
                for name, (value, error) in named.items()
            }
            for pair, named in head["numbers"].items()
        }
        whole = (
            head["n"] == n
            and rows.ndim == 1
            and points.shape == (len(MEASURES), len(ks), len(rows))
            and len(rows) > 0
            and arrays["sizes"].shape == arrays["curve"].shape
        )
        if (
            not whole
            or not np.array_equal(rows, np.unique(rows.clip(0, n - 1)))
            or not np.isfinite(points).all()
            or not all(math.isfinite(v) for named in numbers.values() for v, _ in named.values())
        ):
            raise StoreError(f"{named(folder)}: the parts do not belong to a map of {n} points.")
        chance = head["chance_label"]
        return MapTrust(
            n,
            ks,
            rows,
            points,
            arrays["sizes"],
            arrays["curve"],
            numbers,
            int(head["beside"]),
            None if chance is None else float(chance),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{named(path)} cannot be read ({files.first_line(error)}).") from error
