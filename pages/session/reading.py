"""Read an upload in a process of its own that ends with its person."""

from __future__ import annotations

from lvm_core.datasets.base import DataError, Dataset

from ..streamlit_patches import own_session, session_is_open
from .services import services

AWAY = 20.0  # seconds without a browser after which nobody waits for a file any more


def read(
    data: bytes,
    name: str,
    reader: str | None = None,
    types: dict[str, str] | None = None,
    **options,
) -> Dataset:
    """Read what was uploaded, see :class:`lvm_core.runs.read_pool.ReadPool`.

    Parameters
    ----------
    data : bytes
        What was uploaded.
    name : str
        What it is called.
    reader, types, **options
        As for :func:`~lvm_core.datasets.read_dataset`.

    Returns
    -------
    Dataset
        What was read.

    Raises
    ------
    DataError
        One sentence: why the file was refused, or which bounds it met.
    """
    session, last = own_session(), 0.0

    def on_wait(seconds: float) -> None:
        nonlocal last
        if session_is_open(session):
            last = seconds
        elif seconds - last > AWAY:
            raise DataError(f"{name} was not read to its end, since its page was closed.")

    return services().read_pool.read(
        data, name, reader=reader, types=types, options=options, on_wait=on_wait
    )
