"""Who is answered when: live questions wait for their turn on the event loop, in no thread, so
that one browser that asks a great deal leaves threads and memory to the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

AT_ONCE = 8  # questions at work, of everybody
EACH = 4  # of one person
WAITING = 64  # of one person, that wait or are at work; a page asks far fewer


class TooMany(Exception):
    """More questions of one person than may wait."""


class Turns:
    """At most so many at work, of everybody and of each.

    Examples
    --------
    >>> import asyncio
    >>> async def ask():
    ...     async with Turns().turn("somebody"):
    ...         return "answered"
    >>> asyncio.run(ask())
    'answered'
    """

    def __init__(self):
        self._all = asyncio.Semaphore(AT_ONCE)
        self._each: dict[str, asyncio.Semaphore] = {}
        self._there: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, person: str) -> AsyncIterator[None]:
        """Wait for a turn. Raises TooMany at once."""
        if self._there[person] >= WAITING:
            raise TooMany
        self._there[person] += 1
        own = self._each.setdefault(person, asyncio.Semaphore(EACH))
        try:
            async with own, self._all:
                yield
        finally:
            self._there[person] -= 1
            if not self._there[person]:
                del self._there[person], self._each[person]


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def turns() -> Turns:
    """Those of the running server."""
    return _of_loop.setdefault(asyncio.get_running_loop(), Turns())
