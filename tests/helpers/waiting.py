"""Waiting for what other threads and processes do, never for a length of time."""

import time


def until(condition, seconds: float = 120):
    """What ``condition()`` returns once it is true; asked again and again for at most so long."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(0.02)
    return found
