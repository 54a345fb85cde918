"""What pages hold in memory of the workspace, as long as it is used and fits."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from lvm_core.io.files import StoreError

from .locks import KeyedLock

MAX_ITEMS, MAX_BYTES = 200, 4 * 2**30
log = logging.getLogger(__name__)


class _Item(Protocol):
    id: str

    @property
    def nbytes(self) -> int: ...


T = TypeVar("T", bound=_Item)


class Cache(Generic[T]):
    """Items by id: the least recently used dropped when there are too many or they weigh too much,
    and read again when wanted.

    Each is loaded once, however many ask for it meanwhile; who asks for another does not wait for
    it.

    Parameters
    ----------
    load : callable
        Reads the item of an id. Raises StoreError where there is none.
    """

    def __init__(self, load: Callable[[str], T]):
        self._items: OrderedDict[str, T] = OrderedDict()
        self._lock, self._loading, self._load = threading.Lock(), KeyedLock(), load

    def put(self, item: T) -> None:
        """Keep an item under its id."""
        with self._lock:
            self._items[item.id] = item
            while len(self._items) > MAX_ITEMS or (
                len(self._items) > 1 and sum(i.nbytes for i in self._items.values()) > MAX_BYTES
            ):
                self._items.popitem(last=False)

    def drop(self, id: str) -> None:
        """Forget an item."""
        with self._lock:
            self._items.pop(id, None)

    def get(self, id: str | None) -> T | None:
        """The item, or None."""
        found = self._cached(id)
        if found is not None or not isinstance(id, str):
            return found
        with self._loading(id):
            found = self._cached(id)
            if found is None:
                try:
                    found = self._load(id)
                    self.put(found)
                except StoreError as error:
                    log.info("nothing to show for %.40r: %s", id, error)
                    return None
            return found

    def _cached(self, id) -> T | None:
        with self._lock:
            if id in self._items:
                self._items.move_to_end(id)
            return self._items.get(id)
