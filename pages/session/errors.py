"""What can stand in the way of something a person asks for: ValueErrors of one plain sentence.

Nothing here knows HTTP; :mod:`pages.api.auth` says in one place which status each is answered with.
"""

from __future__ import annotations


class SessionError(ValueError):
    """What was asked for cannot be done as it was asked."""


class NotFound(SessionError):
    """There is no such thing, or not any more."""


class NotOwned(SessionError):
    """It may be looked at, and is somebody else's to change."""


class NotReady(SessionError):
    """It is being made; asking again in a moment may find it."""
