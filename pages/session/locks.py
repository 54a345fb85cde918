"""A lock for each thing in place of one for all of a kind: who waits for one dataset does not
wait for another.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class KeyedLock:
    """One lock per key, held only while somebody wants it.

    The thread that holds a key may take it again; work on one key never waits for work on another.

    Examples
    --------
    >>> lock = KeyedLock()
    >>> with lock("one"), lock("other"):
    ...     print("both")
    both
    """

    def __init__(self):
        self._guard = threading.Lock()
        self._held: dict[Hashable, tuple[threading.RLock, int]] = {}  # lock, how many want it

    @contextmanager
    def __call__(self, key: Hashable) -> Iterator[None]:
        """Hold the lock of ``key`` for the length of a ``with``."""
        with self._guard:
            lock, users = self._held.get(key) or (threading.RLock(), 0)
            self._held[key] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._held.pop(key)
                if users > 1:
                    self._held[key] = lock, users - 1
