"""Files that are whole or not there: every write goes to a temporary name and is renamed, every
error is one sentence.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

MAX_JSON = 64 * 2**20
MAX_HEADER = 2**20
_MARK = ".new-"  # what a name begins with while its content is not whole

_REASONS = {
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
    ): "the disk is full, or a quota is used up; make room and try again",
    (
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
    ): (
        "it may only be read; choose another workspace with LATENT_EXPLORER_HOME, or change its "
        "permissions"
    ),
    (errno.ENOENT, errno.ENOTDIR): "it is not there (any more)",
    (errno.EMFILE, errno.ENFILE): "too many files are open at once; try again",
}
_PLACE = re.compile(r"(?<![\w/.:])(?:[A-Za-z]:)?[/\\](?:[^/\\\s'\"]+[/\\])+[^/\\\s'\":,;]+")


class StoreError(ValueError):
    """Something on disk that cannot be written or read.

    Its message is one sentence with what was found and what to do.

    Examples
    --------
    >>> from pathlib import Path
    >>> from lvm_core.io.files import StoreError, read_json
    >>> try:
    ...     read_json(Path("nowhere") / "settings.json")
    ... except StoreError as error:
    ...     print("is not there" in str(error))
    True
    """


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Turn an OSError into a StoreError, within a ``with`` block.

    Parameters
    ----------
    what : str
        What could not be done, the beginning of the sentence.

    Raises
    ------
    StoreError
        Says ``what`` did not work, and why.

    Examples
    --------
    >>> import errno
    >>> from lvm_core.io.files import plainly
    >>> with plainly("Reading the run"):
    ...     raise OSError(errno.ENOENT, "No such file or directory")
    Traceback (most recent call last):
        ...
    lvm_core.io.files.StoreError: Reading the run did not work: it is not there (any more).
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what} did not work: {reason(error)}.") from error


def reason(error: OSError) -> str:
    """Why the operating system refused, in words.

    Parameters
    ----------
    error : OSError
        What was raised.

    Returns
    -------
    str
        The reason, with the name of the file's folder before it where the error names a file.

    Examples
    --------
    >>> import errno
    >>> from lvm_core.io.files import reason
    >>> reason(OSError(errno.ENOENT, "No such file or directory"))
    'it is not there (any more)'
    """
    words = next(
        (text for numbers, text in _REASONS.items() if error.errno in numbers),
        str(error.strerror or error),
    )
    return f"{Path(error.filename).parent}: {words}" if isinstance(error.filename, str) else words


def write(path: Path, content: bytes | Callable[[Path], None], *, durable: bool = True) -> None:
    """Write a file under another name, then rename it: a reader never sees half a file.

    Parameters
    ----------
    path : Path
        The file; replaced where it is there.
    content : bytes or callable
        Bytes, or a function that writes to the path it is given.
    durable : bool
        Whether to wait for the disk, so that a power failure leaves the old file or the new one.

    Raises
    ------
    OSError
        When it cannot be written; the old file stays.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "a.txt", b"one")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    temporary = path.with_name(f"{_MARK}{path.name}-{secrets.token_hex(4)}")
    try:
        if callable(content):
            content(temporary)
        else:
            temporary.write_bytes(content)
        if durable:
            _flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a folder under a temporary name, within a ``with`` block.

    It is renamed to ``path`` when the block ends well and removed when it does not.

    Parameters
    ----------
    path : Path
        The folder; the folders above it are made when they are missing.

    Yields
    ------
    Path
        The temporary folder, which only its owner can enter.

    Raises
    ------
    OSError
        When it cannot be made or renamed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import new_folder
    >>> with tempfile.TemporaryDirectory() as above:
    ...     with new_folder(Path(above) / "run") as folder:
    ...         (folder / "a.txt").write_text("one")
    ...     [path.name for path in (Path(above) / "run").iterdir()]
    3
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_MARK}{path.name}-{secrets.token_hex(4)}")
    temporary.mkdir(mode=0o700)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Take a folder away: gone under its name at once, whatever its size.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        When it is not there or cannot be renamed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import remove_folder
    >>> with tempfile.TemporaryDirectory() as above:
    ...     folder = Path(above) / "run"
    ...     folder.mkdir()
    ...     remove_folder(folder)
    ...     folder.exists()
    False
    """
    gone = path.with_name(f"{_MARK}{path.name}-{secrets.token_hex(4)}")
    os.replace(path, gone)
    shutil.rmtree(gone, ignore_errors=True)


def is_whole(path: Path) -> bool:
    """Whether a name is not one of those given while something is written.

    Parameters
    ----------
    path : Path
        A file or folder; its name alone is looked at.

    Returns
    -------
    bool
        False for names that begin with a point.

    Examples
    --------
    >>> from pathlib import Path
    >>> from lvm_core.io.files import is_whole
    >>> is_whole(Path("runs/7")), is_whole(Path("runs/.new-7-5a81c2d0"))
    (True, False)
    """
    return not path.name.startswith(".")


def write_json(path: Path, data, *, durable: bool = False) -> None:
    """Write plain JSON.

    Parameters
    ----------
    path : Path
        The file; replaced where it is there.
    data : object
        Plain JSON types.
    durable : bool
        Whether to wait for the disk, see :func:`write`.

    Raises
    ------
    OSError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import read_json, write_json
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(Path(folder) / "a.json", {"n": 3})
    ...     read_json(Path(folder) / "a.json")
    {'n': 3}
    """
    write(path, json.dumps(data, indent=1).encode(), durable=durable)


def named(path: Path | str) -> str:
    """A file as sentences name it: by its name and its folder's, not where the server keeps it.

    Parameters
    ----------
    path : Path or str
        Of the file or folder.

    Returns
    -------
    str
        The last two parts.

    Examples
    --------
    >>> from lvm_core.io.files import named
    >>> named("/srv/people/runs/1a2b/state.json")
    '1a2b/state.json'
    """
    return "/".join(Path(path).parts[-2:])


def first_line(error: Exception, most: int = 200) -> str:
    """What a library says is wrong with a file, for a sentence.

    Parameters
    ----------
    error : Exception
        Of any library.
    most : int, default=200
        Characters.

    Returns
    -------
    str
        Its first line, or its kind; files by the last two parts of their path.

    Examples
    --------
    >>> from lvm_core.io.files import first_line
    >>> first_line(ValueError("cannot open '/srv/people/runs/1a2b/X.npy' at line 3"))
    "cannot open '1a2b/X.npy' at line 3"
    """
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return _PLACE.sub(lambda found: named(found[0]), said)[:most]


def read_json(path: Path, limit: int | None = None):
    """What a JSON file holds.

    Parameters
    ----------
    path : Path
        The file.
    limit : int, optional
        The most bytes it may have; 64 MiB by default.

    Returns
    -------
    object
        Plain JSON types.

    Raises
    ------
    StoreError
        One sentence, whatever is there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import StoreError, read_json
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.json"
    ...     _ = path.write_text("{'n'")
    ...     try:
    ...         read_json(path)
    ...     except StoreError as error:
    ...         print("it is no JSON" in str(error))
    True
    """
    limit = limit or MAX_JSON
    try:
        if path.stat().st_size > limit:
            raise StoreError(
                f"{named(path)} is over {limit >> 20} MiB; it was not written by this app."
            )
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, StoreError):
            raise
        words = (
            reason(error) if isinstance(error, OSError) else f"it is no JSON ({str(error)[:100]})"
        )
        raise StoreError(f"{named(path)} cannot be read: {words}.") from error


def check_format(head, path: Path, newest: int) -> dict:
    """The head of a file, when it is of a format this version reads.

    Parameters
    ----------
    head : object
        What the file holds, a JSON object with a ``format``.
    path : Path
        The file, for the sentence.
    newest : int
        The newest format that is read.

    Returns
    -------
    dict
        ``head`` itself.

    Raises
    ------
    StoreError
        When it names no format, or a newer one.

    Examples
    --------
    >>> from pathlib import Path
    >>> from lvm_core.io.files import check_format
    >>> check_format({"format": 1}, Path("recipe.json"), newest=2)
    {'format': 1}
    >>> check_format({"format": 3}, Path("recipe.json"), newest=2)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lvm_core.io.files.StoreError: recipe.json has format 3, this version reads up to 2; ...
    """
    found = head.get("format") if isinstance(head, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise StoreError(f"{named(path)} names no format; expected a file written by this app.")
    if found > newest:
        raise StoreError(
            f"{named(path)} has format {found}, this version reads up to {newest}; update the "
            "app to open it."
        )
    return head


def write_array(path: Path, array: np.ndarray, *, durable: bool = True) -> None:
    """Write a ``.npy``.

    Parameters
    ----------
    path : Path
        The file; replaced where it is there.
    array : array
        Numbers of any shape; no Python objects.
    durable : bool
        Whether to wait for the disk, see :func:`write`.

    Raises
    ------
    OSError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from lvm_core.io.files import read_array, write_array
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_array(Path(folder) / "a.npy", np.arange(3))
    ...     read_array(Path(folder) / "a.npy").tolist()
    [0, 1, 2]
    """
    array = np.ascontiguousarray(array)

    # np.save would not say why a disk refuses: its OSError has no number
    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, np.lib.format.header_data_from_array_1_0(array)
            )
            if array.size:
                file.write(array.reshape(-1).data.cast("B"))

    write(path, save, durable=durable)


def read_array(path: Path, *, mapped: bool = False) -> np.ndarray:
    """What a ``.npy`` holds.

    Parameters
    ----------
    path : Path
        The file.
    mapped : bool
        Whether to leave it on the disk until it is used.

    Returns
    -------
    array
        Read-only when it is mapped.

    Raises
    ------
    StoreError
        When it is not there, damaged, or holds Python objects, which are never read.

    See Also
    --------
    write_array : Write one, with an example.
    """
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        words = (
            reason(error)
            if isinstance(error, OSError) and error.errno
            else f"it is damaged ({first_line(error)})"
        )
        raise StoreError(f"{named(path)} cannot be read: {words}.") from error
    if not isinstance(array, np.ndarray):
        raise StoreError(f"{named(path)} holds no single array.")
    return np.asarray(array)


def write_tensors(path: Path, arrays: dict[str, np.ndarray], *, durable: bool = True) -> None:
    """Write named arrays as safetensors.

    Parameters
    ----------
    path : Path
        The file; replaced where it is there.
    arrays : dict of str to array
        The arrays by name.
    durable : bool
        Whether to wait for the disk, see :func:`write`.

    Raises
    ------
    OSError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from lvm_core.io.files import read_tensors, write_tensors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tensors(Path(folder) / "a.safetensors", {"mean": np.ones(2)})
    ...     read_tensors(Path(folder) / "a.safetensors")
    {'mean': array([1., 1.])}
    """
    from safetensors.numpy import save

    # ascontiguousarray would give an array without axes one
    write(path, save({k: np.asarray(v, order="C") for k, v in arrays.items()}), durable=durable)


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Named arrays from safetensors.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to array
        The arrays by name.

    Raises
    ------
    StoreError
        When it is not there or damaged, holds number types unknown to NumPy, or has a header over
        1 MiB.

    See Also
    --------
    write_tensors : Write them, with an example.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        with path.open("rb") as file:
            if int.from_bytes(file.read(8), "little") > MAX_HEADER:
                raise StoreError(
                    f"{named(path)}: the header is over {MAX_HEADER >> 20} MiB; it was not "
                    "written by this app."
                )
        return load_file(path)
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        # the last two for number types unknown to NumPy
        raise StoreError(f"{named(path)} cannot be read ({first_line(error)}).") from error


class Lock:
    """A file that one process at a time holds.

    It is free again the moment that process ends, however it ends.

    Parameters
    ----------
    path : Path
        The file; made when it is missing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.io.files import Lock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lock = Lock(Path(folder) / "lock")
    ...     print(lock.held(), lock.take(), lock.held())
    ...     lock.release()
    ...     print(lock.held())
    False True True
    False
    """

    def __init__(self, path: Path):
        self.path, self._handle = path, None

    def take(self) -> bool:
        """Hold it from now on.

        Returns
        -------
        bool
            False when somebody else does.

        Raises
        ------
        OSError
            Where the file cannot be made.
        """
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        for wait in (0.01, 0.05, 0.2, 0):  # somebody may just be looking, see held()
            if _lock(handle):
                self._handle = handle
                return True
            time.sleep(wait)
        os.close(handle)
        return False

    @contextmanager
    def held_by_me(self, seconds: float = 30.0) -> Iterator[None]:
        """Hold it during the block, after whoever holds it now; for what takes others moments.

        Raises
        ------
        OSError
            Where the file cannot be made, or others hold it for longer than ``seconds``.
        """
        end = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() > end:
                raise TimeoutError(errno.EBUSY, "another process holds it", str(self.path))
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let others have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def held(self) -> bool:
        """Whether any process holds it now."""
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except OSError:
            return False
        try:
            return not _lock(handle, shared=True)
        finally:
            os.close(handle)


def _lock(handle: int, shared: bool = False) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
