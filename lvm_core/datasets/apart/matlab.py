"""The arrays of a MATLAB file of versions 4 to 7: which there are, and some as .npy. See
``__init__``.
"""

import io
import struct
import sys
import zlib
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # at its end, so that it shadows nothing

from apart_program import Unreadable, run

BITS = (8, 16, 32, 64)
NUMBERS = {  # MATLAB's classes -> NumPy's types
    "double": "<f8",
    "single": "<f4",
    "logical": "|u1",
    "sparse": "<f8",
    **{f"int{bits}": f"<i{bits // 8}" for bits in BITS},
    **{f"uint{bits}": f"<u{bits // 8}" for bits in BITS},
}
HEADER, PACKED = 128, 15  # bytes before the first array; the type of what zlib packed


def unpacked(data: bytes, most: int, ratio: int) -> bytes:
    """The same file with nothing packed, so that no array is larger than what is there for it."""
    if not data.startswith(b"MATLAB 5") or len(data) <= HEADER:
        return data
    order = "<" if data[126:128] == b"IM" else ">"
    out, at, size = [data[:HEADER]], HEADER, 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}II", data, at)
        piece = data[at : at + 8 + length]
        if kind == PACKED:
            piece = zlib.decompressobj().decompress(piece[8:], most - size + 1)
        size += len(piece)
        if size > most or size > 20 * 2**20 and size > ratio * len(data):
            raise Unreadable(f"has more than {size:,} bytes when unpacked; bring a part of it.")
        out.append(piece)
        at += 8 + length
    return b"".join(out)


def value(array, shape, name: str):
    """One array, dense."""
    import numpy as np
    from scipy.sparse import issparse

    if array is not None and issparse(array):
        array = array.tocsc()
        array.check_format(full_check=True)  # or a wrong index is written anywhere
        array = array.toarray()
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(name)
    if array.dtype.kind not in "biuf":
        raise Unreadable(f"holds {name} of complex numbers; expected real numbers.")
    return array


def main(folder: Path, asked: dict) -> dict:
    """What ``said.json`` says."""
    import numpy as np
    from scipy.io import loadmat, whosmat

    try:
        data = unpacked((folder / "input").read_bytes(), asked["bytes"], asked["ratio"])
        listed = {n: (tuple(map(int, s)), k) for n, s, k in whosmat(io.BytesIO(data))}
        found, left = {}, []
        for name, (shape, kind) in listed.items():
            if not name.isprintable() or len(name) > 200:
                left.append("one has a name that cannot be shown")
            elif kind in NUMBERS and all(s >= 0 for s in shape):
                found[name] = (shape, NUMBERS[kind])
            else:
                left.append(f"{name} is of class {str(kind)[:20]}")
        names = [name for name in asked.get("names", []) if name in found]
        for name in names:
            size = int(np.prod(found[name][0], dtype=object)) * 8
            if size > asked["bytes"]:
                raise Unreadable(
                    f"holds {name} of {size:,} bytes; the limit is {asked['bytes']:,}."
                )
        loaded = loadmat(io.BytesIO(data), variable_names=names) if names else {}
        for i, name in enumerate(names):
            array = value(loaded.get(name), found[name][0], name)
            np.save(folder / f"{i}.npy", np.ascontiguousarray(array), allow_pickle=False)
    except (Unreadable, MemoryError):
        raise
    except Exception:  # of any kind: struct, key, index, type, zlib
        return {}
    return {"arrays": found, "left": left[:20], "count": len(left), "more": False}


if __name__ == "__main__":
    run(main, times=4)
