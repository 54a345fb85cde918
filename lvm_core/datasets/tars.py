"""Tar archives: their files as one zip, in which they are read like those of any other."""

from __future__ import annotations

import io
import stat
import tarfile
import warnings
import zipfile

from .. import settings
from ..settings import DataError


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar archive (POSIX or GNU).

    Parameters
    ----------
    head : bytes
        Its first 262 bytes or more.

    Examples
    --------
    >>> from lvm_core.datasets.tars import is_tar
    >>> is_tar(b"a,b")
    False
    """
    return head[257:262] == b"ustar"


def zip_of_tar(data: bytes, name: str) -> bytes:
    """The files of a tar archive as a zip, nothing in it packed.

    Links are kept as links and so named among what was left out when the zip is read; devices and
    files with holes, whose size the archive does not hold, are left out.

    Parameters
    ----------
    data : bytes
        The archive, unpacked.
    name : str
        What it is called, for the sentences.

    Returns
    -------
    bytes
        The zip; the same for the same archive.

    Raises
    ------
    DataError
        When it is damaged, holds no file, or more than a zip may hold.

    Examples
    --------
    >>> import io
    >>> import tarfile
    >>> from lvm_core.datasets.tars import zip_of_tar
    >>> from lvm_core.datasets.zips import Archive
    >>> out = io.BytesIO()
    >>> with tarfile.open(fileobj=out, mode="w") as tar:
    ...     tar.addfile(tarfile.TarInfo("empty.txt"))
    >>> [entry.filename for entry in Archive("a.tar", zip_of_tar(out.getvalue(), "a.tar")).entries]
    ['empty.txt']
    """
    out, size, count = io.BytesIO(), 0, 0
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar,
            zipfile.ZipFile(out, "w") as packed,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # of names that are there twice
            for seen, member in enumerate(tar, 1):
                settings.check("zip_entries", seen, name)
                link = member.issym() or member.islnk()
                if not link and (not member.isreg() or member.issparse()):
                    continue
                count += 1
                size += member.size if not link else 0
                settings.check("zip_bytes", size, name)
                entry = zipfile.ZipInfo(member.name[:500])
                entry.external_attr = (stat.S_IFLNK if link else stat.S_IFREG) << 16
                file = None if link else tar.extractfile(member)  # read into memory, never written
                content = b"" if file is None else file.read()
                if not link and len(content) < member.size:
                    raise EOFError("it is cut short")
                packed.writestr(entry, content)
            if data[tar.offset : tar.offset + tarfile.BLOCKSIZE].strip(b"\0"):
                raise EOFError("it ends within a file, or what follows is no tar")
    except DataError:
        raise
    except Exception as error:  # tarfile raises whatever its parsing runs into
        raise DataError(f"{name} is a damaged tar ({str(error)[:80]}); pack it again.") from error
    if not count:
        raise DataError(f"{name} is a tar without files; choose one with data in it.")
    return out.getvalue()
