"""The arrays of an HDF5 file: which there are, and some of them as .npy. See ``__init__``."""

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # at its end, so that it shadows nothing

from apart_program import Unreadable, run

MOST = 10_000  # objects that are looked at
# what can unpack a dataset without loading a library from elsewhere
FILTERS = {1, 2, 3, 4, 5, 6, 32000}


NUMBERS = [b"double", b"single", b"logical"]  # classes of MATLAB
NUMBERS += [f"{u}int{bits}".encode() for u in ("", "u") for bits in (8, 16, 32, 64)]


def arrays(file, matlab: bool) -> tuple[dict, list[str], bool]:
    """Name -> (shape, type) of each array; what was left out and why; whether there were more.
    Links to elsewhere are never followed.
    """
    import h5py

    found, left, seen, more = {}, [], {place_of(file)}, False
    groups = [("", file)]
    while groups:
        path, group = groups.pop(0)
        for key in group:
            if len(seen) > MOST:
                more = True
                break
            name = f"{path}/{key}" if path else key
            if not name.isprintable() or len(name) > 200:
                left.append("one has a name that cannot be shown")
                continue
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                left.append(f"{name} is a link")
                continue
            try:
                item = group[key]
            except Exception:
                left.append(f"{name} is damaged")
                continue
            if place_of(item) in seen or path.count("/") > 20:  # by another name
                continue
            seen.add(place_of(item))
            if isinstance(item, h5py.Group):
                matrix, levels = sparse(item), categories(item)
                if matrix:
                    found[name] = matrix
                elif levels:
                    found[name] = (levels, "<U1")
                elif not key.startswith("#"):  # what MATLAB keeps cells in
                    groups.append((name, item))
            elif isinstance(item, h5py.Dataset):
                reason = cannot(item, matlab)
                if reason:
                    left.append(f"{name} {reason}")
                else:
                    kind = item.dtype.str if item.dtype.kind != "O" else "<U1"
                    found[name] = (list(item.shape), kind)
    return found, left, more


def place_of(item) -> tuple[int, int]:
    """Where an object lies, which says whether two names are one object."""
    from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]  # a compiled module

    info = h5o.get_info(item.id)
    return info.fileno, info.addr


def sparse(group) -> tuple | None:
    """A sparse matrix as AnnData and scipy keep it in a group; rows first."""
    form = group.attrs.get("encoding-type", group.attrs.get("h5sparse_format", b""))
    form = form.decode() if isinstance(form, bytes) else str(form)
    if not form.startswith("csr") or not {"data", "indices", "indptr"} <= set(group):
        return None
    shape = group.attrs.get("shape", group.attrs.get("h5sparse_shape"))
    if shape is None or len(shape) != 2 or any(cannot(group[k]) for k in ("data", "indices")):
        return None
    return [int(s) for s in shape], group["data"].dtype.str


def cannot(item, matlab: bool = False) -> str:
    """Why an array is not read; empty where it can be."""
    import h5py

    if matlab and item.attrs.get("MATLAB_class", b"") not in NUMBERS or item.dtype.hasobject:
        if matlab or not h5py.check_string_dtype(item.dtype):
            return "holds no plain numbers"
    if item.shape is None or item.dtype.kind not in "biufS":
        text = h5py.check_string_dtype(item.dtype)
        return "" if text and item.shape and len(item.shape) == 1 else "holds no plain numbers"
    if item.external or item.is_virtual:
        return "lies in another file"
    plist = item.id.get_create_plist()
    used = {plist.get_filter(i)[0] for i in range(plist.get_nfilters())}
    return "" if used <= FILTERS else "is packed in a way that needs a plug-in"


def values(file, name: str, most: int):
    """One array as NumPy keeps it; whole, or not at all."""
    import h5py
    import numpy as np

    item = file[name]
    if isinstance(item, h5py.Group) and categories(item):
        codes, words = (values(file, f"{name}/{k}", most) for k in ("codes", "categories"))
        if not len(words) or codes.max(initial=-1) >= len(words):
            raise Unreadable(f"holds {name}, which is damaged.")
        words = words.astype("U")
        return np.where(codes >= 0, words[np.maximum(codes, 0)], "")
    if isinstance(item, h5py.Group):
        known: Any = sparse(item)
        (n, d), kind = known
        parts: Any = item
        if n * d * np.dtype(kind).itemsize > most:
            raise Unreadable(f"holds {name} of {n:,} x {d:,} values, which is over the limit.")
        for part in ("data", "indices", "indptr"):
            if parts[part].size * parts[part].dtype.itemsize > most:
                raise Unreadable(f"holds {name}, which is over the limit.")
        data, columns, starts = (parts[k][()] for k in ("data", "indices", "indptr"))
        if len(starts) != n + 1 or len(columns) != len(data) or starts[-1] != len(data):
            raise Unreadable(f"holds {name}, which is damaged.")
        if (np.diff(starts) < 0).any() or starts[0] != 0:
            raise Unreadable(f"holds {name}, which is damaged.")
        if len(columns) and not 0 <= columns.min() <= columns.max() < d:
            raise Unreadable(f"holds {name}, which is damaged.")
        out = np.zeros((n, d), kind)
        out[np.repeat(np.arange(n), np.diff(starts)), columns] = data
        return out
    size = int(np.prod(item.shape, dtype=object)) * max(item.dtype.itemsize, 8)
    if size > most:
        raise Unreadable(f"holds {name} of {size:,} bytes; the limit is {most:,}.")
    if h5py.check_string_dtype(item.dtype) and item.dtype.kind == "O":
        return np.array([str(v) for v in item.asstr(errors="replace")[()]], dtype="U")
    return item[()]


def categories(group) -> list | None:
    """The length of a column of categories as pandas and AnnData keep it in a group."""
    import h5py

    parts = [group.get(k) for k in ("codes", "categories")]
    if not all(isinstance(p, h5py.Dataset) and not cannot(p) for p in parts):
        return None
    return list(parts[0].shape)


def main(folder: Path, asked: dict) -> dict:
    """What ``said.json`` says."""
    import h5py
    import numpy as np

    try:
        file = h5py.File(folder / "input", "r", locking=False)
    except Exception:
        return {}
    with file:
        if "model_weights" in file or "keras_version" in file.attrs or "layer_names" in file.attrs:
            raise Unreadable("is a Keras model, which is not read here; bring data.")
        found, left, more = arrays(file, asked.get("matlab", False))
        for i, name in enumerate(asked.get("names", [])):
            if name not in found:
                raise Unreadable(f"has no array {name}.")
            try:
                array = values(file, name, asked["bytes"])
            except (Unreadable, MemoryError):
                raise
            except Exception as error:
                raise Unreadable(f"is damaged: {name} cannot be read.") from error
            np.save(folder / f"{i}.npy", np.ascontiguousarray(array), allow_pickle=False)
    return {"arrays": found, "left": left[:20], "count": len(left), "more": more}


if __name__ == "__main__":
    run(main, times=2)
