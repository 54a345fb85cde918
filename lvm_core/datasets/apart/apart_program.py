"""What the programs of this folder share; they find it beside them, since each is run by its path.
See ``__init__``.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path


class Unreadable(Exception):
    """A sentence without its subject."""


def bound(bytes_: int, seconds: int, times: int) -> None:
    """No more memory (``times`` the bytes, and what libraries take) and time than a file needs."""
    try:
        import resource
    except ImportError:  # Windows
        return
    most = times * bytes_ + 2**31
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def run(main: Callable[[Path, dict], dict], times: int) -> None:
    """Call a program with its folder and what is asked of it, within bounds; ``said.json`` is what
    it returns, or the sentence that it refuses the file with.
    """
    place = Path(sys.argv[1])
    asked = json.loads((place / "asked.json").read_text(encoding="utf-8"))
    bound(asked["bytes"], asked["seconds"], times)
    try:
        said = main(place, asked)
    except Unreadable as error:
        said = {"refused": str(error)}
    except MemoryError:
        said = {"refused": "takes more memory to read than there is for it; bring a part of it."}
    (place / "said.json").write_text(json.dumps(said), encoding="utf-8")
